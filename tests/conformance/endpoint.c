/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages over endpoints: Send, NBSend, Recv, NBRecv, Call, Reply, ReplyRecv; badges, labels, lengths, queues. */
#include "conformance.h"

static seL4_CPtr endpoint, badged, fault_endpoint;

/* What a helper thread sends. */
struct message {
    seL4_CPtr cap;
    seL4_Word label;
    seL4_Word length; /* as put into the message info, may be more than fits */
    bool without_buffer;
};

static seL4_MessageInfo_t message_fill(const struct message *message)
{
    for (seL4_Word i = 0; i < message->length && i < seL4_MsgMaxLength; i++) {
        seL4_SetMR((int)i, i * 3 + 1);
    }
    return (seL4_MessageInfo_t){{message->label << 12 | message->length}};
}

static void send(void *argument)
{
    const struct message *message = argument;
    seL4_Send(message->cap, message_fill(message));
}

static void call(void *argument)
{
    const struct message *message = argument;
    seL4_MessageInfo_t info = seL4_Call(message->cap, message_fill(message));
    SAY("  caller got label %lx, %lu words, first %lx, caps %lx\n", seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_length(info), seL4_GetMR(0), seL4_MessageInfo_get_extraCaps(info));
}

/* How many of the words are as message_fill makes them. */
static seL4_Word words_right(seL4_Word length)
{
    seL4_Word right = 0;
    while (right < length && seL4_GetMR((int)right) == right * 3 + 1) {
        right++;
    }
    return right;
}

static void words_clear(void)
{
    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, 0);
    }
}

static void receive(const char *name)
{
    words_clear();
    seL4_Word badge = 0xbad;
    seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);
    seL4_Word right = words_right(seL4_MsgMaxLength);
    SAY("%s: badge %lx, label %lx, length %lu, caps %lx, unwrapped %lx, %lu words right\n", name, badge,
        seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info),
        seL4_MessageInfo_get_extraCaps(info), seL4_MessageInfo_get_capsUnwrapped(info), right);
}

static void test_lengths(void)
{
    section("lengths");
    static const seL4_Word lengths[] = {0, 1, 2, 3, 4, 5, 6, 63, 64, 119, 120, 121, 127};
    struct message message = {.cap = badged, .label = 7};
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        message.length = lengths[i];
        struct sel4_util_thread *thread = spawn("sender", send, &message, PRIORITY_HIGH);
        receive("message");
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
    message.length = 1;
    static const seL4_Word labels[] = {0, 1, 0xfffffffffffff, 0x8000000000000};
    for (unsigned i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        message.label = labels[i];
        spawn("sender", send, &message, PRIORITY_HIGH);
        receive("label");
    }
}

static void echo(void *unused)
{
    (void)unused;
    seL4_MessageInfo_t info = seL4_Recv(endpoint, NULL);
    for (;;) {
        info = seL4_ReplyRecv(endpoint,
                              seL4_MessageInfo_new(seL4_MessageInfo_get_label(info) + 1, 0, 0,
                                                   seL4_MessageInfo_get_length(info)),
                              NULL);
    }
}

static void test_echo(void)
{
    section("call and reply of every length");
    struct sel4_util_thread *server = spawn("echo", echo, NULL, PRIORITY_HIGH);
    seL4_Word good = 0;
    for (seL4_Word length = 0; length <= seL4_MsgMaxLength; length++) {
        struct message message = {.label = length, .length = length};
        seL4_MessageInfo_t info = seL4_Call(endpoint, message_fill(&message));
        good += seL4_MessageInfo_get_label(info) == length + 1 &&
                seL4_MessageInfo_get_length(info) == length && words_right(length) == length;
    }
    SAY("%lu of 121 came back whole\n", good);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(server->tcb));
}

static void test_queues(void)
{
    section("queues");
    static struct message messages[4];
    for (seL4_Word i = 0; i < 4; i++) {
        messages[i] = (struct message){.cap = badged, .label = 0x10 + i, .length = i};
        spawn("sender", send, &messages[i], PRIORITY_HIGH + (i & 1) * 10);
    }
    receive("of four senders");
    receive("of three senders");
    receive("of two senders");
    receive("of one sender");
    words_clear();
    seL4_Word badge = 0xbad;
    seL4_NBRecv(endpoint, &badge);
    SAY("nbrecv, nobody: badge %lx\n", badge);
    spawn("sender", send, &messages[3], PRIORITY_HIGH);
    seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
    SAY("nbrecv, somebody: badge %lx, label %lx, length %lu\n", badge, seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_length(info));
}

static void receiver(void *name)
{
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);
    SAY("  receiver %s got label %lx, badge %lx\n", (const char *)name, seL4_MessageInfo_get_label(info),
        badge);
}

