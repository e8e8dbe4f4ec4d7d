/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of handles. Free handles are a list through the table, below those that were never used, so that
 * a table of zeros is an empty one and costs no memory.
 */
#include "hostio/parts.h"

void hostio_init(struct hostio *h, const struct hostio_roots *roots, const int32_t fd_of_root[],
                 int32_t epoll)
{
    h->epoll = epoll;
    for (uint32_t i = 0; i < roots->count && i < HOST_IO_ROOTS; i++) {
        h->policy[i] = roots->root[i].policy;
        entry_take(h, roots->root[i].fd < 0 ? -1 : fd_of_root[i], roots->root[i].kind, i);
    }
}

struct hostio_entry *entry_find(struct hostio *h, uint32_t handle)
{
    if (handle >= h->used || handle >= HOSTIO_HANDLES || h->entry[handle].kind == HOST_EMPTY)
        return NULL;
    return &h->entry[handle];
}

bool table_has_room(const struct hostio *h)
{
    return h->free != 0 || h->used < HOSTIO_HANDLES;
}

bool table_has_room_for_two(const struct hostio *h)
{
    unsigned listed = h->free == 0 ? 0 : h->entry[h->free - 1].next == 0 ? 1 : 2;
    return listed + (HOSTIO_HANDLES - h->used) >= 2;
}

uint32_t entry_take(struct hostio *h, int64_t fd, enum host_kind kind, uint32_t policy)
{
    uint32_t handle = h->free ? h->free - 1 : h->used++;
    struct hostio_entry *entry = &h->entry[handle];
    if (h->free)
        h->free = entry->next;
    *entry = (struct hostio_entry){.fd = (int32_t)fd, .kind = (uint8_t)kind, .policy = policy};
    policy_hold(h, policy);
    return handle;
}

/* Whatever the host says, the descriptor is gone afterwards. */
void descriptor_close(const struct hostio *h, int64_t fd)
{
    const uint64_t argument[6] = {(uint64_t)fd};
    (void)h->system(__NR_close, argument);
}

int64_t entry_answer(struct hostio *h, struct machine_host_call *call, int64_t fd, enum host_kind kind,
                     uint8_t access, uint32_t policy)
{
    if (fd < 0)
        return fd;
    return entry_give(h, call, fd, kind, access, policy);
}

int64_t entry_give(struct hostio *h, struct machine_host_call *call, int64_t fd, enum host_kind kind,
                   uint8_t access, uint32_t policy)
{
    call->new_handle = entry_take(h, fd, kind, policy);
    call->new_kind = (uint8_t)kind;
    call->new_access = access;
    return 0;
}

void hostio_close(struct hostio *h, uint32_t handle)
{
    struct hostio_entry *entry = entry_find(h, handle);
    if (!entry)
        return;
    watch_drop(h, entry);
    if (entry->fd >= 0)
        descriptor_close(h, entry->fd);
    policy_release(h, entry->policy);
    if (entry->kind == HOST_WINDOW)
        window_close(h, entry);
    *entry = (struct hostio_entry){.fd = -1, .next = h->free};
    h->free = handle + 1;
}
