"""Fit a surrogate of one's own to the runs of a store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl

from nbframes.errors import FrameError, InvalidArgumentError, UnknownNameError
from nbframes.export.workers import cores
from nbframes.spaces import darts
from nbframes.spaces.darts.cells import checked
from nbframes.spaces.darts.config import config_codes
from nbframes.store import Store, open_store
from nbframes.surrogate.fitted import FittedSurrogate, features, import_lightgbm, mean_prediction, scores_frame

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

Target = Literal["best", "final"]
_TARGETS: Final = ("best", "final")
_SETTING: Final = ("dataset", "schedule", "budget", "layers", "init_channels", "config")
_PATIENCE: Final = 100
_HELD_OUT: Final = -1
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
        ``"final"``: the last one of its curve.
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
        ``runs`` (held out), ``r2``, ``kendall_tau`` and ``sparse_kendall_tau`` (Kendall's tau-b after rounding predictions to
        0.1 percent; for times null). A score that is undefined because all values are equal is null.

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
    >>> folder.cleanup()
    """
    if target not in _TARGETS:
        raise UnknownNameError.of("target", target, _TARGETS)
    if members < 2 or rounds < 1 or not 0 < test_fraction < 1:
        msg = f"fit needs members >= 2, rounds >= 1 and 0 < test_fraction < 1, but got {members}, {rounds} and {test_fraction}"
        raise InvalidArgumentError(msg)
    store = store if isinstance(store, Store) else open_store(store)
    runs, setting, left_out = _of_one_setting(_runs(store, benchmark, target))
    fold = _folds(runs, members, test_fraction, seed)
    if _smallest_part(fold, members) < _LEAST:
        msg = f"{benchmark} has {runs.height} runs of one setting, too few for {members} members and a test set"
        raise FrameError(msg)
    columns = features(config_codes(checked(runs["arch_str"])))
    options = _Options(rounds, seed, jobs or cores())
    ensembles, scores = {}, []
    for metric in ("accuracy", "time"):
        values = runs[metric].cast(pl.Float64).to_numpy()
        known = np.isfinite(values)
        if _smallest_part(fold[known], members) >= _LEAST:
            ensembles[metric] = _ensemble(columns[known], values[known], fold[known], options)
            held_out = known & (fold == _HELD_OUT)
            predicted = mean_prediction(ensembles[metric], columns[held_out])
            scores.append({"metric": metric} | _scores(values[held_out], predicted, percent=metric == "accuracy"))
    training = {
        "benchmark": benchmark,
        "version": store.manifest(benchmark).version,
        "target": target,
        "setting": setting,
        "runs": {
            "fitted": int((fold != _HELD_OUT).sum()),
            "held_out": int((fold == _HELD_OUT).sum()),
            "left_out": left_out,
        },
    }
    return FittedSurrogate(ensembles, scores_frame(scores), training)


def _runs(store: Store, benchmark: str, target: Target) -> pl.DataFrame:
    """One row per run: architecture, setting, optimizer, accuracy and time."""
    archs = store.scan_archs(benchmark).drop("benchmark").collect()
    if "arch_str" not in archs.columns:
        raise FrameError.missing_columns(
            ["arch_str"], archs.columns, "a surrogate needs the architectures of the DARTS space"
        )
    archs = archs.select("arch", "arch_str", pl.col("^(layers|init_channels)$")).with_columns(
        darts.hash(archs["arch_str"])
    )
    runs = _best(store, benchmark) if target == "best" else _final(store, benchmark)
    return runs.join(archs, on="arch", maintain_order="left")


def _best(store: Store, benchmark: str) -> pl.DataFrame:
    runs = store.scan_runs(benchmark)
    names = runs.collect_schema().names()
    if missing := [name for name in ("best_val_accuracy", "train_time") if name not in names]:
        hint = "target='final' takes the last validation accuracy of each run instead"
        raise FrameError.missing_columns(missing, names, hint)
    return (
        runs.filter(pl.col("best_val_accuracy").is_not_nan())
        .sort("arch", "seed")
        .select(
            "arch",
            "dataset",
            "schedule",
            pl.col("schedule").alias("budget"),
            pl.col("^(optimizer|config)$"),
            accuracy="best_val_accuracy",
            time="train_time",
        )
        .collect()
    )


