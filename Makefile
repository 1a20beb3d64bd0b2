# Two commands for a newcomer: `make demo` and `make test`. Both make .venv first, from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked

.PHONY: demo test check proofs guards bench lock clean

demo: $(STAMP)
	$(BIN)/lf demo

test: $(STAMP) check
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

proofs: $(STAMP)
	$(BIN)/python -m pytest -m slow --timeout 3600

# Break the guards of the code one at a time, in a copy: the suite must notice.
guards: $(STAMP)
	$(BIN)/python benchmarks/guards.py

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "LatticeForge needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Write the lock anew from what pyproject.toml asks for, in a fresh environment.
lock:
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet "setuptools<81" -e ".[dev]"
	$(VENV)-lock/bin/python -m pip freeze --exclude-editable --all | sed -E 's/^(torch==[0-9.]+)\+cpu/\1/' \
		| grep -viE '^(pip)==' > requirements.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) dbt_project/target dbt_project/logs
