"""Fit a surrogate of one's own to the runs of a store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.export.workers import cores
from nbframes.numerics import kendall, ties
from nbframes.spaces.darts.cells import checked
from nbframes.spaces.darts.config import config_codes
from nbframes.store import Store, open_store
from nbframes.surrogate.basis import Basis
from nbframes.surrogate.fitted import Ensemble, FittedSurrogate, features, import_lightgbm, scores_frame
from nbframes.surrogate.runs import HELD_OUT, TARGETS, Target, folds, of_one_setting, runs_of, smallest_part

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

_PATIENCE: Final = 100
_LEAST: Final = 2
"""Runs that every part of a split needs."""
_LIGHTGBM: Final = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "feature_fraction": 0.3,
    "lambda_l2": 1.0,
    "min_data_in_leaf": 10,
    "max_cat_to_onehot": 16,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "num_threads": 1,
}
"""Chosen on the 10,221 published accuracies. The settings are split one value against the rest; boosters run side by side."""


class _Options(NamedTuple):
    rounds: int
    seed: int
    jobs: int


def fit(
    store: Store | str | os.PathLike[str] | None = None,
    /,
    *,
    benchmark: str = "nb301",
    target: Target = "best",
    members: int = 10,
    test_fraction: float = 0.1,
    rounds: int = 3000,
    seed: int = 0,
    jobs: int | None = None,
) -> FittedSurrogate:
    """Train a gradient-boosting ensemble on the runs of a store.

    Parameters
    ----------
    store
        The store, or its folder; by default as `nbframes.open_store` finds it.
    benchmark
        A benchmark of architectures of the DARTS space: ``nb301``, or one of your own with ``arch_str`` in ``archs``.
    target
        ``"best"``: the best validation accuracy of a run (``best_val_accuracy`` in ``runs``), the paper's target;
        ``"final"``: the last one of its curve; ``"curve"``: all of it, so that the surrogate answers every budget.
    members
        Boosters of the ensemble. Each holds out another part of the training data to stop early.
    test_fraction
        Share of the architectures held out to measure the quality, drawn in equal shares from every optimizer.
    rounds
        Trees of a booster at most.
    seed
        Of the splits and the boosters.
    jobs
        Boosters fitted at the same time; by default as many as there are cores. The result is the same for any number.

    Returns
    -------
    FittedSurrogate
        It predicts the accuracy and, where the runs tell their time, the time. Its ``scores`` have the columns ``metric``,
        ``budget``, ``runs`` (held out), ``r2``, ``kendall_tau`` and ``sparse_kendall_tau`` (Kendall's tau-b after rounding
        predictions to 0.1 percent; for times null). A score that is undefined because all values are equal is null.

    Raises
    ------
    FrameError
        If the benchmark has no such target, or too few runs.
    InvalidArgumentError
        If an option has a value that cannot be used.
    MissingDependencyError
        If LightGBM is not installed.

    Notes
    -----
    The procedure is that of NAS-Bench-301 [1]_: an ensemble of ten boosters from a ten-fold cross-validation, 10 % of the
    data held out, stratified by optimizer. Isomorphic architectures are never on both sides of a split. Runs of unlike
    settings (epochs, layers, channels, anything in ``config``) are not mixed: the most frequent setting is used, and
    ``training`` says how many runs that leaves out.

    A curve is learned as its last value and four numbers that say how it came there (the main shapes of what the last value
    leaves of the training curves), each by an ensemble of its own, so that a hundred budgets cost little more than one. At the
    last budget the answer is that of a surrogate of the last values alone. Of runs whose curves have unlike budgets the most
    frequent are used. Where only the time of the whole training is known, epochs are taken to be equally long.

    References
    ----------
    .. [1] Zela et al., "Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks",
       ICLR 2022.

    Examples
    --------
    >>> import nbframes as nbf, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> source = nbf.synthetic.write(folder.name, "nb301")["nb301"]
    >>> manifest = nbf.export(source, folder.name + "/store", jobs=1, progress=False)
    >>> surrogate = nbf.surrogate.fit(folder.name + "/store", members=2, rounds=10)
    >>> surrogate.scores["metric"].to_list()
    ['accuracy', 'time']
    >>> surrogate.predict(nbf.spaces.darts.sample(1000, seed=0)).height
    2000
    >>> curves = nbf.surrogate.fit(folder.name + "/store", target="curve", members=2, rounds=10)
    >>> curves.predict(nbf.spaces.darts.sample(1, seed=0), [50, 98]).filter(nbf.metric("accuracy"))["budget"].to_list()
    [50, 98]
    >>> folder.cleanup()
    """
    if target not in TARGETS:
        raise UnknownNameError.of("target", target, TARGETS)
    if members < 2 or rounds < 1 or not 0 < test_fraction < 1:
        msg = f"fit needs members >= 2, rounds >= 1 and 0 < test_fraction < 1, but got {members}, {rounds} and {test_fraction}"
        raise InvalidArgumentError(msg)
    store = store if isinstance(store, Store) else open_store(store)
    runs, setting, left_out = of_one_setting(runs_of(store, benchmark, target))
    fold = folds(runs, members, test_fraction, seed)
    if smallest_part(fold, members) < _LEAST:
        msg = f"{benchmark} has {runs.height} runs of one setting, too few for {members} members and a test set"
        raise FrameError(msg)
    budgets = runs["budgets"][0].to_list()
    columns = features(config_codes(checked(runs["arch_str"])))
    options = _Options(rounds, seed, jobs or cores())
    ensembles, scores = {}, []
    for metric, curves in _curves(runs, len(budgets)).items():
        known = np.isfinite(curves).all(axis=1)
        if smallest_part(fold[known], members) < _LEAST:
            continue
        held_out = known & (fold == HELD_OUT)
        whole = curves.shape[1] == len(budgets) > 1
        fitted = curves[known & (fold != HELD_OUT)]
        basis = Basis.of_curves(fitted) if whole else Basis.proportional(budgets)
        coefficients = basis.coefficients(curves[known]) if whole else curves[known]
        ensembles[metric] = _ensemble(columns[known], coefficients, fold[known], basis, options)
        told = slice(None) if whole else slice(-1, None)
        predicted = ensembles[metric].curves(columns[held_out], told)
        scores += _scores(metric, budgets[told], curves[held_out], predicted)
    training = {
        "benchmark": benchmark,
        "version": store.manifest(benchmark).version,
        "target": target,
        "setting": setting,
        "budgets": budgets,
        "runs": {
            "fitted": int((fold != HELD_OUT).sum()),
            "held_out": int((fold == HELD_OUT).sum()),
            "left_out": left_out,
        },
    }
    return FittedSurrogate(ensembles, scores_frame(scores), training)


def _curves(runs: pl.DataFrame, budgets: int) -> dict[str, NDArray[np.float64]]:
    """What is learned of each metric, a row a run: accuracy at every budget, time up to the last one."""
    accuracy = runs["accuracy"].explode().cast(pl.Float64).to_numpy().reshape(-1, budgets)
    return {"accuracy": accuracy, "time": runs["time"].cast(pl.Float64).to_numpy()[:, None]}


def _ensemble(
    columns: NDArray[np.float32],
    coefficients: NDArray[np.float64],
    fold: NDArray[np.int64],
    basis: Basis,
    options: _Options,
) -> Ensemble:
    lightgbm = import_lightgbm("fitting a surrogate")
    categorical = list(range(columns.shape[1]))
    members, outputs = int(fold.max()) + 1, coefficients.shape[1]

    def booster(job: int) -> Any:
        k, values = job // outputs, coefficients[:, job % outputs]
        fitted, stopping = (fold != k) & (fold != HELD_OUT), fold == k
        data = lightgbm.Dataset(columns[fitted], values[fitted], categorical_feature=categorical, params=_LIGHTGBM)
        check = lightgbm.Dataset(columns[stopping], values[stopping], reference=data)
        stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
        parameters = _LIGHTGBM | {"seed": options.seed + k}
        return lightgbm.train(parameters, data, options.rounds, valid_sets=[check], callbacks=[stop])

    with ThreadPoolExecutor(options.jobs) as pool:
        boosters = list(pool.map(booster, range(members * outputs)))
    return Ensemble([boosters[k : k + outputs] for k in range(0, len(boosters), outputs)], basis)


def _scores(
    metric: str, budgets: list[int], values: NDArray[np.float64], predicted: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Quality at each budget; values and predictions have a column for each."""
    residual, total = ((values - predicted) ** 2).sum(axis=0), ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = 1 - residual / total
    measured = ties.codes(values.T)
    tau = kendall.tau_b(measured, ties.codes(predicted.T))
    sparse = kendall.tau_b(measured, ties.codes(np.round(predicted.T, 1))) if metric == "accuracy" else tau * np.nan
    columns = {"r2": r2, "kendall_tau": tau, "sparse_kendall_tau": sparse}
    return [
        {"metric": metric, "budget": budget, "runs": len(values)}
        | {name: float(column[i]) if np.isfinite(column[i]) else None for name, column in columns.items()}
        for i, budget in enumerate(budgets)
    ]
