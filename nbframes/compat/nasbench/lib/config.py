"""The configuration under which NAS-Bench-101 was made."""

from __future__ import annotations

from typing import Any


def build_config() -> dict[str, Any]:
    """Return the limits of the search space and the settings of training; a new dictionary every time.

    Examples
    --------
    >>> from nbframes.compat.nasbench.lib import config
    >>> config.build_config()["available_ops"]
    ['conv3x3-bn-relu', 'conv1x1-bn-relu', 'maxpool3x3']
    """
    return {
        "train_data_files": [],
        "valid_data_file": "",
        "test_data_file": "",
        "sample_data_file": "",
        "data_format": "channels_last",
        "num_labels": 10,
        "module_vertices": 7,
        "max_edges": 9,
        "available_ops": ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"],
        "stem_filter_size": 128,
        "num_stacks": 3,
        "num_modules_per_stack": 3,
        "batch_size": 256,
        "train_epochs": 108,
        "train_seconds": 14_400.0,
        "learning_rate": 0.1,
        "lr_decay_method": "COSINE_BY_STEP",
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "max_attempts": 5,
        "intermediate_evaluations": ["0.5"],
        "num_repeats": 3,
        "use_tpu": True,
        "tpu_iterations_per_loop": 100,
        "tpu_num_shards": 2,
    }
