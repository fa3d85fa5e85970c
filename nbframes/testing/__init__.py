"""Conformance kits for people who extend nbframes."""

from nbframes.testing.reader import ReaderError, check_reader
from nbframes.testing.search import check_search

__all__ = ["ReaderError", "check_reader", "check_search"]
