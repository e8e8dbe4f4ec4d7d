# SPDX-License-Identifier: BSD-2-Clause
# The short way in. Each target does all of its own set-up on a fresh Debian machine.
#
#   make        the release programs, in build/bin
#   make test   build with sanitizers and optimised, run every test in both
#   make demo   components that talk, and one that crashes and is restarted
#   make clean  remove build/

.DEFAULT_GOAL := release
MAKEFLAGS += --no-print-directory

.PHONY: setup release dev test demo clean

setup:
	@tools/setup.sh

release dev: setup
	@mkdir -p build; cmake --preset $@ >build/$@.log 2>&1 || { cat build/$@.log; exit 1; }
	@cmake --build --preset $@

test: dev release
	@echo "== tests, with sanitizers (build/dev)"
	@ctest --preset dev -j2
	@echo "== tests, optimised (build/release)"
	@ctest --preset release -j2

demo: release
	@build/bin/selkie run build/release/examples/demo

clean:
	rm -rf build
