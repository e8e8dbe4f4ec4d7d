/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: a word of bits that threads set and wait for. They carry no
 * message and never make the sender wait, which is what semaphores, interrupts and
 * shared buffers need. Manual: chapter "Notifications".
 */
#include <sel4_util.h>

enum {
    PRODUCER_PRIORITY = 100,
    CONSUMER_PRIORITY = 110,
    WAITER_PRIORITY = 120,
    SERVER_PRIORITY = 130,
    RING_SIZE = 3,
    ITEMS = 7,
    SIGNAL_BIT = 0x100, /* in every badge of a signal, in no badge of a client */
    CLIENT_BADGE = 0x1
};

static struct sel4_util_allocator allocator;
static seL4_CPtr finished;

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

static void show(const char *what, seL4_Word error)
{
    sel4_util_printf("  %-56s %s\n", what, sel4_util_error_name(error));
}

static seL4_CPtr notification_make(void)
{
    return sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
}

static seL4_CPtr badged(seL4_CPtr cap, seL4_Word badge)
{
    return sel4_util_cap_mint(&allocator, cap, seL4_AllRights, badge);
}

static seL4_TCB thread_start(void (*entry)(void *), const char *name, seL4_Word priority)
{
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(sel4_util_thread_start(
        &thread, &allocator,
        &(struct sel4_util_thread_config){
            .name = name, .entry = entry, .argument = (void *)name, .priority = priority}));
    return thread.tcb;
}

/* --- bits --- */

static void demonstrate_bits(void)
{
    heading("Signals are bits that add up until somebody takes them");
    seL4_CPtr notification = notification_make();
    seL4_CPtr one = badged(notification, 1);
    seL4_CPtr two = badged(notification, 2);
    seL4_CPtr four = badged(notification, 4);
    seL4_Word badge;

    seL4_Poll(notification, &badge);
    sel4_util_printf("  no signal yet, poll:                                     %lu\n", badge);
    seL4_Signal(two);
    seL4_Poll(notification, &badge);
    sel4_util_printf("  signal 2, poll:                                          %lu\n", badge);
    seL4_Signal(four);
    seL4_Signal(one);
    seL4_Signal(four);
    seL4_Wait(notification, &badge);
    sel4_util_printf("  signal 4, 1 and 4 again, wait:                           %lu\n", badge);
    seL4_Poll(notification, &badge);
    sel4_util_printf("  they are taken, all at once; poll:                       %lu\n", badge);

    seL4_CPtr listener = sel4_util_cap_mint(&allocator, notification, seL4_CanRead, 0);
    show("signal through a capability that may only wait",
         seL4_MessageInfo_get_label(seL4_Call(listener, seL4_MessageInfo_new(0, 0, 0, 0))));
}

/* --- waiting threads --- */

static seL4_CPtr gate;

static void waiter(void *name)
{
    seL4_Wait(gate, NULL);
    sel4_util_printf("    %s goes through\n", (const char *)name);
    seL4_Signal(finished);
}

static void demonstrate_waiters(void)
{
    heading("One signal wakes one thread, the one that has waited longest");
    gate = notification_make();
    static const char *const names[] = {"the first", "the second", "the third"};
    for (unsigned i = 0; i < 3; i++) {
        sel4_util_printf("  %s comes to the gate, with priority %u\n", names[i], WAITER_PRIORITY + i);
        thread_start(waiter, names[i], WAITER_PRIORITY + i);
        /* It is there before the next one comes: the lowest priority is ours for a moment. */
        SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MinPrio));
        SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MaxPrio));
    }
    for (unsigned i = 1; i <= 3; i++) {
        sel4_util_printf("  signal number %u\n", i);
        seL4_Signal(gate);
        seL4_Wait(finished, NULL);
    }
}

/* --- a ring buffer --- */

static volatile struct {
    unsigned items[RING_SIZE];
    unsigned put_count;
    unsigned taken_count;
} ring;
static seL4_CPtr ring_filled;  /* signalled when an item was put */
static seL4_CPtr ring_drained; /* and when one was taken */

/*
 * A notification remembers that it was signalled, not how often. So both sides look
 * at the counters first and wait only when these say so.
 */
