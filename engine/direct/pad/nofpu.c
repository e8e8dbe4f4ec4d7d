/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that may not use the FPU, which a host process cannot give up.
 *
 * The monitor looks at their code before it runs (engine/direct/nofpu.c) and says what it found. What was
 * found is remembered with the bytes, so code that goes round is looked at once. Where nothing but integer
 * instructions stands between here and a `syscall`, the thread runs; else it makes one step.
 */
#include "engine/direct/pad/pad.h"

static struct pad_nofpu *nofpu_place(uint64_t ip)
{
    return &pad_private.nofpu[(ip ^ ip >> 7) % PAD_NOFPU];
}

static bool is_unchanged(const struct pad_nofpu *known)
{
    uint8_t bytes[PAD_NOFPU_BYTES];
    return kernel_read_user(&pad_core.kernel, pad_private.vspace, known->ip, bytes, known->length) ==
               known->length &&
           __builtin_memcmp(bytes, known->bytes, known->length) == 0;
}

/* A page may be writable now. */
static bool is_still_run(const struct pad_nofpu *known)
{
    struct translation first = kernel_translate(&pad_core.kernel, pad_private.vspace, known->ip);
    struct translation last =
        kernel_translate(&pad_core.kernel, pad_private.vspace, known->ip + known->length - 1);
    return nofpu_is_fixed(&first) && nofpu_is_fixed(&last);
}

bool nofpu_begin(struct context *context)
{
    uint64_t ip = context->next_ip;
    struct pad_nofpu *known = nofpu_place(ip);
    if (known->ip != ip || !is_unchanged(known) || (known->is_run && !is_still_run(known))) {
        if (!baton_ask(PAD_FPU))
            return false;
        *known = pad_core.nofpu;
    }
    if (known->ip != ip || !known->is_run)
        step_begin_fpu(context);
    return true;
}
