/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP server that sends back what it receives, to many clients at once, in one thread that waits in one place: for
 * the notification of a ready set.
 *
 * Invariant: between two waits each connection is watched, for the one thing that it needs to go on: something to
 * read if its buffer is empty, else room to write. Watching ends with the event; so nothing comes twice.
 */
#include <selkie/host.h>
#include <sel4_util.h>

enum {
    PORT = 7777,
    MAX_CONNECTIONS = 256,
    BUFFER_SIZE = 16 * 1024,
    BACKLOG = 128,
    ROUNDS = 8, /* transfers of one connection before others have their turn */
    EVENTS = 32,
    TOKEN_LISTENER = MAX_CONNECTIONS /* other tokens are numbers of connections */
};

struct connection {
    bool is_open;
    unsigned start, end; /* of what is in the buffer and was not sent yet */
    unsigned char buffer[BUFFER_SIZE];
};

static struct sel4_util_allocator allocator;
static struct connection connections[MAX_CONNECTIONS];
static seL4_CPtr objects;   /* the slot of connection 0; the others follow */
static seL4_Untyped memory; /* and the memory of its host object, likewise */
static seL4_CPtr listener, ready, notification;
static bool is_accepting; /* the listener is watched */

/* Slots that follow each other, each with a piece of untyped memory for one host object. */
static seL4_Untyped pieces_make(unsigned count)
{
    seL4_Word bits = HOST_IO_BITS;
    while (LIBSEL4_BIT(bits - HOST_IO_BITS) < count) {
        bits++;
    }
    seL4_Untyped whole = sel4_util_object_alloc(&allocator, seL4_UntypedObject, bits);
    seL4_Untyped first = allocator.slot_next;
    allocator.slot_next += count;
    SEL4_UTIL_CHECK(
        seL4_Untyped_Retype(whole, seL4_UntypedObject, HOST_IO_BITS, allocator.cnode, 0, 0, first, count));
    return first;
}

static seL4_CPtr object_make(void)
{
    seL4_CPtr slot = sel4_util_slot_alloc(&allocator);
    SEL4_UTIL_CHECK(selkie_host_make(pieces_make(1), allocator.cnode, slot, 1));
    return slot;
}

/* The first connection that is free; MAX_CONNECTIONS if none is. */
static unsigned connection_find(void)
{
    unsigned i = 0;
    while (i < MAX_CONNECTIONS && connections[i].is_open) {
        i++;
    }
    return i;
}

static void listener_watch(void)
{
    if (!is_accepting) {
        is_accepting = selkie_host_file_watch(listener, ready, SELKIE_EPOLLIN, TOKEN_LISTENER) == 0;
    }
}

/* The last capability goes, so the host closes the connection; and there is room for another. */
static void connection_close(unsigned i)
{
    SEL4_UTIL_CHECK(seL4_CNode_Delete(allocator.cnode, objects + i, seL4_WordBits));
    connections[i].is_open = false;
    listener_watch();
}

/* One transfer: bytes moved, 0 at the end, or an error. */
static long connection_move(unsigned i)
{
    struct connection *connection = &connections[i];
    if (connection->start < connection->end) {
        long sent = selkie_host_file_write(objects + i, connection->buffer + connection->start,
                                           connection->end - connection->start);
        connection->start += sent > 0 ? (unsigned)sent : 0;
        return sent;
    }
    long received = selkie_host_file_read(objects + i, connection->buffer, BUFFER_SIZE);
    connection->start = 0;
    connection->end = received > 0 ? (unsigned)received : 0;
    return received;
}

/* Go on until the host makes us wait, or it is the others' turn. */
static void connection_serve(unsigned i)
{
    long moved = 1;
    for (unsigned round = 0; round < ROUNDS && moved > 0; round++) {
        moved = connection_move(i);
    }
    if (moved <= 0 && moved != -SELKIE_EAGAIN) {
        connection_close(i);
        return;
    }
    bool is_full = connections[i].start < connections[i].end;
    if (selkie_host_file_watch(objects + i, ready, is_full ? SELKIE_EPOLLOUT : SELKIE_EPOLLIN, i) < 0) {
        connection_close(i);
    }
}

static void connection_open(unsigned i)
{
    connections[i].is_open = true;
    connections[i].start = connections[i].end = 0;
    connection_serve(i);
}

/* Take every connection that waits, as long as there is room here and at the host; else the listener stays unwatched
 * until one closes. */
static void listener_serve(void)
{
    is_accepting = false;
    unsigned i;
    while ((i = connection_find()) < MAX_CONNECTIONS) {
        SEL4_UTIL_CHECK(selkie_host_make(memory + i, allocator.cnode, objects + i, 1));
        long answer = selkie_host_socket_accept(listener, objects + i, NULL, 0, NULL);
        if (answer < 0) {
            SEL4_UTIL_CHECK(seL4_CNode_Delete(allocator.cnode, objects + i, seL4_WordBits));
            if (answer != -SELKIE_EMFILE && answer != -SELKIE_ENFILE) {
                listener_watch();
            }
            return;
        }
        connection_open(i);
    }
}

static void events_serve(void)
{
    struct host_event events[EVENTS];
    long count;
    do {
        count = selkie_host_ready_take(ready, events, EVENTS);
        for (long e = 0; e < count; e++) {
            if (events[e].token == TOKEN_LISTENER) {
                listener_serve();
            } else {
                connection_serve((unsigned)events[e].token);
            }
        }
    } while (count == EVENTS);
}

/* A socket at our port, or at any port where that one is not to be had. Its port, or a negative error. */
static long listener_open(seL4_CPtr network)
{
    static const int one = 1;
    struct selkie_host_inet_address address = selkie_host_inet(127, 0, 0, 1, PORT);
    long answer = selkie_host_network_socket(network, SELKIE_AF_INET, SELKIE_SOCK_STREAM, 0, listener);
    if (answer < 0) {
        return answer;
    }
    selkie_host_socket_set_option(listener, SELKIE_SOL_SOCKET, SELKIE_SO_REUSEADDR, &one, sizeof(one));
    answer = selkie_host_socket_bind(listener, &address, sizeof(address));
    if (answer == -SELKIE_EACCES || answer == -SELKIE_EADDRINUSE) {
        address = selkie_host_inet(127, 0, 0, 1, 0);
        answer = selkie_host_socket_bind(listener, &address, sizeof(address));
    }
    answer = answer < 0 ? answer : selkie_host_socket_listen(listener, BACKLOG);
    if (answer == 0) {
        answer = selkie_host_socket_name(listener, 0, &address, sizeof(address), NULL);
    }
    return answer < 0 ? answer : address.port[0] << 8 | address.port[1];
}

static void objects_make(void)
{
    memory = pieces_make(MAX_CONNECTIONS);
    objects = allocator.slot_next;
    allocator.slot_next += MAX_CONNECTIONS;
    listener = object_make();
    ready = object_make();
    notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    SEL4_UTIL_CHECK(selkie_host_ready_make(ready));
    SEL4_UTIL_CHECK(selkie_host_ready_bind(ready, notification));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    seL4_CPtr network = selkie_host_find(info, "network");
    if (!network) {
        sel4_util_printf("echo-server: there is no network: run me with --host-network\n");
        return 1;
    }
    objects_make();
    long port = listener_open(network);
    if (port < 0) {
        sel4_util_printf("echo-server: no listening socket: error %ld\n", -port);
        return 1;
    }
    sel4_util_printf("echo-server: 127.0.0.1 port %ld\n", port);
    listener_watch();
    for (;;) {
        seL4_Wait(notification, NULL);
        events_serve();
    }
}
