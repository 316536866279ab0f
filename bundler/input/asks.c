/* SPDX-License-Identifier: MIT */
#include "asks.h"

#include <string.h>

#include "search.h"
#include "sections.h"

/* A part of the file. */
struct part {
    uint64_t offset, size;
};

/*
 * Finds the names of the symbols in the symbol table, which libbfd does not show as a section. Sets *found if there is a
 * table. Returns 0, or reports and returns an exit status.
 */
static int find_symbol_names(const struct elf_file *elf, int fd, uint64_t size, const char *path, struct part *names,
                             bool *found)
{
    struct sections sections;
    Elf64_Shdr table = {0}, strings;
    int status = sections_open(&sections, fd, size, &elf->header, path);

    for (uint64_t i = 0; !status && !*found && i < sections.count; i++) {
        status = sections_read(&sections, i, &table);
        *found = !status && table.sh_type == SHT_SYMTAB && table.sh_size > 0 && sections_in_file(&sections, &table);
    }
    if (!status && *found && table.sh_link < sections.count) {
        status = sections_read(&sections, table.sh_link, &strings);
        if (!status && strings.sh_type == SHT_STRTAB && sections_in_file(&sections, &strings))
            *names = (struct part){strings.sh_offset, strings.sh_size};
    }
    return status;
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

/* Names of linked functions. The first ones are those by which the sanitizers start, in the order of `sanitizers`. */
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

int asks_read(struct asks *asks, bfd *abfd, const struct elf_file *elf, const struct dynamic *dynamic, int fd,
              uint64_t size, const char *path)
{
    struct needle symbols[] = SYMBOL_NEEDLES;
    struct part names = {0};

    _Static_assert(sizeof symbols / sizeof *symbols == SANITIZERS + RUST_NAMES, "a function for each sanitizer");
    *asks = (struct asks){
        .go_path = calls_go_executable(abfd, fd, size),
        .qt = dynamic_needs(dynamic, "libQt5Core") || dynamic_needs(dynamic, "libQt6Core"),
    };
    int status = find_symbol_names(elf, fd, size, path, &names, &asks->has_symbols);
    search_file(fd, names.offset, names.size, symbols, sizeof symbols / sizeof *symbols);
    for (size_t i = SANITIZERS; i < SANITIZERS + RUST_NAMES; i++)
        asks->rust_symbols |= symbols[i].found;
    search_section(abfd, ".dynstr", fd, size, symbols, SANITIZERS); /* a static runtime exports its functions */
    asks->sanitizer = find_sanitizer(dynamic, symbols);
    return status;
}
