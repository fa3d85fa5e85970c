"""The calls of other libraries, answered from a store."""
