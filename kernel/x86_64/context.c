/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the registers of a thread may hold.
 *
 * A thread is resumed with whatever its context says, so a value that the
 * processor would refuse must not get there. Manual: API reference
 * seL4_TCB_WriteRegisters; the exact masks are those of a real kernel.
 */
#include "kernel/x86_64/x86.h"

#include "machine/virtual_clock.h"

#include <string.h>

enum {
    FLAGS_ALWAYS = 0x202,  /* interrupts enabled, and the bit that reads as one */
    FLAGS_SETTABLE = 0xcd5 /* carry, parity, adjust, zero, sign, direction, overflow: no single step */
};

/* Offsets into an XSAVE image in the standard format. */
enum {
    VECTOR_FCW = 0,
    VECTOR_MXCSR = 24
};

void x86_context_init(struct context *context)
{
    context->reg[REG_RFLAGS] = FLAGS_ALWAYS;
}

static bool address_is_canonical(uint64_t address)
{
    return address < 1ull << 47 || address >= ~0ull << 47;
}

uint64_t x86_sanitise_register(enum context_register reg, uint64_t value)
{
    switch (reg) {
    case REG_FAULT_IP:
    case REG_FS_BASE:
    case REG_GS_BASE:
        return address_is_canonical(value) ? value : 0;
    case REG_RFLAGS:
        return (value & FLAGS_SETTABLE) | FLAGS_ALWAYS;
    default:
        return value;
    }
}

uint64_t x86_cycles(const struct kernel *k)
{
    return k->virtual_clock ? virtual_clock_tsc(k->virtual_clock) : __builtin_ia32_rdtsc();
}

void x86_vector_init(unsigned char *area)
{
    static const uint16_t fcw = 0x37f;    /* all exceptions masked, extended precision */
    static const uint32_t mxcsr = 0x1f80; /* all exceptions masked */

    /* All zeros otherwise: no component is in use, and an engine's tag at the very end says "not loaded". */
    memset(area, 0, KERNEL_VECTOR_AREA_SIZE);
    memcpy(area + VECTOR_FCW, &fcw, sizeof fcw);
    memcpy(area + VECTOR_MXCSR, &mxcsr, sizeof mxcsr);
}
