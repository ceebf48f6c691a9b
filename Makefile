# Everything runs from .venv, which the first target that needs it makes with PYTHON, 3.11 or later.
PYTHON ?= python3
PY  := .venv/bin/python
BIN := .venv/bin

.PHONY: help
help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/run: pyproject.toml constraints.txt
	@echo "setting up .venv (first run only: downloads packages)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/dev: .venv/run
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

.PHONY: demo
demo: .venv/run  ## the main job on an embedded server; ends by itself
	@$(BIN)/dialer demo

.PHONY: test
test: .venv/dev  ## unit, integration and acceptance tests (at most 5 minutes)
	@$(PY) -m pytest -n 2 --dist worksteal tests/unit tests/integration
	@$(PY) -m pytest -n 2 --dist loadfile tests/acceptance -m "not alone"
	@$(PY) -m pytest tests/acceptance -m alone

.PHONY: unit
unit: .venv/dev  ## only the tests without I/O
	@$(PY) -m pytest tests/unit

.PHONY: lint
lint: .venv/dev  ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/dev  ## let ruff write the layout
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

.PHONY: pace
pace: .venv/dev  ## measure pacing over three workers; writes ops/pace.md
	@$(PY) tests/measure/pace.py

.PHONY: failover
failover: .venv/dev  ## kill the master under load and say what it cost (5 minutes)
	@$(PY) tests/measure/failover.py

.PHONY: proofs
proofs: .venv/dev  ## the long proof: a thousand calls, every fault, 21 kills (two minutes)
	@CHAOS_FULL=1 $(PY) -m pytest -s tests/integration/test_store_machine.py tests/acceptance/test_chaos.py

.PHONY: kills
kills: .venv/dev  ## kill -9 processes of a running stack at random moments (4 minutes); writes ops/kills.md
	@$(PY) tests/measure/kills.py

.PHONY: lists
lists: .venv/dev  ## measure lists and sleeping campaigns; writes ops/lists.md
	@$(PY) tests/measure/lists.py

.PHONY: mutants
mutants: .venv/dev  ## take one guard away at a time and see the tests notice (3 minutes)
	@$(PY) tests/measure/mutants.py

.PHONY: freeze
freeze:  ## write constraints.txt from a fresh environment
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@$(BIN)/pip freeze --exclude-editable > constraints.txt
