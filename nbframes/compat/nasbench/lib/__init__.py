"""Graphs, specifications of models, and the configuration of the benchmark."""
