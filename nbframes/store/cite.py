"""What to cite for the numbers of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbframes.store.manifest import Manifest


def bibliography(manifests: Iterable[Manifest]) -> str:
    """BibTeX of benchmarks and attachments, in their order, each entry once.

    Parameters
    ----------
    manifests
        Of everything that is to be cited. For a benchmark without a citation of its own, that of the benchmark of its name is given;
        for synthetic numbers there is nothing to cite.

    Returns
    -------
    str
        BibTeX entries separated by empty lines.
    """
    entries = (_entry(manifest) for manifest in manifests)
    return "\n\n".join(dict.fromkeys(entry for entry in entries if entry))


def _entry(manifest: Manifest) -> str:
    from nbframes import benchmarks

    if manifest.synthetic:
        return ""
    known = benchmarks.find(manifest.benchmark)
    citation = (manifest.citation or (known.citation if known and not manifest.attachment else "")).strip()
    if not citation or citation.startswith("@"):
        return citation
    plain = citation.translate({ord(brace): None for brace in "{}"})
    return f"@misc{{{manifest.label.replace('+', '-')},\n  note = {{{plain}}}\n}}"