static void producer(void *name)
{
    (void)name;
    for (unsigned item = 1; item <= ITEMS; item++) {
        while (ring.put_count - ring.taken_count == RING_SIZE) {
            sel4_util_printf("    producer: full, waiting\n");
            seL4_Wait(ring_drained, NULL);
        }
        ring.items[ring.put_count % RING_SIZE] = item * item;
        ring.put_count++;
        sel4_util_printf("    producer: put %u\n", item * item);
        seL4_Signal(ring_filled);
    }
}

/* Takes what is there, then waits for more; of a higher priority, and asleep when the producer starts. */
static void consumer(void *name)
{
    (void)name;
    unsigned sum = 0;
    while (ring.taken_count < ITEMS) {
        seL4_Wait(ring_filled, NULL);
        while (ring.taken_count != ring.put_count) {
            unsigned item = ring.items[ring.taken_count % RING_SIZE];
            ring.taken_count++;
            sum += item;
            sel4_util_printf("    consumer: took %u\n", item);
        }
        seL4_Signal(ring_drained);
    }
    sel4_util_printf("    consumer: the sum is %u\n", sum);
    seL4_Signal(finished);
}

static void demonstrate_ring(void)
{
    heading("A ring buffer for three items, and two notifications");
    ring_filled = notification_make();
    ring_drained = notification_make();
    sel4_util_printf("  a consumer that runs first:\n");
    thread_start(producer, "producer", PRODUCER_PRIORITY);
    thread_start(consumer, "consumer", CONSUMER_PRIORITY);
    seL4_Wait(finished, NULL);

    ring.put_count = ring.taken_count = 0;
    seL4_Poll(ring_drained, NULL);
    sel4_util_printf("  a producer that runs first:\n");
    thread_start(producer, "producer", CONSUMER_PRIORITY);
    thread_start(consumer, "consumer", PRODUCER_PRIORITY);
    seL4_Wait(finished, NULL);
}

/* --- bound notifications --- */

static seL4_CPtr endpoint;

/* One place to wait for two kinds of things: the badge tells which it was. */
static void server(void *name)
{
    (void)name;
    for (;;) {
        seL4_Word badge;
        seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);
        if (badge & SIGNAL_BIT) {
            sel4_util_printf("    server: signals %lx\n", badge & ~(seL4_Word)SIGNAL_BIT);
            continue;
        }
        sel4_util_printf("    server: a message of %lu words from client %lu\n",
                         seL4_MessageInfo_get_length(message), badge);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

static void demonstrate_bound(void)
{
    heading("A notification bound to a thread arrives where it receives messages");
    endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    seL4_CPtr client = badged(endpoint, CLIENT_BADGE);
    seL4_CPtr notification = notification_make();
    seL4_CPtr disk = badged(notification, SIGNAL_BIT | 1);
    seL4_CPtr network = badged(notification, SIGNAL_BIT | 2);
    seL4_TCB tcb = thread_start(server, "server", SERVER_PRIORITY);
    show("bind a notification to the server", (seL4_Word)seL4_TCB_BindNotification(tcb, notification));
    show("bind a second one", (seL4_Word)seL4_TCB_BindNotification(tcb, notification_make()));
    show("bind the first one to somebody else, too",
         (seL4_Word)seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification));

    seL4_Signal(disk);
    seL4_Signal(network);
    seL4_Call(client, seL4_MessageInfo_new(0, 0, 0, 2));
    seL4_Call(client, seL4_MessageInfo_new(0, 0, 0, 5));
    seL4_Signal(network);
    seL4_Call(client, seL4_MessageInfo_new(0, 0, 0, 0));
    show("unbind it", (seL4_Word)seL4_TCB_UnbindNotification(tcb));
    show("unbind it again", (seL4_Word)seL4_TCB_UnbindNotification(tcb));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("notifications: signals\n");
    finished = notification_make();
    demonstrate_bits();
    demonstrate_waiters();
    demonstrate_ring();
    demonstrate_bound();
    sel4_util_printf("\nnotifications: done\n");
    return 0;
}
