"""What a manifest and a commit record must be. A store may come from anybody: every field is checked before any is used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from nbframes.schema import LONGEST_NAME, SPLITS, TABLES, is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Check = Callable[[str, Any], None]

_PART: Final = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}"
_FILE: Final = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,250}\.parquet"
_PATHS: Final = {
    "results": re.compile(
        rf"results/benchmark=(?P<benchmark>{_PART})/metric={_PART}/dataset={_PART}/split=(?:{'|'.join(SPLITS)})/{_FILE}"
    ),
    "archs": re.compile(rf"archs/benchmark=(?P<benchmark>{_PART})/{_FILE}"),
    "runs": re.compile(rf"runs/benchmark=(?P<benchmark>{_PART})/{_FILE}"),
}
_LONGEST: Final = 1 << 23
"""Numbers in a list of budgets or seeds."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,250}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def check_manifest(document: Any) -> None:
    """Check the decoded content of a manifest, but for its format.

    Raises
    ------
    ValueError
        Saying which field is wrong.
    """
    _record("the manifest", document, _MANIFEST, _OPTIONAL)
    benchmark = document["benchmark"]
    paths: set[str] = set()
    for table, entry in document["tables"].items():
        for file in entry["files"]:
            check_path(file["path"], table, benchmark)
            _unless(file["path"] not in paths, f"{file['path']!r} is named twice")
            paths.add(file["path"])
        rows = sum(file["rows"] for file in entry["files"])
        _unless(rows == entry["rows"], f"{table} is said to have {entry['rows']} rows, its files have {rows}")
    _unless(not (document["official"] and document["synthetic"]), "it is called official and synthetic at once")


def check_owner(document: Any, benchmark: str, attachment: str) -> None:
    """Check that a manifest is that of a benchmark, or of an attachment to it.

    Raises
    ------
    ValueError
        If it is another's.
    """
    owner = document["benchmark"], document["attachment"]
    _unless(owner == (benchmark, attachment), f"it is the manifest of {'+'.join(filter(None, owner))!r}")


def check_record(document: Any) -> None:
    """Check the decoded content of a commit record.

    Raises
    ------
    ValueError
        Saying which field is wrong.
    """
    _record("the record", document, _COMMIT)
    _unless(_TOKEN.fullmatch(document["staging"]) is not None, f"staging {document['staging']!r} is not a plain name")
    remove = document["remove"]
    for path in remove:
        check_path(path, path.split("/")[0], document["benchmark"])
    _unless(len(set(remove)) == len(remove), "a file is removed twice")


def check_path(path: str, table: str, benchmark: str) -> None:
    """Check that a path, relative to the store, is one of a file of a benchmark's table.

    Raises
    ------
    ValueError
        If it is not.
    """
    found = _PATHS[table].fullmatch(path) if table in _PATHS else None
    if found is None or found["benchmark"] != benchmark:
        msg = f"{path!r} is not a file of {table} of {benchmark!r}"
        raise ValueError(msg)


def _unless(right: bool, problem: str) -> None:
    if not right:
        raise ValueError(problem)


def _wrong(where: str, value: Any, words: str) -> ValueError:
    """The error of a field; its words are put together only where something is wrong, as a store has thousands of fields."""
    return ValueError(f"{where} is {value!r:.80}, not {words}")


def _is(kind: type, words: str) -> Check:
    def check(where: str, value: Any) -> None:
        if type(value) is not kind:
            raise _wrong(where, value, words)

    return check


_text, _flag, _anything = _is(str, "a string"), _is(bool, "true or false"), lambda *_: None


def _count(where: str, value: Any) -> None:
    if type(value) is not int or value < 0:
        raise _wrong(where, value, "a count")


def _digest(where: str, value: Any) -> None:
    if type(value) is not str or _DIGEST.fullmatch(value) is None:
        raise _wrong(where, value, "a sha256 in hex")


def _name(where: str, value: Any) -> None:
    if not is_name(value):
        raise _wrong(where, value, "a plain name")


def _name_or_none(where: str, value: Any) -> None:
    if value != "":
        _name(where, value)


def _number(where: str, value: Any) -> None:
    if type(value) not in (int, float) or not value >= 0:
        raise _wrong(where, value, "a number of at least 0")


def _direction(where: str, value: Any) -> None:
    if value not in ("max", "min", None):
        raise _wrong(where, value, "'max', 'min' or null")


def _split(where: str, value: Any) -> None:
    if value not in SPLITS:
        raise _wrong(where, value, "a split")


