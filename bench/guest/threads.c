/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of two threads: calls within an address space and into another one, notifications, and an
 * exception that another thread handles. One operation is there and back.
 */
#include "guest.h"
#include "roles.h"

enum {
    COUNT = 100,
    LONG_MESSAGE = 64,
    HLT_LENGTH = 1
};

static struct sel4_util_thread partner;
static seL4_CPtr endpoint;

static void partner_stop(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(partner.tcb));
}

/* Answers every message with as many words as it had. */
static void server_main(void *argument)
{
    (void)argument;
    seL4_MessageInfo_t message = seL4_Recv(endpoint, NULL);
    for (;;) {
        message = seL4_ReplyRecv(endpoint, message, NULL);
    }
}

static void call_same_prepare(void)
{
    endpoint = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    guest_thread_start(&partner, "server", server_main);
}

static void call_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

const struct benchmark benchmark_call_same_vspace = {"call_same_vspace", call_same_prepare, call_repeat,
                                                     partner_stop, COUNT};

static void call_64_words_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, LONG_MESSAGE));
    }
}

const struct benchmark benchmark_call_64_words = {"call_64_words", call_same_prepare, call_64_words_repeat,
                                                  partner_stop, COUNT};

static struct sel4_util_component component;

static void call_cross_prepare(void)
{
    endpoint = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    guest_component_load(&component, "server");
    guest_component_start(&component, ROLE_ANSWERS, endpoint, seL4_CapNull);
}

static void component_stop(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(component.tcb));
}

const struct benchmark benchmark_call_cross_vspace = {"call_cross_vspace", call_cross_prepare, call_repeat,
                                                      component_stop, COUNT};

static seL4_CPtr ping, pong;

static void ponger_main(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Wait(ping, NULL);
        seL4_Signal(pong);
    }
}

static void notifications_make(void)
{
    ping = sel4_util_object_alloc(&guest_allocator, seL4_NotificationObject, 0);
    pong = sel4_util_object_alloc(&guest_allocator, seL4_NotificationObject, 0);
}

static void pingpong_prepare(void)
{
    notifications_make();
    guest_thread_start(&partner, "ponger", ponger_main);
}

static void pingpong_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Signal(ping);
        seL4_Wait(pong, NULL);
    }
}

const struct benchmark benchmark_notification_pingpong = {"notification_pingpong", pingpong_prepare,
                                                          pingpong_repeat, partner_stop, COUNT};

static void pingpong_cross_prepare(void)
{
    notifications_make();
    guest_component_load(&component, "ponger");
    guest_component_start(&component, ROLE_SIGNALS, ping, pong);
}

const struct benchmark benchmark_notification_cross_vspace = {
    "notification_cross_vspace", pingpong_cross_prepare, pingpong_repeat, component_stop, COUNT};

/* Lets the thread go on behind its instruction. */
static void handler_main(void *argument)
{
    (void)argument;
    seL4_Recv(endpoint, NULL);
    for (;;) {
        seL4_SetMR(seL4_UserException_FaultIP, seL4_GetMR(seL4_UserException_FaultIP) + HLT_LENGTH);
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 1), NULL);
    }
}

static void fault_endpoint_set(seL4_CPtr handler)
{
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(seL4_CapInitThreadTCB, handler, seL4_CapInitThreadCNode, 0,
                                      seL4_CapInitThreadVSpace, 0));
}

static void user_exception_prepare(void)
{
    endpoint = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    guest_thread_start(&partner, "handler", handler_main);
    fault_endpoint_set(endpoint);
}

static void user_exception_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        asm volatile("hlt");
    }
}

static void user_exception_finish(void)
{
    fault_endpoint_set(seL4_CapNull);
    partner_stop();
}

const struct benchmark benchmark_user_exception = {"user_exception", user_exception_prepare,
                                                   user_exception_repeat, user_exception_finish, COUNT};
