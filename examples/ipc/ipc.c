/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: a server thread and those who talk to it through one endpoint. Threads
 * meet in an endpoint: whoever comes first waits, and the message goes straight from
 * one to the other. Manual: chapter "Message Passing (IPC)".
 */
#include <sel4_util.h>

enum {
    SERVER_PRIORITY = 100,
    EARLY_PRIORITY = 120,
    LATE_PRIORITY = 110,
    BADGE_ANN = 0xa,
    BADGE_BEN = 0xb,
    BADGE_EARLY = 0xe,
    BADGE_LATE = 0xf
};

/* What can be asked for: the label of a message. */
enum operation {
    OPERATION_REVERSE, /* the words, in reverse order */
    OPERATION_SUM,     /* their sum */
    OPERATION_TAKE,    /* a capability to a notification, to be signalled */
    OPERATION_LATER,   /* no answer until somebody else says NOW */
    OPERATION_NOW
};

static struct sel4_util_allocator allocator;
static const seL4_CNode root = seL4_CapInitThreadCNode;
static seL4_CPtr endpoint;
static seL4_CPtr finished; /* a notification */

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

/* --- the server --- */

static seL4_CPtr receive_slot; /* where capabilities arrive */
static seL4_CPtr reply_slot;   /* an answer that is still owed */

static seL4_MessageInfo_t serve_reverse(seL4_Word length)
{
    for (seL4_Word i = 0; i < length / 2; i++) {
        seL4_Word word = seL4_GetMR((int)i);
        seL4_SetMR((int)i, seL4_GetMR((int)(length - 1 - i)));
        seL4_SetMR((int)(length - 1 - i), word);
    }
    return seL4_MessageInfo_new(seL4_NoError, 0, 0, length);
}

static seL4_MessageInfo_t serve_sum(seL4_Word length)
{
    seL4_Word sum = 0;
    for (seL4_Word i = 0; i < length; i++) {
        sum += seL4_GetMR((int)i);
    }
    seL4_SetMR(0, sum);
    return seL4_MessageInfo_new(seL4_NoError, 0, 0, 1);
}

static seL4_MessageInfo_t serve_take(seL4_MessageInfo_t message)
{
    seL4_Word count = seL4_MessageInfo_get_extraCaps(message);
    seL4_Word unwrapped = seL4_MessageInfo_get_capsUnwrapped(message);
    if (count == 0) {
        sel4_util_printf("    server: no capability came along\n");
    } else if (unwrapped) {
        sel4_util_printf("    server: that was a capability to my own endpoint, badge %lx\n",
                         seL4_GetBadge(0));
    } else {
        sel4_util_printf("    server: got a capability, signalling it\n");
        seL4_Signal(receive_slot);
        SEL4_UTIL_CHECK(seL4_CNode_Delete(root, receive_slot, seL4_WordBits));
    }
    return seL4_MessageInfo_new(seL4_NoError, 0, 0, 0);
}

/* The kernel keeps the right to answer in the server's TCB until the next receive; put it where it lasts. */
static void serve_later(void)
{
    SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(root, reply_slot, seL4_WordBits));
    sel4_util_printf("    server: this answer has to wait\n");
}

static void serve_now(void)
{
    sel4_util_printf("    server: answering who came last, then who waits\n");
    seL4_Reply(seL4_MessageInfo_new(seL4_NoError, 0, 0, 0));
    seL4_Send(reply_slot, seL4_MessageInfo_new(seL4_NoError, 0, 0, 0));
}

static void server(void *argument)
{
    (void)argument;
    seL4_SetCapReceivePath(root, receive_slot, seL4_WordBits);
    for (;;) {
        seL4_Word badge;
        seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);
        seL4_Word length = seL4_MessageInfo_get_length(message);
        sel4_util_printf("    server: operation %lu from badge %lx, %lu words\n",
                         seL4_MessageInfo_get_label(message), badge, length);
        switch ((enum operation)seL4_MessageInfo_get_label(message)) {
        case OPERATION_REVERSE:
            seL4_Reply(serve_reverse(length));
            break;
        case OPERATION_SUM:
            seL4_Reply(serve_sum(length));
            break;
        case OPERATION_TAKE:
            seL4_Reply(serve_take(message));
            break;
        case OPERATION_LATER:
            serve_later();
            break;
        case OPERATION_NOW:
            serve_now();
            break;
        }
    }
}

static void thread_start(void (*entry)(void *), const char *name, seL4_Word priority, seL4_CPtr argument)
{
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(sel4_util_thread_start(
        &thread, &allocator,
        &(struct sel4_util_thread_config){
            .name = name, .entry = entry, .argument = (void *)argument, .priority = priority}));
}

/* --- the clients --- */

