/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving a thread its CSpace, VSpace and IPC buffer (see tcb_space.h).
 * Manual: section "Thread control blocks"; API reference seL4_TCB_SetSpace.
 */
#include "kernel/tcb_space.h"

#include "kernel/object.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"

/* A copy of the root in `source`, with a new guard if `data` says so. */
static struct result root_derive(struct kernel *k, struct slot *source, uint64_t data, struct tcb_root *root)
{
    struct cap cap = source->cap;
    if (data)
        cap = cap_update_data(cap, false, data);
    root->source = source;
    return cap_derive(k, source, cap, &root->cap);
}

struct result tcb_space_check(struct kernel *k, const struct invocation *in, struct slot *cspace,
                              uint64_t cspace_data, struct slot *vspace, uint64_t vspace_data,
                              struct tcb_space *space)
{
    const struct tcb *tcb = tcb_at(k, in->cap.paddr);
    if (slot_is_long_running_delete(k, &tcb->slots[TCB_CSPACE]) ||
        slot_is_long_running_delete(k, &tcb->slots[TCB_VSPACE])) {
        remark(k, "%s: CSpace or VSpace currently being deleted.", abi_operation_name(in->operation));
        return fail_illegal_operation();
    }
    struct result derived = root_derive(k, cspace, cspace_data, &space->cspace);
    if (!result_is_ok(derived))
        return derived;
    if (space->cspace.cap.type != CAP_CNODE) {
        remark(k, "%s: CSpace cap is invalid.", abi_operation_name(in->operation));
        return fail_illegal_operation();
    }
    derived = root_derive(k, vspace, vspace_data, &space->vspace);
    if (!result_is_ok(derived))
        return derived;
    if (!vspace_is_valid_root(space->vspace.cap)) {
        remark(k, "%s: VSpace cap is invalid.", abi_operation_name(in->operation));
        return fail_illegal_operation();
    }
    return result_ok();
}

struct result tcb_buffer_check(struct kernel *k, uint64_t vaddr, struct slot *frame,
                               struct tcb_buffer *buffer)
{
    *buffer = (struct tcb_buffer){.vaddr = vaddr, .frame = {.cap = cap_null()}};
    if (vaddr == 0)
        return result_ok();
    buffer->frame.source = frame;
    struct result derived = cap_derive(k, frame, frame->cap, &buffer->frame.cap);
    if (!result_is_ok(derived))
        return derived;
    return vspace_check_ipc_buffer(k, vaddr, buffer->frame.cap);
}

/* Deleting the old capability may have taken the source, or the very thread, with it: the slot stays empty. */
static void root_install(struct kernel *k, const struct invocation *in, struct slot *slot,
                         const struct tcb_root *root)
{
    bool source_remains = cap_same_object(k, root->cap, root->source->cap);
    bool thread_remains = cap_same_object(k, in->cap, in->slot->cap);
    if (source_remains && thread_remains)
        slot_insert(k, slot, root->cap, root->source);
}

struct result tcb_root_replace(struct kernel *k, const struct invocation *in, enum tcb_slot which,
                               const struct tcb_root *root)
{
    struct slot *slot = &tcb_at(k, in->cap.paddr)->slots[which];
    struct result deleted = slot_delete(k, slot, true);
    if (result_is_ok(deleted))
        root_install(k, in, slot, root);
    return deleted;
}

struct result tcb_space_apply(struct kernel *k, const struct invocation *in, const struct tcb_space *space)
{
    struct result replaced = tcb_root_replace(k, in, TCB_CSPACE, &space->cspace);
    if (!result_is_ok(replaced))
        return replaced;
    return tcb_root_replace(k, in, TCB_VSPACE, &space->vspace);
}

struct result tcb_buffer_apply(struct kernel *k, const struct invocation *in, const struct tcb_buffer *buffer)
{
    struct tcb *tcb = tcb_at(k, in->cap.paddr);
    struct slot *slot = &tcb->slots[TCB_IPC_BUFFER];
    struct result deleted = slot_delete(k, slot, true);
    if (!result_is_ok(deleted))
        return deleted;
    tcb->ipc_buffer = buffer->vaddr;
    if (buffer->frame.source)
        root_install(k, in, slot, &buffer->frame);
    if (tcb == current_tcb(k))
        sched_choose_new(k);
    return result_ok();
}
