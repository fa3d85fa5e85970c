"""Conformance kits for people who write readers of their own."""

from nbframes.testing.reader import ReaderError, check_reader

__all__ = ["ReaderError", "check_reader"]
