"""Benchmarks: each prints what it does on stderr and one JSON line of figures last. Ratios are measured in the same run."""
