# `make` prints what there is to make. Everything is installed under this folder (.venv, .interop) and nowhere else.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INTEROP := .interop
# 2.0 wants Node.js 22.13 or newer, which neither Debian 12 nor 13 has.
YAML_LANGUAGE_SERVER := 1.25.0
INTEROP_STAMP := $(INTEROP)/.yaml-language-server-$(YAML_LANGUAGE_SERVER)
LITELLM := 1.106.2
LITELLM_STAMP := $(INTEROP)/.litellm-$(LITELLM)

# The newest Python that really runs (a pyenv shim may not), is at least 3.11 and can make a virtual environment;
# if none can, the newest that runs, so that the message can name the package it lacks. Looked for only when needed.
PYTHON ?= $(shell $(FIND_PYTHON))
FIND_PYTHON = found=; \
	for python in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
	  found=$${found:-$$python}; \
	done; echo "$$found"

.PHONY: help
help:  ## print this list
	@echo 'usage: make TARGET [PYTHON=python3.12] [ARGS="-k words"]'
	@echo
	@sed -n 's/^\([a-z.]*\):[^#]*## */\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '  %-10s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: $(STAMP)  ## validate the example policies and dry-run the example requests against them
	$(BIN)/policy-engine validate policies
	$(BIN)/policy-engine dry-run policies --requests examples/requests.jsonl

.PHONY: test
test: $(STAMP)  ## run every test but interop; ARGS goes to pytest
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not interop' $(ARGS)

.PHONY: lint
lint: $(STAMP)  ## ruff (rules and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: format
format: $(STAMP)  ## rewrite the code as lint wants it
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: interop
interop: $(STAMP) $(INTEROP_STAMP) $(LITELLM_STAMP)  ## test against other people's programs: an editor's language server, a LiteLLM proxy
	$(BIN)/python -m pytest -m interop $(ARGS)

.PHONY: bench
bench: $(STAMP)  ## measure decisions, loading and calls, beside the peers that are installed
	$(BIN)/python benchmarks/decide.py
	$(BIN)/python benchmarks/load.py
	$(BIN)/python benchmarks/execute.py

.PHONY: clean
clean:  ## remove what was installed, built or cached here
	rm -rf $(VENV) $(INTEROP) dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .venv
.venv: $(STAMP)  ## install into .venv

# The stamp is a copy of pyproject.toml: a checkout that only touches the file needs no network.
$(STAMP): pyproject.toml
	@set -e; \
	if cmp -s pyproject.toml $@; then touch $@; exit; fi; \
	if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  python='$(PYTHON)'; \
	  if test -z "$$python"; then \
	    echo 'no Python 3.11 or newer was found: install one (Debian, Ubuntu: apt install python3 python3-venv)' >&2; \
	    echo 'or name it: make PYTHON=/path/to/python' >&2; exit 1; fi; \
	  if ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    echo "$$python is not a Python 3.11 or newer" >&2; exit 1; fi; \
	  if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "$$python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    echo "(or python$$version-venv), then run make again" >&2; exit 1; fi; \
	  echo "making $(VENV) with $$python"; \
	  $$python -m venv --clear $(VENV); \
	fi; \
	echo "installing into $(VENV)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,examples]'; \
	cp pyproject.toml $@

$(INTEROP_STAMP):
	@command -v npm >/dev/null || { echo 'interop needs npm: on Debian and Ubuntu, install nodejs and npm' >&2; exit 1; }
	@mkdir -p $(INTEROP)
	npm install --prefix $(INTEROP) --no-save --no-audit --no-fund --loglevel error \
	  yaml-language-server@$(YAML_LANGUAGE_SERVER)
	@touch $@

# In an environment of its own: it pins what we do not.
$(LITELLM_STAMP): | $(STAMP)
	@mkdir -p $(INTEROP)
	$(BIN)/python -m venv --clear $(INTEROP)/litellm
	$(INTEROP)/litellm/bin/python -m pip install --quiet --disable-pip-version-check --no-compile 'litellm[proxy]==$(LITELLM)'
	@touch $@
