/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making and comparing capabilities. What only x86 has is asked of x86_64/x86.h.
 * Manual: sections "Capability Access Rights", "Deriving Capabilities" and "Badges".
 */
#include "kernel/cap.h"

#include "kernel/kernel.h"
#include "kernel/x86_64/x86.h"

struct cap cap_untyped(uint64_t paddr, unsigned size_bits, bool is_device, uint64_t free_offset)
{
    struct cap cap = cap_of(CAP_UNTYPED, paddr);
    cap.untyped_bits = size_bits & 0x3f;
    cap.is_device = is_device;
    cap.free_offset = free_offset;
    return cap;
}

struct cap cap_endpoint(uint64_t paddr)
{
    struct cap cap = cap_of(CAP_ENDPOINT, paddr);
    cap.can_send = cap.can_receive = cap.can_grant = cap.can_grant_reply = true;
    return cap;
}

struct cap cap_notification(uint64_t paddr)
{
    struct cap cap = cap_of(CAP_NOTIFICATION, paddr);
    cap.can_send = cap.can_receive = true;
    return cap;
}

struct cap cap_sched_context(uint64_t paddr, unsigned size_bits)
{
    struct cap cap = cap_of(CAP_SCHED_CONTEXT, paddr);
    cap.sched_context_bits = size_bits & 0x3f;
    return cap;
}

struct cap cap_reply_object(uint64_t paddr)
{
    struct cap cap = cap_of(CAP_REPLY_OBJECT, paddr);
    cap.can_grant = true;
    return cap;
}

struct cap cap_cnode(uint64_t paddr, unsigned radix, unsigned guard_bits, uint64_t guard)
{
    struct cap cap = cap_of(CAP_CNODE, paddr);
    cap.radix = radix & 0x3f;
    cap.guard_bits = guard_bits & 0x3f;
    cap.guard = guard;
    return cap;
}

struct cap cap_zombie(uint64_t paddr, bool is_tcb, unsigned radix, uint64_t left)
{
    struct cap cap = cap_of(CAP_ZOMBIE, paddr);
    cap.zombie_is_tcb = is_tcb;
    cap.zombie_radix = radix & 0x3f;
    cap.zombie_left = left;
    return cap;
}

struct cap cap_irq_handler(uint64_t irq)
{
    struct cap cap = cap_of(CAP_IRQ_HANDLER, 0);
    cap.irq = irq;
    return cap;
}

struct cap cap_frame(uint64_t paddr, enum frame_size size, enum frame_rights rights, bool is_device)
{
    struct cap cap = cap_of(CAP_FRAME, paddr);
    cap.frame_size = size & 3u;
    cap.frame_rights = rights & 3u;
    cap.frame_is_device = is_device;
    return cap;
}

struct cap cap_frame_mapped(struct cap frame, uint64_t asid, uint64_t vaddr, enum frame_rights rights)
{
    frame.asid = asid & 0xfff;
    frame.vaddr = vaddr & ((1ull << 48) - 1);
    frame.frame_rights = rights & 3u;
    return frame;
}

struct cap cap_frame_unmapped(struct cap frame)
{
    frame.asid = 0;
    frame.vaddr = 0;
    return frame;
}

struct cap cap_paging_mapped(struct cap structure, uint64_t asid, uint64_t vaddr)
{
    structure.asid = asid & 0xfff;
    structure.vaddr = vaddr & ((1ull << 48) - 1);
    structure.is_mapped = true;
    return structure;
}

struct cap cap_paging_unmapped(struct cap structure)
{
    structure.asid = 0;
    structure.vaddr = 0;
    structure.is_mapped = false;
    return structure;
}

struct cap cap_asid_pool(uint64_t paddr, uint64_t first_asid)
{
    struct cap cap = cap_of(CAP_ASID_POOL, paddr);
    cap.asid = first_asid & 0xfff;
    return cap;
}

struct cap cap_io_port(uint16_t first, uint16_t last)
{
    struct cap cap = cap_of(CAP_IO_PORT, 0);
    cap.port_first = first;
    cap.port_last = last;
    return cap;
}

