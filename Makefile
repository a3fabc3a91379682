# One verb for each chore. Needs Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
NOTES  ?= docs/sample-vault

.PHONY: help run demo test lint format bench clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "linkwatch needs Python 3.11 or newer; try: make PYTHON=python3.12 " + "$(MAKECMDGOALS)")'
	@$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

run: export NOTES := $(NOTES)
run: $(READY)  ## check the links of NOTES (default: docs/sample-vault) and show the report
	@BIN='$(CURDIR)/$(BIN)' sh .make/run

demo: $(DEV)  ## three weeks on a fake web, without internet
	@$(BIN)/python -m tests.demo

test: $(DEV)  ## the whole suite
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

lint: $(DEV)  ## ruff (format, lint) and mypy, as CI runs them
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(DEV)  ## let ruff format and mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DEV)  ## measure against lychee and a bare loop (as root on Linux, with nginx and dnsmasq); a simulated year; a vault of dead links
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	@$(BIN)/python -m benchmarks.run
	@$(BIN)/python -m benchmarks.year
	@$(BIN)/python -m benchmarks.copies

clean:  ## forget the environment and caches (not data/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
