# What a person types; the build itself is CMake's (CMakePresets.json).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
SCRIPTS := cmake/scripts

.PHONY: help deps run test test-emulator plant bench bundle format lint clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

deps:  ## install what is missing, on Debian and Ubuntu
	@$(SCRIPTS)/deps.sh run test bench

run: $(BUILD)/build.ninja  ## build what Figure 1 needs, and replicate it
	@cmake --build $(BUILD) -j $(JOBS) --target replicate_figure1 moonpool
	@$(BUILD)/bin/replicate_figure1

test:  ## build all, and run every test that this machine can run
	@$(SCRIPTS)/deps.sh run test
	@cmake --preset $(PRESET) -DMOONPOOL_TESTS=ON
	@cmake --build $(BUILD) -j $(JOBS)
	@$(SCRIPTS)/test.sh $(BUILD)
	@$(MAKE) --no-print-directory test-emulator

# The CUDA side on the CPU: every test that has a CUDA instance, and the emulator's own.
EMULATED := build/emulated
test-emulator: export MOONPOOL_EMULATOR_COVERAGE := $(CURDIR)/$(EMULATED)/kernels_executed.txt
test-emulator:  ## run the CUDA code on an emulated device, on the CPU
	@$(SCRIPTS)/deps.sh run test
	@cmake --preset emulated
	@cmake --build $(EMULATED) -j $(JOBS)
	@rm -f $(MOONPOOL_EMULATOR_COVERAGE)
	@$(SCRIPTS)/test.sh $(EMULATED) -L 'gpu|emulator'
	@ctest --test-dir $(EMULATED) --verbose -L coverage | grep -E '^[0-9]+:|tests passed|failed'

plant:  ## plant bugs in kernels and host code; each has to be caught
	@$(SCRIPTS)/deps.sh run test
	@cmake --preset emulated >/dev/null
	@cmake --build $(EMULATED) -j $(JOBS) --target plant
	@$(EMULATED)/bin/plant

# Frameworks to compare with live in an environment of their own. ARGS go to bench/compare, such as
# ARGS=--quick or ARGS="--only training" (bench/compare --help); DEVICE=cuda measures the GPU.
DEVICE ?= cpu
BENCH_VENV := build/bench-venv
bench: $(BUILD)/build.ninja  ## compare with PyTorch and others, row by row (ARGS=--quick: some rows)
	@$(SCRIPTS)/deps.sh run bench
	@cmake --preset $(PRESET) -DMOONPOOL_BENCH=ON >/dev/null
	@cmake --build $(BUILD) -j $(JOBS) --target bench_throughput moonpool
	@$(SCRIPTS)/bench_venv.sh $(BENCH_VENV) bench/compare/requirements.txt
	@python=$(BENCH_VENV)/bin/python; [ -x "$$python" ] || python=python3; \
	  "$$python" bench/compare --bin $(BUILD)/bin --device $(DEVICE) $(ARGS)

bundle:  ## make build/moonpool-bundle.tar.gz, which runs on other machines (needs nvcc)
	@$(SCRIPTS)/deps.sh run test bench
	@JOBS=$(JOBS) $(SCRIPTS)/bundle.sh

format:  ## lay out all C++ and CUDA files
	@$(SCRIPTS)/deps.sh lint
	@git ls-files '*.h' '*.cpp' '*.cu' '*.cuh' | xargs -r clang-format -i

lint:  ## check layout, floors and, with clang-tidy, the code
	@$(SCRIPTS)/deps.sh run test lint
	@$(SCRIPTS)/check_floors.sh
	@git ls-files '*.h' '*.cpp' '*.cu' '*.cuh' | xargs -r clang-format --dry-run -Werror
	@cmake --preset cpu -DMOONPOOL_TESTS=ON >/dev/null
	@sed -n 's/.*"file": "\(.*\)".*/\1/p' build/cpu/compile_commands.json | \
	  xargs -P $(JOBS) -n 1 clang-tidy --quiet -p build/cpu

clean:  ## remove all builds
	@rm -rf build

# `make run` and `make bench` neither need GoogleTest nor take the tests out of a build that has them:
# only the first configuration says OFF. No other target's flags depend on it, so nothing is built
# twice.
$(BUILD)/build.ninja:
	@$(SCRIPTS)/deps.sh run
	@cmake --preset $(PRESET) -DMOONPOOL_TESTS=OFF
