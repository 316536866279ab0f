/* SPDX-License-Identifier: MIT */
/*
 * How to unmap the code that does it: the last munmap() is called from the vDSO, which stays. Any `syscall` in there will
 * do that is followed by nothing but what leaves a function: its `ret` goes to the program's entry. Where there is none,
 * the launcher's first page stays, with jump.S.
 */
#include <elf.h>
#include <string.h>

#include "stub.h"

enum { SLOTS_MAX = 32 }; /* 8 bytes each; functions of the vDSO keep six registers and a few variables */

/* What follows a `syscall`, up to its `ret`. */
struct tail {
    unsigned slots;  /* words that it takes from the stack */
    bool uses_frame; /* at `frame_slot`, it sets rsp from rbp ... */
    unsigned frame_slot;
    int frame_offset; /* ... and this */
};

/* Length of one instruction of a tail, which it is added to; 0: it is something else. */
static unsigned decode(const unsigned char *code, struct tail *tail)
{
    unsigned rex = code[0] == 0x41 || code[0] == 0x45; /* of pop, of xor */
    unsigned char op = code[rex], operand = code[rex + 1];
    bool before_frame = !tail->uses_frame && tail->slots == 0;

    if (op == 0x31 && operand >= 0xc0 && (operand >> 3 & 7) == (operand & 7) && code[0] != 0x41 && operand != 0xe4 &&
        operand != 0xed) /* xor of a register with itself, not of rsp or rbp */
        return 2 + rex;
    if (op >= 0x58 && op <= 0x5f && code[0] != 0x45 && (rex || op != 0x5c)) { /* pop, not rsp */
        tail->slots++;
        return 1 + rex;
    }
    if (memcmp(code, "\x48\x83\xc4", 3) == 0 && code[3] < 0x80 && code[3] % 8 == 0) { /* add rsp, imm8 */
        tail->slots += code[3] / 8;
        return 4;
    }
    if (op == 0xc9 && !rex && before_frame) { /* leave: mov rsp, rbp; pop rbp */
        *tail = (struct tail){.slots = 1, .uses_frame = true};
        return 1;
    }
    if (memcmp(code, "\x48\x8d\x65", 3) == 0 && before_frame) { /* lea rsp, [rbp + disp8] */
        *tail = (struct tail){.uses_frame = true, .frame_offset = (signed char)code[3]};
        return 4;
    }
    return 0;
}

static bool read_tail(const unsigned char *code, const unsigned char *end, struct tail *tail)
{
    *tail = (struct tail){0};
    while (end - code >= 4 && tail->slots <= SLOTS_MAX) {
        if (*code == 0xc3)
            return true;
        unsigned length = decode(code, tail);
        if (length == 0)
            return false;
        code += length;
    }
    return false;
}

/* The vDSO is one segment, headers and all (arch/x86/entry/vdso/vdso-layout.lds.S). */
static const unsigned char *find(const unsigned char *vdso, struct tail *tail)
{
    const Elf64_Ehdr *header = (const void *)vdso;
    const Elf64_Phdr *segment = (const void *)(vdso + header->e_phoff);

    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
        return NULL;
    const unsigned char *end = vdso + segment->p_filesz;
    for (const unsigned char *at = vdso; (at = memchr(at, 0x0f, (size_t)(end - at - 1))) != NULL; at++)
        if (at[1] == 0x05 && read_tail(at + 2, end, tail))
            return at;
    return NULL;
}

void leave(uint64_t *stack, uint64_t entry, const unsigned char *vdso, const unsigned char *start, uint64_t size)
{
    struct tail tail = {0};
    const unsigned char *code = vdso ? find(vdso, &tail) : NULL;
    uint64_t *slots = stack - 1 - tail.slots; /* these, the entry's address, the program's stack */

    memset(slots, 0, tail.slots * sizeof *slots);
    stack[-1] = entry;
    struct jump how = {
        .stack = slots,
        .frame = tail.uses_frame ? (uint64_t)(uintptr_t)slots - (uint64_t)tail.frame_offset : 0,
        .start = (uint64_t)(uintptr_t)start,
        .size = size,
        .syscall = code,
    };
    if (!code) {
        how.start += FATELF_PAGE;
        how.size -= FATELF_PAGE;
    }
    jump(&how);
}
