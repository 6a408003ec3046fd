# Two commands for a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
CORES := $(shell nproc 2>/dev/null || echo 2)

.PHONY: run setup test check fast real soak daemons lock clean

# A virtual city on loopback, watched: pages, API and metrics on http://127.0.0.1:8080/
run: setup
	@exec $(BIN)/edunet run --lab

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "edunet needs Python 3.11 or newer; call: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@# --no-deps: the lock is whole, and pip would look past its pins for a dependency with extras
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Everything that CI runs, in its order.
test: setup daemons check fast real

# What the machine can say without running anything.
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pure tests and the virtual city.
fast: setup
	$(BIN)/pytest -q -n $(CORES) -m "not daemon and not browser and not soak"

# Real daemons and a real browser; without them each test says what is missing.
real: setup
	$(BIN)/pytest -q -n $(CORES) -m "(daemon or browser) and not soak"

# The exhaustive ones, minutes long: every kind of server, and the whole house, killed thirty times.
soak: setup
	$(BIN)/pytest -q -n $(CORES) -m soak

# snmpd, sshd, FRR, VictoriaMetrics, Prometheus, Chromium...: installed, never started.
daemons:
	@sh tests/support/install-daemons.sh

# Pin every dependency anew, with hashes (needs uv).
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --group dev \
		pyproject.toml -o requirements.lock

clean:
	rm -rf .venv data .mypy_cache .ruff_cache .pytest_cache .hypothesis
