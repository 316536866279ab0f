# SPDX-License-Identifier: MIT
# fatelf-amd64: everything is built, tested and installed from here. `make help` lists the targets.

VERSION := 0.1.0
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
PKG_CONFIG ?= pkg-config
# `yes`: the tool is compiled with stack protector, _FORTIFY_SOURCE, full RELRO and so on, as far as the compiler has
# them. CPPFLAGS, CFLAGS and LDFLAGS come later on the command line and can change each of these. `no`: without them.
HARDENING ?= yes
# `yes`: `check`, and `create`, look at the instructions of the builds, if Zydis is installed. `no`: without Zydis.
ZYDIS ?= yes
# `yes`: the tool is linked statically, with the C library too, and runs on any distribution. It then has Zydis only if
# there is a libZydis.a.
STATIC ?= no
# The stub's compiler, and the C library it is linked with: `musl`, or `system`, which is the compiler's own (glibc, or
# musl on Alpine).
STUB_CC ?= $(CC)
STUB_LIBC ?= musl

# The GNU names of the directories. The tool finds its stub relative to itself if libexecdir is ../libexec or ../lib
# relative to bindir; any other libexecdir must be given to `make` as well as to `make install`.
PREFIX ?= /usr/local
DESTDIR ?=
prefix = $(PREFIX)
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
libexecdir = $(exec_prefix)/libexec
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
gdbdir = $(datadir)/fatelf-amd64
licensedir = $(datadir)/licenses/fatelf-amd64
pkgconfigdir = $(datadir)/pkgconfig
debhelperdir = $(datadir)/perl5/Debian/Debhelper/Sequence
stubdir = $(libexecdir)/fatelf-amd64
rpmdir = $(prefix)/lib/rpm
INSTALL ?= install
INSTALL_PROGRAM ?= $(INSTALL)
INSTALL_DATA ?= $(INSTALL) -m 644

STANDINS := fatelf-go cargo-fatelf # the tool under other names, called in place of go and cargo
COMPLETIONS := $(addprefix $(BUILD)/completions/,fatelf-amd64.bash _fatelf-amd64 fatelf-amd64.fish)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

## all: build the tool and the launcher stub
all: $(BUILD)/fatelf-amd64 $(BUILD)/fatelf-amd64-stub $(STANDINS:%=$(BUILD)/%) $(COMPLETIONS)

## help: this list
help:
	@sed -n 's/^## //p' Makefile tests/targets.mk | sed 's,^\([a-z-]*\): ,  \1\t,' | expand -t 14

# --- what is known about this machine -------------------------------------------------------------------------------

comma := ,
# quoted for a shell
quoted = '$(subst ','\'',$(1))'

# .ci/probe finds compiler flags, libraries and start files once and writes them to CONFIG, together with SETTINGS, the
# variables they depend on. Objects depend on CONFIG: they are compiled again if one of these variables changes.
CONFIG := $(BUILD)/config.mk
SETTINGS := CC CFLAGS CPPFLAGS LDFLAGS HARDENING STUB_CC STUB_LIBC STUB_CPUID PKG_CONFIG BFD_LIBS MUSL_LIB MUSL_INCLUDE \
	ZYDIS STATIC
# These targets compile nothing, or install packages first and then start make again.
UNCONFIGURED := help check check-all demo analyze asan fuzz format mutants dist uninstall clean
GOALS := $(or $(MAKECMDGOALS),all)

ifneq ($(filter-out $(UNCONFIGURED),$(GOALS)),)
# `make install` by itself installs what was built, even if CFLAGS and the like are no longer set (sudo, rpm).
PROBE := SETTINGS="$(SETTINGS)" $(foreach name,$(SETTINGS),$(name)=$(call quoted,$($(name)))) \
	.ci/probe $(if $(filter-out install,$(GOALS)),,--keep) $(call quoted,$(CONFIG))
problem := $(shell $(PROBE))
ifneq ($(problem),)
$(error $(problem))
endif
include $(CONFIG)
endif

$(CONFIG): # after `clean` in the same run
	@$(PROBE)

# --- the tool -------------------------------------------------------------------------------------------------------

LIB := $(wildcard lib/*.c)
BUNDLER := $(wildcard bundler/*.c bundler/*/*.c)
TOOL_OBJECTS := $(patsubst %.c,$(BUILD)/tool/%.o,$(LIB) $(BUNDLER))
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
	-Wundef $(if $(CI),-Werror)
