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
test: .venv/dev  ## unit, integration and acceptance tests (at most 8 minutes on two cores)
	@$(PY) -m pytest -n 2 --dist worksteal tests/unit tests/integration
	@$(PY) -m pytest -n 3 --dist loadfile tests/acceptance -m "not alone"
	@$(PY) -m pytest tests/acceptance -m alone

#: What tries far more with CHAOS_FULL; no limit of time, for a slow machine ends by itself too.
LONG := --timeout 0 $(addprefix tests/integration/test_,store_machine.py campaign_machine.py clock_steps.py \
	customer_rules.py never_when_it_must_not.py far_provider.py reuse.py) tests/acceptance/test_chaos.py

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
proofs: .venv/dev  ## the long proof: a thousand calls, every fault, 21 kills, clocks, long histories (20 minutes)
	@CHAOS_FULL=1 $(PY) -m pytest -s $(LONG)

.venv-bench: .venv/dev
	@$(PYTHON) -m venv $@/arq && $@/arq/bin/pip install --quiet 'arq>=0.28,<1' 'aiohttp>=3.14,<4'
	@$(PYTHON) -m venv $@/threads && $@/threads/bin/pip install --quiet \
		'celery[redis]>=5.7,<6' 'requests>=2.34,<3' 'gevent>=26,<27' 'dramatiq>=2.2,<3' 'huey>=3.5,<4'

.PHONY: bench
bench: .venv-bench  ## what a call costs, beside four peers (half an hour); writes ops/bench.md
	@$(PY) tests/measure/bench/bench.py

.PHONY: http-bench
http-bench: .venv/dev  ## measure what the HTTP service carries (3 minutes); writes ops/http/bench.md
	@$(PY) tests/measure/http_service.py

.PHONY: http-fuzz
http-fuzz: .venv/dev  ## throw requests at the HTTP service that nobody would write (11 minutes)
	@HTTP_FUZZ_SECONDS=660 $(PY) -m pytest -s --timeout 0 tests/integration/test_api_walk.py -k fuzzer

.PHONY: http-upload
http-upload: .venv/dev  ## upload a million rows, cut off at 40 % and sent again, in 200 MiB (4 minutes)
	@HTTP_UPLOAD=1000000 $(PY) -m pytest -s --timeout 0 tests/integration/test_api_upload.py

.PHONY: http-refusals
http-refusals: .venv/dev  ## see whether the time of a refusal tells anything of a key (1 minute)
	@$(PY) tests/measure/http_refusals.py

.PHONY: reuse
reuse: .venv/dev  ## a hundred thousand requests to a server that ends and answers unasked (8 minutes)
	@CHAOS_FULL=1 $(PY) -m pytest -s --timeout 0 tests/integration/test_reuse.py

.PHONY: clocks
clocks: .venv/dev  ## step the clocks of a running stack (4 minutes; needs cc); writes ops/clocks.md
	@$(PY) tests/measure/clocks.py

.PHONY: kills
kills: .venv/dev  ## kill -9 processes of a running stack at random moments (4 minutes); writes ops/kills.md
	@$(PY) tests/measure/kills.py

.PHONY: lists
lists: .venv/dev  ## measure lists and sleeping campaigns; writes ops/lists.md
	@$(PY) tests/measure/lists.py

.PHONY: mutated
mutated: .venv/dev  ## import ten thousand lists that were changed at random (five minutes)
	@MUTATED_FILES=10000 $(PY) -m pytest -n 2 tests/unit/lists/test_lists_mutated.py

.PHONY: scale
scale: .venv/dev  ## measure the longest step of each script with a million of everything; writes ops/scale.md
	@$(PY) tests/measure/scale.py

.PHONY: memory
memory: .venv/dev  ## weigh waiting jobs, a million of them, on each server (ten minutes); writes ops/memory.md
	@$(PY) tests/measure/memory.py

.PHONY: mutants
mutants: .venv/dev  ## take one guard away at a time and see the tests notice (half an hour)
	@$(PY) tests/measure/mutants.py

.PHONY: reference
reference: .venv/dev  ## write ops/commands.md from the commands
	@$(PY) tests/measure/reference.py

.PHONY: freeze
freeze:  ## write constraints.txt from a fresh environment
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@$(BIN)/pip freeze --exclude-editable > constraints.txt
