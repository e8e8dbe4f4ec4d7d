/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bytes of a device page an instruction reads and writes, and the moves that can
 * be carried out without the processor. Anything else an engine has to step.
 */
#ifndef SELKIE_ENGINE_X86_64_MMIO_DECODE_H
#define SELKIE_ENGINE_X86_64_MMIO_DECODE_H

#include "engine/x86_64/instruction.h"

struct access {
    unsigned offset; /* in the page */
    unsigned width;  /* bytes */
    bool is_read, is_write;
    unsigned index; /* of the memory operand */
    struct instruction instruction;
};

/* Which part of the page around `fault` does the next instruction touch? False: none, or there is no
 * instruction. */
bool access_decode(const struct kernel *k, uint64_t vspace, const struct context *context, uint64_t fault,
                   struct access *access);

/* 1, 2, 4 or 8 aligned bytes: what a device answers. */
bool access_is_plain(const struct access *access);

/* Carry out a plain move of 4 or 8 bytes between a register or a constant and the device page at `paddr`, and
 * step over it. False: it is something else, and nothing has happened. */
bool access_move(const struct kernel *k, struct context *context, const struct access *access,
                 uint64_t paddr);

/* Is it a plain move of 8 bytes from the page to a register? */
bool access_is_load(const struct access *access, enum context_register *to);

#endif
