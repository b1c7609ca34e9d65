"""A city of RTSP cameras made in software, for the demo, the tests and the benchmarks.

Pure Python without Django. `cameras.simulated.city.SimulatedCity` runs it inside a test,
`python -m cameras.simulated` runs it as a process.
"""