static void demonstrate_words(void)
{
    heading("Words");
    for (int i = 0; i < 6; i++) {
        seL4_SetMR(i, (seL4_Word)i + 1);
    }
    seL4_MessageInfo_t answer = seL4_Call(endpoint, seL4_MessageInfo_new(OPERATION_REVERSE, 0, 0, 6));
    sel4_util_printf("  1 2 3 4 5 6 comes back as");
    for (int i = 0; i < (int)seL4_MessageInfo_get_length(answer); i++) {
        sel4_util_printf(" %lu", seL4_GetMR(i));
    }
    sel4_util_printf("\n");

    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, (seL4_Word)i + 1);
    }
    seL4_Call(endpoint, seL4_MessageInfo_new(OPERATION_SUM, 0, 0, seL4_MsgMaxLength));
    sel4_util_printf("  the longest message, 1 to %d, has the sum %lu\n", seL4_MsgMaxLength, seL4_GetMR(0));
}

static void demonstrate_badges(void)
{
    heading("Badges tell the server who speaks");
    seL4_CPtr ann = sel4_util_cap_mint(&allocator, endpoint, seL4_AllRights, BADGE_ANN);
    seL4_CPtr ben = sel4_util_cap_mint(&allocator, endpoint, seL4_AllRights, BADGE_BEN);
    seL4_Call(ann, seL4_MessageInfo_new(OPERATION_SUM, 0, 0, 0));
    seL4_Call(ben, seL4_MessageInfo_new(OPERATION_SUM, 0, 0, 0));
    sel4_util_printf("  the clients cannot choose: the badge is in the capability, out of their reach\n");
}

static void demonstrate_transfer(void)
{
    heading("Capabilities travel in messages");
    seL4_CPtr notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    seL4_CPtr badged = sel4_util_cap_mint(&allocator, notification, seL4_AllRights, 0x77);
    seL4_MessageInfo_t message = seL4_MessageInfo_new(OPERATION_TAKE, 0, 1, 0);

    seL4_Word badge = 0;
    seL4_SetCap(0, badged);
    seL4_Call(endpoint, message);
    seL4_Poll(notification, &badge);
    sel4_util_printf("  sent a notification: it was signalled with %lx\n", badge);

    seL4_CPtr quiet = sel4_util_cap_mint(&allocator, endpoint, seL4_CapRights_new(1, 0, 0, 1), BADGE_ANN);
    seL4_SetCap(0, badged);
    seL4_Call(quiet, message);
    seL4_Poll(notification, &badge);
    sel4_util_printf("  through an endpoint capability without the grant right: %s\n",
                     badge ? "signalled" : "only words pass");

    seL4_SetCap(0, sel4_util_cap_mint(&allocator, endpoint, seL4_AllRights, BADGE_BEN));
    seL4_Call(endpoint, message);
    sel4_util_printf("  a capability to the server's own endpoint is unwrapped: it arrives as its badge\n");
}

static void demonstrate_nobody_there(void)
{
    heading("When nobody is there");
    seL4_CPtr empty = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    seL4_Word badge = 0;
    seL4_CPtr client = sel4_util_cap_mint(&allocator, empty, seL4_AllRights, BADGE_ANN);
    seL4_NBSend(client, seL4_MessageInfo_new(1, 0, 0, 0));
    sel4_util_printf("  NBSend with no receiver returns at once\n");
    seL4_NBRecv(empty, &badge);
    sel4_util_printf("  and NBRecv finds nothing, for the message was dropped: %s\n",
                     badge == 0 ? "badge 0" : "a message");
}

static void client_early(void *argument)
{
    sel4_util_printf("    early: asking\n");
    seL4_Call((seL4_CPtr)argument, seL4_MessageInfo_new(OPERATION_LATER, 0, 0, 0));
    sel4_util_printf("    early: answered\n");
    seL4_Signal(finished);
}

static void client_late(void *argument)
{
    sel4_util_printf("    late: asking\n");
    seL4_Call((seL4_CPtr)argument, seL4_MessageInfo_new(OPERATION_NOW, 0, 0, 0));
    sel4_util_printf("    late: answered\n");
}

static void demonstrate_saved_reply(void)
{
    heading("The right to answer is a capability too");
    thread_start(client_early, "early", EARLY_PRIORITY,
                 sel4_util_cap_mint(&allocator, endpoint, seL4_AllRights, BADGE_EARLY));
    thread_start(client_late, "late", LATE_PRIORITY,
                 sel4_util_cap_mint(&allocator, endpoint, seL4_AllRights, BADGE_LATE));
    seL4_Wait(finished, NULL);
    sel4_util_printf("  the late client was served first\n");
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("ipc: messages through an endpoint\n");
    endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    finished = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    receive_slot = sel4_util_slot_alloc(&allocator);
    reply_slot = sel4_util_slot_alloc(&allocator);
    thread_start(server, "server", SERVER_PRIORITY, 0);

    demonstrate_words();
    demonstrate_badges();
    demonstrate_transfer();
    demonstrate_nobody_there();
    demonstrate_saved_reply();
    sel4_util_printf("\nipc: done\n");
    return 0;
}
