# One word for each habit. `make demo` and `make test` set everything up by themselves.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready

.PHONY: setup spark book demo test test-fast lint format types bench docs docs-check lock new-rule clean

setup: $(READY)

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("claimwright needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

book: setup
	$(BIN)/claimwright data build

demo: setup
	$(BIN)/claimwright data build
	$(BIN)/claimwright check examples/claims/cramp-and-tremor.json || test $$? -eq 1

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: setup
	$(BIN)/python -m pytest -m "not book and not oracle"

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m bench

docs: setup
	$(BIN)/python -m tools.docs

new-rule: setup
	$(BIN)/python -m tools.new_rule $(CODE) $(NAME)

# Spark is large, and only its own tests need it.
spark: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.txt

lock: setup
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra dev --output-file requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --constraint requirements-dev.txt --output-file requirements-spark.txt requirements-spark.in

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
