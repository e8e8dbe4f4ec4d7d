/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at the code of threads that may not use the FPU.
 *
 * It is decoded from the thread's next instruction on. If only instructions that use no FPU and do not branch
 * stand between there and a `syscall`, on pages that the program cannot write to unnoticed at these addresses,
 * all of it may run; else the one instruction may. Others get to run only through the kernel, and behind it the
 * bytes are compared (engine/direct/pad/nofpu.c).
 *
 * DIFFERS: a thread that changes its own code in between, through a second, writable mapping, is not seen.
 *
 * Manual: section "Thread control block", seL4_TCBFlag_fpuDisabled.
 */
#include <string.h>

#include "engine/direct/monitor.h"
#include "engine/x86_64/instruction.h"

static bool leads_on(const struct instruction *instruction)
{
    switch (instruction->info.meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_INTERRUPT:
        return false;
    default:
        return instruction->info.meta.branch_type == ZYDIS_BRANCH_TYPE_NONE;
    }
}

static bool is_fixed(const struct engine *e, uint64_t vspace, uint64_t vaddr)
{
    struct translation page = kernel_translate(e->k, vspace, vaddr);
    return nofpu_is_fixed(&page);
}

/* Bytes from `ip` up to and with a `syscall` that the thread gets to; 0: it may get elsewhere. */
static size_t run_length(const struct engine *e, uint64_t vspace, uint64_t ip)
{
    struct instruction instruction;
    for (size_t length = 0;;) {
        if (!instruction_decode(e->k, vspace, ip + length, &instruction) || instruction_uses_fpu(&instruction))
            return 0;
        length += instruction.info.length;
        if (length > PAD_NOFPU_BYTES || !is_fixed(e, vspace, ip) || !is_fixed(e, vspace, ip + length - 1))
            return 0;
        if (instruction.info.mnemonic == ZYDIS_MNEMONIC_SYSCALL)
            return length;
        if (!leads_on(&instruction))
            return 0;
    }
}

int serve_fpu(struct engine *e)
{
    struct instruction instruction;
    struct pad_nofpu *answer = &e->core->nofpu;
    const struct next next = kernel_next(e->k, 0);
    e->core->request.value = 1;
    memset(answer, 0, sizeof(*answer));
    if (next.kind != NEXT_RUN || !instruction_decode(e->k, next.vspace, next.context->next_ip, &instruction))
        return 0;
    if (instruction_uses_fpu(&instruction)) {
        e->core->request.value = 0;
        return 0;
    }
    uint64_t ip = next.context->next_ip;
    size_t length = run_length(e, next.vspace, ip);
    answer->is_run = length > 0;
    answer->length = (uint8_t)(length ? length : instruction.info.length);
    if (kernel_read_user(e->k, next.vspace, ip, answer->bytes, answer->length) == answer->length)
        answer->ip = ip;
    return 0;
}
