/* SPDX-License-Identifier: MIT */
#ifndef STUB_JUMP_H
#define STUB_JUMP_H

#include <stdint.h>

/*
 * Unmaps the launcher and the bundle, which lie from `start` to `end` (whole pages), except the page with this
 * function, and enters the program or loader at `entry`. The stack pointer is then `stack`, where the kernel put argc;
 * the stack below it is all zeros, %rcx is `entry`, and all other registers are as exec sets them. The caller must have
 * called process_forget().
 */
_Noreturn void jump(uint64_t *stack, uint64_t entry, uint64_t start, uint64_t end);

#endif