COMMON := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -MMD -MP
HARDENED := $(filter-out no,$(HARDENING))
TOOL_CFLAGS = $(COMMON) -pthread $(PACKAGE_CFLAGS) $(ZYDIS_CFLAGS) $(if $(HARDENED),$(HARDENING_CFLAGS)) $(CPPFLAGS) $(CFLAGS) \
	$(if $(LINK_STATIC),-DFATELF_STATIC -fPIE) -DFATELF_VERSION_STRING='"$(VERSION)"' -DSTUB_FOLDER='"$(stubdir)"'
# bundler/base/static.c takes the place of these functions.
REPLACED := dlopen getaddrinfo freeaddrinfo gethostbyname
STATIC_LDFLAGS = $(if $(LINK_STATIC),$(LINK_STATIC) -Wl$(comma)--fatal-warnings $(REPLACED:%=-Wl$(comma)--wrap=%))
TOOL_LDFLAGS = -pthread $(if $(HARDENED),$(HARDENING_LDFLAGS)) $(STATIC_LDFLAGS) $(CFLAGS) $(LDFLAGS)
TOOL_LIBS = $(BFD_LIBS) $(PACKAGE_LIBS) $(ZYDIS_LIBS)

$(BUILD)/tool/%.o: %.c Makefile $(CONFIG)
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(BUILD)/fatelf-amd64: $(TOOL_OBJECTS)
	$(CC) $(TOOL_LDFLAGS) -o $@ $^ $(TOOL_LIBS)

$(STANDINS:%=$(BUILD)/%): | $(BUILD)/fatelf-amd64
	ln -sf fatelf-amd64 $@

$(BUILD)/completions/fatelf-amd64.bash: shell_name = bash
$(BUILD)/completions/_fatelf-amd64: shell_name = zsh
$(BUILD)/completions/fatelf-amd64.fish: shell_name = fish
$(COMPLETIONS): $(BUILD)/fatelf-amd64
	@mkdir -p $(@D)
	$(abspath $<) completion $(shell_name) >$@

# --- the stub -------------------------------------------------------------------------------------------------------

