/* SPDX-License-Identifier: MIT */
/*
 * What builds ask the dynamic linker for: libraries, versions, symbols, directories to search. The linkage of a bundle
 * is that of all its builds together, for tools that want to know what the program needs.
 */
#ifndef BUNDLER_INPUT_LINKAGE_H
#define BUNDLER_INPUT_LINKAGE_H

#include <bfd.h>
#include <elf.h>
#include <stdint.h>

/* A library, a version of it, or an undefined symbol. Two entries are the same if all but `levels` are equal. */
struct linkage_entry {
    enum linkage_kind { LINKAGE_LIBRARY, LINKAGE_VERSION, LINKAGE_SYMBOL } kind;
    const char *name;    /* of the library or the symbol */
    const char *library; /* LINKAGE_SYMBOL: that its version is of; "": it has none */
    const char *version; /* LINKAGE_VERSION, LINKAGE_SYMBOL; "": none */
    Elf64_Half flags;    /* LINKAGE_VERSION: VER_FLG_* */
    uint8_t info, other; /* LINKAGE_SYMBOL: st_info, st_other */
    uint8_t levels;      /* bit L - 1: the variant for level L has it */
};

/* A value of DT_RPATH or DT_RUNPATH. */
struct linkage_path {
    Elf64_Sxword tag;
    const char *text;
    uint8_t levels;
};

enum { LINKAGE_PATHS_MAX = 8 };

struct linkage {
    struct linkage_entry *entries; /* `count` of them, sorted, each one once; owned */
    size_t count, room;
    struct linkage_path paths[LINKAGE_PATHS_MAX]; /* sorted */
    unsigned path_count;
    uint8_t dynamic;        /* the levels of variants with a dynamic section */
    uint8_t binds_now;      /* of those that ask for all symbols at the start */
    uint8_t hash, gnu_hash; /* of those with such a table of symbols */
    unsigned char **texts;  /* what the names are in, `text_count` of them; owned */
    size_t text_count;
};

/* The bit of a level in `levels`. */
static inline uint8_t linkage_level(unsigned level)
{
    return (uint8_t)(1u << (level - 1));
}

/*
 * Adds the linkage of a file that libbfd has opened, for these levels. What is damaged or too much is left out. Returns
 * 0, or reports that memory is out and returns an exit status. The caller calls linkage_free() in any case.
 */
int linkage_read(struct linkage *linkage, bfd *abfd, uint8_t levels);
void linkage_free(struct linkage *linkage);

/* Sorts the entries and joins those that are the same. */
void linkage_sort(struct linkage *linkage);

/* Forgets these levels, and what no other one has. */
void linkage_remove(struct linkage *linkage, uint8_t levels);

#endif
