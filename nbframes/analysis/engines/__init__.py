"""The same questions for other engines that read a store: DuckDB, Spark, Sail."""

from nbframes.analysis.engines.expressions import sql
from nbframes.analysis.engines.statements import query_sql

__all__ = ["query_sql", "sql"]
