/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One x86-64 instruction as text.
 */
#ifndef SELKIE_RUN_DISASSEMBLE_H
#define SELKIE_RUN_DISASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

enum {
    DISASSEMBLE_TEXT = 128
};

/* Put the instruction that starts at `bytes` into `text`, in Intel syntax as if it lay at `address`. Returns its
 * length, or 0 (and an empty text) if there is no valid instruction in `size` bytes. */
size_t disassemble(char text[DISASSEMBLE_TEXT], const unsigned char *bytes, size_t size, uint64_t address);

#endif
