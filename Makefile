# Everything a newcomer types. `make` alone lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# one process a core, whole modules in each, in the order of their names
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadscope --no-loadscope-reorder
WORKERS ?= logical

.PHONY: help demo demo-dogs demo-extraction demo-nl2sql test test-all lint check bench clean

help:
	@echo "make demo      set up, then run the dogs competition on photographs it draws itself"
	@echo "make demo-extraction   the same for triples from sentences that it writes itself"
	@echo "make demo-nl2sql   the same for queries to tables, from questions that it writes itself"
	@echo "make test      set up, then run the tests"
	@echo "make test-all  all tests, the slow ones too"
	@echo "make check     format, lint, types, imports, tests: what CI runs"
	@echo "make bench     benchmarks, side by side"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Podium needs Python 3.11, 3.12 or 3.13; set PYTHON=…")'
	@echo "Setting up $(VENV): installing the libraries takes some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: demo-dogs

demo-dogs: $(READY)
	$(BIN)/python -m tasks.dogs.demo .podium/demo/dogs
	$(BIN)/podium run dogs --preset demo

demo-extraction: $(READY)
	$(BIN)/python -m tasks.extraction.demo .podium/demo/extraction
	$(BIN)/podium run extraction --preset demo

demo-nl2sql: $(READY)
	$(BIN)/python -m tasks.nl2sql.demo .podium/demo/nl2sql
	$(BIN)/podium run nl2sql --preset demo

test: $(READY)
	$(PYTEST)

test-all: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,slow]'
	$(PYTEST) -m ''

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
