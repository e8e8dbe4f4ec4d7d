/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: parts of files of the host as memory.
 *
 * A window has addresses of its own, above all memory and devices (machine/host.h). An untyped of these addresses is in
 * the window's slot; what is derived from it is memory like a device's, which the kernel never touches, and ends before
 * the window does. So nothing of another window is ever seen at addresses that are used again.
 */
#include "kernel/cspace.h"
#include "kernel/host/host.h"
#include "kernel/object.h"

void host_window_open(struct host_object *window, uint64_t paddr, unsigned bits)
{
    ASSERT(machine_is_window(paddr) && paddr + (1ull << bits) <= MACHINE_WINDOWS_END);
    ASSERT(paddr % (1ull << bits) == 0);
    slot_set_root(&window->slot, cap_untyped(paddr, bits, true, 0));
}

struct result host_window_take(struct kernel *k, struct invocation *in, struct host_object *window)
{
    struct slot *to;
    struct cap cap;
    struct result found = cspace_lookup_target(k, &in->extra[0]->cap, invocation_word(in, 0),
                                               invocation_word(in, 1), CSPACE_DESTINATION, &to);
    if (!result_is_ok(found)) {
        remark(k, "Host window: Invalid destination address.");
        return found;
    }
    if (!slot_is_empty(to)) {
        remark(k, "Host window: the destination slot is not empty.");
        return fail_delete_first();
    }
    struct result derived = cap_derive(k, &window->slot, window->slot.cap, &cap);
    if (!result_is_ok(derived)) {
        remark(k, "Host window: there is a capability to its memory already.");
        return derived;
    }
    cap.free_offset = 0;
    slot_insert(k, to, cap, &window->slot);
    host_answer(k, in, cap.untyped_bits, 0);
    return result_ok();
}

/* What is deleted is a frame or an untyped, so it goes at once. */
bool host_window_release_one(struct kernel *k, struct host_object *window)
{
    if (!slot_has_children(k, &window->slot))
        return false;
    struct result deleted = slot_delete(k, slot_at(k, window->slot.next), true);
    ASSERT(result_is_ok(deleted));
    return true;
}
