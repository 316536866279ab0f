# SPDX-License-Identifier: MIT
# fatelf-amd64: everything is built, tested and installed from here. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
# The launcher stub: its compiler, and the C library it is linked with: `musl`, or `system` (the compiler's own: glibc,
# or musl on Alpine).
STUB_CC ?= $(CC)
STUB_LIBC ?= musl

bindir = $(PREFIX)/bin
libexecdir = $(PREFIX)/libexec/fatelf-amd64
mandir = $(PREFIX)/share/man
completiondir = $(PREFIX)/share/bash-completion/completions
licensedir = $(PREFIX)/share/licenses/fatelf-amd64

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
            -Wundef $(if $(CI),-Werror)
PKG_CONFIG ?= pkg-config
PACKAGES := libzstd json-c libcrypto libcpuid
COMMON := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -MMD -MP

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

## all: build the tool and the launcher stub
all: $(BUILD)/fatelf-amd64 $(BUILD)/fatelf-amd64-stub

## help: this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST)) | sed 's,^\([a-z-]*\): ,  \1\t,' | expand -t 14

# --- the tool -------------------------------------------------------------------------------------------------------

LIB := $(wildcard lib/*.c)
BUNDLER := $(wildcard bundler/*.c bundler/*/*.c)
TOOL_OBJECTS := $(patsubst %.c,$(BUILD)/tool/%.o,$(LIB) $(BUNDLER))
# A static libbfd needs libiberty and, from 2.40 or 2.41 on, libsframe; a shared one brings them along.
BFD_LIBS ?= $(shell for l in "-lbfd" "-lbfd -liberty -lz -ldl" "-lbfd -lsframe -liberty -lz -ldl" \
	"-lbfd -lsframe -liberty -lz -lzstd -ldl" "-lbfd -lintl -liberty -lz -lzstd" "-lbfd -lsframe -lintl -liberty -lz -lzstd"; do \
	echo 'char *bfd_init(void); int main(void) { return !bfd_init(); }' | \
	$(CC) -x c - -o /dev/null $$l 2>/dev/null && echo "$$l" && break; done)
TOOL_CFLAGS = $(COMMON) $(CFLAGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES)) -pthread \
	-DFATELF_VERSION_STRING='"$(VERSION)"' -DLIBEXECDIR='"$(libexecdir)"'
TOOL_LIBS = $(BFD_LIBS) $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -pthread

