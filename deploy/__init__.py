"""How Sinergi is run: the embedded stack in `local/`, the same stack for container engines in `compose/`."""
