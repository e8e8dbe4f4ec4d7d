/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host I/O for seL4 programs: files, directories, sockets, clocks of the host, by capability. An extension of
 * Selkie's; on a real kernel nobody has such capabilities. docs/host-io.md explains it, selkie/host_io.h has the
 * numbers and says what each operation means, selkie/host_call.h what the answers mean.
 *
 *     seL4_CPtr files = selkie_host_find(info, "files");            the command line said --host-directory files=DIR
 *     selkie_host_make(untyped, cnode, slot, 1);                    an empty host object
 *     selkie_host_directory_open(files, "notes/a.txt", SELKIE_O_RDONLY, 0, slot);
 *     long count = selkie_host_file_read(slot, buffer, size);
 *     seL4_CNode_Delete(cnode, slot, seL4_WordBits);                closes it
 */
#ifndef SELKIE_HOST_H
#define SELKIE_HOST_H

#include <selkie/host_call.h>
#include <selkie/host_directory.h>
#include <selkie/host_file.h>
#include <selkie/host_linux.h>
#include <selkie/host_network.h>

/* What the command line gave the initial thread; NULL: nothing, as on a real kernel. Names the capabilities in
 * the order of their slots. */
static inline const struct host_bootinfo *selkie_host_bootinfo(const seL4_BootInfo *info)
{
    seL4_Word at = (seL4_Word)info + seL4_BootInfoFrameSize;
    seL4_Word end = at + info->extraLen;
    while (end - at >= sizeof(seL4_BootInfoHeader)) {
        const seL4_BootInfoHeader *header = (const seL4_BootInfoHeader *)at;
        if (header->id == HOST_IO_BOOTINFO) {
            return (const struct host_bootinfo *)(header + 1);
        }
        if (header->len < sizeof(*header) || header->len > end - at) {
            break;
        }
        at += header->len;
    }
    return NULL;
}

/* The initial thread's slot of what `host->entry[index]` describes. */
static inline seL4_CPtr selkie_host_slot(const seL4_BootInfo *info, const struct host_bootinfo *host,
                                         seL4_Word index)
{
    return info->empty.start - host->count + index;
}

/* The initial thread's capability that the command line gave this name; null if it gave none. */
static inline seL4_CPtr selkie_host_find(const seL4_BootInfo *info, const char *name)
{
    const struct host_bootinfo *host = selkie_host_bootinfo(info);
    for (seL4_Word i = 0; host && i < host->count; i++) {
        unsigned at = 0;
        while (at < HOST_IO_NAME && name[at] && host->entry[i].name[at] == name[at]) {
            at++;
        }
        if (at < HOST_IO_NAME && host->entry[i].name[at] == name[at]) {
            return selkie_host_slot(info, host, i);
        }
    }
    return seL4_CapNull;
}

/* Make `count` empty host objects, with capabilities from `slot` on of the CNode `cnode`, which is a capability to
 * the CNode itself. Each takes 2^HOST_IO_BITS bytes of the untyped. */
static inline long selkie_host_make(seL4_Untyped untyped, seL4_CNode cnode, seL4_Word slot, seL4_Word count)
{
    return selkie_host_failed(
        (seL4_Error)seL4_Untyped_Retype(untyped, HOST_IO_TYPE, HOST_IO_BITS, cnode, 0, 0, slot, count));
}

/* The same into the CNode that `index` and `depth` find below `root`. */
static inline long selkie_host_make_at(seL4_Untyped untyped, seL4_CNode root, seL4_Word index,
                                       seL4_Word depth, seL4_Word slot, seL4_Word count)
{
    return selkie_host_failed((seL4_Error)seL4_Untyped_Retype(untyped, HOST_IO_TYPE, HOST_IO_BITS, root,
                                                              index, depth, slot, count));
}

/* enum host_kind of an open object; `access` gets what object and capability allow (enum host_access), may be NULL. */
static inline long selkie_host_object_kind(seL4_CPtr object, seL4_Word *access)
{
    return selkie_host_call(object, HOST_OBJECT_KIND, seL4_CapNull, NULL, 0, access);
}

/* Turn `object`, an empty host object, into the same open file, or whatever `open` is: position and state are shared,
 * as after dup; who watches it is not. */
static inline long selkie_host_object_duplicate(seL4_CPtr open, seL4_CPtr object)
{
    return selkie_host_call(open, HOST_OBJECT_DUPLICATE, object, NULL, 0, NULL);
}

/* Turn two empty objects into the ends of a pipe. */
static inline long selkie_host_pipe_make(seL4_CPtr reader, seL4_CPtr writer)
{
    return selkie_host_call(reader, HOST_OBJECT_MAKE_PIPE, writer, NULL, 0, NULL);
}

