/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every engine does to a thread's saved registers. Freestanding.
 */
#ifndef SELKIE_ENGINE_X86_64_CONTEXT_H
#define SELKIE_ENGINE_X86_64_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"

/* On a processor with 48-bit addresses. */
bool address_is_canonical(uint64_t address);

/* As if the thread had been resumed and interrupted at once. */
void registers_settle(struct context *context);

/* The thread would be resumed by `sysret` with the trap flag set: the processor then traps at once, in front
 * of its next instruction (`iret`, and everything else, traps behind one). */
bool context_traps_at_once(const struct context *context);

#endif
