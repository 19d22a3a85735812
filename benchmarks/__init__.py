"""Benchmarks: each prints one table; `./dev bench NAME`."""
