"""NAS-Bench-101: its TFRecord files, and NASBenchAPI's pickle of them."""
