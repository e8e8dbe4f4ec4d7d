/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that is no personality and means its server ill: it names capabilities that would make whoever calls them
 * wait for ever, and things that are not as they should be. All of it is answered, and it can end.
 */
#include <sel4/sel4.h>
#include <sel4_util.h>
#include <selkie/host.h>

#include "container/interface.h"
#include "container/messages.h"

enum {
    MEMORY_BITS = 17,
    ENDPOINT = CONTAINER_SLOT_FREE,
    NOTIFICATION,
    EMPTY_SLOT,
    EVENT,
    NODE_DEPTH = CONTAINER_GUARD_BITS + CONTAINER_ROOT_BITS,
    ROOT_NODE = 0,
    RENEWALS = 600,
    SLOTS = 1 << (CONTAINER_ROOT_BITS + CONTAINER_LEAF_BITS),
    SIGUSR1 = 10
};

#define NOWHERE 0xdead0000dead0000ul

_Noreturn void hostile_main(const struct container_order *order);
void __assert_fail(const char *fact, const char *file, int line, const char *function);

extern seL4_Word selkie_entry; /* of libsel4 */

static long server(enum server_message message, seL4_Word a, seL4_Word b, seL4_Word c, seL4_Word d,
                   seL4_Word e)
{
    const seL4_Word words[] = {a, b, c, d, e};
    for (int i = 0; i < 5; i++) {
        seL4_SetMR(i, words[i]);
    }
    (void)seL4_Call(CONTAINER_SLOT_SERVER, seL4_MessageInfo_new((seL4_Word)message, 0, 0, 5));
    return (long)seL4_GetMR(0);
}

static void end(int code)
{
    (void)server(SERVER_EXIT, 0, (seL4_Word)code << 8, 0, 0, 0);
}

void __assert_fail(const char *fact, const char *file, int line, const char *function)
{
    sel4_util_printf("%s:%d: %s: %s\n", file, line, function, fact);
    end(1);
}

static void expect(const char *what, bool is_good, long result)
{
    if (!is_good) {
        sel4_util_printf("hostile: %s: %ld\n", what, result);
        end(1);
    }
}

static void expect_error(const char *what, long result)
{
    expect(what, result < 0, result);
}

static void object_make(seL4_Word type, seL4_Word slot)
{
    seL4_Error error = (seL4_Error)seL4_Untyped_Retype(CONTAINER_SLOT_UNTYPED, type, 0, CONTAINER_SLOT_CNODE,
                                                       ROOT_NODE, NODE_DEPTH, slot, 1);
    expect("an object", error == seL4_NoError, (long)error);
}

/* Files that are none. */
static void files_pass(void)
{
    static const seL4_Word slots[] = {ENDPOINT,
                                      NOTIFICATION,
                                      EMPTY_SLOT,
                                      CONTAINER_SLOT_TCB,
                                      CONTAINER_SLOT_SERVER,
                                      CONTAINER_SLOT_CNODE,
                                      CONTAINER_SLOT_UNTYPED,
                                      NOWHERE};
    seL4_Error error = (seL4_Error)seL4_Untyped_Retype(CONTAINER_SLOT_UNTYPED, HOST_IO_TYPE, HOST_IO_BITS,
                                                       CONTAINER_SLOT_CNODE, ROOT_NODE, NODE_DEPTH, EVENT, 1);
    expect("a host object", error == seL4_NoError, (long)error);
    expect_error("a parcel's empty pipe", server(SERVER_PASS, 0, PASS_NEW, 0, 0, EVENT));
    expect("an event", selkie_host_event_make(EVENT, 0, 0) == 0, 0);
    expect_error("an event for a parcel's pipe", server(SERVER_PASS, 0, PASS_NEW, 0, 0, EVENT));
    for (unsigned i = 0; i < sizeof slots / sizeof *slots; i++) {
        expect_error("a parcel's pipe", server(SERVER_PASS, 0, PASS_NEW, 0, 0, slots[i]));
        expect_error("a terminal's master", server(SERVER_TERMINAL, 0, TERMINAL_NEW, slots[i], slots[i], 0));
        expect_error("what becomes a terminal", server(SERVER_TERMINAL, 0, TERMINAL_OPEN, 0, slots[i], 0));
    }
    expect("an inode", server(SERVER_PASS, 0, PASS_KNOWS, 0, 0, 0) == 0, 0);
    for (seL4_Word what = PASS_ADD; what <= PASS_DONE; what++) {
        expect_error("a token", server(SERVER_PASS, 0, what, 0, 0, ENDPOINT));
        expect_error("a token", server(SERVER_PASS, 0, what, 1, 0, ENDPOINT));
    }
}

