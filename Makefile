# Everything runs from here; `make help` lists it. Only Python >= 3.11 and make are needed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo up test faults bench lint format lock clean setup

find_python = for candidate in "$$PYTHON" python3.13 python3.12 python3.11 python3; do \
	if [ -n "$$candidate" ] && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "$$candidate"; exit 0; fi; \
	if [ -n "$$candidate" ] && [ "$$candidate" = "$$PYTHON" ]; then \
		echo "error: PYTHON=$$PYTHON is not a Python 3.11 or later" >&2; exit 1; fi; \
done; echo "error: no Python 3.11 or later found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1

export PYTHON

help: ## List what make can do
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

demo: setup ## Play Tegal 2023 on the embedded stack (ONCE=1: stop at the end)
	@.venv/bin/sinergi demo $(if $(ONCE),--once)

up: setup ## Start the embedded stack and stay until Ctrl-C
	@.venv/bin/sinergi up

test: setup ## Run the tests on real PostgreSQL and Kafka (ARGS="-k handover")
	@.venv/bin/python -m pytest $(ARGS)

faults: setup ## Break everything on purpose, in full (ROW=kills, SEED=4711)
	@.venv/bin/python -m tests.faults.main $(if $(ROW),--row $(ROW)) $(if $(SEED),--seed $(SEED))

bench: setup ## Measure the product beside the hand-written limit (PART=latency, FULL=1)
	@.venv/bin/python -m benchmarks.main $(if $(FULL),--full) $(if $(PART),--part $(PART))

lint: setup ## Check style, types and the rules of who may import whom
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports

format: setup ## Format the code
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

lock: setup ## Resolve the dependencies of pyproject.toml again into requirements.lock
	@.venv/bin/python -m deploy.local.relock

clean: ## Remove .venv, the embedded stack's data and all caches of this checkout
	@if [ -x .venv/bin/sinergi ]; then .venv/bin/python -m deploy.local.clean; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@python=$$($(find_python)) && "$$python" deploy/local/bootstrap.py
