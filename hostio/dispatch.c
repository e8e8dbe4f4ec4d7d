/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file serves which operation. Operations of one kind of object follow each other in enum
 * host_operation.
 */
#include "hostio/parts.h"

static bool kind_answers(enum host_kind kind, enum host_operation operation)
{
    bool is_file = operation >= HOST_FILE_WATCH && operation <= HOST_FILE_WINDOW;
    switch (kind) {
    case HOST_DIRECTORY:
        return operation == HOST_FILE_SYNC ||
               (operation >= HOST_DIRECTORY_OPEN && operation <= HOST_DIRECTORY_SET_TIMES);
    case HOST_FILE:
        return is_file;
    case HOST_SOCKET:
        return is_file || (operation >= HOST_SOCKET_BIND && operation <= HOST_SOCKET_NAME);
    case HOST_NETWORK:
        return operation == HOST_NETWORK_SOCKET || operation == HOST_NETWORK_RESTRICT;
    case HOST_CLOCK:
        return operation == HOST_CLOCK_READ || operation == HOST_CLOCK_TIMER;
    case HOST_TIMER:
        return is_file || operation == HOST_TIMER_SET;
    case HOST_EPOLL:
        return operation == HOST_FILE_POLL || operation == HOST_EPOLL_CONTROL || operation == HOST_EPOLL_TAKE;
    case HOST_EMPTY:
    case HOST_READY_SET:
    case HOST_WINDOW:
        break;
    }
    return false;
}

int64_t hostio_call(struct hostio *h, struct machine_host_call *call)
{
    enum host_operation operation = call->operation;
    if (operation >= HOST_OBJECT_MAKE_PIPE && operation <= HOST_OBJECT_MAKE_EPOLL)
        return object_make(h, call);
    struct hostio_entry *entry = entry_find(h, call->handle);
    if (entry && operation == HOST_OBJECT_DUPLICATE)
        return object_duplicate(h, entry, call);
    if (!entry || !kind_answers(entry->kind, operation))
        return -EBADF;
    if (operation <= HOST_FILE_WINDOW)
        return file_call(h, entry, call);
    if (operation <= HOST_DIRECTORY_SET_TIMES)
        return directory_call(h, entry, call);
    if (operation == HOST_NETWORK_SOCKET)
        return network_socket(h, entry, call);
    if (operation == HOST_NETWORK_RESTRICT)
        return network_restrict(h, entry, call);
    if (operation <= HOST_SOCKET_NAME)
        return socket_call(h, entry, call);
    if (operation == HOST_CLOCK_READ)
        return clock_read(h, call);
    if (operation == HOST_CLOCK_TIMER)
        return clock_timer(h, call);
    if (operation == HOST_TIMER_SET)
        return timer_set(h, entry, call);
    return epoll_call(h, entry, call);
}
