"""NATS-Bench: its folders and tars of small files, and its one pickle of all architectures."""
