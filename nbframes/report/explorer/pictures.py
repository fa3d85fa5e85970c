"""Drawn cells of a whole space in little room: every element once, an architecture as the numbers of its elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbframes.display.progress import bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbframes.spaces.base import Space

_TITLE = re.compile("<title>.*?</title>", re.DOTALL)


def pictures(space: Space, archs: Iterable[str], *, total: int, progress: bool = True) -> dict[str, Any]:
    """Draw architectures.

    Parameters
    ----------
    space
        Their space.
    archs
        Their strings.
    total
        How many they are.
    progress
        Whether to show a progress bar.

    Returns
    -------
    dict
        ``elements``, pieces of SVG, and ``rows``: the numbers of the pieces that make each picture.
    """
    numbers: dict[str, int] = {}
    rows = []
    with bar("draw", total=total, unit="architecture", show=progress) as shown:
        for arch in archs:
            pieces = _TITLE.sub("", str(space.draw(arch))).split("<")[1:]
            rows.append([numbers.setdefault(piece, len(numbers)) for piece in pieces])
            shown.update(1)
    return {"elements": list(numbers), "rows": rows}
