# `make` alone lists the targets. Everything is installed into .venv, where a stamp file records each
# finished step: nothing is done twice, and an interrupted set-up continues.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-test transfer theta_0 test lint docs

BIN := .venv/bin
# The rules call `python` and find it here, as they do in an activated environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Searched only if an environment has to be made. 3.11 comes first, as the pins were tried with it; not
# all of them have wheels for 3.14, and pip then needs a compiler.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python3.14; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
	--constraint envs/constraints.txt
# Faster than pip, and it takes torch's CPU build where there is no GPU; where uv is missing or cannot
# do it (it does not read pip's configuration), pip does. `make UV=false setup` does without it.
UV ?= $(or $(shell command -v uv),false)
export UV_TORCH_BACKEND ?= auto
UV_PIP := $(UV) pip install --python $(BIN)/python --constraint envs/constraints.txt
WORKFLOW := --editable '.[study]'
TESTING := --editable '.[test,crate,docs,signing,slurm]'
TORCH := torch==$(shell sed -n 's/^torch==//p' envs/constraints.txt)

MODEL := config.json tokenizer.json tokenizer_config.json model.safetensors model.safetensors.prov.json \
	validation.csv validation.csv.prov.json

help:  ## list the targets
	@awk -F ':.*  ## ' '/^[a-z0-9_-]+:.*  ## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(BIN)/.ready  ## install the workflow and its pinned packages into .venv

setup-test: $(BIN)/.ready-test  ## the same with the tools that test, lint and docs need

transfer: setup  ## run the study of config/config.yaml: results/tables/transfer.csv
	$(BIN)/snakemake --cores all results/tables/transfer.csv

theta_0: setup  ## pre-train the embedded study's model again: resources/theta_0 (half an hour)
	$(BIN)/snakemake --cores all --config results=results-theta_0 -- $(addprefix results-theta_0/pretrained/,$(MODEL))
	cp $(addprefix results-theta_0/pretrained/,$(MODEL)) resources/theta_0/

test: setup-test  ## run the tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: setup-test  ## check workflow, format and types
	$(BIN)/snakemake --lint
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

docs: setup-test  ## build the documents as a site: build/docs/site
	$(BIN)/python docs/build_site.py build/docs

$(BIN)/pip:
	@echo "set-up: virtual environment in .venv"
	@test -n "$(PYTHON)" || { echo "set-up: no Python 3.11 or later with its venv module is on the" \
		"PATH; install one (Debian: python3-venv too), or name it: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv

# With pip torch comes first, so that its build is chosen here and not while something else's
# dependencies are resolved. On Linux the public index has a CUDA build, whose 0.5 GB bring gigabytes
# of NVIDIA libraries; without them it cannot be imported (libcudnn is missing). The CPU build has a
# version of its own, +cpu, which pip finds only in an index that has it. No host is written here:
# PIP_EXTRA_INDEX_URL (pip's own variable; also `make PIP_EXTRA_INDEX_URL=... setup`) or pip's
# configuration names the index. Without one, the default build does the same work on a CPU.
$(BIN)/.ready: envs/constraints.txt pyproject.toml | $(BIN)/pip
	@echo "set-up: $(TORCH), then the packages of envs/constraints.txt (several minutes)"
	@$(UV_PIP) $(WORKFLOW) || { \
	if nvidia-smi >/dev/null 2>&1; then $(PIP) $(TORCH); \
	elif ! $(PIP) $(TORCH)+cpu 2>/dev/null; then \
		echo "set-up: pip's index has no CPU build of torch; installing its default one. If that" \
			"downloads NVIDIA libraries which you do not want, interrupt it, and call make with" \
			"PIP_EXTRA_INDEX_URL= the address that PyTorch's installation page shows for CPU"; \
		$(PIP) $(TORCH); \
	fi && $(PIP) $(WORKFLOW); }
	@touch $@

$(BIN)/.ready-test: $(BIN)/.ready
	@echo "set-up: tools for tests and lint"
	@$(UV_PIP) $(TESTING) || $(PIP) $(TESTING)
	@touch $@
