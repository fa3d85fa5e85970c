"""Answers of two packages in a form that can be compared."""

import numpy as np


def typed(value):
    """A value in a form in which equality covers types and, for floats, every bit."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [typed(item) for item in value]
    if isinstance(value, np.ndarray):
        return "array", value.tolist()
    if type(value).__name__ in ("ArchResults", "ResultsCount", "StoredRun"):
        return repr(value), typed(value.state_dict())
    return type(value).__name__, value
