/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory and its one invocation.
 *
 * Invariant ("untyped"): memory of a non-device untyped above its watermark
 * reads as zeros, so making an object clears nothing. Memory below it is given
 * back all at once, by a reset, when the untyped has no children left.
 *
 * Manual: section "Untyped Memory", API reference seL4_Untyped_Retype.
 */
#include "kernel/cspace.h"
#include "kernel/host/host.h"
#include "kernel/invocation.h"
#include "kernel/mcs/mcs.h"
#include "kernel/object.h"
#include "kernel/state.h"

enum { RESET_CHUNK_BITS = 20 }; /* bytes that a reset clears between two looks at the interrupts, log2 */

struct retype {
    enum object object;
    unsigned user_bits;
    unsigned object_bits;
    struct slot *first; /* of the destination window */
    uint64_t count;
};

static bool object_is_frame(enum object object)
{
    return object == OBJECT_SMALL_PAGE || object == OBJECT_LARGE_PAGE || object == OBJECT_HUGE_PAGE;
}

static enum object object_of_type(const struct kernel *k, uint64_t type)
{
    if (LIKELY(type < ABI_MAX_TYPES))
        return (enum object)k->abi->object_of_type[type];
    return type == HOST_IO_TYPE && host_is_available(k) ? OBJECT_HOST : OBJECT_NONE;
}

/* What is to be made: arguments 0 and 1. */
static struct result retype_decode_object(struct kernel *k, const struct invocation *in, struct retype *retype)
{
    uint64_t type = invocation_word(in, 0);
    uint64_t user_bits = invocation_word(in, 1);

    retype->object = object_of_type(k, type);
    if (retype->object == OBJECT_NONE) {
        remark(k, "Untyped Retype: Invalid object type.");
        return fail_invalid_argument(0);
    }
    if (user_bits >= ABI_WORD_BITS ||
        object_size_bits(k, retype->object, (unsigned)user_bits) > ABI_MAX_UNTYPED_BITS) {
        remark(k, "Untyped Retype: Invalid object size.");
        return fail_range(0, ABI_MAX_UNTYPED_BITS);
    }
    retype->user_bits = (unsigned)user_bits;
    retype->object_bits = object_size_bits(k, retype->object, (unsigned)user_bits);
    if (retype->object == OBJECT_CNODE && user_bits == 0) {
        remark(k, "Untyped Retype: Requested CapTable size too small.");
        return fail_invalid_argument(1);
    }
    if (retype->object == OBJECT_UNTYPED && user_bits < ABI_MIN_UNTYPED_BITS) {
        remark(k, "Untyped Retype: Requested UntypedItem size too small.");
        return fail_invalid_argument(1);
    }
    if (retype->object == OBJECT_SCHED_CONTEXT && user_bits < ABI_MIN_SCHED_CONTEXT_BITS) {
        remark(k, "Untyped Retype: Requested scheduling context too small.");
        return fail_invalid_argument(1);
    }
    return result_ok();
}

/* Where the capabilities go: arguments 2 to 5 and the extra capability. */
static struct result retype_decode_window(struct kernel *k, const struct invocation *in, struct retype *retype)
{
    uint64_t depth = invocation_word(in, 3);
    uint64_t offset = invocation_word(in, 4);
    uint64_t window = invocation_word(in, 5);
    struct slot *node = in->extra[0];

