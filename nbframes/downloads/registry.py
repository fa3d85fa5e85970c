"""What can be downloaded: the entries of ``registry.toml``, and how to fetch by hand what no program can."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from nbframes import benchmarks
from nbframes.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["tfrecord", "pickle", "torch", "bz2", "tar", "zip"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One official file of a benchmark, or of a table that is attached to one; ``registry.toml`` says what the fields mean.

    Attributes
    ----------
    benchmark, variant
        By what `find` finds it.
    name
        Name of the file.
    title, licence, citation
        Of the benchmark; the licence of the file if it has its own.
    holds
        What is in it.
    kind
        Its format.
    urls, listing, pages
        Where to fetch it: addresses, a list of files that names the address, pages for a browser.
    size, about
        Bytes, exactly or rounded.
    sha256, md5
        As published.

    Examples
    --------
    >>> from nbframes.downloads import find
    >>> find("nb101").name, find("nats-tss").by_hand
    ('nasbench_full.tfrecord', True)
    """

    benchmark: str
    variant: str
    name: str
    title: str
    holds: str
    licence: str
    citation: str
    kind: Kind | None = None
    urls: tuple[str, ...] = ()
    listing: str | None = None
    pages: tuple[str, ...] = ()
    size: int | None = None
    about: int | None = None
    sha256: str | None = None
    md5: str | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person has to fetch the file in a browser."""
        return not self.urls and self.listing is None


@cache
def sources() -> Mapping[str, Mapping[str, Source]]:
    """Return every known file by benchmark or table and variant; a benchmark's default variant is its first."""
    content: dict[str, dict[str, Any]] = tomllib.loads(
        files("nbframes.downloads").joinpath("registry.toml").read_text("utf-8")
    )
    return {
        benchmark: {
            variant: _source(benchmark, variant, _about(benchmark, entry) | fields)
            for variant, fields in entry["files"].items()
        }
        for benchmark, entry in content.items()
    }


def find(benchmark: str, variant: str | None = None) -> Source:
    """Return the registered file of a benchmark.

    Parameters
    ----------
    benchmark
        Its name.
    variant
        Which of its files; by default the first.

    Returns
    -------
    Source
        What is known of the file.

    Raises
    ------
    UnknownNameError
        If the benchmark or the variant is not in the registry.

    Examples
    --------
    >>> from nbframes.downloads import find
    >>> find("nb101", "only108").name
    'nasbench_only108.tfrecord'
    """
    if benchmark not in sources():
        raise UnknownNameError.of("benchmark", benchmark, sources())
    variants = sources()[benchmark]
    if variant is None:
        return next(iter(variants.values()))
    if variant not in variants:
        kind = f"variant of {benchmark}"
        raise UnknownNameError.of(kind, variant, variants)
    return variants[variant]


def instructions(source: Source, folder: Path) -> str:
    """Say what to fetch by hand, from where, and what to do with it.

    Parameters
    ----------
    source
        A file that a person has to fetch.
    folder
        Where it will be put.

    Returns
    -------
    str
        Several lines, the last with the command that goes on.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nbframes.downloads import find, instructions
    >>> "nbframes download nats-tss" in instructions(find("nats-tss"), Path("data"))
    True
    """
    where = "\n".join(f"  {'or' if at else 'in a browser, open'}: {page}" for at, page in enumerate(source.pages))
    return (
        f"{source.name} ({source.title}: {source.holds}{size_text(source)}) has to be fetched by hand:\n"
        f"{where}\n"
        f"Download {source.name!r} (confirm that it is too large for a virus scan), then run\n"
        f"  nbframes download {source.benchmark} --variant {source.variant} --to {str(folder)!r} --from PATH_OF_THE_FILE\n"
        f"which checks it and puts it into the folder."
    )


def size_text(source: Source) -> str:
    """Return ``", 2.1 GB"`` or ``", about 2.1 GB"`` if a size was published."""
    if source.size is not None:
        return f", {bytes_text(source.size)}"
    return f", about {bytes_text(source.about)}" if source.about is not None else ""


def bytes_text(count: float) -> str:
    """Return a number of bytes as people write it, in decimal units."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


def _about(name: str, entry: dict[str, Any]) -> dict[str, str]:
    """Title, licence and citation: those of the benchmark, unless the registry has its own."""
    if "title" in entry:
        return {"title": entry["title"], "licence": entry["licence"], "citation": entry["citation"].strip()}
    of = benchmarks.get(name)
    return {"title": of.title, "licence": of.licence, "citation": of.citation}


def _source(benchmark: str, variant: str, fields: dict[str, Any]) -> Source:
    lists = {key: tuple(fields.get(key, ())) for key in ("urls", "pages")}
    return Source(benchmark=benchmark, variant=variant, **(fields | lists))
