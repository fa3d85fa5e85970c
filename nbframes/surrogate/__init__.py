"""Surrogates of NAS-Bench-301: models that answer for all 10^18 architectures of the DARTS space."""

from nbframes.surrogate.arrow import ArrowFunction, arrow_function
from nbframes.surrogate.base import Surrogate, archs
from nbframes.surrogate.fit import fit
from nbframes.surrogate.fitted import FittedSurrogate
from nbframes.surrogate.loading import load
from nbframes.surrogate.onnx import OnnxSurrogate
from nbframes.surrogate.shards import ShardWriter

__all__ = [
    "ArrowFunction",
    "FittedSurrogate",
    "OnnxSurrogate",
    "ShardWriter",
    "Surrogate",
    "archs",
    "arrow_function",
    "fit",
    "load",
]
