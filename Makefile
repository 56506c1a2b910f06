# Every target sets up what it needs first; with .venv in place that takes no time.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: up test lint lint-code lint-template type build bench bench-load fuzz docs deploy lock clean setup-local setup-dev setup-train
up: setup-local ; $(BIN)/flotilla up
test: setup-dev ; $(BIN)/pytest $(ARGS)
lint: lint-code lint-template
lint-code: setup-dev ; $(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/lint-imports
lint-template: setup-dev ; $(BIN)/python -m infra.lint
type: setup-dev ; $(BIN)/mypy
build: setup-local ; $(BIN)/flotilla build
bench: setup-dev ; $(BIN)/python -m tests.bench $(ARGS)
bench-load: setup-dev ; $(BIN)/python -m tests.bench.load $(ARGS)
fuzz: setup-dev ; $(BIN)/python -m tests.fuzz $(ARGS)
docs: setup-local ; $(BIN)/python -m infra.docs
lock: ; $(PYTHON) infra/lock.py
deploy: setup-local ; $(BIN)/flotilla deploy
clean: ; rm -rf .venv build

setup-local setup-dev setup-train: setup-%: ; @$(PYTHON) infra/setup.py $*
