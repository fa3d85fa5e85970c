"""The page of a public copy of a store: a README with the header that data hubs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.display.text import printable
from nbframes.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbframes.store.manifest import Manifest

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LARGE: Final = ((100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))


def card(title: str, manifests: Sequence[Manifest], citation: str) -> str:
    """Write the page of a copy.

    Parameters
    ----------
    title
        Heading of the page.
    manifests
        Of everything that the copy holds, each benchmark before its attachments.
    citation
        BibTeX of all of it.

    Returns
    -------
    str
        Markdown that begins with a YAML header.
    """
    parts = [_header(title, manifests), f"# {_cell(title)}", _contents(manifests), *map(_details, manifests), _OPENING]
    return "\n\n".join([*parts, f"## Citation\n\n```bibtex\n{citation.replace('```', '~~~')}\n```"]) + "\n"


def _header(title: str, manifests: Sequence[Manifest]) -> str:
    licences = sorted({manifest.licence.lower() for manifest in manifests})
    rows = sum(manifest.rows() for manifest in manifests)
    size = next((name for limit, name in (*_SIZES, *_LARGE) if rows < limit), "n>1B")
    lines = [
        f"pretty_name: {_quoted(title)}",
        "license:",
        *(f"- {licence}" for licence in licences),
        "tags:",
        *(f"- {tag}" for tag in ("neural-architecture-search", "nas-benchmark", "tabular", "parquet", "nbframes")),
        "size_categories:",
        f"- {size}",
        "configs:",
    ]
    for benchmark in dict.fromkeys(manifest.benchmark for manifest in manifests):
        tables = {table for manifest in manifests if manifest.benchmark == benchmark for table in manifest.tables}
        for table in (table for table in TABLES if table in tables):
            lines += [
                f"- config_name: {benchmark}-{table}",
                f"  data_files: {_quoted(f'{table}/benchmark={benchmark}/**/*.parquet')}",
            ]
    return "\n".join(["---", *lines, "---"])


def _quoted(text: str) -> str:
    """A text as YAML reads it, whatever stands in it: JSON's strings are strings of YAML."""
    import json

    return json.dumps(text, ensure_ascii=False)


def _contents(manifests: Sequence[Manifest]) -> str:
    lines = [
        "Measured numbers of neural architecture search benchmarks, one row a value, in Parquet with hive partitions.",
        "",
        "| | origin | version | values | architectures | MB | licence |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for manifest in manifests:
        cells = (
            f"`{manifest.label}`",
            manifest.origin(),
            manifest.version,
            f"{manifest.rows():,}",
            f"{manifest.rows('archs'):,}",
            f"{manifest.size() / 1e6:,.2f}",
            manifest.licence,
        )
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text of others on one line, with nothing that Markdown, HTML or a terminal would take for its own."""
    plain = printable(" ".join(text.split()))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", r"\|")


def _details(manifest: Manifest) -> str:
    sections = [f"## {manifest.label}", f"Source: {_cell(str(manifest.source.get('name', '')))}."]
    sections += _listed("Published in", _repositories(manifest.notes.get("repositories")))
    sections += _listed("Units", [f"{name}: {unit}" for name, unit in manifest.units.items() if _has(manifest, name)])
    sections += _listed("Not in it", manifest.not_exported)
    sections += _listed("Notes", [f"{key}: {note}" for key, note in manifest.notes.items() if isinstance(note, str)])
    return "\n\n".join(sections)


def _repositories(noted: object) -> list[str]:
    """Names and licences of repositories, if that is what was noted."""
    entries = noted if isinstance(noted, list) else []
    return [f"{e['name']} ({e['licence']})" for e in entries if isinstance(e, dict) and {"name", "licence"} <= e.keys()]


def _has(manifest: Manifest, metric: str) -> bool:
    return any(f"/metric={metric}/" in file.path for file in manifest.tables.get("results", ()))


def _listed(title: str, items: Sequence[str]) -> list[str]:
    return ["\n".join([f"{title}:", "", *(f"- {_cell(item)}" for item in items)])] if items else []


_OPENING: Final = """\
## Opening it

```python
import nbframes as nbf  # pip install nbframes

store = nbf.open_store("URL-OR-FOLDER")  # a folder, https://..., or hf://datasets/OWNER/NAME
print(store)
store.scan().head().collect()  # a polars LazyFrame; nothing is copied but what a query needs
```

Any reader of Parquet reads it, here DuckDB in the folder of the copy:

```sql
SELECT benchmark, metric, dataset, split, count(*), avg(value)
FROM read_parquet('results/**/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL
```

`store.sha256` lists every manifest and data file: `sha256sum -c store.sha256` checks a downloaded copy. `manifests/` says where each
benchmark comes from, what it lacks and in which units it is."""
