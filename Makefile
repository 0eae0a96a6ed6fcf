# What a contributor types. Everything works with an emptied environment; `make help` lists it.

CARGO ?= cargo

# Where no prebuilt DuckDB could be had, the set-up leaves a mark and DuckDB is compiled.
# Read when a recipe runs, after the set-up.
FEATURES = $(shell test -e .duckdb/bundled && echo --features bundled)

.DEFAULT_GOAL := help
.PHONY: help setup build dashboard test demo differential lint fmt clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s  %s\n", $$1, $$2 }' Makefile

setup: ## put the DuckDB library into .duckdb/
	@sh scripts/setup.sh

build: setup ## build the `tagpol` binary
	$(CARGO) build --locked $(FEATURES)

# With it, the next build of `tagpol serve` has the dashboard; without it, plain pages.
dashboard: ## build the dashboard of `tagpol serve`, with Node
	cd serve/web && npm ci && npm run build

# nextest runs no documentation tests, so they are run by cargo either way.
test: setup ## run every test
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  set -ex; \
	  $(CARGO) nextest run --workspace --locked --no-tests=fail $(FEATURES); \
	  $(CARGO) test --workspace --doc --locked $(FEATURES); \
	else \
	  set -ex; \
	  $(CARGO) test --workspace --locked $(FEATURES); \
	fi

# The demonstration shows neither models nor live clouds, whose libraries take most of the time of a first build.
# Findings make `eval` end with 1, which is what a demonstration is for; anything above is a failure.
demo: setup ## build without models and live clouds, evaluate examples/quickstart and show its findings
	@$(CARGO) run --locked --no-default-features $(FEATURES) -- eval examples/quickstart || test $$? -eq 1

# Random programs over random inventories, in the database and in the reference interpreter.
# What takes time is planning the programs, which DuckDB does, so that a build for release gains nothing.
PAIRS ?= 200000
INVENTORIES ?= 40
SEED ?= 1000

differential: setup ## compare the engine with its reference: PAIRS=200000 SEED=1000
	TAGPOL_DIFFERENTIAL_PAIRS=$(PAIRS) TAGPOL_DIFFERENTIAL_INVENTORIES=$(INVENTORIES) \
	  TAGPOL_DIFFERENTIAL_SEED=$(SEED) $(CARGO) test --locked -p tagpol-tests --test it $(FEATURES) -- \
	  --nocapture the_database_agrees_with_the_reference

lint: setup ## check formatting and lints, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked $(FEATURES) -- -D warnings

fmt: ## format the code
	$(CARGO) fmt --all

clean: ## remove what was built; the DuckDB library stays
	$(CARGO) clean
