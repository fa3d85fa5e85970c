"""One self-contained page about a store: what is in it, coverage, tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from nbframes.store import Store


def write(store: Store, out: str | os.PathLike[str] = "report.html", *, progress: bool = True) -> Path:
    """Write a page about a store: tables that can be sorted and figures, all inside the file, which needs no network.

    Parameters
    ----------
    store
        The store, on disk or remote.
    out
        File to write; its folder must exist.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgumentError
        If the folder does not exist.
    StoreError
        If the store is empty.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> from nbframes.report import write
    >>> folder = tempfile.TemporaryDirectory()
    >>> page = write(nbf.synthetic.store(), folder.name + "/report.html", progress=False)
    >>> page.stat().st_size < 3_000_000
    True
    >>> folder.cleanup()
    """
    from nbframes.display.progress import bar
    from nbframes.display.text import file_to_write
    from nbframes.errors import StoreError
    from nbframes.report.page import page
    from nbframes.report.sections import Section, benchmark_section, overview

    path = file_to_write(out)
    names = store.benchmarks()
    if not names:
        msg = f"the store {store.root!r} holds no benchmark yet; there is nothing to report"
        raise StoreError(msg)
    sections: list[Section] = [overview(store)]
    with bar("report", total=len(names), unit="benchmark", show=progress) as shown:
        for name in names:
            sections.append(benchmark_section(store, name))
            shown.update(1)
    path.write_text(page(store.root, sections), encoding="utf-8")
    return path
