"""Benchmarks: each is one module with a function that takes a policy's name and returns figures, listed in registry.py."""