static void test_receivers(void)
{
    section("receivers wait in order");
    seL4_NBSend(endpoint, seL4_MessageInfo_new(1, 0, 0, 0));
    SAY("nbsend to nobody came back\n");
    spawn("a", receiver, "a", PRIORITY_HIGH);
    spawn("b", receiver, "b", PRIORITY_HIGH + 1);
    spawn("c", receiver, "c", PRIORITY_HIGH);
    seL4_NBSend(endpoint, seL4_MessageInfo_new(2, 0, 0, 0));
    seL4_Send(badged, seL4_MessageInfo_new(3, 0, 0, 0));
    seL4_NBSend(badged, seL4_MessageInfo_new(4, 0, 0, 0));
    seL4_NBSend(badged, seL4_MessageInfo_new(5, 0, 0, 0));
}

static void test_replies(void)
{
    section("replies");
    struct message message = {.cap = badged, .label = 9, .length = 5};
    seL4_Reply(seL4_MessageInfo_new(1, 0, 0, 0));
    SAY("reply to nobody came back\n");
    spawn("caller", call, &message, PRIORITY_HIGH);
    receive("call");
    seL4_SetMR(0, 0xabc);
    seL4_Reply(seL4_MessageInfo_new(0x77, 0, 0, 2));
    seL4_Reply(seL4_MessageInfo_new(0x78, 0, 0, 2));
    SAY("second reply came back\n");

    spawn("caller", call, &message, PRIORITY_HIGH);
    receive("call");
    struct message next = {.cap = endpoint, .label = 10, .length = 1};
    spawn("sender", send, &next, PRIORITY_HIGH);
    seL4_SetMR(0, 0xdef);
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0x79, 0, 0, 1), &badge);
    SAY("replyrecv got label %lx, badge %lx\n", seL4_MessageInfo_get_label(info), badge);

    spawn("caller", call, &message, PRIORITY_HIGH);
    receive("call, never answered");
    struct message later = {.cap = badged, .label = 11, .length = 2};
    spawn("later", call, &later, PRIORITY_HIGH);
    receive("a second call");
    seL4_SetMR(0, 0x123);
    seL4_Reply(seL4_MessageInfo_new(0x80, 0, 0, 1));
    SAY("the first caller's chance is gone\n");
    seL4_Reply(seL4_MessageInfo_new(0x81, 0, 0, 1));
}

/* Endpoints with each set of rights, called, sent to, and received from. */
static void test_rights(void)
{
    section("rights");
    static struct message message;
    for (seL4_Word rights = 0; rights < 16; rights++) {
        seL4_CPtr cap = mint(endpoint, (seL4_CapRights_t){{rights}}, 0x100 + rights);
        message = (struct message){.cap = cap, .label = rights, .length = 1};
        SAY("rights %lx\n", rights);
        struct sel4_util_thread *thread =
            spawn_faulting("caller", call, &message, PRIORITY_HIGH, fault_endpoint);
        seL4_Word badge = 0;
        seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
        SAY("  call: badge %lx, label %lx\n", badge, badge ? seL4_MessageInfo_get_label(info) : 0);
        seL4_SetMR(0, 0x500);
        seL4_Reply(seL4_MessageInfo_new(0x90, 0, 0, 1));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
        thread = spawn_faulting("sender", send, &message, PRIORITY_HIGH, fault_endpoint);
        badge = 0;
        seL4_NBRecv(endpoint, &badge);
        SAY("  send: badge %lx\n", badge);
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
        badge = 0;
        seL4_NBRecv(fault_endpoint, &badge);
    }
}

static void receive_through(void *cap)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_Recv((seL4_CPtr)cap, &badge);
    SAY("  received label %lx, badge %lx\n", seL4_MessageInfo_get_label(info), badge);
}

static void test_receive_rights(void)
{
    section("rights to receive");
    for (seL4_Word rights = 0; rights < 4; rights++) {
        seL4_CPtr cap = mint(endpoint, (seL4_CapRights_t){{rights}}, 0x100 + rights);
        struct sel4_util_thread *thread =
            spawn_faulting("receiver", receive_through, (void *)cap, PRIORITY_HIGH, fault_endpoint);
        SAY("rights %lx\n", rights);
        seL4_NBSend(badged, seL4_MessageInfo_new(6, 0, 0, 0));
        seL4_Word badge = 0xbad;
        seL4_SetMR(2, 0xbad);
        seL4_NBRecv(fault_endpoint, &badge);
        SAY("  fault: badge %lx, receive phase %lx\n", badge, seL4_GetMR(2));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
}

static void test_without_buffer(void)
{
    section("without IPC buffer");
    struct message message = {.cap = badged, .label = 3, .length = 20};
    struct sel4_util_thread *thread = spawn("sender", send, &message, PRIORITY_LOW);
    CASE(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0), "take the sender's buffer");
    receive("from one without");
    thread = spawn("caller", call, &message, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0));
    receive("a call from one without");
    for (int i = 0; i < 10; i++) {
        seL4_SetMR(i, 0x40 + (seL4_Word)i);
    }
    seL4_Reply(seL4_MessageInfo_new(4, 0, 0, 10));
    let_run();
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    badged = mint(endpoint, seL4_AllRights, 0xb);
    test_lengths();
    test_echo();
    test_queues();
    test_receivers();
    test_replies();
    test_rights();
    test_receive_rights();
    test_without_buffer();
    close();
    return 0;
}
