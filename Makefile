# One word, one job. `make` alone lists the recipes; each sets up .venv first when it must.
.DEFAULT_GOAL := help
.PHONY: help test fast lint types lock clean
BIN := .venv/bin
LOCKED := $(wildcard requirements/*.txt) packages/iterate/pyproject.toml .python-version

help: ## list the recipes
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

test: .venv/.ready lint types ## every check and every test
	$(BIN)/pytest -n 2

fast: .venv/.ready ## the tests of single modules: no compiler, no other program, in seconds
	$(BIN)/pytest -q -n 2 -m "not consumer and not native and not processes"

lint: .venv/.ready ## format, style, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: .venv/.ready ## strict types, tests included
	$(BIN)/mypy

lock: ## pin every dependency with hashes, naming no registry (needs uv)
	uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-emit-package iterate --group pyproject.toml:dev pyproject.toml -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
	    --group pyproject.toml:build -o requirements/build.txt
	echo uv | uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate - -o requirements/uv.txt

clean: ## remove what was made, the environment included
	rm -rf .venv .venv-uv dist

.venv/.ready: $(LOCKED) make/environment.sh
	@sh make/environment.sh
