# SPDX-License-Identifier: MIT
# The targets of the Makefile that test, measure and analyse.

# --- tests ----------------------------------------------------------------------------------------------------------

FIXTURES := $(addprefix $(BUILD)/fixtures/level.v,1 2 3 4) \
	$(patsubst tests/fixtures/%.c,$(BUILD)/fixtures/%,$(filter-out tests/fixtures/level.c,$(wildcard tests/fixtures/*.c)))
# UNITS: names of unit tests, to run fewer.
UNIT_TESTS := $(addprefix $(BUILD)/unit/,$(or $(UNITS),$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))))

$(BUILD)/fixtures/level.v%: tests/fixtures/level.c Makefile $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O2 -DLEVEL=$* -o $@ $<

$(BUILD)/fixtures/%: tests/fixtures/%.c Makefile $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O2 -pthread -o $@ $<

# A unit test is linked with all of the tool except its main(). It may include a source file of the stub, to test
# functions that the tool does not have.
$(BUILD)/unit/%.o: tests/unit/%.c Makefile $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -Wno-cast-qual $(CMOCKA_CFLAGS) -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/unit/%.o $(filter-out $(BUILD)/tool/bundler/main.o,$(TOOL_OBJECTS))
	$(CC) $(TOOL_LDFLAGS) -o $@ $(filter %.o,$^) $(TOOL_LIBS) $(CMOCKA_LIBS)
.SECONDARY: $(UNIT_TESTS:=.o)

BUILT_UNITS = $(if $(filter cmocka,$(MISSING)),,$(UNIT_TESTS))

## test: run all tests without installing anything; what is missing is skipped
test: all $(FIXTURES) $(BUILT_UNITS) $(if $(filter libc.a,$(MISSING)),,$(BUILD)/stub-system/fatelf-amd64-stub)
	@BUILD=$(abspath $(BUILD)) SLOW=$(SLOW) SANITIZED=$(SANITIZED) \
		SKIPPED_UNITS="$(if $(BUILT_UNITS),,$(wildcard tests/unit/*.c))" tests/run $(abspath $(BUILT_UNITS))

## check: install what the tests need, then run them all
check:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory test

## check-all: the same with the slow examples: the Go compiler, ripgrep
check-all:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory test SLOW=1

## asan: unit and command-line tests under AddressSanitizer and UndefinedBehaviorSanitizer
asan:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan HARDENING=no TESTS="cli corrupt" SANITIZED=1 test \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"

## tsan: what starts threads, under ThreadSanitizer
tsan:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory UNITS="frames frames_run schedule lock decode_threads" TESTS=build/tsan.bats test

# The fuzzers are linked with all of the tool except its main(). tests/fuzz/tool runs one that is compiled in the same
# way. clang has libFuzzer.
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_OBJECTS := $(TOOL_OBJECTS:$(BUILD)/tool/%=$(BUILD)/fuzz/objects/%)
FUZZ_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS = $(filter-out -Werror,$(COMMON)) -pthread $(PACKAGE_CFLAGS) $(ZYDIS_CFLAGS) -O1 -g \
	-fno-omit-frame-pointer $(FUZZ_SANITIZERS) -DFATELF_VERSION_STRING='"$(VERSION)"' -DSTUB_FOLDER='"$(stubdir)"'
$(BUILD)/fuzz/objects/%.o: %.c Makefile tests/targets.mk $(CONFIG)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(FUZZ_FAST) -c -o $@ $<
# With its usual tables, which are filled for each frame, the coder would take most of the time, and also with a look at
# every comparison in its loops.
$(BUILD)/fuzz/objects/bundler/coding/%.o $(BUILD)/fuzz/objects/tests/fuzz/coder.o: \
	FUZZ_FAST := -DALIGN_HASH_BITS=10 -fno-sanitize-coverage=trace-cmp
$(BUILD)/fuzz/objects/bundler/input/isa_scan.o $(BUILD)/fuzz/objects/tests/fuzz/code.o: \
	FUZZ_FAST := -DISA_CHUNK=8192

$(BUILD)/fuzz/%: $(BUILD)/fuzz/objects/tests/fuzz/%.o $(filter-out %/bundler/main.o,$(FUZZ_OBJECTS))
	$(FUZZ_CC) -pthread $(FUZZ_SANITIZERS) -fsanitize=fuzzer -o $@ $^ $(TOOL_LIBS)
.SECONDARY: $(FUZZERS:$(BUILD)/fuzz/%=$(BUILD)/fuzz/objects/tests/fuzz/%.o)

$(BUILD)/fuzz/fatelf-amd64: $(FUZZ_OBJECTS) | $(BUILD)/fatelf-amd64-stub
	$(FUZZ_CC) -pthread $(FUZZ_SANITIZERS) -o $@ $^ $(TOOL_LIBS)
	ln -sf ../fatelf-amd64-stub $@-stub

## fuzz: feed all readers, the coders and the whole tool with damaged input, FUZZ_SECONDS for each fuzzer (default 60)
fuzz:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory run-fuzz

# FUZZ: the names of some, to run only these
run-fuzz: all $(FUZZERS) $(BUILD)/fuzz/fatelf-amd64
	@BUILD=$(abspath $(BUILD)) CC=$(call quoted,$(CC)) FUZZ_SECONDS=$(FUZZ_SECONDS) \
		tests/fuzz/run $(or $(FUZZ),$(notdir $(FUZZERS)) tool)

## check-endurance: programs of 0.5 to 4 GB, 1,000 bundles in a row, 2,000 starts at once; needs 9 GB of disk space
check-endurance:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory run-endurance

run-endurance: all $(FIXTURES)
	@BUILD=$(abspath $(BUILD)) tests/endurance/run $(PARTS)

## check-suites: run test suites of Go, Python, perl, Rust and coreutils natively and as bundles; SUITES: which
check-suites:
	@.ci/install-deps suites
	@$(MAKE) --no-print-directory run-suites

run-suites: all
	@BUILD=$(abspath $(BUILD)) tests/suites/run $(SUITES)

## mutants: apply each fault under tests/mutants; some test must find it
mutants:
	@.ci/install-deps check
	@BUILD=$(abspath $(BUILD)) tests/mutants/run

## check-kernels: start bundles under old and new kernels in qemu, and in sandboxes; KERNELS: "6.1 sandboxes" only these
check-kernels:
	@.ci/install-deps kernels
	@$(MAKE) --no-print-directory run-kernels

run-kernels: all
	@BUILD=$(abspath $(BUILD)) tests/kernels/run $(KERNELS)

## where: write to docs/where.md what check-kernels has seen
where:
	@BUILD=$(abspath $(BUILD)) tests/kernels/run --write

## bench: measure start, size and memory, and print the ratios; MGO: mgo's binary or source, to compare with it
bench: all
	@BUILD=$(abspath $(BUILD)) $(if $(MGO),MGO=$(call quoted,$(MGO))) tests/bench/run

## plots: measure start against size and size by encoding, and draw docs/start.svg and docs/size.svg; takes an hour
plots: all
	@BUILD=$(abspath $(BUILD)) tests/bench/builds $(abspath $(BUILD))/bench/builds
	@BUILD=$(abspath $(BUILD)) tests/bench/run sweep encodings
	@BUILD=$(abspath $(BUILD)) tests/bench/plot

# --- analysis -------------------------------------------------------------------------------------------------------

## analyze: the checks in tests/analyze: clang-tidy, cppcheck, shellcheck, layout, includes
analyze:
	@.ci/install-deps analyze
	@$(MAKE) --no-print-directory run-analyze

run-analyze:
	@failed=; \
	for check in tests/analyze/*; do \
		test -f $$check -a -x $$check || continue; \
		echo "# $$check"; \
		ANALYZE_CFLAGS=$(call quoted,$(TOOL_CFLAGS) $(STUB_VERSIONS)) $$check || failed="$$failed $${check##*/}"; \
	done; \
	test -z "$$failed" || { echo "findings by:$$failed"; exit 1; }
	@echo "no findings"

## format: lay out all C sources with clang-format
format:
	@.ci/files | grep '\.[ch]$$' | xargs clang-format -i
