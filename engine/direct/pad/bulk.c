/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that one string instruction touches and nobody after it: whoever loads a program maps a frame, copies
 * into it and unmaps it. Mapping such a page here and giving it up again costs several times the copy, so the copy
 * is made in the arena, and the page stays what it was, one that nobody has touched.
 *
 * Only what a processor may do between two interrupts is done: the registers afterwards are those of a string
 * instruction that was interrupted at the end of the page or of what can be read, or ended. Everything out
 * of the ordinary (faults, devices, steps, patched code, overlaps) is left to the instruction itself.
 *
 * A page that is touched again is mapped then.
 *
 * Source: AMD64 Architecture Programmer's Manual volume 3, MOVS, STOS, REP.
 */
#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/x86_64/exception.h"

enum {
    PAGE = 1 << ABI_SMALL_PAGE_BITS,
    FLAG_TRAP = 0x100,
    FLAG_DIRECTION = 0x400,
    PREFIX_REP = 0xf3,
    PREFIX_WIDE = 0x48,
    OPCODE_MOVS = 0xa4, /* and the next: elements of more than a byte */
    OPCODE_STOS = 0xaa,
    OPCODE_LONGEST = 3
};

struct bulk {
    uint64_t length; /* of the instruction */
    uint64_t width;  /* of an element */
    bool is_copy;    /* movs; otherwise stos */
};

static bool bulk_decode(const uint8_t bytes[OPCODE_LONGEST], struct bulk *bulk)
{
    bool is_wide = bytes[1] == PREFIX_WIDE;
    uint8_t opcode = bytes[1 + is_wide];
    bulk->is_copy = (opcode & 0xfe) == OPCODE_MOVS;
    if (bytes[0] != PREFIX_REP || (!bulk->is_copy && (opcode & 0xfe) != OPCODE_STOS))
        return false;
    bulk->length = 2 + is_wide;
    bulk->width = !(opcode & 1) ? 1 : is_wide ? 8 : 4;
    return true;
}

static bool is_plain(const struct translation *t)
{
    return t->is_present && !t->is_device && t->size_bits == ABI_SMALL_PAGE_BITS;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Copy from the guest's memory to the frame's bytes at `to`, at most `size`; returns how many. */
static uint64_t copy_from(uint64_t from, uint64_t frame, unsigned char *to, uint64_t size)
{
    uint64_t done = 0;
    while (done < size) {
        uint64_t offset = (from + done) % PAGE, part = least(size - done, PAGE - offset);
        if (from + done >= ABI_USER_TOP)
            break;
        struct translation t = kernel_translate(&pad_core.kernel, pad_private.vspace, from + done);
        if (!is_plain(&t) || t.paddr == frame)
            break;
        __builtin_memcpy(to + done, pad_core.kernel.arena + t.paddr + offset, part);
        done += part;
    }
    return done;
}

static void fill_with(uint64_t value, uint64_t width, unsigned char *to, uint64_t count)
{
    if (width == 1) {
        __builtin_memset(to, (int)(value & 0xff), count);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        __builtin_memcpy(to + i * width, &value, width);
}

/* How many elements were moved into the frame of `page`, which holds the next. */
static uint64_t bulk_move(const struct bulk *bulk, const struct context *context, uint64_t frame)
{
    uint64_t to = context->reg[REG_RDI], offset = to % PAGE;
    uint64_t count = least(context->reg[REG_RCX], (PAGE - offset) / bulk->width);
    unsigned char *at = (unsigned char *)pad_core.kernel.arena + frame + offset;
    if (!bulk->is_copy) {
        fill_with(context->reg[REG_RAX], bulk->width, at, count);
        return count;
    }
    return copy_from(context->reg[REG_RSI], frame, at, count * bulk->width) / bulk->width;
}

bool bulk_take(struct context *context, const struct pad_trap *trap, const struct translation *t)
{
    uint8_t bytes[OPCODE_LONGEST];
    struct bulk bulk;
    uint64_t *reg = context->reg;
    if (trap->address != reg[REG_RDI] || !(trap->error & PAGE_FAULT_WRITE) || trap->is_in_thunk ||
        !is_plain(t) || !t->is_writable || t->is_cached || t->is_marked ||
        reg[REG_RFLAGS] & (FLAG_TRAP | FLAG_DIRECTION) || pad_private.is_stepping ||
        pad_private.has_breakpoints || patch_frame_is_patched(&pad_core, t->paddr) ||
        kernel_read_user(&pad_core.kernel, pad_private.vspace, context->next_ip, bytes, sizeof(bytes)) !=
            sizeof(bytes) ||
        !bulk_decode(bytes, &bulk) || cache_has_neighbours(trap->address, t))
        return false;
    uint64_t count = bulk_move(&bulk, context, t->paddr);
    if (count == 0)
        return false;
    reg[REG_RDI] += count * bulk.width;
    reg[REG_RSI] += bulk.is_copy ? count * bulk.width : 0;
    reg[REG_RCX] -= count;
    if (reg[REG_RCX] == 0) {
        context->next_ip += bulk.length;
        reg[REG_FAULT_IP] = context->next_ip;
    }
    return true;
}
