# synhead: `make demo` runs the whole chain, `make test` passes the tests. Both make their own virtual environment.

PYTHON ?= python3
VENV ?= .venv
DATA ?= ../shared/data
OUT ?= runs
WORKERS ?= 2

# Which PyTorch: the CPU build by default. "+cpu" can only ever resolve to a CPU build, so that a wrong index fails
# loudly instead of installing gigabytes of CUDA packages. For a GPU: make install TORCH=torch==2.13.0 CONSTRAINTS=
ifeq ($(shell uname -s),Linux)
TORCH ?= torch==2.13.0+cpu
else
TORCH ?= torch==2.13.0
endif
CONSTRAINTS ?= -c constraints.txt

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A thread that spins while it waits ruins the other one on a busy two-core machine.
export OMP_WAIT_POLICY ?= PASSIVE

.DEFAULT_GOAL := help
.PHONY: help install demo real synbiwi table small detector detector-hour test test-slow lint format docs bench clean

help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## Make the virtual environment with everything in it (TORCH=... chooses the PyTorch build).

$(STAMP): setup.cfg setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=23" "setuptools>=68" wheel
	@$(BIN)/python -m pip install --quiet "$(TORCH)" || { \
	  echo "make: $(TORCH) is not to be had from the package index in use. Either name the index of PyTorch's CPU"; \
	  echo "make: builds (pytorch.org, 'Get started', CPU) in PIP_EXTRA_INDEX_URL, or choose another build:"; \
	  echo "make:   make install TORCH=torch==2.13.0   (on Linux this brings the CUDA packages, several GB)"; \
	  exit 1; }
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) -e ".[cpu,train,export,video,cluster,dev]"
	@touch $@

demo: install  ## Run the whole chain on bundled heads; prints a table and the path of a contact sheet.
	$(BIN)/synhead demo $(OUT)/demo --workers $(WORKERS) --overwrite

real: install  ## Run the chain on real Biwi+ labels and BIWI frames: make real DATA=../shared/data
	$(BIN)/synhead demo $(OUT)/real --data $(DATA) --workers $(WORKERS) --overwrite

# 33 x 28 poses of ten heads; every target is matched, and pictures are turned for this many of them.
SYNBIWI_TARGETS ?= 300
SYNBIWI := $(OUT)/synbiwi

synbiwi: install  ## Match SynHead+ with all Biwi+ poses: labels of all, pictures of SYNBIWI_TARGETS. Resumable.
	$(BIN)/synhead render $(SYNBIWI)/synhead --grid --yaw -80:80:5 --pitch -60:75:5 --roll 0 --workers $(WORKERS) --resume
	$(BIN)/synhead convert-euler $(SYNBIWI)/synhead $(SYNBIWI)/synhead+ --overwrite
	$(BIN)/synhead match-biwi $(SYNBIWI)/synhead+ $(DATA)/biwi_plus/Biwi_plus.npz $(SYNBIWI)/labels \
	  --labels-only --workers $(WORKERS) --resume
	$(BIN)/synhead match-biwi $(SYNBIWI)/synhead+ $(DATA)/biwi_plus/Biwi_plus.npz $(SYNBIWI)/pictures \
	  --max-targets $(SYNBIWI_TARGETS) --workers $(WORKERS) --resume
	@echo "look at $(SYNBIWI)/labels/report.png and $(SYNBIWI)/pictures/report.png"

# The whole table wants a GPU (docs/training.md); this is half an hour to an hour of two idle cores. DATA= (nothing)
# takes the embedded target. Interrupted, the same command goes on; OUT must be another one for other options.
TABLE_OPTIONS ?= --quick

table: install  ## Make the paper's table again, beside the published one: make table DATA=../shared/data
	$(BIN)/synhead reproduce $(OUT)/table$(if $(DATA),,-embedded) $(if $(DATA),--biwi $(DATA)) $(TABLE_OPTIONS) \
	  --workers $(WORKERS) --resume

small: install  ## Make the bundled estimator anew: render, train, check (half an hour on one core). Resumable.
	OMP_NUM_THREADS=1 $(BIN)/python maintainers/train_small --out $(OUT)/small --workers $(WORKERS)

detector: install  ## Make the bundled face detector anew: render, train, check (two to three hours of one core). Resumable.
	OMP_NUM_THREADS=1 $(BIN)/python maintainers/train_detector --out $(OUT)/detector --workers $(WORKERS)

detector-hour: install  ## Make a somewhat worse one in an hour of two cores, in runs/detector-hour/model. Resumable.
	OMP_NUM_THREADS=1 $(BIN)/python maintainers/train_detector --hour --out $(OUT)/detector-hour --workers $(WORKERS)

test: install lint  ## Check style and pass the tests.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-slow: install  ## Pass the tests that take minutes.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

lint: install  ## Check style.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install  ## Put the sources in the house style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install  ## Write docs/cli.md anew from --help, docs/conventions.md from the conventions.
	$(BIN)/python maintainers/write_cli_reference.py
	$(BIN)/python maintainers/write_conventions_reference.py

bench: install  ## Print the figures of every benchmark, one JSON line each (QUICK= for the long ones).
	@for file in convert_euler render shards match train retinaface synhead_full kill_resume; do $(BIN)/python benchmarks/$$file.py $(if $(filter undefined,$(origin QUICK)),--quick,$(QUICK)); done

clean:  ## Remove the virtual environment and what runs left behind.
	rm -rf $(VENV) $(OUT) .pytest_cache .ruff_cache .hypothesis *.egg-info build
