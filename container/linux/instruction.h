/* SPDX-License-Identifier: BSD-2-Clause */
/* How long instructions of the processor's 64-bit mode are, and whether one may be moved. Nothing else of decoding. */
#ifndef SELKIE_LINUX_INSTRUCTION_H
#define SELKIE_LINUX_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>

enum {
    INSTRUCTION_LONGEST = 15
};

struct instruction {
    unsigned char length;
    unsigned char opcode; /* of one byte, else 0 */
    bool is_relative;     /* it uses its own address: a branch, or an operand relative to rip */
};

/* Decode what begins at `bytes`. False: that is no instruction, or it does not end within `size`. What is not an
 * instruction on any processor may be taken for one. */
bool instruction_decode(const unsigned char *bytes, size_t size, struct instruction *instruction);

#endif
