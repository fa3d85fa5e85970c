"""Errors written for people: what was wrong, what is valid, the nearest match, what to do."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 20


class NBFramesError(Exception):
    """Base of every error that nbframes raises on purpose."""


class InvalidArgumentError(NBFramesError, ValueError):
    """An argument has a value that cannot be used."""


class UnknownNameError(InvalidArgumentError):
    """A name is not one of the known ones."""

    @classmethod
    def of(cls, kind: str, name: object, valid: Iterable[object], hint: str = "") -> Self:
        """Build the error for an unknown ``name`` of some ``kind`` ("dataset", "split", ...)."""
        return cls(f"unknown {kind} {name!r}{did_you_mean(name, valid)}\n\nValid: {listed(valid)}{_hint(hint)}")


class InvalidArchitectureError(InvalidArgumentError):
    """An architecture is not a member of its search space."""


class FrameError(InvalidArgumentError):
    """A frame lacks columns or holds values that the operation cannot use."""

    @classmethod
    def missing_columns(cls, missing: Sequence[str], available: Sequence[str], hint: str = "") -> Self:
        """Build the error for columns that a frame should have and has not."""
        near = did_you_mean(missing[0], available) if missing else ""
        return cls(f"the frame lacks the columns {listed(missing)}{near}\n\nIt has: {listed(available)}{_hint(hint)}")


class SourceError(NBFramesError):
    """An upstream file is missing, truncated, corrupt or of a foreign format."""


class UnsafePickleError(SourceError):
    """A pickle names a global that is not on the allow-list; nothing of it was run."""


class StoreError(NBFramesError):
    """A store is missing, damaged or in a state that forbids the operation."""


class BenchmarkExistsError(StoreError, FileExistsError):
    """A benchmark is already in the store and ``overwrite`` was not asked for."""


class FindingsWarning(UserWarning):
    """A source was exported, but says something otherwise than the published ones; the manifest lists it."""


class PluginWarning(UserWarning):
    """A package that brings benchmarks could not be loaded; nbframes goes on without it."""


class MissingDependencyError(NBFramesError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, package: str, purpose: str, extra: str) -> Self:
        """Build the error that says what to install."""
        return cls(
            f"{purpose} needs {package!r}, which is not installed. Install it with: pip install 'nbframes[{extra}]'"
        )


def whole_number(option: str, value: object, least: int = 0) -> int:
    """An option as an int, if it is a whole number from ``least`` on; numpy's are, and True is not."""
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        msg = f"{option} should be a whole number of at least {least}, not {value!r}"
        raise InvalidArgumentError(msg)
    return number


def listed(names: Iterable[object]) -> str:
    """Names for a message, at most twenty of them."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown + (f", ... ({len(names) - _SHOWN} more)" if len(names) > _SHOWN else "") or "(none)"


def did_you_mean(name: object, valid: Iterable[object]) -> str:
    """``"; did you mean 'x'?"`` for the valid name nearest to ``name``, or nothing; numbers are not near by their digits."""
    if isinstance(name, int | float):
        return ""
    from difflib import get_close_matches

    text, by_text = str(name).casefold(), {str(candidate).casefold(): candidate for candidate in valid}
    near = get_close_matches(text, by_text, n=1, cutoff=0.5)
    near = near or [known for known in by_text if text and (known.startswith(text) or text.startswith(known))]
    return f"; did you mean {by_text[near[0]]!r}?" if near else ""


def _hint(hint: str) -> str:
    return f"\n\nHint: {hint}" if hint else ""
