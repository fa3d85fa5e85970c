"""The robustness dataset: accuracy of the cells of NAS-Bench-201 under adversarial attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from nbframes.benchmarks.attached import CLEAN, robust
from nbframes.errors import SourceError
from nbframes.export.attachments.conversion import Conversion
from nbframes.export.containers import zips
from nbframes.export.probe import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbframes.benchmarks import Metric

TITLE: Final = "robustness dataset"
FILES: Final = "the zip of JSON files, or the folder robustness-data"

_META: Final = "meta.json"
_MEASURE: Final = "_accuracy.json"
_NORM: Final = "@Linf"
_FULL_SCHEDULE: Final = 200
_LARGEST: Final = 1 << 28
"""Bytes of a member that are read: the largest published one has a tenth."""
_CITATION: Final = """\
@inproceedings{jung2023robustness,
  title     = {Neural Architecture Design and Robustness: A Dataset},
  author    = {Jung, Steffen and Lukasik, Jovita and Keuper, Margret},
  booktitle = {International Conference on Learning Representations},
  year      = {2023}
}"""


def recognises(probe: Probe) -> bool:
    """Whether a folder or zip has ``meta.json`` and accuracies beside it."""
    names = probe.files if probe.kind == "folder" else probe.members
    return (
        probe.kind in ("folder", "zip")
        and any(name.endswith(_META) for name in names)
        and any(name.endswith(_MEASURE) for name in names)
    )


def convert(path: Path) -> Conversion:
    """Read the files: ``meta.json`` with cells, isomorphs and strengths, ``<dataset>/<attack>_accuracy.json`` with accuracies.

    Raises
    ------
    SourceError
        If a file is missing, larger than any published one, or not of that form.
    """
    members = sorted(_members(path), key=lambda member: member.name)
    meta = _content(path, next(member for member in members if member.name.endswith(_META)))
    cells, strengths = _meta(path, meta)
    accuracies: dict[str, pl.DataFrame] = {}
    metrics: dict[str, Metric] = {}
    not_exported = []
    for member in members:
        if not member.name.endswith(_MEASURE):
            if not member.name.endswith(_META):
                not_exported.append(member.name)
            continue
        dataset, attack = member.name.split("/")[-2:]
        attack = attack.removesuffix(_MEASURE)
        wanted = (
            [CLEAN] if attack == "clean" else [robust(attack.removesuffix(_NORM), e) for e in strengths.get(attack, ())]
        )
        if not wanted:
            not_exported.append(member.name)
            continue
        table = _table(path, member, dataset, attack, wanted)
        metrics |= {metric.name: metric for metric in wanted}
        known = accuracies.get(dataset)
        accuracies[dataset] = table if known is None else known.join(table, on="id", how="full", coalesce=True)
    if not metrics:
        msg = f"{path} has no accuracies under attacks; {FILES} has"
        raise SourceError(msg)
    parts = [
        _of_all_cells(path, table, cells).with_columns(dataset=pl.lit(dataset)) for dataset, table in accuracies.items()
    ]
    epochs = {"schedule": _FULL_SCHEDULE, "budget": _FULL_SCHEDULE, "seed": 0}
    frame = pl.concat(parts, how="diagonal").with_columns(
        split=pl.lit("test"), **{k: pl.lit(n) for k, n in epochs.items()}
    )
    return Conversion(
        frame,
        key="arch_str",
        to=("nats-tss", "nb201"),
        name="robustness",
        metrics=list(metrics.values()),
        licence="MIT",
        citation=_CITATION,
        not_exported=sorted(not_exported),
        notes={
            "unit": "upstream has fractions; these are 100 times as much",
            "isomorphs": "every cell has the accuracies of the one of its isomorphs that upstream trained, by its meta.json",
            "seed": "one trained network for each structure; the source does not state its seed, 0 stands for it",
        },
    )


class _Member(NamedTuple):
    """A file of the folder or zip."""

    name: str
    size: int


def _members(path: Path) -> Iterator[_Member]:
    probe = Probe(path)
    if probe.kind == "folder":
        names = (name for name in probe.files if name.endswith(".json"))
        yield from (_Member(name, (path / name).stat().st_size) for name in names)
        return
    with zips.opened(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield _Member(info.filename, info.file_size)


def _content(path: Path, member: _Member) -> Any:
    import orjson

    where = f"{path}/{member.name}"
    if member.size > _LARGEST:
        msg = f"{where} has {member.size:,} bytes; the published files have less than {_LARGEST:,}"
        raise SourceError(msg)
    try:
        if path.is_dir():
            return orjson.loads((path / member.name).read_bytes())
        with zips.readable(path), zips.opened(path) as archive, archive.open(member.name) as file:
            content = file.read(_LARGEST)
        return orjson.loads(content)
    except SourceError:
        raise
    except (OSError, orjson.JSONDecodeError) as error:
        msg = f"{where} cannot be read ({error})"
        raise SourceError(msg) from error


def _meta(path: Path, meta: Any) -> tuple[pl.DataFrame, dict[str, list[float]]]:
    """Ids of all cells with their strings and the isomorph that was trained, and the strengths of each attack."""
    try:
        found = meta["ids"].values()
        cells = {
            "id": list(meta["ids"]),
            "arch_str": [cell["nb201-string"] for cell in found],
            "isomorph": [cell["isomorph"] for cell in found],
        }
        strengths = {attack: [float(e) for e in found] for attack, found in meta["epsilons"].items()}
        return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String)), strengths
    except (TypeError, KeyError, AttributeError, ValueError, pl.exceptions.PolarsError) as error:
        msg = f"{path}/{_META} does not list ids with their cells and epsilons of the attacks ({error!r})"
        raise SourceError(msg) from error


def _of_all_cells(path: Path, table: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Give every cell the accuracies of the one of its isomorphs that was trained."""
    if unknown := table.join(cells, on="id", how="anti")["id"].head(3).to_list():
        msg = f"{path}: meta.json does not say which cells the ids {unknown} are"
        raise SourceError(msg)
    joined = cells.join(table, left_on="isomorph", right_on="id", how="inner", maintain_order="left")
    return joined.select("arch_str", pl.exclude("arch_str", "id", "isomorph"))


def _table(path: Path, member: _Member, dataset: str, attack: str, metrics: list[Metric]) -> pl.DataFrame:
    """Accuracies of one attack in percent: the files have fractions."""
    content = _content(path, member)
    try:
        found = content[dataset][attack]["accuracy"]
        rows = [(cell, *(values if isinstance(values, list) else [values])) for cell, values in found.items()]
        schema = {"id": pl.String()} | {metric.name: pl.Float64() for metric in metrics}
        table = pl.DataFrame(rows, schema=schema, orient="row", strict=True)
    except (TypeError, KeyError, AttributeError, pl.exceptions.PolarsError) as error:
        msg = f"{path}/{member.name} does not have {len(metrics)} accuracies for each cell ({error!r})"
        raise SourceError(msg) from error
    if not table.select(pl.all_horizontal(pl.exclude("id").is_between(0, 1).all())).item():
        msg = f"{path}/{member.name} holds accuracies that are not fractions from 0 to 1"
        raise SourceError(msg)
    return table.with_columns(pl.exclude("id") * 100)
