"""What happens to records that cannot be exported: one policy, and one wording, for all readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.errors import NBFramesError, SourceError, UnsafePickleError
from nbframes.export.unicode import storable

if TYPE_CHECKING:
    from nbframes.export.reader import OnError, Report

HINT: Final = (
    "download the source again; with on_error='skip' such records are left out and listed in the manifest. "
    "The store was not changed"
)


class SkipPolicy:
    """The first record that cannot be exported stops the reading, or all are left out and listed in the report.

    Parameters
    ----------
    source
        The source, for messages.
    report
        Where to list what was left out.
    on_error
        Whether such a record stops the reading.
    """

    def __init__(self, source: object, report: Report, on_error: OnError) -> None:
        self._source = source
        self._report = report
        self._on_error = on_error

    def leave_out(self, record: str, reason: str, *, hint: str = HINT) -> None:
        """Note a record that cannot be exported.

        Raises
        ------
        SourceError
            If such a record stops the reading.
        """
        record, reason = storable(record), storable(reason)
        if self._on_error == "raise":
            msg = f"{self._source}, {record}: {reason}\n\nHint: {hint}"
            raise SourceError(msg)
        self._report.skipped.append({"record": record, "reason": reason})


def reason_of(error: Exception) -> str:
    """Why a record cannot be exported, in words; an error that no reader foresaw says that it is one.

    Raises
    ------
    UnsafePickleError
        If the record is a program: that stops every reading.

    Examples
    --------
    >>> reason_of(SourceError("it lacks 'budget'"))
    "it lacks 'budget'"
    >>> reason_of(KeyError("budget"))
    "it is not as upstream writes them (KeyError: 'budget')"
    """
    if isinstance(error, UnsafePickleError):
        raise error
    if isinstance(error, NBFramesError):
        return str(error)
    return f"it is not as upstream writes them ({type(error).__name__}: {error})"
