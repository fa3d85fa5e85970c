"""Finding a surrogate in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbframes.errors import SourceError
from nbframes.surrogate.fitted import DESCRIPTION, read
from nbframes.surrogate.onnx import OnnxSurrogate

if TYPE_CHECKING:
    import os

    from nbframes.surrogate.base import Surrogate


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

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
    >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
    >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
    >>> surrogate.save(folder.name + "/surrogate")
    >>> loaded = nbf.surrogate.load(folder.name + "/surrogate")
    >>> cells = nbf.spaces.darts.sample(10, seed=0)
    >>> loaded.predict(cells).equals(surrogate.predict(cells))
    True
    >>> folder.cleanup()
    """
    folder = Path(path).expanduser()
    folder = folder.parent if folder.suffix == ".onnx" else folder
    if not folder.is_dir():
        msg = f"{folder} is not a folder, as a surrogate is"
        raise SourceError(msg)
    return read(folder) if (folder / DESCRIPTION).is_file() else OnnxSurrogate(folder)
