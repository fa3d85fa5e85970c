"""The calls of other tabular benchmark APIs, answered from a store.

`install` makes ``import nats_bench``, ``nas_201_api``, ``nasbenchapi`` and ``nasbench.api`` mean the modules of this package in
the whole process, and ``python -m nbframes.compat SCRIPT`` runs a script in such a process: code written for them runs without
an edit. Or import a module from here by name::

    from nbframes.compat import nats_bench
"""

from nbframes.compat.hook import install, uninstall

__all__ = ["install", "uninstall"]