/* seL4_CNode_CapData: the length in the low six bits, the guard above. */
static struct cap cnode_update_guard(struct cap cap, uint64_t data)
{
    unsigned guard_bits = data & 0x3f;
    if (guard_bits + cap.radix > ABI_WORD_BITS)
        return cap_null();
    cap.guard_bits = guard_bits & 0x3f;
    cap.guard = (data >> 6) & ((1ull << guard_bits) - 1);
    return cap;
}

struct cap cap_update_data(struct cap cap, bool preserve, uint64_t data)
{
    switch ((enum cap_type)cap.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        if (preserve || cap.badge != 0)
            return cap_null();
        cap.badge = data;
        return cap;
    case CAP_CNODE:
        return cnode_update_guard(cap, data);
    default:
        return cap;
    }
}

bool cap_is_physical(struct cap cap)
{
    switch ((enum cap_type)cap.type) {
    case CAP_UNTYPED:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_CNODE:
    case CAP_THREAD:
    case CAP_ZOMBIE:
    case CAP_FRAME:
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
    case CAP_SCHED_CONTEXT:
    case CAP_REPLY_OBJECT:
    case CAP_HOST:
        return true;
    default:
        return false;
    }
}

unsigned cap_size_bits(const struct kernel *k, struct cap cap)
{
    switch ((enum cap_type)cap.type) {
    case CAP_UNTYPED:
        return cap.untyped_bits;
    case CAP_ENDPOINT:
        return ABI_ENDPOINT_BITS;
    case CAP_NOTIFICATION:
        return k->abi->object_bits[OBJECT_NOTIFICATION];
    case CAP_CNODE:
        return cap.radix + ABI_SLOT_BITS;
    case CAP_THREAD:
        return k->abi->object_bits[OBJECT_TCB];
    case CAP_ZOMBIE:
        return cap.zombie_is_tcb ? k->abi->object_bits[OBJECT_TCB] : cap.zombie_radix + (unsigned)ABI_SLOT_BITS;
    case CAP_SCHED_CONTEXT:
        return cap.sched_context_bits;
    case CAP_REPLY_OBJECT:
        return ABI_REPLY_BITS;
    case CAP_HOST:
        return HOST_IO_BITS;
    case CAP_FRAME:
        return frame_size_bits(cap.frame_size);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
        return ABI_TABLE_BITS;
    default:
        return 0;
    }
}

static bool untyped_covers(const struct kernel *k, struct cap untyped, struct cap cap)
{
    uint64_t last = untyped.paddr + (1ull << untyped.untyped_bits) - 1;
    uint64_t cap_last = cap.paddr + (1ull << cap_size_bits(k, cap)) - 1;
    return cap_is_physical(cap) && untyped.paddr <= cap.paddr && cap_last <= last;
}

bool cap_covers(const struct kernel *k, struct cap a, struct cap b)
{
    switch ((enum cap_type)a.type) {
    case CAP_NULL:
    case CAP_ZOMBIE:
        return false;
    case CAP_UNTYPED:
        return untyped_covers(k, a, b);
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_THREAD:
    case CAP_SCHED_CONTEXT:
    case CAP_REPLY_OBJECT:
    case CAP_HOST:
        return b.type == a.type && b.paddr == a.paddr;
    case CAP_CNODE:
        return b.type == CAP_CNODE && b.paddr == a.paddr && b.radix == a.radix;
    case CAP_DOMAIN:
    case CAP_SCHED_CONTROL:
        return b.type == a.type;
    case CAP_IRQ_CONTROL:
        return b.type == CAP_IRQ_CONTROL || b.type == CAP_IRQ_HANDLER;
    case CAP_IRQ_HANDLER:
        return b.type == CAP_IRQ_HANDLER && b.irq == a.irq;
    default:
        return x86_cap_covers(a, b);
    }
}

bool cap_same_object(const struct kernel *k, struct cap a, struct cap b)
{
    switch ((enum cap_type)a.type) {
    case CAP_UNTYPED:
        return false;
    case CAP_IRQ_CONTROL:
        return b.type == CAP_IRQ_CONTROL;
    case CAP_FRAME:
    case CAP_IO_PORT:
    case CAP_IO_PORT_CONTROL:
        return x86_cap_same_object(a, b);
    default:
        return cap_covers(k, a, b);
    }
}
