/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time stamp counter of virtual time. The auxiliary value of RDTSCP is 0, as seL4 leaves it.
 */
#include "engine/x86_64/tsc.h"

#include "machine/virtual_clock.h"

enum {
    LONGEST = 3
};

/* The length of the instruction if it reads the counter; 0: it does not. */
static unsigned tsc_instruction(const unsigned char bytes[LONGEST], size_t size)
{
    if (size < 2 || bytes[0] != 0x0f)
        return 0;
    if (bytes[1] == 0x31)
        return 2;
    return size >= 3 && bytes[1] == 0x01 && bytes[2] == 0xf9 ? 3 : 0;
}

bool tsc_emulate(const struct kernel *k, uint64_t vspace, struct context *context)
{
    unsigned char bytes[LONGEST];
    struct virtual_clock *clock = k->virtual_clock;
    if (!clock)
        return false;
    size_t size = kernel_read_user(k, vspace, context->next_ip, bytes, sizeof(bytes));
    unsigned length = tsc_instruction(bytes, size);
    if (length == 0)
        return false;
    virtual_clock_poll(clock);
    uint64_t value = virtual_clock_tsc(clock);
    context->reg[REG_RAX] = (uint32_t)value;
    context->reg[REG_RDX] = value >> 32;
    if (length == 3)
        context->reg[REG_RCX] = 0;
    context->next_ip += length;
    context->reg[REG_FAULT_IP] = context->next_ip;
    return true;
}
