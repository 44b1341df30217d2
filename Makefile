# Two commands from a fresh clone: `make demo` and `make test`. Each makes .venv when it must.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo

# Small tensors on few cores: threads only wait for each other.
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help install demo test test-all lint bench clean

help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

install: $(VENV)/installed ## Makes .venv with the locked versions.

demo: install ## Builds the release, checks it, grades a sample class, says where the report is.
	$(BIN)/course build --check
	rm -rf $(DEMO)
	$(BIN)/python -m autograder.demo $(DEMO)/submitted
	$(BIN)/autograder grade $(DEMO)/submitted --out $(DEMO)/results

test: install ## Runs the linters, the type checker and the default tests (CPU, offline).
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

test-all: install ## As test, with the slow and the browser tests.
	$(BIN)/python -m pytest -m "not gpu"

lint: install ## Formats and mends what the linters can mend.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## Lists the benchmarks; each is a command of its own.
	$(BIN)/python -m benchmarks

clean: ## Removes the environment and what was generated from it.
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
