"""A gradient-boosting ensemble as a surrogate: predictions, and files without pickles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from nbframes.errors import MissingDependencyError, SourceError
from nbframes.export.workers import cores
from nbframes.spaces.darts import CONFIG
from nbframes.spaces.darts.definition import UNREADABLE
from nbframes.surrogate.base import Surrogate

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.darts.config import ConfigCodes

DESCRIPTION: Final = "surrogate.json"
_FORMAT: Final = 1
_SPLITS: Final = {"accuracy": "val", "time": "train"}


class FittedSurrogate(Surrogate):
    """An ensemble that `fit` has trained; its answer is the mean of its members.

    Attributes
    ----------
    scores : polars.DataFrame
        Quality on the runs that were held out, one row per metric (see `fit`).
    training : dict
        What it was fitted to: benchmark, target, setting of the runs, and how many were used, held out and left out.
    """

    def __init__(self, members: Mapping[str, Sequence[Any]], scores: pl.DataFrame, training: dict[str, Any]) -> None:
        setting = training["setting"]
        outputs = [(metric, _SPLITS[metric]) for metric in members]
        super().__init__((setting["budget"],), setting["schedule"], setting["dataset"], outputs)
        self._members = members
        self.scores = scores
        self.training = training

    def _values(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        columns = features(codes)
        means = np.stack([mean_prediction(members, columns) for members in self._members.values()])
        return np.repeat(means[:, :, None], len(budgets), axis=2)

    def save(self, path: str | os.PathLike[str], /) -> None:
        """Write the surrogate as JSON and LightGBM's text models, for `load`.

        Parameters
        ----------
        path
            Folder, made if absent. It must not hold a surrogate.

        Raises
        ------
        FileExistsError
            If the folder holds a surrogate.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
        >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
        >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
        >>> surrogate.save(folder.name + "/model")
        >>> nbf.surrogate.load(folder.name + "/model").scores.equals(surrogate.scores)
        True
        >>> folder.cleanup()
        """
        import orjson

        folder = Path(path).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        for metric, members in self._members.items():
            for k, member in enumerate(members):
                with (folder / f"{metric}-{k}.txt").open("x", encoding="utf-8") as file:
                    file.write(member.model_to_string())
        description = {
            "format": _FORMAT,
            "settings": list(CONFIG),
            "members": {metric: len(members) for metric, members in self._members.items()},
            "scores": self.scores.to_dicts(),
            "training": self.training,
        }
        with (folder / DESCRIPTION).open("xb") as file:
            file.write(orjson.dumps(description, option=orjson.OPT_INDENT_2))


def read(folder: Path) -> FittedSurrogate:
    """Read what `FittedSurrogate.save` wrote."""
    import orjson

    lightgbm = import_lightgbm("running a fitted surrogate")
    try:
        description = orjson.loads((folder / DESCRIPTION).read_bytes())
        if description["format"] != _FORMAT or description["settings"] != list(CONFIG):
            msg = f"{folder} was written by another version of nbframes; fit the surrogate again"
            raise SourceError(msg)
        members = {
            metric: [
                lightgbm.Booster(model_str=(folder / f"{metric}-{k}.txt").read_text("utf-8")) for k in range(number)
            ]
            for metric, number in description["members"].items()
        }
        return FittedSurrogate(members, scores_frame(description["scores"]), description["training"])
    except (OSError, ValueError, KeyError, TypeError, lightgbm.basic.LightGBMError) as error:
        msg = f"{folder} does not hold a whole fitted surrogate ({error})"
        raise SourceError(msg) from error


def features(codes: ConfigCodes) -> NDArray[np.float32]:
    """Columns for LightGBM: the category of each setting, 0 where it is absent, shape (n, 34)."""
    settings = np.concatenate([codes.edges, codes.inputs], axis=1)
    return np.where(settings == UNREADABLE, 0, settings + np.uint8(1)).astype(np.float32)


def mean_prediction(members: Sequence[Any], columns: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the members' predictions, a thread for each: LightGBM's own would wait for each other at every tree."""
    with ThreadPoolExecutor(cores()) as pool:
        predictions = list(pool.map(lambda member: member.predict(columns, num_threads=1), members))
    return np.asarray(np.mean(predictions, axis=0), dtype=np.float64)


def scores_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Scores with their types."""
    numbers = dict.fromkeys(("r2", "kendall_tau", "sparse_kendall_tau"), pl.Float64())
    return pl.DataFrame(rows, schema={"metric": pl.String(), "runs": pl.UInt32(), **numbers})


def import_lightgbm(purpose: str) -> Any:
    """LightGBM, or the error that says how to install it."""
    try:
        import lightgbm
    except ImportError as error:
        raise MissingDependencyError.of("lightgbm", purpose, "surrogate") from error
    return lightgbm
