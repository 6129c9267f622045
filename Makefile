# Everything runs from the lock, in .venv; the first target that needs it sets it up.
#   make demo          from a clean clone to real mails in a local sink
#   make check         what must hold before a change is merged

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= 2

export VENV PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1

DEV := $(VENV)/.ready-dev
# A development environment holds everything that the demo needs.
DEMO := $(if $(wildcard $(DEV)),$(DEV),$(VENV)/.ready-demo)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo history test states simulation killer killer-postgres soak check format-check lint types floors schema schema-check examples pictures format bench lock clean

help: ## What there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r target says; do printf '  %-14s %s\n' "$$target" "$$says"; done

demo: $(DEMO) ## Replay a real purchase history, then send real mails into a local sink
	@$(BIN)/regulars demo

history: $(DEV) ## Live through the whole purchase history with all playbooks (an hour on two cores), not a twentieth of it
	@HISTORY_SHARE=1 $(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) tests/history

test: $(DEV) ## Run the tests on two workers, on SQLite and Postgres
	@$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS)

states: $(DEV) ## Try I1 to I23 of the engine on 500 examples of all that can happen to it, on each database (about 25 minutes on two cores)
	@REGULARS_STATES=500 $(BIN)/python -m pytest -q -s -n $(PYTEST_WORKERS) tests/states

simulation: $(DEV) ## Live through 10,000 seeds of a small shop with faults and crashes, and question what is left
	@$(BIN)/python -m tests.simulation --seeds 10000 --processes $(PYTEST_WORKERS)

killer: $(DEV) ## Kill the engine on SQLite a thousand times, and print the ledger (half an hour)
	@$(BIN)/python -m tests.killer --store sqlite --kills 1000

killer-postgres: $(DEV) ## The same to four engines on Postgres, which is restarted a hundred times meanwhile
	@$(BIN)/python -m tests.killer --store postgres --workers 4 --kills 1000 --restarts 100 --zombies 10

soak: $(DEV) ## Half an hour of 50 mails a second on SQLite, then of 200 on Postgres, with a kill every 30 seconds
	@$(BIN)/python -m tests.killer.soak --store sqlite --rate 50 --minutes 30
	@$(BIN)/python -m tests.killer.soak --store postgres --rate 200 --minutes 30

check: format-check lint types floors schema-check examples test ## Everything that CI asks for

format-check: $(DEV)
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted; run: make format"; exit 1; }

lint: $(DEV)
	@$(BIN)/ruff check --quiet .

types: $(DEV)
	@$(BIN)/mypy

floors: $(DEV)
	@$(BIN)/lint-imports

schema-check: $(DEV)
	@$(BIN)/regulars schema --check --reference docs/reference

examples: $(DEV) ## Validate the example playbooks; their tests must reach every step and branch
	@$(BIN)/regulars validate --strict playbooks
	@$(BIN)/regulars test --complete playbooks

schema: $(DEV) ## Write schemas/ and docs/reference anew from the declarations in engine/
	@$(BIN)/regulars schema --reference docs/reference

pictures: $(DEV) ## Draw the stories of the README anew from the tests that tell them
	@while IFS='|' read -r file name; do $(BIN)/regulars draw -w playbooks "$$name" docs/pictures/$$file; done < docs/pictures/stories.txt

format: $(DEV) ## Format the code, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

bench: $(DEV) ## Measure against bare SQL and bare loops (a million customers; takes minutes)
	@$(BIN)/python -m benchmarks --postgres

lock: ## Renew uv.lock and requirements/ (needs uv; `make lock ARGS=--upgrade`)
	@.ci/lock $(ARGS)

clean: ## Remove the environment and every cache
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(DEV): pyproject.toml uv.lock requirements/dev.txt
	@.ci/setup dev
	@touch $@

$(VENV)/.ready-demo: pyproject.toml uv.lock requirements/demo.txt
	@.ci/setup demo
	@touch $@
