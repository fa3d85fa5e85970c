"""Surrogates of NAS-Bench-301: models that answer for all 10^18 architectures of the DARTS space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbframes.errors import SourceError
from nbframes.surrogate.base import Surrogate, archs
from nbframes.surrogate.fit import fit
from nbframes.surrogate.fitted import DESCRIPTION, FittedSurrogate, read
from nbframes.surrogate.onnx import OnnxSurrogate

if TYPE_CHECKING:
    import os

__all__ = ["FittedSurrogate", "OnnxSurrogate", "Surrogate", "archs", "fit", "load"]


def load(path: str | os.PathLike[str], /) -> Surrogate:
    """Load a surrogate.

    Parameters
    ----------
    path
        Folder of an ONNX surrogate with the interface of YAHPO Gym's (one ``.onnx``, ``encoding.json``, ``param_set.R``),
        or the ``.onnx`` in it; or a folder that `FittedSurrogate.save` wrote.

    Returns
    -------
    Surrogate
        Its ``predict`` and ``predict_batches`` answer for columns of architectures.

    Raises
    ------
    SourceError
        If there is no surrogate there, or it cannot be read.
    MissingDependencyError
        If the package that runs it is not installed.
    """
    folder = Path(path).expanduser()
    folder = folder.parent if folder.suffix == ".onnx" else folder
    if not folder.is_dir():
        msg = f"{folder} is not a folder: a surrogate is one"
        raise SourceError(msg)
    return read(folder) if (folder / DESCRIPTION).is_file() else OnnxSurrogate(folder)
