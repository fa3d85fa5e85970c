"""NAS-Bench-201: its ``.pth`` files, and NASBenchAPI's pickle of them."""
