/* SPDX-License-Identifier: MIT */
/* The note that tells which versions of what the launcher is made of; fatelf-amd64(5) describes it. */
#include <elf.h>
#include <features.h>
#include <xxhash.h>
#include <zstd.h>

#include "../lib/format.h"

#define QUOTE(text) #text
#define NUMBER(macro) QUOTE(macro)

#ifdef __GLIBC__
#define LIBC "glibc " NUMBER(__GLIBC__) "." NUMBER(__GLIBC_MINOR__)
#else
#define LIBC "musl " STUB_MUSL_VERSION
#endif

#ifdef STUB_CPUID_OWN
#define CPUID ""
#else
#define CPUID "libcpuid " STUB_CPUID_VERSION "\n"
#endif

#define COMPONENTS \
    "fatelf-amd64 " FATELF_VERSION_STRING "\n" LIBC "\nzstd " ZSTD_VERSION_STRING "\n" CPUID \
    "xxhash " NUMBER(XXH_VERSION_MAJOR) "." NUMBER(XXH_VERSION_MINOR) "." NUMBER(XXH_VERSION_RELEASE) "\n"

#define PADDED(string) ((sizeof(string) + 3) / 4 * 4)

struct components {
    Elf64_Nhdr header;
    char owner[PADDED(FATELF_NOTE_OWNER)];
    char text[PADDED(COMPONENTS)];
};

__attribute__((section(".note.fatelf.components"), aligned(4), used)) static const struct components components = {
    .header = {sizeof FATELF_NOTE_OWNER, sizeof COMPONENTS, FATELF_NOTE_COMPONENTS},
    .owner = FATELF_NOTE_OWNER,
    .text = COMPONENTS,
};
