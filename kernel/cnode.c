/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of a CNode: moving capabilities about.
 * Manual: section "CNode Methods"; API reference seL4_CNode_*.
 */
#include "kernel/cspace.h"
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/object.h"
#include "kernel/state.h"

static struct result slot_check_empty(struct kernel *k, const struct slot *slot)
{
    if (slot_is_empty(slot))
        return result_ok();
    remark(k, "CNode operation: destination slot is not empty.");
    return fail_delete_first();
}

/* What Copy and Mint put into the destination. */
static struct result cnode_derive(struct kernel *k, const struct slot *source, struct cap cap,
                                  struct cap *result)
{
    struct result derived = cap_derive(k, source, cap, result);
    if (!result_is_ok(derived))
        remark(k, "CNode Copy/Mint: error deriving the capability.");
    return derived;
}

static struct result cnode_transfer_cap(struct kernel *k, const struct invocation *in,
                                        const struct slot *source, struct cap *cap)
{
    switch (in->operation) {
    case OPERATION_CNODE_COPY:
        if (in->length < 5)
            return fail_truncated_message();
        return cnode_derive(k, source,
                            cap_mask_rights(source->cap, cap_rights_from_word(invocation_word(in, 4))), cap);
    case OPERATION_CNODE_MINT: {
        if (in->length < 6)
            return fail_truncated_message();
        struct cap masked = cap_mask_rights(source->cap, cap_rights_from_word(invocation_word(in, 4)));
        return cnode_derive(k, source, cap_update_data(masked, false, invocation_word(in, 5)), cap);
    }
    case OPERATION_CNODE_MUTATE:
        if (in->length < 5)
            return fail_truncated_message();
        *cap = cap_update_data(source->cap, true, invocation_word(in, 4));
        return result_ok();
    default: /* Move */
        *cap = source->cap;
        return result_ok();
    }
}

