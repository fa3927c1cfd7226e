# make demo: set up and run the main job.  make test: set up and run every check.
VENV ?= .venv
PYTHON ?= python3
PYTEST_ARGS ?=
SEMDRIVE_SHARED ?= ../shared
export PYTHON SEMDRIVE_SHARED
BIN := $(VENV)/bin

.PHONY: demo test check bench screenshots clean
.DELETE_ON_ERROR:

demo: $(VENV)/.core
	tools/demo.sh $(VENV)

test: check
	$(BIN)/pytest $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.core build/release.done
	$(BIN)/python benchmarks/search.py --index build/release

screenshots: $(VENV)/.dev
	$(BIN)/python tools/screenshots.py

build/release.done: | $(VENV)/.core
	$(BIN)/semdrive index recorded --index build/release \
	  --scout gemma=$(SEMDRIVE_SHARED)/semantic_drive_release/index_gemma_run.jsonl \
	  --scout kimi=$(SEMDRIVE_SHARED)/semantic_drive_release/index_kimi_run_reasoning.jsonl
	@touch $@

$(VENV)/.core: pyproject.toml
	@set -e; started=$$(date +%s); tools/install.sh $(VENV); echo "install time: $$(( $$(date +%s) - started )) s"
	@touch $@

$(VENV)/.dev: pyproject.toml
	@set -e; started=$$(date +%s); tools/install.sh $(VENV) dev; echo "install time: $$(( $$(date +%s) - started )) s"
	@touch $@ $(VENV)/.core

clean:
	rm -rf $(VENV) build dist
