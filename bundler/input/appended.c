/* SPDX-License-Identifier: MIT */
#include "appended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"

/*
 * Names, and beginnings of names, of sections without SHF_ALLOC that tools read and programs do not. These are all that
 * compilers, linkers and strip leave in programs; a section of any other name was put there for the program itself.
 */
static const struct {
    const char *name;
    bool prefix;
} known[] = {
    {".comment", false},         /* compiler versions: gcc, clang, rustc */
    {".debug", true},            /* DWARF, and .debug_gdb_scripts */
    {".zdebug", true},           /* DWARF, compressed as in older files */
    {".gnu", true},              /* .gnu_debuglink, .gnu_debugaltlink, .gnu_debugdata, .gnu.warning.*, .gnu.lto_* */
    {".note", true},             /* notes that lack their section type */
    {".stab", true},             /* debug information older than DWARF */
    {".mdebug", true},           /* the same */
    {".line", false},            /* DWARF 1 */
    {".gdb_index", false},       /* gdb's index, written by linkers */
    {".llvm", true},             /* bitcode, command lines, address maps: clang */
    {".ctf", true},              /* type information: gcc -gctf */
    {".SUNW_ctf", false},        /* the same, of other tools */
    {".BTF", true},              /* type information: pahole, gcc -gbtf */
    {".GCC.command.line", true}, /* gcc -frecord-gcc-switches */
    {".annobin", true},          /* gcc's plugin annobin */
    {".ident", false},           /* compiler versions */
    {".rustc", false},           /* metadata of Rust's libraries */
    {".swift", true},            /* Swift's modules for its debugger, and what it tells the linker */
    {".dep-v0", false},          /* cargo auditable; metadata.c copies it */
    {".go.buildinfo", false},    /* Go; metadata.c copies it */
};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].prefix ? strncmp(name, known[i].name, strlen(known[i].name)) == 0
                            : strcmp(name, known[i].name) == 0)
            return true;
    return false;
}

static void add(struct appended *appended, const char *name, uint64_t offset, uint64_t size)
{
    if (appended->count == FATELF_APPENDED_MAX) {
        appended->uncopied = true;
        return;
    }
    struct appended_piece *piece = &appended->pieces[appended->count++];
    *piece = (struct appended_piece){.offset = offset, .size = size};
    strncpy(piece->name, name, sizeof piece->name - 1);
}

/*
 * Beginnings of names that mean something else in a bundle. libbfd writes sections of most of these names with another
 * type, and then strip spoils the bundle.
 */
static const char *const taken[] = {
    ".dyn",  ".fatelf", ".fini_array", ".hash",   ".init_array", ".preinit_array",
    ".rel.", ".rela",   ".shstrtab",   ".strtab", ".symtab",
};

/* Whether a bundle can have a section of this name. fatelf_manifest_decode() checks the characters, too. */
static bool is_free(const char *name)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strncmp(name, taken[i], strlen(taken[i])) == 0)
            return false;
    for (; *name; name++)
        if (*name <= ' ' || *name >= 0x7f)
            return false;
    return true;
}

/* Adds the section if it is appended data. A section without a name is left out, because nobody could ask for it. */
static void look_at(struct appended *appended, const struct sections *sections, const Elf64_Shdr *section)
{
    char name[FATELF_APPENDED_NAME_SIZE];

    if (section->sh_type != SHT_PROGBITS || section->sh_flags & SHF_ALLOC || section->sh_size == 0)
        return;
    if (section->sh_offset > sections->size || section->sh_size > sections->size - section->sh_offset)
        return;
    bool whole = sections_name(sections, section, name, sizeof name);
    if (name[0] == 0 || is_known(name))
        return;
    if (whole && is_free(name))
        add(appended, name, section->sh_offset, section->sh_size);
    else
        appended->uncopied = true;
}

static void extend(uint64_t *end, uint64_t offset, uint64_t length, uint64_t size)
{
    uint64_t other = sections_range_end(offset, length, size);

    *end = other > *end ? other : *end;
}

/* Whether all bytes from `from` to the end of the file are zero. Returns 0, or reports and returns an exit status. */
static int is_padding(const struct sections *sections, uint64_t from, bool *padding)
{
    enum { CHUNK = 1 << 16 };
    unsigned char *chunk = malloc(CHUNK);
    int status = 0;

    *padding = true;
    if (!chunk)
        return fail("out of memory");
    for (uint64_t at = from; !status && *padding && at < sections->size; at += CHUNK) {
        size_t size = sections->size - at < CHUNK ? (size_t)(sections->size - at) : CHUNK;
        if (!file_read(sections->fd, chunk, size, at))
            status = file_fail_read(sections->path);
        else
            *padding = chunk[0] == 0 && memcmp(chunk, chunk + 1, size - 1) == 0;
    }
    free(chunk);
    return status;
}

/* UPX leaves bytes behind what its headers describe. Programs that it has packed work in a bundle without a copy. */
static bool is_upx(const struct sections *sections)
{
    unsigned char start[4096];
    size_t size = sections->size < sizeof start ? (size_t)sections->size : sizeof start;

    return file_read(sections->fd, start, size, 0) && memmem(start, size, "UPX!", 4);
}

int appended_read(struct appended *appended, struct sections *sections, const Elf64_Ehdr *header,
                  const Elf64_Phdr *segments, uint64_t segment_count)
{
    uint64_t size = sections->size, end = sizeof *header;
    Elf64_Shdr section = {0};
    bool padding;

    *appended = (struct appended){.count = 0};
    extend(&end, header->e_phoff, sections->segment_count * sizeof *segments, size);
    extend(&end, sections->table, sections->table_size, size);
    for (uint64_t i = 0; i < segment_count; i++)
        if (segments[i].p_type != PT_NULL)
            extend(&end, segments[i].p_offset, segments[i].p_filesz, size);
    for (uint64_t i = 1; i < sections->count; i++) {
        int status = sections_read(sections, i, &section);
        if (status)
            return status;
        if (section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS)
            continue;
        extend(&end, section.sh_offset, section.sh_size, size);
        look_at(appended, sections, &section);
    }
    int status = is_padding(sections, end, &padding);
    if (!status && !padding && !is_upx(sections))
        add(appended, "", end, size - end);
    return status;
}
