"""Tests of the set-up, the embedded stack and the command-line program."""
