"""What others measured on the architectures of a benchmark: published tables, read and attached to it."""