STUB_SOURCES := stub/start.S stub/thread.S stub/jump.S $(LIB) $(wildcard stub/*.c)
stub_objects = $(patsubst %,$(BUILD)/stub-$(1)/%.o,$(STUB_SOURCES)) $(BUILD)/stub-$(1)/legacy.o
# Instructions of the baseline only, whatever CFLAGS say: the stub runs before anyone knows the processor. It is not
# hardened like the tool: the stack protector reads thread-local storage, which the launcher unmaps before it enters a
# program in place; musl has neither checked functions nor shadow stacks; and libbfd cannot write PT_GNU_RELRO
# (stub.ld).
STUB_CFLAGS = $(COMMON) -O2 -g -march=x86-64 -fPIE -fvisibility=hidden -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE \
	$(if $(filter own,$(STUB_CPUID)),-DSTUB_CPUID_OWN) -DFATELF_VERSION_STRING='"$(VERSION)"' $(STUB_VERSIONS)
STUB_VERSIONS = -DSTUB_MUSL_VERSION='"$(MUSL_VERSION)"' -DSTUB_CPUID_VERSION='"$(CPUID_VERSION)"'
STUB_LDFLAGS = -static-pie -nostartfiles -Wl,-T,stub/stub.ld -Wl,--gc-sections -Wl,-z,norelro -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096
# The stub with symbols has the build-id of the other one, which does not depend on the names of directories.
stripped = -s -Wl,--build-id=sha1
not_stripped = -Wl,--build-id=0x$$(readelf -n $(@:.debug=) | sed -n 's/.*Build ID: //p')
stripped_or_not = $(if $(filter %.debug,$@),$(not_stripped),$(stripped))
STUB_ARCHIVES = $(ZSTD_ARCHIVE) $(if $(filter libcpuid,$(STUB_CPUID)),$(CPUID_ARCHIVE))

# With musl, the stub is compiled with only musl's headers and those of the libraries that it links. The rest of
# /usr/include, and CPPFLAGS, are for another C library. The start files and libraries are named one by one, because the
# specs of musl-gcc turn -static-pie into a dynamic PIE without a warning.
MUSL_CFLAGS = -nostdinc -isystem $(MUSL_INCLUDE) -isystem $(BUILD)/stub-musl/include -isystem $(STUB_CC_INCLUDE)
link_musl = $(STUB_CC) -nostdlib $(STUB_LDFLAGS) $(stripped_or_not) -o $@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(filter %.o,$^) \
	-Wl,--start-group $(STUB_ARCHIVES) $(MUSL_LIB)/libc.a -lgcc -Wl,--end-group $(MUSL_LIB)/crtn.o
link_system = $(STUB_CC) $(STUB_LDFLAGS) $(stripped_or_not) -o $@ $(SYSTEM_CRT_FIRST) $(filter %.o,$^) $(STUB_ARCHIVES) \
	$(SYSTEM_CRT_LAST)

$(BUILD)/stub-musl/include: Makefile $(CONFIG)
	@rm -rf $@ && mkdir -p $@ && ln -s $(STUB_HEADERS) $@

$(BUILD)/stub-musl/%.o: % Makefile $(CONFIG) | $(BUILD)/stub-musl/include
	@mkdir -p $(@D)
	$(STUB_CC) $(MUSL_CFLAGS) $(STUB_CFLAGS) -c -o $@ $<

$(BUILD)/stub-system/%.o: % Makefile $(CONFIG)
	@mkdir -p $(@D)
	$(STUB_CC) $(PACKAGE_CFLAGS) $(CPPFLAGS) $(STUB_CFLAGS) -c -o $@ $<

# zstd's decoders for its formats before 1.0 would add 76 KB to the stub. lib/zstd_frame.c refuses such frames, so the
# decoders are never called: each is replaced by a trap.
$(BUILD)/stub-%/legacy.o: Makefile $(CONFIG)
	@mkdir -p $(@D)
	nm -u $(ZSTD_ARCHIVE) | sed -n 's/^ *U \(Z[A-Z]*v0[0-9]_.*\)/\1/p' | sort -u | \
		sed 's/.*/.globl &\n.hidden &\n&:/; $$a ud2\n.section .note.GNU-stack, "", @progbits' | \
		$(STUB_CC) -x assembler -c -o $@ -

# The stub is linked twice: stripped, for the bundles, and with symbols and line numbers at the same addresses, for gdb.
$(BUILD)/stub-musl/fatelf-amd64-stub $(BUILD)/stub-musl/fatelf-amd64-stub.debug: $(call stub_objects,musl) stub/stub.ld
	$(link_musl)
$(BUILD)/stub-system/fatelf-amd64-stub $(BUILD)/stub-system/fatelf-amd64-stub.debug: $(call stub_objects,system) stub/stub.ld
	$(link_system)
$(foreach libc,musl system,$(eval $(BUILD)/stub-$(libc)/fatelf-amd64-stub.debug: $(BUILD)/stub-$(libc)/fatelf-amd64-stub))

STUB := $(BUILD)/stub-$(STUB_LIBC)/fatelf-amd64-stub
$(BUILD)/fatelf-amd64-stub: $(STUB) $(STUB).debug $(CONFIG)
	cp $(STUB).debug $@.debug
	cp $(STUB) $@

# --- tests, measurements, analysis ----------------------------------------------------------------------------------

include tests/targets.mk

## demo: install what the build needs, build a program for v1 to v4, bundle it, run it
demo:
	@.ci/install-deps build
	@$(MAKE) --no-print-directory --silent all
	@BUILD=$(abspath $(BUILD)) examples/demo/run

# --- install --------------------------------------------------------------------------------------------------------

MANUALS := 1 5 7
GDB_FILES := fatelf-amd64-gdb.py fatelf_amd64.py

## install: to $(DESTDIR)$(PREFIX), by default /usr/local
install: all
	$(INSTALL_PROGRAM) -D -m 755 $(BUILD)/fatelf-amd64 "$(DESTDIR)$(bindir)/fatelf-amd64"
	for name in $(STANDINS); do ln -sf fatelf-amd64 "$(DESTDIR)$(bindir)/$$name" || exit 1; done
	$(INSTALL) -D -m 755 $(BUILD)/fatelf-amd64-stub "$(DESTDIR)$(stubdir)/fatelf-amd64-stub"
	for n in $(MANUALS); do \
		$(INSTALL_DATA) -D docs/fatelf-amd64.$$n "$(DESTDIR)$(mandir)/man$$n/fatelf-amd64.$$n" || exit 1; done
	for name in $(GDB_FILES); do $(INSTALL_DATA) -D packaging/gdb/$$name "$(DESTDIR)$(gdbdir)/$$name" || exit 1; done
	for name in $(STANDINS); do \
		echo .so man1/fatelf-amd64.1 >"$(DESTDIR)$(mandir)/man1/$$name.1" || exit 1; done
	$(INSTALL_DATA) -D $(BUILD)/completions/fatelf-amd64.bash "$(DESTDIR)$(bashcompletiondir)/fatelf-amd64"
	$(INSTALL_DATA) -D $(BUILD)/completions/_fatelf-amd64 "$(DESTDIR)$(zshcompletiondir)/_fatelf-amd64"
	$(INSTALL_DATA) -D $(BUILD)/completions/fatelf-amd64.fish "$(DESTDIR)$(fishcompletiondir)/fatelf-amd64.fish"
	.ci/pkgconfig $(VERSION) "$(prefix)" "$(bindir)" "$(stubdir)" $(BUILD)/fatelf-amd64-stub | \
		$(INSTALL_DATA) -D /dev/stdin "$(DESTDIR)$(pkgconfigdir)/fatelf-amd64.pc"
	$(INSTALL) -D -m 755 packaging/debhelper/dh_fatelf_amd64 "$(DESTDIR)$(bindir)/dh_fatelf_amd64"
	$(INSTALL_DATA) -D docs/dh_fatelf_amd64.1 "$(DESTDIR)$(mandir)/man1/dh_fatelf_amd64.1"
	$(INSTALL_DATA) -D packaging/debhelper/fatelf_amd64.pm "$(DESTDIR)$(debhelperdir)/fatelf_amd64.pm"
	$(INSTALL_DATA) -D LICENSE "$(DESTDIR)$(licensedir)/LICENSE"
	$(INSTALL_DATA) -D -t "$(DESTDIR)$(rpmdir)/macros.d" packaging/rpm/macros.fatelf-amd64
	$(INSTALL) -D -m 755 -t "$(DESTDIR)$(rpmdir)/fatelf-amd64" packaging/rpm/brp-fatelf-amd64-join
	$(INSTALL_DATA) -D -t "$(DESTDIR)$(datadir)/makepkg/tidy" packaging/arch/zz-fatelf-amd64.sh

## uninstall: remove what install installed, with the same variables
uninstall:
	for name in fatelf-amd64 $(STANDINS) dh_fatelf_amd64; do \
		rm -f "$(DESTDIR)$(bindir)/$$name" "$(DESTDIR)$(mandir)/man1/$$name.1"; done
	for n in $(MANUALS); do rm -f "$(DESTDIR)$(mandir)/man$$n/fatelf-amd64.$$n"; done
	rm -f "$(DESTDIR)$(bashcompletiondir)/fatelf-amd64" "$(DESTDIR)$(zshcompletiondir)/_fatelf-amd64" \
		"$(DESTDIR)$(fishcompletiondir)/fatelf-amd64.fish" "$(DESTDIR)$(pkgconfigdir)/fatelf-amd64.pc" \
		"$(DESTDIR)$(debhelperdir)/fatelf_amd64.pm" "$(DESTDIR)$(stubdir)/fatelf-amd64-stub" \
		"$(DESTDIR)$(licensedir)/LICENSE"
	rm -f "$(DESTDIR)$(rpmdir)"/*/*fatelf-amd64* "$(DESTDIR)$(datadir)/makepkg/tidy/zz-fatelf-amd64.sh"
	for name in $(GDB_FILES); do rm -f "$(DESTDIR)$(gdbdir)/$$name"; done
	-rmdir "$(DESTDIR)$(stubdir)" "$(DESTDIR)$(gdbdir)" "$(DESTDIR)$(licensedir)" "$(DESTDIR)$(rpmdir)/fatelf-amd64"

## dist: a source archive, the same bytes for the same sources
dist:
	@mkdir -p $(BUILD)
	@.ci/dist fatelf-amd64-$(VERSION) $(BUILD)/fatelf-amd64-$(VERSION).tar.gz

## selfcheck: the tool makes a bundle of its own builds; so does this bundle, and so does that one: three times the same
selfcheck: all
	@.ci/bundle-self $(call quoted,$(BUILD)) 3

## release: the tool for any x86-64 Linux, statically linked and bundled, with all that belongs to it, as a tar archive
release: all
	@.ci/release $(call quoted,$(BUILD)) fatelf-amd64-$(VERSION)-linux-amd64

## clean: remove what was built
clean:
	rm -rf $(BUILD)

.PHONY: all help test check check-all asan fuzz run-fuzz mutants check-kernels \
	run-kernels where bench plots demo analyze run-analyze format install uninstall dist \
	selfcheck release clean

-include $(wildcard $(addsuffix *.d,$(sort $(dir $(TOOL_OBJECTS) $(call stub_objects,musl) \
	$(call stub_objects,system) $(UNIT_TESTS)))))
