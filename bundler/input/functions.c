/* SPDX-License-Identifier: MIT */
#include "functions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/file.h"
#include "../base/say.h"

enum { BATCH = 1024, NAME_MAX_BYTES = 256, TABLE_MAX_BYTES = 1 << 30 };

/* Symbols are read in batches: a table may claim to be as large as the file, which may be sparse. */
struct reader {
    int fd;
    uint64_t offset, left; /* of the table; in symbols */
    uint64_t strings, strings_size;
    size_t count, next; /* in the batch */
    Elf64_Sym batch[BATCH];
};

static bool reader_open(struct reader *reader, const struct elf_code *code, const Elf64_Shdr *table, int fd)
{
    if (!table || table->sh_size > TABLE_MAX_BYTES || table->sh_entsize != sizeof(Elf64_Sym) ||
        table->sh_link >= code->count)
        return false;
    const Elf64_Shdr *strings = &code->headers[table->sh_link];
    if (strings->sh_type != SHT_STRTAB)
        return false;
    reader->fd = fd;
    reader->offset = table->sh_offset;
    reader->left = table->sh_size / sizeof(Elf64_Sym);
    reader->strings = strings->sh_offset;
    reader->strings_size = strings->sh_size;
    reader->count = reader->next = 0;
    return true;
}

/* NULL: there are no more symbols, or they cannot be read. */
static const Elf64_Sym *reader_next(struct reader *reader)
{
    if (reader->next == reader->count) {
        reader->count = reader->left < BATCH ? (size_t)reader->left : BATCH;
        reader->next = 0;
        size_t size = reader->count * sizeof(Elf64_Sym);
        if (reader->count == 0 || !file_read(reader->fd, reader->batch, size, reader->offset)) {
            reader->left = reader->count = 0;
            return NULL;
        }
        reader->left -= reader->count;
        reader->offset += size;
    }
    return &reader->batch[reader->next++];
}

static int by_address(const void *a, const void *b)
{
    const struct function *left = a, *right = b;

    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    /* the name that comes first in the string table, so that the same one of several is shown everywhere */
    return (left->name > right->name) - (left->name < right->name);
}

static bool is_function(const Elf64_Sym *symbol, const struct reader *reader)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);

    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF && symbol->st_size > 0 &&
           symbol->st_name < reader->strings_size && symbol->st_size <= UINT64_MAX - symbol->st_value;
}

/* Sorts the functions and keeps one for each address. */
static void sort(struct functions *functions)
{
    size_t kept = 0;

    if (functions->count == 0)
        return;
    qsort(functions->list, functions->count, sizeof *functions->list, by_address);
    for (size_t i = 1; i < functions->count; i++)
        if (functions->list[i].start != functions->list[kept].start)
            functions->list[++kept] = functions->list[i];
    functions->count = kept + 1;
}

int functions_read(struct functions *functions, const struct elf_code *code, int fd)
{
    const Elf64_Shdr *table = elf_code_section(code, SHT_SYMTAB);
    struct reader reader;
    const Elf64_Sym *symbol;
    size_t room = 0;

    *functions = (struct functions){.fd = fd};
    if (!reader_open(&reader, code, table ? table : elf_code_section(code, SHT_DYNSYM), fd))
        return 0;
    functions->names_end = reader.strings + reader.strings_size;
    while ((symbol = reader_next(&reader))) {
        if (!is_function(symbol, &reader))
            continue;
        if (functions->count == room) {
            room = room ? 2 * room : BATCH;
            struct function *list = reallocarray(functions->list, room, sizeof *list);
            if (!list)
                return fail("out of memory");
            functions->list = list;
        }
        functions->list[functions->count++] = (struct function){
            .start = symbol->st_value,
            .size = symbol->st_size,
            .name = reader.strings + symbol->st_name,
        };
    }
    sort(functions);
    return 0;
}

struct function *functions_at(const struct functions *functions, uint64_t address)
{
    size_t low = 0, high = functions->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (functions->list[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    struct function *function = &functions->list[low - 1];
    return address - function->start < function->size ? function : NULL;
}

/* Reads the string at `offset` as far as `size` and the string table, which ends at `end`, allow. */
static void read_name(int fd, uint64_t offset, uint64_t end, char *name, size_t size)
{
    size_t length = end - offset < size - 1 ? (size_t)(end - offset) : size - 1;

    memset(name, 0, size);
    if (!file_read(fd, name, length, offset))
        name[0] = 0;
}

void function_name(const struct functions *functions, const struct function *function, char *name, size_t size)
{
    read_name(functions->fd, function->name, functions->names_end, name, size);
    for (char *byte = name; *byte; byte++)
        if (*byte <= ' ' || *byte > '~')
            *byte = '?';
}

/*
 * What the names of such imports contain, in any case: __x86_get_cpuid_feature_leaf and __cpu_model (glibc, libgcc),
 * qt_cpu_features, cpu_identify (libcpuid), av_get_cpu_flags, SDL_HasAVX2; OPENSSL_ia32cap_P; std_detect of Rust, in
 * both manglings; orc_init, whose library compiles at run time; _rtld_global_ro, for the libraries of glibc.
 */
static bool tells_features(const char *name)
{
    static const char *const parts[] = {"cpu",  "avx",    "simd",    "sse2",       "sse4",     "ssse3",
                                        "bmi2", "popcnt", "ia32cap", "std_detect", "orc_init", "_rtld_global_ro"};

    /* sched_getcpu, __sched_cpucount, pthread_getcpuclockid: which processors there are, and how long they worked */
    if (strstr(name, "sched_") || strstr(name, "cpuclock"))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcasestr(name, parts[i]))
            return true;
    return false;
}

bool functions_import_detection(const struct elf_code *code, const struct elf_file *elf, int fd)
{
    struct reader reader;
    const Elf64_Sym *symbol;
    bool is_dynamic = false;

    for (size_t i = 0; i < elf->count; i++)
        is_dynamic |= elf->program_headers[i].p_type == PT_DYNAMIC;
    if (!is_dynamic)
        return false;
    if (!reader_open(&reader, code, elf_code_section(code, SHT_DYNSYM), fd))
        return true;
    while ((symbol = reader_next(&reader))) {
        char name[NAME_MAX_BYTES];
        if (symbol->st_shndx != SHN_UNDEF || symbol->st_name == 0 || symbol->st_name >= reader.strings_size)
            continue;
        read_name(fd, reader.strings + symbol->st_name, reader.strings + reader.strings_size, name, sizeof name);
        if (tells_features(name))
            return true;
    }
    return false;
}
