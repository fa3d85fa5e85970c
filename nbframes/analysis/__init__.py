"""Questions asked of results: frame in, tidy frame out. What there is stands in ``__init__.pyi``, each loaded on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
