/* SPDX-License-Identifier: MIT */
#include "asks.h"

#include <string.h>

#include "../base/file.h"
#include "search.h"

/* A part of the file. */
struct part {
    uint64_t offset, size;
};

/* Reads section header `index`. False: there is none, or its contents lie outside of the file. */
static bool read_section(const struct elf_file *elf, int fd, uint64_t size, unsigned index, Elf64_Shdr *section)
{
    const Elf64_Ehdr *header = &elf->header;

    return index < header->e_shnum && header->e_shentsize == sizeof *section && header->e_shoff <= size &&
           file_read(fd, section, sizeof *section, header->e_shoff + index * sizeof *section) &&
           section->sh_type != SHT_NOBITS && section->sh_offset <= size &&
           section->sh_size <= size - section->sh_offset;
}

/* The names of the symbols in the symbol table, which libbfd does not show as a section. False: there is no table. */
static bool find_symbol_names(const struct elf_file *elf, int fd, uint64_t size, struct part *names)
{
    Elf64_Shdr table, strings;

    for (unsigned i = 0; i < elf->header.e_shnum; i++) {
        if (!read_section(elf, fd, size, i, &table) || table.sh_type != SHT_SYMTAB || table.sh_size == 0)
            continue;
        *names = (struct part){0};
        if (read_section(elf, fd, size, table.sh_link, &strings) && strings.sh_type == SHT_STRTAB)
            *names = (struct part){strings.sh_offset, strings.sh_size};
        return true;
    }
    return false;
}

/* Searches a section of the file for the needles. */
static void search_section(bfd *abfd, const char *name, int fd, uint64_t size, struct needle *needles, size_t count)
{
    asection *section = bfd_get_section_by_name(abfd, name);

    if (!section || !(bfd_section_flags(section) & SEC_HAS_CONTENTS) || section->filepos < 0 ||
        (uint64_t)section->filepos > size)
        return;
    uint64_t room = size - (uint64_t)section->filepos;
    uint64_t length = bfd_section_size(section);
    search_file(fd, (uint64_t)section->filepos, length < room ? length : room, needles, count);
}

/*
 * Go's table of functions contains the name of every function that was linked, also of those that were inlined. The
 * linker leaves out what is never called.
 */
static bool calls_go_executable(bfd *abfd, int fd, uint64_t size)
{
    /* the section's own name, and where the linker of the C compiler puts it with -buildmode=pie */
    static const char *const tables[] = {".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro"};
    struct needle name = NEEDLE_NAME("os.Executable");

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        search_section(abfd, tables[i], fd, size, &name, 1);
    return name.found;
}

/* UndefinedBehaviorSanitizer is not among them: its messages contain the source line. */
static const struct {
    const char *name, *library;
} sanitizers[] = {
    {"AddressSanitizer", "libasan"}, {"ThreadSanitizer", "libtsan"},      {"MemorySanitizer", "libmsan"},
    {"LeakSanitizer", "liblsan"},    {"HWAddressSanitizer", "libhwasan"},
};

enum { SANITIZERS = sizeof sanitizers / sizeof *sanitizers, RUST_NAMES = 3 };

/* Names that tell what is linked. First those of the sanitizers, in their order: the function that each starts with. */
#define SYMBOL_NEEDLES \
    { \
        NEEDLE_NAME("__asan_init"), NEEDLE_NAME("__tsan_init"), NEEDLE_NAME("__msan_init"), \
            NEEDLE_NAME("__lsan_init"), NEEDLE_NAME("__hwasan_init"), /* and of Rust's std, old and new: */ \
            NEEDLE_NAME("rust_eh_personality"), NEEDLE_NAME("rust_panic"), \
            {"___rustc10rust_panic", sizeof "___rustc10rust_panic", false}, \
    }

static const char *find_sanitizer(const struct dynamic *dynamic, const struct needle *symbols)
{
    for (size_t i = 0; i < SANITIZERS; i++)
        if (dynamic_needs(dynamic, sanitizers[i].library) || symbols[i].found)
            return sanitizers[i].name;
    return NULL;
}

void asks_read(struct asks *asks, bfd *abfd, const struct elf_file *elf, const struct dynamic *dynamic, int fd,
               uint64_t size)
{
    struct needle symbols[] = SYMBOL_NEEDLES;
    struct part names = {0};

    _Static_assert(sizeof symbols / sizeof *symbols == SANITIZERS + RUST_NAMES, "a function for each sanitizer");
    *asks = (struct asks){
        .go_path = calls_go_executable(abfd, fd, size),
        .qt = dynamic_needs(dynamic, "libQt5Core") || dynamic_needs(dynamic, "libQt6Core"),
        .has_symbols = find_symbol_names(elf, fd, size, &names),
    };
    if (asks->has_symbols)
        search_file(fd, names.offset, names.size, symbols, sizeof symbols / sizeof *symbols);
    for (size_t i = SANITIZERS; i < SANITIZERS + RUST_NAMES; i++)
        asks->rust_symbols |= symbols[i].found;
    search_section(abfd, ".dynstr", fd, size, symbols, SANITIZERS); /* a static runtime exports its functions */
    asks->sanitizer = find_sanitizer(dynamic, symbols);
}
