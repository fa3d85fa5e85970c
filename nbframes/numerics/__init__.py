"""Arrays in, arrays out: numerics that know nothing of frames, benchmarks or stores."""