def _count_or_none(where: str, value: Any) -> None:
    if value is not None:
        _count(where, value)


def _ranges(where: str, value: Any) -> None:
    """First and last of stretches of numbers, in order, all in 31 bits: what they are expanded to stays small."""
    if value is None:
        return
    if type(value) is not list:
        raise _wrong(where, value, "a list")
    end = -1
    for stretch in value:
        fine = type(stretch) is list and len(stretch) == 2 and all(type(number) is int for number in stretch)
        if not fine or not end < stretch[0] <= stretch[1] < 2**31:
            msg = f"{where} has {stretch!r:.80}, not a range of numbers"
            raise ValueError(msg)
        end = stretch[1]
    length = sum(last - first + 1 for first, last in value)
    _unless(length <= _LONGEST, f"{where} has {length:,} numbers, more than {_LONGEST:,}")


def _list(item: Check) -> Check:
    def check(where: str, value: Any) -> None:
        if type(value) is not list:
            raise _wrong(where, value, "a list")
        entry_of = f"an entry of {where}"
        for entry in value:
            item(entry_of, entry)

    return check


def _mapping(item: Check, key: Check = _text) -> Check:
    def check(where: str, value: Any) -> None:
        if type(value) is not dict:
            raise _wrong(where, value, "a mapping")
        for name, entry in value.items():
            key(f"a key of {where}", name)
            item(f"{name!r:.80} of {where}", entry)

    return check


def _fields(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return lambda where, value: _record(where, value, required, optional)


def _record(where: str, value: Any, required: dict[str, Check], optional: dict[str, Check] | None = None) -> None:
    if type(value) is not dict:
        raise _wrong(where, value, "a mapping")
    if missing := required.keys() - value.keys():
        msg = f"{where} lacks {_named(name for name in required if name in missing)}"
        raise ValueError(msg)
    checks = required | optional if optional else required
    if unknown := value.keys() - checks.keys():
        msg = f"{where} has {_named(name for name in value if name in unknown)}, which this version of nbframes does not know; upgrade nbframes"
        raise ValueError(msg)
    for name, entry in value.items():
        checks[name](name, entry)


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"{name!r:.80}" for name in names)


def _source_files(where: str, value: Any) -> None:
    """Thousands of entries: one look at each, and words only for the one that is wrong."""
    keys = {"path", "size", "sha256"}
    if type(value) is not list:
        raise _wrong(where, value, "a list")
    for file in value:
        fine = type(file) is dict and file.keys() >= keys and type(file["path"]) is str
        fine = fine and type(file["size"]) is int and type(file["sha256"]) is str
        if not fine:
            msg = f"an entry of {where} is {file!r:.120}, not a file with path, size and sha256"
            raise ValueError(msg)


_FILE_FIELDS: Final[dict[str, Check]] = {"path": _text, "rows": _count, "size": _count, "sha256": _digest}
_TABLE: Final = _fields({"rows": _count, "files": _list(_fields(_FILE_FIELDS))})
_METRIC: Final = _fields(
    {}, {"unit": _text, "better": _direction, "label": _text, "description": _text, "tie": _number}
)
_FINDING: Final = _fields({"what": _text, "count": _count, "examples": _list(_text)})
_MANIFEST: Final[dict[str, Check]] = {
    "benchmark": _name,
    "attachment": _name_or_none,
    "version": _text,
    "official": _flag,
    "synthetic": _flag,
    "source": _fields({"name": _text, "files": _source_files}),
    "licence": _text,
    "citation": _text,
    "created": _text,
    "writers": _mapping(_text),
    "units": _mapping(_text),
    "metrics": _mapping(_METRIC, _name),
    "tables": _fields({"results": _TABLE}, dict.fromkeys(TABLES, _TABLE)),
    "skipped": _list(_mapping(_text)),
    "not_exported": _list(_text),
    "findings": _list(_FINDING),
    "notes": _mapping(_anything),
}
_CONTENTS: Final = _fields(
    {"metric": _name, "dataset": _name, "split": _split, "schedule": _count_or_none}
    | {"budgets": _ranges, "seeds": _ranges, "archs": _count_or_none, "rows": _count}
)
_OPTIONAL: Final[dict[str, Check]] = {"sha256": _digest, "contents": _list(_CONTENTS)}
_COMMIT: Final[dict[str, Check]] = {
    "benchmark": _name,
    "attachment": _name_or_none,
    "staging": _text,
    "withdraw": _flag,
    "remove": _list(_text),
}
