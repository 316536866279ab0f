/* SPDX-License-Identifier: MIT */
/*
 * The linkage of all variants as sections of the bundle, for tools: a dynamic section and what it refers to, as a linker
 * would write them (gABI, chapter 5; versions and .gnu.hash: the LSB core specification, 10.7, and the GNU linker). The
 * launcher does not use them. fatelf-amd64(5), "The dynamic section", describes .fatelf.linkage.
 */
#ifndef BUNDLER_BUNDLE_LINKAGE_SECTIONS_H
#define BUNDLER_BUNDLE_LINKAGE_SECTIONS_H

#include "../input/linkage.h"

enum { LINKAGE_PARTS_MAX = 8 };

struct linkage_section {
    const char *name;
    unsigned char *bytes; /* owned */
    size_t size;
    uint32_t type, info, entry_size; /* of the section header */
    const char *link;                /* sh_link. NULL: none */
};

/* The sections; the first one is .dynamic, whose addresses linkage_parts_place() fills in. */
struct linkage_parts {
    struct linkage_section sections[LINKAGE_PARTS_MAX];
    unsigned count;
};

/* Makes the sections. Returns 0, or reports and returns an exit status. The caller calls linkage_parts_free(). */
int linkage_parts_make(struct linkage_parts *parts, const struct linkage *linkage);
/* An entry of .dynamic that is the address of a section. */
struct linkage_address {
    Elf64_Sxword tag, size_tag; /* size_tag: of the entry with the size. 0: there is none */
    const char *section;
};

enum { LINKAGE_ADDRESSES = 6 };
extern const struct linkage_address linkage_addresses[LINKAGE_ADDRESSES];

#endif
