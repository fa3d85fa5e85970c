"""The three classes under the name of upstream's module."""

from nbframes.compat.nasbenchapi.nb101 import NASBench101
from nbframes.compat.nasbenchapi.nb201 import NASBench201
from nbframes.compat.nasbenchapi.nb301 import NASBench301

__all__ = ["NASBench101", "NASBench201", "NASBench301"]
