/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction a guest is at, read through seL4's page tables and decoded by Zydis.
 */
#ifndef SELKIE_ENGINE_X86_64_INSTRUCTION_H
#define SELKIE_ENGINE_X86_64_INSTRUCTION_H

#include <Zydis/Zydis.h>

#include "kernel/kernel.h"

struct instruction {
    ZydisDecodedInstruction info;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

/* False: there is no whole, valid instruction at `ip`. */
bool instruction_decode(const struct kernel *k, uint64_t vspace, uint64_t ip,
                        struct instruction *instruction);

/* Does it need the x87, MMX, SSE or AVX state, so that a processor without FPU access would refuse it? */
bool instruction_uses_fpu(const struct instruction *instruction);

#endif