def _final(store: Store, benchmark: str) -> pl.DataFrame:
    key = ["arch", "dataset", "schedule", "seed"]
    final = store.scan(benchmark).filter(pl.col("final"))
    accuracy = final.filter(
        (pl.col("metric") == "accuracy") & (pl.col("split") == "val") & pl.col("value").is_not_nan()
    )
    time = final.filter((pl.col("metric") == "time") & (pl.col("split") == "train")).select(*key, time="value")
    runs = accuracy.select(*key, "budget", accuracy="value").join(time, on=key, how="left").sort(key).collect()
    if not runs.height:
        msg = f"{benchmark} has no validation accuracy to fit to"
        raise FrameError(msg)
    return runs


def _of_one_setting(runs: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any], int]:
    """Runs of the most frequent setting, that setting, and how many other runs there are."""
    names = [name for name in _SETTING if name in runs.columns]
    runs = runs.with_columns(pl.col("dataset").cast(pl.String))
    settings = runs.group_by(names).len().sort("len", *names, descending=[True] + [False] * len(names))
    setting = settings.drop("len").row(0, named=True)
    chosen = runs.join(settings.head(1), on=names, how="semi", nulls_equal=True, maintain_order="left")
    return chosen, setting, runs.height - chosen.height


def _folds(runs: pl.DataFrame, members: int, test_fraction: float, seed: int) -> NDArray[np.int64]:
    """Part of each run: -1 held out, otherwise the member that stops early on it. Isomorphic architectures share theirs."""
    optimizer = pl.col("optimizer") if "optimizer" in runs.columns else pl.lit(None, dtype=pl.String)
    groups = runs.group_by("hash").agg(optimizer=optimizer.min()).sort("hash")
    shuffled = groups[np.random.default_rng(seed).permutation(groups.height)].sort("optimizer", maintain_order=True)
    quota = np.floor(np.arange(groups.height + 1) * test_fraction)
    held_out = quota[1:] > quota[:-1]
    fold = np.where(held_out, _HELD_OUT, (np.cumsum(~held_out) - 1) % members)
    parts = shuffled.select("hash", fold=pl.Series(fold))
    return runs.select("hash").join(parts, on="hash", how="left", maintain_order="left")["fold"].to_numpy()


def _smallest_part(fold: NDArray[np.int64], members: int) -> int:
    return int(np.bincount(fold - _HELD_OUT, minlength=members + 1).min())


def _ensemble(
    columns: NDArray[np.float32], values: NDArray[np.float64], fold: NDArray[np.int64], options: _Options
) -> list[Any]:
    lightgbm = import_lightgbm("fitting a surrogate")
    categorical = list(range(columns.shape[1]))

    def booster(k: int) -> Any:
        fitted, stopping = (fold != k) & (fold != _HELD_OUT), fold == k
        data = lightgbm.Dataset(columns[fitted], values[fitted], categorical_feature=categorical, params=_LIGHTGBM)
        check = lightgbm.Dataset(columns[stopping], values[stopping], reference=data)
        stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
        parameters = _LIGHTGBM | {"seed": options.seed + k}
        return lightgbm.train(parameters, data, options.rounds, valid_sets=[check], callbacks=[stop])

    with ThreadPoolExecutor(options.jobs) as pool:
        return list(pool.map(booster, range(int(fold.max()) + 1)))


def _scores(values: NDArray[np.float64], predicted: NDArray[np.float64], *, percent: bool) -> dict[str, Any]:
    from scipy.stats import kendalltau

    def tau(predicted: NDArray[np.float64]) -> float | None:
        statistic = float(kendalltau(values, predicted).statistic)
        return None if np.isnan(statistic) else statistic

    residual, total = ((values - predicted) ** 2).sum(), ((values - values.mean()) ** 2).sum()
    return {
        "runs": len(values),
        "r2": float(1 - residual / total) if total else None,
        "kendall_tau": tau(predicted),
        "sparse_kendall_tau": tau(np.round(predicted, 1)) if percent else None,
    }
