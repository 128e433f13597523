"""The chain's business writes as others would make them: each peer in its best settings, in a venv of its own.

A peer is a program (`<peer>/chain.py`) that its own venv runs, with the packages of `<peer>/requirements.lock` and
nothing of ours. It talks to the benchmark's PostgreSQL in a database of its own, waits for a line on standard input
with the number of people, and tells `ready` and `done` as lines of JSON.
"""
