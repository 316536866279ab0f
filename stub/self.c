#include <sys/auxv.h>

#include "../lib/error.h"
#include "stub.h"

int self_open(struct fatelf_bundle *bundle)
{
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);

    if (!headers || getauxval(AT_PHENT) != sizeof *headers)
        return FATELF_ERROR_PROGRAM_HEADERS;
    struct fatelf_image image = {.bytes = __ehdr_start, .mapped = true};
    return fatelf_bundle_open(&image, headers, count, bundle);
}
