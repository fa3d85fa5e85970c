"""Benchmarks that came later, one file each, added as any package can add its own: by an entry point, through public names.

The group ``nbframes.benchmarks`` of this package's own entry points names them; nothing else in nbframes knows them.
"""
