/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each loop does. The initial thread has priority 255.
 */
#include "bench/kernel/loops.h"

enum {
    CAPS_AT = 122,
    MESSAGE_AT = 1,
    LONG_MESSAGE = 64,
    MAP_VADDR = 0x480000 /* inside the image's page table */
};

/* What `prepare` made: one loop runs at a time. */
static uint64_t object, other;
static uint64_t info, reply_info;

static void null_prepare(struct system *s)
{
    object = s->free_slot;
    info = info_of(s->label[OPERATION_CNODE_DELETE], 0, 2);
}

static void null_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        set_words(s, object, 64, 0, 0);
        enter(s, SYSCALL_CALL, ABI_SLOT_CNODE, info);
    }
}

static void registers_prepare(struct system *s)
{
    object = system_thread(s, 1);
    info = info_of(s->label[OPERATION_TCB_READ_REGISTERS], 0, 2);
}

static void registers_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        set_words(s, 0, ABI_USER_REGISTERS, 0, 0);
        enter(s, SYSCALL_CALL, object, info);
    }
}

static void notification_prepare(struct system *s)
{
    object = system_make(s, OBJECT_NOTIFICATION, 0);
}

static void signal_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        enter(s, SYSCALL_SEND, object, 0);
}

static void poll_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        enter(s, SYSCALL_NB_RECV, object, 0);
}

static void signal_poll_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enter(s, SYSCALL_SEND, object, 0);
        enter(s, SYSCALL_NB_RECV, object, 0);
    }
}

static void yield_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        enter(s, SYSCALL_YIELD, 0, 0);
}

static void yield_two_prepare(struct system *s)
{
    system_thread(s, 255);
}

/* A server that waits at `object`, of the caller's priority. */
static void server_prepare(struct system *s, unsigned length)
{
    uint64_t root = s->tcb;
    object = system_make(s, OBJECT_ENDPOINT, 0);
    system_thread(s, 255);
    while (s->tcb == root)
        enter(s, SYSCALL_YIELD, 0, 0);
    enter(s, SYSCALL_RECV, object, 0);
    info = reply_info = info_of(0, 0, length);
}

static void call_prepare(struct system *s)
{
    server_prepare(s, 0);
}

static void call_long_prepare(struct system *s)
{
    uint64_t *words = system_buffer(s) + MESSAGE_AT;
    for (unsigned i = 0; i < LONG_MESSAGE; i++)
        words[i] = i;
    server_prepare(s, LONG_MESSAGE);
}

static void call_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enter(s, SYSCALL_CALL, object, info);
        enter(s, SYSCALL_REPLY_RECV, object, reply_info);
    }
}

/* A waiter that is better than whoever signals. */
static void waiter_prepare(struct system *s)
{
    uint64_t root = s->tcb;
    object = system_make(s, OBJECT_NOTIFICATION, 0);
    system_thread(s, 255);
    while (s->tcb == root)
        enter(s, SYSCALL_YIELD, 0, 0);
    enter(s, SYSCALL_RECV, object, 0);
    /* The initial thread steps down. */
    set_words(s, 200, 0, 0, 0);
    system_buffer(s)[CAPS_AT] = ABI_SLOT_TCB;
    enter(s, SYSCALL_CALL, ABI_SLOT_TCB, info_of(s->label[OPERATION_TCB_SET_PRIORITY], 1, 1));
    system_check(s);
}

static void wake_rounds(struct system *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enter(s, SYSCALL_SEND, object, 0);
        enter(s, SYSCALL_RECV, object, 0);
    }
}

static void copy_prepare(struct system *s)
{
    object = system_make(s, OBJECT_ENDPOINT, 0);
    other = s->free_slot;
    system_buffer(s)[CAPS_AT] = ABI_SLOT_CNODE;
    system_buffer(s)[MESSAGE_AT + 4] = 15;
    info = info_of(s->label[OPERATION_CNODE_COPY], 1, 5);
}

static void copy_rounds(struct system *s, unsigned count)
{
    uint64_t delete_info = info_of(s->label[OPERATION_CNODE_DELETE], 0, 2);
    for (unsigned i = 0; i < count; i++) {
        set_words(s, other, 64, object, 64);
        enter(s, SYSCALL_CALL, ABI_SLOT_CNODE, info);
        set_words(s, other, 64, 0, 0);
        enter(s, SYSCALL_CALL, ABI_SLOT_CNODE, delete_info);
    }
}

static void retype_prepare(struct system *s)
{
    object = system_make(s, OBJECT_UNTYPED, 12);
    other = s->free_slot;
    system_buffer(s)[CAPS_AT] = ABI_SLOT_CNODE;
    system_buffer(s)[MESSAGE_AT + 4] = other;
    system_buffer(s)[MESSAGE_AT + 5] = 1;
    info = info_of(s->label[OPERATION_UNTYPED_RETYPE], 1, 6);
}

static void retype_rounds(struct system *s, unsigned count)
{
    uint64_t type = s->k->abi->type_of_object[OBJECT_ENDPOINT];
    uint64_t delete_info = info_of(s->label[OPERATION_CNODE_DELETE], 0, 2);
    for (unsigned i = 0; i < count; i++) {
        set_words(s, type, 0, 0, 0);
        enter(s, SYSCALL_CALL, object, info);
        set_words(s, other, 64, 0, 0);
        enter(s, SYSCALL_CALL, ABI_SLOT_CNODE, delete_info);
    }
}

static void map_prepare(struct system *s)
{
    object = system_make(s, OBJECT_SMALL_PAGE, 0);
    system_buffer(s)[CAPS_AT] = ABI_SLOT_VSPACE;
    info = info_of(s->label[OPERATION_X86_PAGE_MAP], 1, 3);
}

static void map_rounds(struct system *s, unsigned count)
{
    uint64_t unmap_info = info_of(s->label[OPERATION_X86_PAGE_UNMAP], 0, 0);
    for (unsigned i = 0; i < count; i++) {
        set_words(s, MAP_VADDR, 3, 0, 0);
        enter(s, SYSCALL_CALL, object, info);
        enter(s, SYSCALL_CALL, object, unmap_info);
    }
}

const struct loop loops[] = {
    {"null invocation (CNode_Delete of an empty slot)", 1, null_prepare, null_rounds},
    {"TCB_ReadRegisters, 20", 1, registers_prepare, registers_rounds},
    {"Signal, nobody waits", 1, notification_prepare, signal_rounds},
    {"Poll, nothing there", 1, notification_prepare, poll_rounds},
    {"Signal + Poll", 2, notification_prepare, signal_poll_rounds},
    {"Yield, alone", 1, NULL, yield_rounds},
    {"Yield, between two threads", 1, yield_two_prepare, yield_rounds},
    {"Call + ReplyRecv, empty", 2, call_prepare, call_rounds},
    {"Call + ReplyRecv, 64 words", 2, call_long_prepare, call_rounds},
    {"Signal to a waiting thread + Wait", 2, waiter_prepare, wake_rounds},
    {"CNode_Copy + CNode_Delete", 2, copy_prepare, copy_rounds},
    {"Untyped_Retype of an endpoint + CNode_Delete", 2, retype_prepare, retype_rounds},
    {"Page_Map + Page_Unmap", 2, map_prepare, map_rounds},
};
const unsigned loop_count = sizeof(loops) / sizeof(loops[0]);
