# What one does with Saldo. `make` alone lists it.

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for name in python3.12 python3.11 python3 python3.13 python3.14; do \
	"$$name" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
# Two of the four steps of `make test` go without a browser; these are the folders that need more than pytest alone.
JOURNEYS := tests/journeys
BENCH := tests/bench
# Three for two processors: some tests wait for what takes its time, and the others go on meanwhile.
TESTS := $(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder --ignore=$(JOURNEYS) --ignore=$(BENCH)
MUTMUT := var/mutation/env/bin/python
ROOMS ?= billing/credits billing/ledger

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run manage test test-quick check messages bench faults mutants clock lock clean system system-tests

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/stamp system ## Run all of Saldo here with the demo's data (PORT=8000 chooses the port)
	@PORT=$(PORT) exec $(BIN)/python -m portal.launcher

manage: $(VENV)/stamp ## Run a management command against the Saldo that runs here: make manage DO=audit_ledger
	@exec $(BIN)/python -m portal.launcher.manage $(DO)

# The tests start some eighty Pythons: where the machine says to keep nothing, each would compile Saldo and its packages.
test test-quick check: export PYTHONDONTWRITEBYTECODE :=
test: check messages system-tests ## Run everything: the checks, the tests, the journeys in a browser
	@echo "Tests"
	@$(TESTS)
	@echo "Journeys in a browser"
	@$(BIN)/pytest -q -n 2 --dist load --maxschedchunk 1 $(JOURNEYS)

test-quick: $(VENV)/stamp system messages ## Run the tests without the checks and without a browser
	@$(TESTS)

check: export SALDO_MODE = test
check: $(VENV)/stamp ## Look at format, lint, types, contracts between the rooms, and migrations
	@echo "Format"
	@$(BIN)/ruff format --quiet --check . || { echo "Run: $(BIN)/ruff format ."; exit 1; }
	@echo "Lint"
	@$(BIN)/ruff check --quiet .
	@echo "Types"
	@$(BIN)/mypy --no-error-summary .
	@echo "Contracts between the rooms"
	@$(BIN)/lint-imports --no-logo > var/contracts.log || { cat var/contracts.log; exit 1; }
	@echo "Migrations"
	@$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --verbosity 1

messages: export SALDO_MODE = test
messages: $(VENV)/stamp ## Compile the translations
	@$(BIN)/python manage.py messages compile

bench: $(VENV)/bench-stamp ## Measure the speeds the house promises (SALDO_FULL=1: the millions too; PGLEDGER_SQL=<file>: beside it)
	@$(BIN)/pytest -q -s -o python_files='bench_*.py' $(BENCH)

mutants: export SALDO_MODE = test
mutants: $(VENV)/stamp system messages ## See which small changes of billing's core the tests notice (ROOMS chooses)
	@mkdir -p var/mutation
	@test -x $(MUTMUT) || $(PYTHON) -m venv --without-pip var/mutation/env
	@$(PYTHON) -m pip --python $(MUTMUT) install -qq --disable-pip-version-check -r tests/mutation/requirements.txt
	@$(MUTMUT) tests/mutation/generate.py $(ROOMS) > var/mutation/mutants.jsonl
	@rm -f var/mutation/results.jsonl
	@nice $(BIN)/pytest -q -p no:cacheprovider -p tests.mutation.plugin --mutants var/mutation/mutants.jsonl \
		--results var/mutation/results.jsonl --ignore tests/billing/credits/test_machine.py $(ROOMS:%=tests/%)
	@$(BIN)/python tests/mutation/report.py var/mutation/mutants.jsonl var/mutation/results.jsonl

# Not what starts processes: those have the machine's clock.
AT ?= $(shell date -u +'%Y-12-31 23:00')
clock: $(VENV)/stamp system messages ## Run the tests over a moment of the clock (AT="2028-12-31 23:00" in UTC chooses; needs a C compiler)
	@mkdir -p var/clock
	@cc -O2 -Wall -fPIC -shared -o var/clock/clock.so tests/clock/clock.c -ldl
	@LD_PRELOAD=$(CURDIR)/var/clock/clock.so nice $(TESTS) -p tests.clock.plugin --at "$(AT)" --ignore=tests/faults \
		--ignore=tests/portal/demo --ignore=tests/portal/launcher --ignore=tests/portal/services_embedded

faults: $(VENV)/stamp system ## Hurt campaigns of 10,000 messages in thirteen ways, three times each (about an hour)
	@$(BIN)/python -m tests.faults.run

lock: ## Write requirements.lock anew from pyproject.toml
	@uv pip compile pyproject.toml --quiet --all-extras --generate-hashes --no-emit-index-url --universal \
		--python-version 3.11 --no-header -o requirements.lock
	@uv pip compile $(BENCH)/requirements.in --quiet --constraint requirements.lock --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --no-header -o $(BENCH)/requirements.lock

clean: ## Remove the environment, the demo's data and every cache
	@rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

system: $(VENV)/stamp
	@$(BIN)/python -m portal.launcher.system

system-tests: $(VENV)/stamp
	@$(BIN)/python -m portal.launcher.system tests

# Made by the pip of the system's Python: a minimal Debian has no ensurepip to put one inside.
$(VENV)/stamp: requirements.lock
	@test -n "$(PYTHON)" || { echo "Saldo needs Python 3.11 or newer with pip, for example: apt-get install python3-pip" >&2; exit 1; }
	@mkdir -p var
	@test -x $(BIN)/python || { echo "Making the environment with $(PYTHON)"; $(PYTHON) -m venv --without-pip $(VENV); }
	@echo "Installing the packages of requirements.lock (a minute or two)"
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check --no-input \
		--root-user-action ignore --require-hashes -r requirements.lock
	@touch $@

$(VENV)/bench-stamp: $(VENV)/stamp $(BENCH)/requirements.lock
	@echo "Installing what the benchmarks compare with"
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check --no-input \
		--root-user-action ignore --require-hashes -r $(BENCH)/requirements.lock
	@touch $@