$(BUILD)/tool/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(BUILD)/fatelf-amd64: $(TOOL_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

# --- the stub -------------------------------------------------------------------------------------------------------

STUB_SOURCES := stub/start.S stub/thread.S stub/jump.S $(LIB) $(wildcard stub/*.c)
# `libcpuid`, or `own` where its library has not what stub/cpuid.c takes from it
ifndef STUB_CPUID
STUB_CPUID := $(shell nm -g --defined-only "$$($(STUB_CC) -print-file-name=libcpuid.a 2>/dev/null)" 2>/dev/null | \
	grep -q ' T exec_cpuid$$' && echo libcpuid || echo own)
endif
STUB_LIBS = -l:libzstd.a $(if $(filter libcpuid,$(STUB_CPUID)),-l:libcpuid.a)
STUB_DIR = $(BUILD)/stub-$(STUB_LIBC)
# Baseline instructions only, whatever CFLAGS say: the stub runs before anyone knows the processor.
STUB_CFLAGS = $(COMMON) -O2 -march=x86-64 -fPIE -fvisibility=hidden -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE \
	$(if $(filter own,$(STUB_CPUID)),-DSTUB_CPUID_OWN)
STUB_LDFLAGS = -static-pie -nostartfiles -Wl,-T,stub/stub.ld -Wl,--gc-sections -Wl,-z,norelro -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096 -Wl,--build-id=0x0000000000000000000000000000000000000000 \
	-Wl,-s

ifeq ($(STUB_LIBC),musl)
MUSL_LIB ?= $(patsubst %/rcrt1.o,%,$(firstword $(wildcard /usr/lib/x86_64-linux-musl/rcrt1.o \
	/usr/x86_64-linux-musl/lib64/rcrt1.o /usr/lib/musl/lib/rcrt1.o /usr/lib64/musl/rcrt1.o)))
MUSL_INCLUDE ?= $(patsubst %/features.h,%,$(firstword $(wildcard /usr/include/x86_64-linux-musl/features.h \
	/usr/x86_64-linux-musl/include/features.h /usr/lib/musl/include/features.h /usr/include/musl/features.h)))
# Only the headers of the libraries the stub links: the rest of /usr/include belongs to another C library.
STUB_INCLUDE = $(STUB_DIR)/include
STUB_CFLAGS += -nostdinc -isystem $(MUSL_INCLUDE) -isystem $(STUB_INCLUDE) -isystem $(STUB_INCLUDE)/libcpuid \
	-isystem $(shell $(STUB_CC) -print-file-name=include 2>/dev/null)
# musl-gcc's specs turn -static-pie into a dynamic PIE without a word, hence each file by name.
STUB_LINK = $(STUB_CC) -nostdlib $(STUB_LDFLAGS) -o $@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(filter %.o,$^) \
	-Wl,--start-group $(STUB_LIBS) $(MUSL_LIB)/libc.a -lgcc -Wl,--end-group $(MUSL_LIB)/crtn.o
else
STUB_CFLAGS += $(shell $(PKG_CONFIG) --cflags libcpuid)
CRT = $(shell $(STUB_CC) -print-file-name=$(1))
STUB_LINK = $(STUB_CC) $(STUB_LDFLAGS) -o $@ $(call CRT,rcrt1.o) $(call CRT,crti.o) $(call CRT,crtbeginS.o) \
	$(filter %.o,$^) $(STUB_LIBS) $(call CRT,crtendS.o) $(call CRT,crtn.o)
endif

STUB_OBJECTS = $(patsubst %,$(STUB_DIR)/%.o,$(STUB_SOURCES)) $(STUB_DIR)/legacy.o

$(STUB_DIR)/include: Makefile
	@test "$(STUB_LIBC)" != musl || test -n "$(MUSL_LIB)" || { echo "no musl found: make deps, or STUB_LIBC=system" >&2; exit 1; }
	@rm -rf $@ && mkdir -p $@
	@for h in zstd.h zstd_errors.h xxhash.h xxh3.h libcpuid; do \
		test ! -e /usr/include/$$h || ln -s /usr/include/$$h $@/$$h; done

$(STUB_DIR)/%.o: % Makefile | $(STUB_DIR)/include
	@mkdir -p $(@D)
	$(STUB_CC) $(STUB_CFLAGS) -c -o $@ $<

# zstd's decoders for its formats before 1.0 would be 76 KB of the stub. lib/payload.c lets no such frame through, so
# nothing calls them: a trap stands in for each.
$(STUB_DIR)/legacy.o: Makefile
	@mkdir -p $(@D)
	nm -u "$$($(STUB_CC) -print-file-name=libzstd.a)" | sed -n 's/^ *U \(Z[A-Z]*v0[0-9]_.*\)/\1/p' | sort -u | \
		sed 's/.*/.globl &\n.hidden &\n&:/; $$a ud2\n.section .note.GNU-stack, "", @progbits' | \
		$(STUB_CC) -x assembler -c -o $@ -

$(STUB_DIR)/fatelf-amd64-stub: $(STUB_OBJECTS) stub/stub.ld
	$(STUB_LINK)

# always looked at: the other C library's stub may be newer
$(BUILD)/fatelf-amd64-stub: $(STUB_DIR)/fatelf-amd64-stub FORCE
	@cmp -s $< $@ || cp $< $@
FORCE:

# --- tests ----------------------------------------------------------------------------------------------------------

FIXTURES := $(addprefix $(BUILD)/fixtures/level.v,1 2 3 4) \
	$(patsubst tests/fixtures/%.c,$(BUILD)/fixtures/%,$(filter-out tests/fixtures/level.c,$(wildcard tests/fixtures/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
UNIT_CFLAGS = $(TOOL_CFLAGS) -Wno-cast-qual $(shell $(PKG_CONFIG) --cflags cmocka)

$(BUILD)/fixtures/level.v%: tests/fixtures/level.c Makefile
	@mkdir -p $(@D)
	$(CC) -O2 -DLEVEL=$* -o $@ $<

$(BUILD)/fixtures/%: tests/fixtures/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O2 -pthread -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(filter-out $(BUILD)/tool/bundler/main.o,$(TOOL_OBJECTS))
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -o $@ $^ $(TOOL_LIBS) $(shell $(PKG_CONFIG) --libs cmocka)

## check: install what the tests need, run them all
check:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory run-tests

## check-all: the same with the slow examples: the Go compiler, ripgrep
check-all:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory run-tests SLOW=1

run-tests: all $(FIXTURES) $(UNIT_TESTS) $(BUILD)/stub-system/fatelf-amd64-stub
	@BUILD=$(abspath $(BUILD)) SLOW=$(SLOW) SANITIZED=$(SANITIZED) tests/run $(UNIT_TESTS)

ifneq ($(STUB_LIBC),system)
$(BUILD)/stub-system/fatelf-amd64-stub: $(STUB_OBJECTS)
	@$(MAKE) --no-print-directory STUB_LIBC=system $@
endif

## bench: measure start, size and memory, and print the ratios
bench: all
	@BUILD=$(abspath $(BUILD)) tests/bench/run

## plots: measure start against size and size by encoding, and draw docs/start.svg and docs/size.svg; takes an hour
plots: all
	@BUILD=$(abspath $(BUILD)) tests/bench/builds $(abspath $(BUILD))/bench/builds
	@BUILD=$(abspath $(BUILD)) tests/bench/run sweep encodings
	@BUILD=$(abspath $(BUILD)) tests/bench/plot

## demo: install what the build needs, build a program for v1 to v4, bundle it, run it
demo:
	@.ci/install-deps build
	@$(MAKE) --no-print-directory --silent all
	@BUILD=$(abspath $(BUILD)) examples/demo/run

## analyze: static analysis: clang's analyzer and clang-tidy, cppcheck
analyze:
	@.ci/install-deps analyze
	@$(MAKE) --no-print-directory run-analyze

comma := ,
empty :=
# Left out: checks of names and of macros that are as they are on purpose, and some that report on what is no fault.
TIDY_CHECKS := $(subst $(empty) ,$(comma),$(strip -* bugprone-* clang-analyzer-* cert-* -cert-dcl* -cert-err33-c \
	-cert-err34-c -clang-analyzer-valist.Uninitialized -clang-analyzer-security.insecureAPI.* \
	-bugprone-sizeof-expression -bugprone-macro-parentheses -bugprone-easily-swappable-parameters \
	-bugprone-reserved-identifier -bugprone-assignment-in-if-condition \
	-bugprone-implicit-widening-of-multiplication-result))
ANALYZED := $(LIB) $(BUNDLER) $(wildcard stub/*.c)
run-analyze:
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=unknownMacro -DFATELF_VERSION_STRING='""' -DLIBEXECDIR='""' \
		$(ANALYZED)
	@clang-tidy --quiet --warnings-as-errors='*' --checks='$(TIDY_CHECKS)' \
		$(ANALYZED) -- $(TOOL_CFLAGS) -Wno-format-nonliteral 2>/dev/null
	@echo "no findings"

## asan: unit and command-line tests under AddressSanitizer and UndefinedBehaviorSanitizer
asan:
	@.ci/install-deps check
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan TESTS="cli corrupt" SANITIZED=1 run-tests \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"

# --- install --------------------------------------------------------------------------------------------------------

INSTALLED = $(bindir)/fatelf-amd64 $(libexecdir)/fatelf-amd64-stub $(completiondir)/fatelf-amd64 \
	$(licensedir)/LICENSE $(foreach n,1 5 7,$(mandir)/man$(n)/fatelf-amd64.$(n))

## install: to $(DESTDIR)$(PREFIX), by default /usr/local
install: all
	install -D -m 755 $(BUILD)/fatelf-amd64 "$(DESTDIR)$(bindir)/fatelf-amd64"
	install -D -m 755 $(BUILD)/fatelf-amd64-stub "$(DESTDIR)$(libexecdir)/fatelf-amd64-stub"
	for n in 1 5 7; do \
		install -D -m 644 docs/fatelf-amd64.$$n "$(DESTDIR)$(mandir)/man$$n/fatelf-amd64.$$n" || exit 1; done
	install -D -m 644 docs/completions/fatelf-amd64.bash "$(DESTDIR)$(completiondir)/fatelf-amd64"
	install -D -m 644 LICENSE "$(DESTDIR)$(licensedir)/LICENSE"

## uninstall: take it away again
uninstall:
	rm -f $(addprefix "$(DESTDIR),$(addsuffix ",$(INSTALLED)))
	-rmdir "$(DESTDIR)$(libexecdir)" "$(DESTDIR)$(licensedir)"

## dist: a source archive of what is committed
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=fatelf-amd64-$(VERSION)/ -o $(BUILD)/fatelf-amd64-$(VERSION).tar.gz HEAD

## clean: remove what was built
clean:
	rm -rf $(BUILD)

.PHONY: all help check check-all run-tests bench plots demo analyze run-analyze asan install uninstall dist clean

-include $(TOOL_OBJECTS:.o=.d) $(STUB_OBJECTS:.o=.d)
