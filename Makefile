# Everything that CI runs is what these targets run. `make help` lists them.
SHELL := /bin/bash
# When make began: `lichen status` tells how long it took from here to the first answer, installing included.
export LICHEN_STARTED_AT := $(shell date +%s.%N)
PYTHON ?= python3
BIN := .venv/bin
MEMBERS := contracts libs/quantities libs/chassis libs/embedded services/inventory services/targets services/offsets \
	services/reporting services/access identity/issuer local
SERVICES := inventory targets offsets reporting access

.DEFAULT_GOAL := help
.PHONY: help install keycloak run test test-keycloak golden canary check format lock contracts bench k8s-check clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 16

.venv/installed: locks/uv.txt locks/workspace.txt $(MEMBERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lichen needs Python 3.11 or newer; set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r locks/workspace.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(MEMBERS:%=-e ./%)
	@touch $@

gateway/node_modules/installed: gateway/package-lock.json .venv/installed
	@$(BIN)/python tools/node.py npm --prefix gateway ci --silent --no-audit --no-fund
	@touch $@

install: .venv/installed gateway/node_modules/installed ## Install everything from the lock files

.venv/keycloak: locks/keycloak.txt .venv/installed
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r locks/keycloak.txt
	@touch $@

keycloak: .venv/keycloak ## Install what the real Keycloak needs: a Java runtime, and a client of Maven Central

run: install $(if $(filter keycloak,$(IDENTITY)),keycloak) ## Start the whole platform, play the main job, stay up until Ctrl-C (IDENTITY=keycloak)
	@exec $(BIN)/lichen up $(if $(IDENTITY),--identity $(IDENTITY))

test: install ## Run every test on embedded PostgreSQL and NATS (S=inventory for one service)
	@$(BIN)/python tools/test.py $(S)

test-keycloak: install keycloak ## Run the identity contract, what only Keycloak shows, and the main journeys on the real Keycloak (S=tests/membership)
	@LICHEN_TEST_IDENTITY=keycloak $(BIN)/python tools/test.py $(or $(S),identity/issuer/tests tests/membership/test_keycloak.py tests/journeys/test_main_job.py)

check: install ## Format, lint, strict types, import rules, contracts and schemas up to date, manifests
	@mkdir -p build
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >build/imports.txt || { cat build/imports.txt; exit 1; }
	@$(BIN)/python tools/generate.py --check
	@$(BIN)/python tools/k8s_check.py

format: install ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

lock: .venv/installed ## Resolve every dependency anew
	@$(BIN)/python tools/lock.py

contracts: install ## Generate schemas, catalogue, AsyncAPI, subgraph SDL and the supergraph from the code
	@$(BIN)/python tools/generate.py

golden: install ## Hold published examples and tables against what we give: by source, with passes
	@$(BIN)/python -m tests.golden

canary: install ## Try every field, route and mutation as everyone, and search every byte (SEED= REQUESTS= CASE=)
	@$(BIN)/python -m tools.canary $(if $(SEED),--seed $(SEED)) $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(CASE),--case '$(CASE)')

bench: install ## Measure, as ratios in one run; prints a table and writes build/bench.json
	@$(BIN)/python -m tools.bench

k8s-check: .venv/installed ## Render the Kubernetes manifests and validate them strictly, offline
	@$(BIN)/python tools/k8s_check.py

clean: ## Remove what was installed and built (not the data in .lichen)
	rm -rf .venv build gateway/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