OUT_OF_LINE static struct result cnode_decode_transfer(struct kernel *k, struct invocation *in,
                                                       struct slot *to)
{
    if (in->length < 4 || !in->extra[0]) {
        remark(k, "CNode Copy/Mint/Move/Mutate: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t depth = invocation_word(in, 3);
    struct result checked = slot_check_empty(k, to);
    if (!result_is_ok(checked))
        return checked;
    struct slot *from;
    checked =
        cspace_lookup_target(k, &in->extra[0]->cap, invocation_word(in, 2), depth, CSPACE_SOURCE, &from);
    if (!result_is_ok(checked))
        return checked;
    if (slot_is_empty(from)) {
        remark(k, "CNode Copy/Mint/Move/Mutate: Source slot invalid or empty.");
        return fail_lookup(true, lookup_missing_capability((unsigned)depth));
    }
    struct cap cap = cap_null();
    checked = cnode_transfer_cap(k, in, from, &cap);
    if (!result_is_ok(checked))
        return checked;
    if (cap.type == CAP_NULL) {
        remark(k, "CNode Copy/Mint/Move/Mutate: Derived cap would be invalid.");
        return fail_illegal_operation();
    }

    if (in->operation == OPERATION_CNODE_MOVE || in->operation == OPERATION_CNODE_MUTATE)
        slot_move(k, to, cap, from);
    else
        slot_insert(k, to, cap, from);
    return result_ok();
}

static void cnode_rotate(struct kernel *k, struct slot *to, struct slot *pivot, struct cap pivot_cap,
                         struct slot *from, struct cap from_cap)
{
    if (from == to) {
        slot_swap(k, from, from_cap, pivot, pivot_cap);
        return;
    }
    slot_move(k, to, pivot_cap, pivot);
    slot_move(k, pivot, from_cap, from);
}

OUT_OF_LINE static struct result cnode_decode_rotate(struct kernel *k, struct invocation *in, struct slot *to)
{
    if (in->length < 8 || !in->extra[0] || !in->extra[1])
        return fail_truncated_message();
    uint64_t pivot_depth = invocation_word(in, 4);
    uint64_t from_depth = invocation_word(in, 7);
    struct slot *from;
    struct slot *pivot;
    struct result checked =
        cspace_lookup_target(k, &in->extra[1]->cap, invocation_word(in, 6), from_depth, CSPACE_SOURCE, &from);
    if (!result_is_ok(checked))
        return checked;
    /* Both are looked up as a source: so says the reply when that fails. */
    checked = cspace_lookup_target(k, &in->extra[0]->cap, invocation_word(in, 3), pivot_depth, CSPACE_SOURCE,
                                   &pivot);
    if (!result_is_ok(checked))
        return checked;
    if (pivot == from || pivot == to) {
        remark(k, "CNode Rotate: Pivot slot the same as source or dest slot.");
        return fail_illegal_operation();
    }
    if (from != to) {
        checked = slot_check_empty(k, to);
        if (!result_is_ok(checked))
            return checked;
    }
    if (slot_is_empty(from))
        return fail_lookup(true, lookup_missing_capability((unsigned)from_depth));
    if (slot_is_empty(pivot))
        return fail_lookup(false, lookup_missing_capability((unsigned)pivot_depth));
    struct cap from_cap = cap_update_data(from->cap, true, invocation_word(in, 5));
    struct cap pivot_cap = cap_update_data(pivot->cap, true, invocation_word(in, 2));
    if (from_cap.type == CAP_NULL || pivot_cap.type == CAP_NULL)
        return fail_illegal_operation();

    cnode_rotate(k, to, pivot, pivot_cap, from, from_cap);
    return result_ok();
}

OUT_OF_LINE static struct result cnode_decode_cancel(struct kernel *k, const struct slot *slot)
{
    struct cap cap = slot->cap;
    bool has_all_rights =
        cap.type == CAP_ENDPOINT && cap.can_send && cap.can_receive && cap.can_grant && cap.can_grant_reply;
    if (!has_all_rights) {
        remark(k, "CNode CancelBadgedSends: Target cap invalid.");
        return fail_illegal_operation();
    }
    if (cap.badge != 0)
        endpoint_cancel_badged(k, arena_at(k, cap.paddr), cap.badge);
    return result_ok();
}

OUT_OF_LINE static struct result cnode_decode_save_caller(struct kernel *k, struct invocation *in,
                                                          struct slot *to)
{
    struct result checked = slot_check_empty(k, to);
    if (!result_is_ok(checked))
        return checked;
    struct slot *caller = &in->caller->slots[TCB_CALLER];
    if (slot_is_empty(caller))
        remark(k, "CNode SaveCaller: Reply cap not present.");
    else
        slot_move(k, to, caller->cap, caller);
    return result_ok();
}

/* `slot` is the one that the first two words name. */
static struct result cnode_decode_at(struct kernel *k, struct invocation *in, struct slot *slot)
{
    switch (in->operation) {
    case OPERATION_CNODE_COPY:
    case OPERATION_CNODE_MINT:
    case OPERATION_CNODE_MOVE:
    case OPERATION_CNODE_MUTATE:
        return cnode_decode_transfer(k, in, slot);
    case OPERATION_CNODE_REVOKE:
        return slot_revoke(k, slot);
    case OPERATION_CNODE_DELETE:
        return slot_delete(k, slot, true);
    case OPERATION_CNODE_SAVE_CALLER:
        return cnode_decode_save_caller(k, in, slot);
    case OPERATION_CNODE_CANCEL_BADGED_SENDS:
        return cnode_decode_cancel(k, slot);
    default:
        return cnode_decode_rotate(k, in, slot);
    }
}

struct result cnode_decode(struct kernel *k, struct invocation *in)
{
    if (in->operation < OPERATION_CNODE_REVOKE || in->operation > OPERATION_CNODE_SAVE_CALLER) {
        remark(k, "CNodeCap: Illegal Operation attempted.");
        return fail_illegal_operation();
    }
    if (in->length < 2) {
        remark(k, "CNode operation: Truncated message.");
        return fail_truncated_message();
    }
    struct slot *slot;
    struct result checked = cspace_lookup_target(k, &in->cap, invocation_word(in, 0), invocation_word(in, 1),
                                                 CSPACE_DESTINATION, &slot);
    if (!result_is_ok(checked)) {
        remark(k, "CNode operation: Target slot invalid.");
        return checked;
    }
    return cnode_decode_at(k, in, slot);
}
