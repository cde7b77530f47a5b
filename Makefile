# Each target sets up .venv by itself; PYTHON chooses the interpreter that makes it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help demo test check clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   label the sample articles with the shipped model and show the result"
	@echo "make test   run the tests"
	@echo "make check  run the linters and the type checker"

.venv/base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -c constraints.txt -e .
	touch $@

.venv/dev: .venv/base
	$(PIP) install -c constraints.txt -e '.[dev,train]'
	touch $@

demo: .venv/base
	mkdir -p out
	$(BIN)/laptruong label data/samples --table -o out/labels.jsonl --rows out/labels.csv --html out/labels.html
	@echo "Records: out/labels.jsonl   Table: out/labels.csv   For reading: out/labels.html"

test: .venv/dev
	$(BIN)/python -m pytest

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv out build *.egg-info
