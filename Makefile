# Two commands for a fresh machine: make demo, make test. Each does all the set-up it needs, in .venv, without root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
# Torch starts as many threads as there are cores in every test process otherwise.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

.PHONY: setup demo test test-all check docs benchmarks clean
setup: $(STAMP)

# uv installs the same packages as pip in a fraction of the time, and comes from the registry as a package itself.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

demo: setup
	$(BIN)/jpegproof demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# What every commit must pass: style, types, and the tests that need seconds.
test: check
	$(BIN)/pytest -m "not slow" --numprocesses 2

# Also the slow ones: kills, real photographs, a browser, LaTeX.
test-all: check
	$(BIN)/pytest --numprocesses 2

# The documentation site, in site/. A link that leads nowhere, or to no heading, fails.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

benchmarks: setup
	$(BIN)/python -m benchmarks.study_overhead
	$(BIN)/python -m benchmarks.training_step

clean:
	rm -rf $(VENV) demo out site