/* A process that is about to be renewed is not one that has been. */
static void renewals_begin(void)
{
    long pid = server(SERVER_RENEW, 0, 0, 0, 0, 0);
    expect("a renewal", pid > 0, pid);
    expect_error("what is built", server(SERVER_BUILD, (seL4_Word)pid, 0, 0, 0, 0));
    expect("the end of none", server(SERVER_RENEWED, 0, 0, 0, 0, 0) == 0, 0);
    expect("its end", server(SERVER_EXIT, (seL4_Word)pid, 0, 0, 0, 0) == 0, 0);
    expect_error("one that was", server(SERVER_START, (seL4_Word)pid, 0, 0, 0, 0));
    for (int i = 0; i < RENEWALS; i++) {
        pid = server(SERVER_RENEW, 0, 0, 0, 0, 0);
        expect("another, which ends the one before", pid > 0, pid);
    }
    seL4_Word slot = SLOTS - 10000;
    (void)server(SERVER_SHARE, (seL4_Word)pid, slot, ~slot, slot, ~slot); /* all from there on */
    pid = server(SERVER_RENEW, 0, 0, 0, 0, 0);
    expect("one after that", pid > 0, pid);
}

/* Questions to nobody and of no size, and answers that nobody waits for. */
static void questions_ask(void)
{
    const seL4_Word sizes[] = {0, 8, SERVER_QUESTION_SIZE + 1, ~0ul, ~0ul - 15, 1ul << 63};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        expect_error("a question to itself", server(SERVER_QUESTION, 1, sizes[i], 0, 0, 0));
        expect_error("a question to nobody", server(SERVER_QUESTION, ~0ul, sizes[i], 0, 0, 0));
        expect_error("an answer to no question", server(SERVER_ANSWER, sizes[i], 1, 1, sizes[i], 0));
        expect_error("an answer of no question", server(SERVER_ANSWER_TAKE, sizes[i], sizes[i], 0, 0, 0));
    }
    expect_error("a question", server(SERVER_QUESTION_TAKE, 0, 0, 0, 0, 0));
    expect("an identity", server(SERVER_SET, 0, SERVER_SET_IDENTITY, ~0ul, 0, 0) == 0, 0);
}

/* Time for threads that are none; that a notification gets some is its own loss. */
static void time_take(void)
{
    static const seL4_Word slots[] = {ENDPOINT,
                                      EVENT,
                                      CONTAINER_SLOT_TCB,
                                      CONTAINER_SLOT_CNODE,
                                      CONTAINER_SLOT_SERVER,
                                      CONTAINER_SLOT_UNTYPED,
                                      NOTIFICATION};
    for (unsigned i = 0; i < sizeof slots / sizeof *slots; i++) {
        seL4_SetCap(0, slots[i]);
        (void)seL4_Call(CONTAINER_SLOT_SERVER, seL4_MessageInfo_new(SERVER_SCHEDULE, 0, 1, 0));
        long result = (long)seL4_GetMR(0);
        expect("time", result < 0 || slots[i] == NOTIFICATION, result);
    }
}

/* News come to an endpoint that nobody listens at. */
static void news_come(void)
{
    long pid = server(SERVER_READY, ENDPOINT, 0, 0, 0, 0);
    expect("ready", pid > 0, pid);
    for (int i = 0; i < 3; i++) {
        long error = server(SERVER_KILL, 0, (seL4_Word)pid, SIGUSR1, 0, 0);
        expect("a signal", error == 0, error);
    }
}

_Noreturn void hostile_main(const struct container_order *order)
{
    selkie_entry = order->entry;
    seL4_SetIPCBuffer((seL4_IPCBuffer *)CONTAINER_IPC_BUFFER);
    long bits = server(SERVER_GRANT, MEMORY_BITS, MEMORY_BITS, CONTAINER_SLOT_UNTYPED, 0, 0);
    expect("memory", bits == MEMORY_BITS, bits);
    object_make(seL4_EndpointObject, ENDPOINT);
    object_make(seL4_NotificationObject, NOTIFICATION);
    files_pass();
    questions_ask();
    renewals_begin();
    time_take();
    news_come();
    end(7);
    for (;;) {
    }
}

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    call hostile_main\n"
    "    ud2\n"
    ".size _start, . - _start\n");
