"""A gradient-boosting ensemble as a surrogate: predictions, and files without pickles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import MissingDependencyError, SourceError
from nbframes.export.workers import cores
from nbframes.spaces.darts import CONFIG
from nbframes.spaces.darts.definition import UNREADABLE
from nbframes.surrogate.base import Surrogate
from nbframes.surrogate.basis import Basis

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nbframes.spaces.darts.config import ConfigCodes

DESCRIPTION: Final = "surrogate.json"
_FORMAT: Final = 2
_SPLITS: Final = {"accuracy": "val", "time": "train"}


class Ensemble(NamedTuple):
    """Boosters of one metric: for each member one for each coefficient of the basis."""

    boosters: Sequence[Sequence[Any]]
    basis: Basis

    def coefficients(self, columns: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of every member, shape (members, n, coefficients); a thread a booster: LightGBM's own would wait for each other at every tree."""
        flat = [booster for member in self.boosters for booster in member]
        with ThreadPoolExecutor(cores()) as pool:
            found = np.stack(list(pool.map(lambda booster: booster.predict(columns, num_threads=1), flat)), axis=-1)
        return np.moveaxis(found.reshape(len(columns), len(self.boosters), -1), 1, 0)

    def curves(self, columns: NDArray[np.float32], positions: Sequence[int] | slice) -> NDArray[np.float64]:
        """Mean of the members' curves at the budgets in these positions, shape (n, budgets)."""
        return self.basis.curves(self.coefficients(columns).mean(axis=0), positions)


class FittedSurrogate(Surrogate):
    """An ensemble that `fit` has trained; its answer is the mean of its members.

    Attributes
    ----------
    scores : polars.DataFrame
        Quality on the runs that were held out, one row per metric (see `fit`).
    training : dict
        What it was fitted to: benchmark, target, setting of the runs, budgets, and how many runs were used, held out and left out.
    """

    def __init__(self, ensembles: Mapping[str, Ensemble], scores: pl.DataFrame, training: dict[str, Any]) -> None:
        setting = training["setting"]
        outputs = [(metric, _SPLITS[metric]) for metric in ensembles]
        super().__init__(tuple(training["budgets"]), setting["schedule"], setting["dataset"], outputs)
        self._ensembles = ensembles
        self.scores = scores
        self.training = training

    @property
    def members(self) -> int:
        """Boosters whose mean is the answer."""
        return len(next(iter(self._ensembles.values())).boosters)

    def _values(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        columns, positions = features(codes), self._positions(budgets)
        return np.stack([ensemble.curves(columns, positions) for ensemble in self._ensembles.values()])

    def _values_of_members(self, codes: ConfigCodes, budgets: Sequence[int]) -> NDArray[np.floating]:
        columns, positions = features(codes), self._positions(budgets)
        curves = [
            ensemble.basis.curves(ensemble.coefficients(columns), positions) for ensemble in self._ensembles.values()
        ]
        return np.moveaxis(np.stack(curves), 1, -1)

    def _positions(self, budgets: Sequence[int]) -> list[int]:
        return [self.budgets.index(budget) for budget in budgets]

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
        for metric, ensemble in self._ensembles.items():
            for k, member in enumerate(ensemble.boosters):
                for c, booster in enumerate(member):
                    with (folder / f"{metric}-{k}-{c}.txt").open("x", encoding="utf-8") as file:
                        file.write(booster.model_to_string())
        description = {
            "format": _FORMAT,
            "settings": list(CONFIG),
            "members": self.members,
            "bases": {metric: ensemble.basis.to_dict() for metric, ensemble in self._ensembles.items()},
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
        bases = {metric: Basis.from_dict(written) for metric, written in description["bases"].items()}
        ensembles = {
            metric: Ensemble(
                [
                    [
                        lightgbm.Booster(model_str=(folder / f"{metric}-{k}-{c}.txt").read_text("utf-8"))
                        for c in range(len(basis.weights))
                    ]
                    for k in range(description["members"])
                ],
                basis,
            )
            for metric, basis in bases.items()
        }
        return FittedSurrogate(ensembles, scores_frame(description["scores"]), description["training"])
    except (OSError, ValueError, KeyError, TypeError, lightgbm.basic.LightGBMError) as error:
        msg = f"{folder} does not hold a whole fitted surrogate ({error})"
        raise SourceError(msg) from error


def features(codes: ConfigCodes) -> NDArray[np.float32]:
    """Columns for LightGBM: the category of each setting, 0 where it is absent, shape (n, 34)."""
    settings = np.concatenate([codes.edges, codes.inputs], axis=1)
    return np.where(settings == UNREADABLE, 0, settings + np.uint8(1)).astype(np.float32)


def scores_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Scores with their types."""
    numbers = dict.fromkeys(("r2", "kendall_tau", "sparse_kendall_tau"), pl.Float64())
    return pl.DataFrame(rows, schema={"metric": pl.String(), "budget": pl.Int32(), "runs": pl.UInt32(), **numbers})


def import_lightgbm(purpose: str) -> Any:
    """LightGBM, or the error that says how to install it."""
    try:
        import lightgbm
    except ImportError as error:
        raise MissingDependencyError.of("lightgbm", purpose, "surrogate") from error
    return lightgbm
