/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports: capabilities to ranges of them, and reading and writing through
 * such a capability.
 *
 * Invariant (kernel_check: "ports"): a bit of the port bitmap is set exactly if
 * some capability covers the port, and different ranges do not overlap.
 *
 * Manual: section "I/O Ports"; API reference seL4_X86_IOPort, seL4_X86_IOPortControl.
 */
#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/x86.h"

static bool port_is_issued(const struct kernel *k, uint32_t port)
{
    return k->state->port_bitmap[port / 64] >> (port % 64) & 1;
}

static void io_port_mark(struct kernel *k, uint32_t first, uint32_t last, bool is_issued)
{
    for (uint32_t port = first; port <= last; port++) {
        uint64_t bit = 1ull << (port % 64);
        if (is_issued)
            k->state->port_bitmap[port / 64] |= bit;
        else
            k->state->port_bitmap[port / 64] &= ~bit;
    }
}

void io_port_release(struct kernel *k, uint16_t first, uint16_t last)
{
    io_port_mark(k, first, last, false);
}

static bool io_port_is_any_issued(const struct kernel *k, uint32_t first, uint32_t last)
{
    for (uint32_t port = first; port <= last; port++) {
        if (port_is_issued(k, port))
            return true;
    }
    return false;
}

/* Words: first port, last port, index, depth; the extra capability is the destination's root. */
struct result io_port_control_decode(struct kernel *k, struct invocation *in)
{
    if (in->operation != OPERATION_X86_IO_PORT_CONTROL_ISSUE) {
        remark(k, "IOPortControl: Illegal operation.");
        return fail_illegal_operation();
    }
    if (in->length < 4 || !in->extra[0]) {
        remark(k, "IOPortControl Issue: Truncated message.");
        return fail_truncated_message();
    }
    uint16_t first = (uint16_t)invocation_word(in, 0);
    uint16_t last = (uint16_t)invocation_word(in, 1);
    if (first > last) {
        remark(k, "IOPortControl Issue: the last port 0x%x lies before the first 0x%x.", last, first);
        return fail_invalid_argument(1);
    }
    if (io_port_is_any_issued(k, first, last)) {
        remark(k, "IOPortControl Issue: a port of 0x%x to 0x%x is issued already.", first, last);
        return fail_revoke_first();
    }
    struct slot *destination;
    struct result found =
        x86_destination(k, in->extra[0], invocation_word(in, 2), invocation_word(in, 3), &destination);
    if (!result_is_ok(found))
        return found;

    io_port_mark(k, first, last, true);
    slot_insert(k, destination, cap_io_port(first, last), in->slot);
    return result_ok();
}

struct port_access {
    unsigned width; /* bytes; 0: no access to a port */
    bool is_write;
};

static struct port_access port_access_of(enum operation operation)
{
    switch (operation) {
    case OPERATION_X86_IO_PORT_IN8:
        return (struct port_access){.width = 1};
    case OPERATION_X86_IO_PORT_IN16:
        return (struct port_access){.width = 2};
    case OPERATION_X86_IO_PORT_IN32:
        return (struct port_access){.width = 4};
    case OPERATION_X86_IO_PORT_OUT8:
        return (struct port_access){.width = 1, .is_write = true};
    case OPERATION_X86_IO_PORT_OUT16:
        return (struct port_access){.width = 2, .is_write = true};
    case OPERATION_X86_IO_PORT_OUT32:
        return (struct port_access){.width = 4, .is_write = true};
    default:
        return (struct port_access){.width = 0};
    }
}

static void io_port_read(struct kernel *k, struct invocation *in, uint16_t port, unsigned width)
{
    const struct machine_bus *bus = &k->machine->bus;
    uint64_t value = bus->port_in(bus->world, port, width) & ((1ull << (8 * width)) - 1);
    invocation_reply(k, in, &value, 1);
}

static void io_port_write(struct kernel *k, uint16_t port, unsigned width, uint64_t data)
{
    const struct machine_bus *bus = &k->machine->bus;
    bus->port_out(bus->world, port, width, (uint32_t)(data & ((1ull << (8 * width)) - 1)));
}

/* Words: port, and the data to write. What does not fit into a port's 16 bits is ignored. */
struct result io_port_decode(struct kernel *k, struct invocation *in)
{
    struct port_access access = port_access_of(in->operation);
    if (access.width == 0) {
        remark(k, "IOPort: Illegal operation.");
        return fail_illegal_operation();
    }
    if (in->length < (access.is_write ? 2 : 1)) {
        remark(k, "IOPort: Truncated message.");
        return fail_truncated_message();
    }
    uint16_t port = (uint16_t)invocation_word(in, 0);
    uint32_t port_last = port + access.width - 1;
    if (port < in->cap.port_first || port_last > in->cap.port_last) {
        remark(k, "IOPort: ports 0x%x to 0x%x do not lie within 0x%x to 0x%x.", port, port_last,
               in->cap.port_first, in->cap.port_last);
        return fail_illegal_operation();
    }

    if (access.is_write)
        io_port_write(k, port, access.width, invocation_word(in, 1));
    else
        io_port_read(k, in, port, access.width);
    return result_ok();
}
