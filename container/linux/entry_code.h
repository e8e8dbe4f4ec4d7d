/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ways of entry.c and fast.c have in common, as text for `asm`. */
#ifndef SELKIE_LINUX_ENTRY_CODE_H
#define SELKIE_LINUX_ENTRY_CODE_H

#include "container/linux/entry.h"

#define ENTRY_LABEL_SHIFT 12

#define ENTRY_OF(register) [register] "i"(offsetof(struct entry_area, registers.register))
#define ENTRY_OFFSETS                                                                                        \
    ENTRY_OF(rax), ENTRY_OF(rbx), ENTRY_OF(rdx), ENTRY_OF(rsi), ENTRY_OF(rdi), ENTRY_OF(rbp), ENTRY_OF(r8),  \
        ENTRY_OF(r9), ENTRY_OF(r10), ENTRY_OF(r12), ENTRY_OF(r13), ENTRY_OF(r14), ENTRY_OF(r15),             \
        ENTRY_OF(rip), ENTRY_OF(rsp), ENTRY_OF(rflags), [stack] "i"(offsetof(struct entry_area, stack)),     \
        [phase] "i"(offsetof(struct entry_area, phase)), [outside] "i"(ENTRY_OUTSIDE)

/* The registers go into the area, and change no more than rsp, which points at the flags there. */
#define ENTRY_SAVE(label_when_moved)                                                                         \
    "    mov %%rsp, %%gs:%c[rsp]\n" label_when_moved "    mov %%gs:%c[stack], %%rsp\n"                       \
    "    pushfq\n"                                                                                           \
    "    mov %%rax, %%gs:%c[rax]\n"                                                                          \
    "    mov %%rbx, %%gs:%c[rbx]\n"                                                                          \
    "    mov %%rcx, %%gs:%c[rip]\n"                                                                          \
    "    mov %%rdx, %%gs:%c[rdx]\n"                                                                          \
    "    mov %%rsi, %%gs:%c[rsi]\n"                                                                          \
    "    mov %%rdi, %%gs:%c[rdi]\n"                                                                          \
    "    mov %%rbp, %%gs:%c[rbp]\n"                                                                          \
    "    mov %%r8, %%gs:%c[r8]\n"                                                                            \
    "    mov %%r9, %%gs:%c[r9]\n"                                                                            \
    "    mov %%r10, %%gs:%c[r10]\n"                                                                          \
    "    mov %%r12, %%gs:%c[r12]\n"                                                                          \
    "    mov %%r13, %%gs:%c[r13]\n"                                                                          \
    "    mov %%r14, %%gs:%c[r14]\n"                                                                          \
    "    mov %%r15, %%gs:%c[r15]\n"

#endif