    if (depth != 0) {
        struct result found =
            cspace_lookup_target(k, &in->extra[0]->cap, invocation_word(in, 2), depth, CSPACE_DESTINATION, &node);
        if (!result_is_ok(found)) {
            remark(k, "Untyped Retype: Invalid destination address.");
            return found;
        }
    }
    if (node->cap.type != CAP_CNODE) {
        remark(k, "Untyped Retype: Destination cap invalid or read-only.");
        return fail_lookup(false, lookup_missing_capability((unsigned)depth));
    }
    uint64_t slots = 1ull << node->cap.radix;
    if (offset > slots - 1) {
        remark(k, "Untyped Retype: Destination node offset #%lu too large.", offset);
        return fail_range(0, slots - 1);
    }
    if (window < 1 || window > k->abi->config.retype_fan_out) {
        remark(k, "Untyped Retype: Number of requested objects (%lu) too small or large.", window);
        return fail_range(1, k->abi->config.retype_fan_out);
    }
    if (window > slots - offset) {
        remark(k, "Untyped Retype: Requested destination window overruns size of node.");
        return fail_range(1, slots - offset);
    }
    retype->first = slot_at(k, node->cap.paddr + (offset << ABI_SLOT_BITS));
    retype->count = window;
    for (uint64_t i = 0; i < window; i++) {
        if (!slot_is_empty(&retype->first[i])) {
            remark(k, "Untyped Retype: Slot #%lu in destination window non-empty.", offset + i);
            return fail_delete_first();
        }
    }
    return result_ok();
}

/* Clear everything below the watermark, from the top, so that an interrupted reset has a lower watermark. */
static struct result untyped_reset(struct kernel *k, struct cap *untyped)
{
    if (untyped->is_device) {
        untyped->free_offset = 0;
        return result_ok();
    }
    while (untyped->free_offset > 0) {
        uint64_t chunk_start = (untyped->free_offset - 1) & ~((1ull << RESET_CHUNK_BITS) - 1);
        k->machine->mmu.clear(k->machine->mmu.world, untyped->paddr + chunk_start,
                              untyped->free_offset - chunk_start);
        untyped->free_offset = chunk_start;
        if (k->machine->clock.charge)
            k->machine->clock.charge(k->machine->clock.world, MACHINE_CHARGE_WORK);
        if (chunk_start > 0 && preemption_is_due(k))
            return result_preempted();
    }
    return result_ok();
}

static struct result untyped_retype(struct kernel *k, struct slot *slot, const struct retype *retype, bool is_reset)
{
    struct cap *untyped = &slot->cap;
    if (is_reset) {
        struct result reset = untyped_reset(k, untyped);
        if (!result_is_ok(reset))
            return reset;
    }
    uint64_t object_size = 1ull << retype->object_bits;
    uint64_t offset = (untyped->free_offset + object_size - 1) & ~(object_size - 1);
    untyped->free_offset = offset + (retype->count << retype->object_bits);
    for (uint64_t i = 0; i < retype->count; i++) {
        struct cap cap = object_create(k, retype->object, untyped->paddr + offset + (i << retype->object_bits),
                                       retype->user_bits, untyped->is_device);
        slot_insert_child(k, &retype->first[i], cap, slot);
    }
    return result_ok();
}

struct result untyped_decode(struct kernel *k, struct invocation *in)
{
    struct retype retype = {.object = OBJECT_NONE};

    if (in->operation != OPERATION_UNTYPED_RETYPE) {
        remark(k, "Untyped cap: Illegal operation attempted.");
        return fail_illegal_operation();
    }
    if (in->length < 6 || !in->extra[0]) {
        remark(k, "Untyped invocation: Truncated message.");
        return fail_truncated_message();
    }
    struct result checked = retype_decode_object(k, in, &retype);
    if (!result_is_ok(checked))
        return checked;
    checked = retype_decode_window(k, in, &retype);
    if (!result_is_ok(checked))
        return checked;

    bool is_reset = !slot_has_children(k, in->slot);
    uint64_t free_bytes = (1ull << in->cap.untyped_bits) - (is_reset ? 0 : in->cap.free_offset);
    if (free_bytes >> retype.object_bits < retype.count) {
        remark(k, "Untyped Retype: Insufficient memory (%lu * %lu bytes needed, %lu bytes available).",
               retype.count, 1ull << retype.object_bits, free_bytes);
        return fail_not_enough_memory(free_bytes);
    }
    if (in->cap.is_device && !object_is_frame(retype.object) && retype.object != OBJECT_UNTYPED) {
        remark(k, "Untyped Retype: Creating kernel objects with device untyped");
        return fail_invalid_argument(1);
    }
    return untyped_retype(k, in->slot, &retype, is_reset);
}
