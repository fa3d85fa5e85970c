"""The API of google-research's ``nasbench``, answered from a store, without TensorFlow.

Put ``nbframes.compat.`` before ``nasbench`` in the imports (or call `nbframes.compat.install`) and pass a store (or its path)
where the TFRecord was::

    from nbframes.compat.nasbench import api

`api` and ``lib.graph_util``, ``lib.model_spec``, ``lib.config`` have the names, values, exceptions and draws from the global
`random` of commit b94247037ee470418a3e56dcb83814e9be83f3a8. They differ from it in what follows.

- A spec of more than seven vertices is out of domain; upstream raises ``TypeError``, also from ``is_valid``.
- ``hash_module`` gives the same hash whether labels are Python's or numpy's integers; upstream's differs with numpy 2.
- ``NASBench.evaluate``, which trains on TPUs, and the modules that build TensorFlow graphs are not there.

References
----------
https://github.com/google-research/nasbench
"""
