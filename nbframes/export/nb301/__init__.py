"""NAS-Bench-301: its run logs in a folder, a zip or a tar, and NASBenchAPI's pickle of them."""
