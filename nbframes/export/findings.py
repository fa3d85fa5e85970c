"""What is odd about a source: exported all the same, counted, and listed in the manifest with examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nbframes.display.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXAMPLES: Final = 3


@dataclass
class Findings:
    """Findings of each kind: how many there are, and the first of them.

    Examples
    --------
    >>> found = Findings()
    >>> found.note("accuracies above 100 percent", "arch 7: 104.2")
    >>> found.note("accuracies above 100 percent", "arch 9: 200.0")
    >>> found.listed()
    [{'what': 'accuracies above 100 percent', 'count': 2, 'examples': ['arch 7: 104.2', 'arch 9: 200.0']}]
    """

    _found: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def note(self, what: str, *examples: str, count: int = 1) -> None:
        """Count some findings of a kind; ``examples`` are the first of them."""
        known, shown = self._found.get(what, (0, []))
        self._found[what] = known + count, [*shown, *examples][:_EXAMPLES]

    def merge(self, others: Findings) -> None:
        """Take over the findings of a later part of the source."""
        for what, (count, examples) in others._found.items():
            self.note(what, *examples, count=count)

    def listed(self) -> list[dict[str, Any]]:
        """Findings for the manifest: ``{"what", "count", "examples"}``, in the order in which they were met."""
        return [{"what": what, "count": count, "examples": examples} for what, (count, examples) in self._found.items()]

    def lines(self) -> list[str]:
        """Findings for the screen, one a line.

        Examples
        --------
        >>> found = Findings()
        >>> found.note("values that are not finite", "arch 7: nan", count=1200)
        >>> found.lines()
        ['values that are not finite: 1,200, such as arch 7: nan']
        """
        return [f"{shortened(what)}: {count:,}{_such_as(examples)}" for what, (count, examples) in self._found.items()]

    def __len__(self) -> int:
        return len(self._found)


def _such_as(examples: Iterable[str]) -> str:
    text = "; ".join(map(shortened, examples))
    return f", such as {text}" if text else ""
