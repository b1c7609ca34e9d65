"""Measurements beside peers. Each is a program: ``python -m benchmarks.recording``. None is a test."""
