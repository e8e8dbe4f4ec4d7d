/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See borrow.h. What a process names may be anything, or nothing. A call of an endpoint would wait for whoever the process
 * wants, so what is called is known to be a host object: asked by way of a capability that nothing can be sent through,
 * which an endpoint refuses at once.
 */
#include "container/server/borrow.h"

#include <selkie/host.h>

void cap_return(cap_address cap)
{
    seL4_CNode_Delete(CONTAINER_SLOT_CNODE, cap, seL4_WordBits);
    slot_free(cap);
}

static bool is_host_object(cap_address cap)
{
    cap_address mute = slot_alloc();
    bool is_good =
        mute &&
        seL4_CNode_Copy(CONTAINER_SLOT_CNODE, mute, seL4_WordBits, CONTAINER_SLOT_CNODE, cap, seL4_WordBits,
                        seL4_CanRead) == seL4_NoError &&
        selkie_host_object_kind(mute, NULL) >= -SELKIE_HOST_SEL4_ERROR; /* refused by the host: one, too */
    if (mute) {
        cap_return(mute);
    }
    return is_good;
}

cap_address cap_borrow(const struct process *process, uint64_t slot)
{
    cap_address cap = slot_alloc();
    if (cap &&
        seL4_CNode_Copy(CONTAINER_SLOT_CNODE, cap, seL4_WordBits, process->cnode, slot, seL4_WordBits,
                        seL4_AllRights) == seL4_NoError &&
        is_host_object(cap)) {
        return cap;
    }
    if (cap) {
        cap_return(cap);
    }
    return 0;
}

bool file_keep(struct object_box *box, cap_address file)
{
    bool is_good = (box->object || object_box_make(box, HOST_IO_BITS)) && object_box_fill(box, HOST_IO_TYPE);
    if (is_good && selkie_host_object_duplicate(file, box->object) < 0) {
        object_box_empty(box);
        return false;
    }
    return is_good;
}

bool slot_keep(struct object_box *box, const struct process *process, uint64_t slot)
{
    cap_address cap = cap_borrow(process, slot);
    bool is_good = cap && file_keep(box, cap);
    if (cap) {
        cap_return(cap);
    }
    return is_good;
}
