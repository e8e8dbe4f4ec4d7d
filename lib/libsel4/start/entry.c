/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a program: a stack, then C. The arguments are what
 * whoever made the thread left in the registers, in the order of a C call.
 */
enum {
    STACK_SIZE = 64 * 1024
};

__attribute__((aligned(16), used)) static unsigned char stack[STACK_SIZE];

/* Takes up to six words; each start file declares those it uses. */
void sel4_util_start(void);

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    leaq stack(%rip), %rsp\n"
    "    addq $65536, %rsp\n"
    "    xorl %ebp, %ebp\n"
    "    call sel4_util_start\n"
    "    ud2\n"
    ".size _start, . - _start\n");

_Static_assert(STACK_SIZE == 65536, "the assembly above knows the size");
