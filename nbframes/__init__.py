"""Tabular NAS benchmarks as Polars frames: export once to Parquet, query in milliseconds.

The public names and where they come from stand in ``__init__.pyi``, for people, type checkers and the interpreter alike; each is
loaded on first use. Nothing is imported before, so that a command is interrupted by a line of ours from its first moment.
"""

import sys

__version__ = "0.2.0"


class _Unread(type(sys)):
    """The package until the first of its modules is imported, or the first of its names asked for."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "__main__":
            super().__setattr__(name, value)
        else:
            _names()
            setattr(self, name, value)


def _names() -> dict[str, object]:
    """Names of the package; the public ones are read first, so that no function is hidden by the module of its name."""
    package = sys.modules[__name__]
    names = vars(package)
    if "__all__" not in names:
        import lazy_loader

        object.__setattr__(package, "__class__", type(sys))
        names["_load"], names["__dir__"], names["__all__"] = lazy_loader.attach_stub(__name__, __file__)
    return names


def __getattr__(name: str) -> object:
    names = _names()
    if name in names:
        return names[name]
    if name in names["__all__"]:
        return names["_load"](name)
    from nbframes.errors import did_you_mean

    msg = f"module 'nbframes' has no attribute {name!r}{did_you_mean(name, names['__all__'])}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return list(_names()["__all__"])


sys.modules[__name__].__class__ = _Unread
