/* SPDX-License-Identifier: MIT */
#ifndef STUB_JUMP_H
#define STUB_JUMP_H

#include <stdint.h>

/*
 * Unmaps the launcher and the bundle, which lie from `start` to `end` (whole pages), except the page with this
 * function, and enters the program or loader at `entry`: with `stack`, where the kernel put argc, as the stack pointer,
 * zeros below it, `entry` in %rcx, and all other registers as exec sets them. process_forget() must have been called.
 */
_Noreturn void jump(uint64_t *stack, uint64_t entry, uint64_t start, uint64_t end);

#endif