/* And into two Unix sockets that are connected. `type`: SELKIE_SOCK_…. */
static inline long selkie_host_socket_pair_make(seL4_CPtr first, seL4_Word type, seL4_CPtr second)
{
    return SELKIE_HOST_INVOKE(first, HOST_OBJECT_MAKE_SOCKET_PAIR, second, NULL, type);
}

/* Turn an empty object into an event counter, as eventfd makes it; `flags`: SELKIE_EFD_SEMAPHORE or 0. */
static inline long selkie_host_event_make(seL4_CPtr object, seL4_Word initial, seL4_Word flags)
{
    return SELKIE_HOST_INVOKE(object, HOST_OBJECT_MAKE_EVENT, seL4_CapNull, NULL, initial, flags);
}

/* Turn two empty objects into a terminal and its other side. */
static inline long selkie_host_terminal_make(seL4_CPtr master, seL4_CPtr terminal)
{
    return selkie_host_call(master, HOST_OBJECT_MAKE_TERMINAL, terminal, NULL, 0, NULL);
}

/* Turn an empty object into an epoll instance. */
static inline long selkie_host_epoll_make(seL4_CPtr object)
{
    return selkie_host_call(object, HOST_OBJECT_MAKE_EPOLL, seL4_CapNull, NULL, 0, NULL);
}

/* Add, change or take out what `epoll` watches; as epoll_ctl. */
static inline long selkie_host_epoll_control(seL4_CPtr epoll, seL4_Word operation, seL4_CPtr file, seL4_Word events,
                                             seL4_Word data)
{
    return SELKIE_HOST_INVOKE(epoll, HOST_EPOLL_CONTROL, file, NULL, operation, events, data);
}

/* Up to `size` bytes of struct epoll_event: how many there are. Never waits. */
static inline long selkie_host_epoll_take(seL4_CPtr epoll, void *events, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(epoll, HOST_EPOLL_TAKE, seL4_CapNull, NULL, selkie_host_address(events), size);
}

/* Turn an empty object into the other side of this master, opened once more. */
static inline long selkie_host_file_peer(seL4_CPtr master, seL4_CPtr object)
{
    return selkie_host_call(master, HOST_FILE_PEER, object, NULL, 0, NULL);
}

/* Turn an empty object into a ready set: a list of files that are ready, and a notification that says so. */
static inline long selkie_host_ready_make(seL4_CPtr object)
{
    return selkie_host_call(object, HOST_OBJECT_MAKE_READY_SET, seL4_CapNull, NULL, 0, NULL);
}

/* Signal `notification`, with this capability's badge, when a file comes on the list; null: no longer. */
static inline long selkie_host_ready_bind(seL4_CPtr ready_set, seL4_CPtr notification)
{
    return selkie_host_call(ready_set, HOST_READY_BIND, notification, NULL, 0, NULL);
}

/* Take up to `count` files off the list: how many were there. Take until it answers less than `count`. */
static inline long selkie_host_ready_take(seL4_CPtr ready_set, struct host_event *events, seL4_Word count)
{
    return SELKIE_HOST_INVOKE(ready_set, HOST_READY_TAKE, seL4_CapNull, NULL, selkie_host_address(events),
                              count);
}

/* What time it is. `clock_id`: SELKIE_CLOCK_…. */
static inline long selkie_host_clock_read(seL4_CPtr clock, seL4_Word clock_id, struct selkie_host_time *now)
{
    seL4_Word nanoseconds;
    long seconds = SELKIE_HOST_INVOKE(clock, HOST_CLOCK_READ, seL4_CapNull, &nanoseconds, clock_id);
    *now = (struct selkie_host_time){.seconds = seconds, .nanoseconds = (long)nanoseconds};
    return seconds < 0 ? seconds : 0;
}

/* Turn `object`, an empty host object, into a timer. It is ready for SELKIE_EPOLLIN when it has expired;
 * selkie_host_file_read then reads how often, 8 bytes. */
static inline long selkie_host_clock_timer(seL4_CPtr clock, seL4_Word clock_id, seL4_CPtr object)
{
    return SELKIE_HOST_INVOKE(clock, HOST_CLOCK_TIMER, object, NULL, clock_id);
}

/* Expire after `first_ns`, or at that time; then every `interval_ns`, unless it is 0. first_ns 0 stops it. */
static inline long selkie_host_timer_set(seL4_CPtr timer, seL4_Word first_ns, seL4_Word interval_ns,
                                         int is_absolute)
{
    return SELKIE_HOST_INVOKE(timer, HOST_TIMER_SET, seL4_CapNull, NULL, first_ns, interval_ns,
                              (seL4_Word)is_absolute);
}

#endif
