# Every target sets up what it needs first; with .venv in place that takes no time.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: up test lint type build bench deploy lock clean setup-local setup-dev setup-train
up: setup-local ; $(BIN)/flotilla up
test: setup-dev ; $(BIN)/pytest
build: setup-local ; $(BIN)/flotilla build
deploy: setup-local ; $(BIN)/flotilla deploy
type: setup-dev ; $(BIN)/mypy
clean: ; rm -rf .venv build

setup-%: ; @$(PYTHON) infra/setup.py $*
