"""Parameters of algorithms: what is valid, and how they show in a name."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from nbframes.errors import InvalidArgumentError, whole_number

if TYPE_CHECKING:
    from nbframes.search.problem import Problem


def named(name: str, algorithm: Any) -> str:
    """Name of an algorithm, with those of its parameters that are not the published ones."""
    given = ((field, getattr(algorithm, field.name)) for field in fields(algorithm))
    changed = [f"{field.name}={value!r}" for field, value in given if value != field.default]
    return f"{name}({', '.join(changed)})" if changed else name


def at_least(least: int, **parameters: object) -> None:
    """Raise if a parameter is not a whole number from ``least`` on."""
    for name, value in parameters.items():
        whole_number(name, value, least)


def within(low: float, high: float, **parameters: float) -> None:
    """Raise if a parameter does not lie between two numbers."""
    for name, value in parameters.items():
        if not isinstance(value, int | float) or not low <= value <= high:
            msg = f"{name} should lie between {low:g} and {high:g}, not be {value!r}"
            raise InvalidArgumentError(msg)


def several_budgets(problem: Problem, algorithm: str) -> None:
    """Raise if a problem has nothing cheaper than its full training to offer."""
    if len(problem.budgets) < 2:
        msg = (
            f"{algorithm} trains many architectures for few epochs and few for many, but {problem.name} has values at "
            f"one budget only ({problem.budgets[0]} epochs)\n\n"
            "Hint: observe a schedule with a learning curve, for example observe={'schedule': 12}, or several schedules, "
            "observe={'schedule': (4, 12, 36, 108)}"
        )
        raise InvalidArgumentError(msg)
