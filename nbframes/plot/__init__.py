"""Drawings of what the helpers return: one function for each, on axes of yours or of a new figure.

``visuals`` has matplotlib's options of each artist, or False to leave it out; all have the artist ``"note"``, the words above
the axes that say what marks are and how many architectures stand behind a small sample. What there is stands in
``__init__.pyi``; each is loaded on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
