/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The beginning and the end of a host object. In between, it is opened once
 * (decode.c); nothing makes it empty again.
 */
#include "kernel/host/host.h"

#include "kernel/object.h"

struct cap cap_host(uint64_t paddr)
{
    struct cap cap = cap_of(CAP_HOST, paddr);
    cap.can_send = cap.can_receive = true;
    return cap;
}

struct cap host_open_at_boot(struct kernel *k, uint64_t paddr, enum host_kind kind, unsigned access,
                             uint32_t handle)
{
    struct host_object *object = host_at(k, paddr);
    object->kind = (uint8_t)kind;
    object->access = (uint8_t)access;
    object->handle = handle;
    return cap_host(paddr);
}

bool host_release_one(struct kernel *k, uint64_t paddr)
{
    struct host_object *set = host_at(k, paddr);
    uint64_t file = set->reported.head ? set->reported.head : set->armed.head;
    if (set->kind == HOST_WINDOW) {
        set->access = 0; /* so that no new ones come, and it ends */
        return host_window_release_one(k, set);
    }
    if (set->kind != HOST_READY_SET || file == 0)
        return false;
    set->access = 0;
    (void)host_watch(k, host_at(k, file), 0, 0, 0);
    return true;
}

void host_finalise(struct kernel *k, uint64_t paddr)
{
    struct host_object *object = host_at(k, paddr);
    const struct machine_host *host = &k->machine->host;
    switch ((enum host_kind)object->kind) {
    case HOST_EMPTY:
        break;
    case HOST_READY_SET:
        ASSERT(object->armed.head == 0 && object->reported.head == 0);
        slot_delete_simple(k, &object->slot);
        break;
    case HOST_WINDOW:
        slot_delete_simple(k, &object->slot);
        host->close(host->world, object->handle);
        break;
    default:
        host_unlink(k, object);
        host->close(host->world, object->handle);
    }
}
