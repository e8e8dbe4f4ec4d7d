/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making, deriving, comparing and ending the objects that only x86-64 has.
 * Manual: sections "Object sizes", "Deriving Capabilities", "Deletion".
 */
#include "kernel/object.h"

#include "kernel/cspace.h"
#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/x86.h"

/* Windows on files that may not be written (machine/host.h). */
static enum frame_rights frame_rights_at(const struct kernel *k, uint64_t paddr, bool is_device)
{
    bool is_window = is_device && machine_is_window(paddr) && k->machine->host.call;
    return is_window && paddr >= MACHINE_WINDOWS_READ_ONLY ? FRAME_READ_ONLY : FRAME_READ_WRITE;
}

struct cap x86_object_create(struct kernel *k, enum object object, uint64_t paddr, bool is_device)
{
    switch (object) {
    case OBJECT_SMALL_PAGE:
        return cap_frame(paddr, FRAME_SMALL, frame_rights_at(k, paddr, is_device), is_device);
    case OBJECT_LARGE_PAGE:
        return cap_frame(paddr, FRAME_LARGE, frame_rights_at(k, paddr, is_device), is_device);
    case OBJECT_HUGE_PAGE:
        return cap_frame(paddr, FRAME_HUGE, frame_rights_at(k, paddr, is_device), is_device);
    case OBJECT_PAGE_TABLE:
        return cap_of(CAP_PAGE_TABLE, paddr);
    case OBJECT_PAGE_DIRECTORY:
        return cap_of(CAP_PAGE_DIRECTORY, paddr);
    case OBJECT_PDPT:
        return cap_of(CAP_PDPT, paddr);
    default:
        ASSERT(object == OBJECT_PML4);
        return cap_of(CAP_PML4, paddr);
    }
}

struct result x86_cap_derive(struct kernel *k, struct cap cap, struct cap *derived)
{
    *derived = cap_null();
    switch ((enum cap_type)cap.type) {
    case CAP_FRAME:
        *derived = cap_frame_unmapped(cap); /* each capability to a frame has a mapping of its own */
        return result_ok();
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
        if (!cap.is_mapped) {
            remark(k, "Deriving from a paging structure that is not mapped, or a PML4 without an ASID.");
            return fail_illegal_operation();
        }
        *derived = cap;
        return result_ok();
    case CAP_IO_PORT_CONTROL:
        return result_ok(); /* there is one; none may be derived from it */
    default:
        *derived = cap;
        return result_ok();
    }
}

struct cap x86_cap_mask_rights(struct cap cap, struct cap_rights rights)
{
    if (cap.type != CAP_FRAME || cap.frame_rights == FRAME_KERNEL_ONLY)
        return cap;
    if (!(rights.word & CAP_RIGHT_READ))
        cap.frame_rights = FRAME_KERNEL_ONLY; /* no x86 page can be written but not read */
    else if (!(rights.word & CAP_RIGHT_WRITE))
        cap.frame_rights = FRAME_READ_ONLY;
    return cap;
}

bool x86_cap_same_object(struct cap a, struct cap b)
{
    if (a.type != b.type)
        return false;
    if (a.type == CAP_FRAME)
        return a.paddr == b.paddr && a.frame_size == b.frame_size && a.frame_is_device == b.frame_is_device;
    return x86_cap_covers(a, b);
}

static bool frame_covers(struct cap a, struct cap b)
{
    uint64_t a_last = a.paddr + (1ull << frame_level(a)) - 1;
    uint64_t b_last = b.paddr + (1ull << frame_level(b)) - 1;
    return a.paddr <= b.paddr && b_last <= a_last;
}

bool x86_cap_covers(struct cap a, struct cap b)
{
    switch ((enum cap_type)a.type) {
    case CAP_FRAME:
        return b.type == CAP_FRAME && frame_covers(a, b);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
        return b.type == a.type && b.paddr == a.paddr;
    case CAP_ASID_CONTROL:
        return b.type == CAP_ASID_CONTROL;
    case CAP_IO_PORT_CONTROL:
        return b.type == CAP_IO_PORT_CONTROL || b.type == CAP_IO_PORT;
    case CAP_IO_PORT:
        return b.type == CAP_IO_PORT && b.port_first == a.port_first && b.port_last == a.port_last;
    default:
        return false;
    }
}

struct finalised x86_cap_finalise(struct kernel *k, struct cap cap, bool is_final)
{
    struct finalised nothing = {cap_null(), cap_null()};

    switch ((enum cap_type)cap.type) {
    case CAP_FRAME:
        frame_unmap(k, cap);
        return nothing;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        if (is_final)
            structure_unmap(k, cap);
        return nothing;
    case CAP_PML4:
        if (is_final && cap.is_mapped)
            asid_remove(k, cap.asid, cap.paddr);
        return nothing;
    case CAP_ASID_POOL:
        if (is_final)
            asid_pool_remove(k, cap);
        return nothing;
    case CAP_IO_PORT:
        if (is_final)
            nothing.cleanup = cap;
        return nothing;
    default:
        return nothing;
    }
}

void x86_cap_cleanup(struct kernel *k, struct cap cleanup)
{
    if (cleanup.type == CAP_IO_PORT)
        io_port_release(k, cleanup.port_first, cleanup.port_last);
}

struct result x86_destination(struct kernel *k, const struct slot *root, uint64_t index, uint64_t depth,
                              struct slot **destination)
{
    struct result found = cspace_lookup_target(k, &root->cap, index, depth, CSPACE_DESTINATION, destination);
    if (!result_is_ok(found)) {
        remark(k, "The destination slot does not exist.");
        return found;
    }
    if (!slot_is_empty(*destination)) {
        remark(k, "The destination slot is not empty.");
        return fail_delete_first();
    }
    return result_ok();
}
