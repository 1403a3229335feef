# make help lists the targets. Everything is built in build/release/.
BUILD := build/release
JOBS ?= $(shell nproc)

.PHONY: help setup build test test-slow demo experiment bench format clean

help:
	@echo "make build      set up, then build recto, recto-train and all tests into $(BUILD)/"
	@echo "make test       all tests but the slow ones"
	@echo "make test-slow  the slow tests"
	@echo "make demo       real PDFs to a fine-tuned retriever, its scores and a search, in minutes"
	@echo "make experiment what curation and fine-tuning make of the nano base, measured; hours"
	@echo "make bench      speed and memory beside Python transformers, as ratios"
	@echo "make format     clang-format over the sources"

setup:
	@scripts/setup

build: setup
	@mkdir -p build
	cmake --preset release
	cmake --build $(BUILD) -j $(JOBS)

test: build
	ctest --test-dir $(BUILD) -LE slow -j $(JOBS) --output-on-failure --no-tests=error

test-slow: build
	ctest --test-dir $(BUILD) -L slow --output-on-failure --no-tests=error

experiment: build
	scripts/experiment

demo: build
	scripts/demo $(BUILD)

bench: build
	bench/run $(BUILD)

format:
	scripts/check_format --fix

clean:
	rm -rf build
