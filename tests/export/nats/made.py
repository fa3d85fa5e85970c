"""Records of NATS-Bench that never were, at random."""

from __future__ import annotations

import collections
import struct

import numpy as np
from hypothesis import strategies as st

from nbframes.spaces import sss, tss
from tests.export.nats.files import (
    CLASSES,
    SETS,
)


def make_result(dataset, hp, seed, arch_str, value, *, size, top5, last_only, latencies, times):
    epochs = range(int(hp))
    keys = [
        f"{name}@{epoch}" for name in SETS[dataset] for epoch in epochs if epoch + 1 == int(hp) or name not in last_only
    ]
    config = (
        {"name": "infer.shape.tiny", "channels": arch_str, "arch_str": arch_str, "genotype": GENOTYPE}
        if size
        else {"channel": 16, "num_cells": 5, "arch_str": arch_str}
    )
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {epoch: value() for epoch in epochs},
        "train_acc5es": {epoch: value() for epoch in epochs} if top5 else None,
        "train_losses": {epoch: value() for epoch in epochs},
        "train_times": collections.OrderedDict((epoch, value()) for epoch in epochs) if times else None,
        "arch_config": {**config, "class_num": CLASSES[dataset]},
        "params": np.float64(hash(value()) % 50_000_000 / 1e6),
        "flop": value(),
        "seed": f"{seed:04d}",
        "epochs": int(hp),
        "latency": [np.float64(value()) for _ in range(latencies)],
        "eval_names": list(SETS[dataset]),
        "eval_acc1es": {key: value() for key in keys},
        "eval_times": {key: value() for key in keys},
        "eval_losses": {key: value() for key in keys},
    }


GENOTYPE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


STRINGS = {False: tss.enumerate()["arch_str"][:400].to_list(), True: sss.enumerate()["arch_str"][:400].to_list()}


@st.composite
def records(draw, arch=None, size=None):
    """A record in the official format, of any shape, with any floats."""
    size = draw(st.booleans()) if size is None else size
    arch = draw(st.integers(0, 399)) if arch is None else arch
    pool = draw(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
    rng = draw(st.randoms(use_true_random=False))
    text = STRINGS[size][arch]
    record = collections.OrderedDict()
    for hp in draw(st.lists(st.sampled_from(["01", "3", "12"]), min_size=1, max_size=3, unique=True)):
        runs = draw(
            st.lists(
                st.tuples(st.sampled_from(list(SETS)), st.sampled_from([111, 777, 888])),
                min_size=1,
                max_size=4,
                unique=True,
            )
        )
        shape = {
            "size": size,
            "top5": draw(st.booleans()),
            "times": draw(st.booleans()),
            "last_only": draw(st.sets(st.sampled_from(["x-test", "ori-test"]))),
            "latencies": draw(st.integers(0, 3)),
        }
        results = {(d, s): make_result(d, hp, s, text, lambda: rng.choice(pool), **shape) for d, s in runs}
        seeds = {}
        for dataset, seed in runs:
            seeds.setdefault(dataset, []).append(seed)
        record[hp] = {
            "arch_index": arch,
            "arch_str": text,
            "all_results": results,
            "dataset_seed": {dataset: sorted(found) for dataset, found in seeds.items()},
            "clear_net_done": True,
        }
    return record


def as_read(found):
    """Numbers of a record as the reader gives them."""
    shape = found.shape
    rows = {}
    for block in shape.blocks:
        for place in range(block.start, block.stop):
            key = (*block.partition, *(int(column[place]) for column in (shape.schedule, shape.budget, shape.seed)))
            assert key not in rows
            rows[key] = struct.pack("d", found.values[place])
    return rows


def costs_as_read(found):
    count, tail = len(found.shape.runs), found.values[len(found.shape.seed) :].tolist()
    latencies = iter(tail[2 * count :])
    return {
        tuple(run): (tail[place], tail[count + place], [next(latencies) for _ in range(measured)])
        for place, (run, measured) in enumerate(zip(found.shape.runs, found.shape.latencies, strict=True))
    }
