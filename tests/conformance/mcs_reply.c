/* SPDX-License-Identifier: BSD-2-Clause */
/* Reply objects: what a call needs, what happens to a caller, and how they come to nothing. */
#include "mcs.h"

static seL4_CPtr endpoint, other_endpoint, faults;

struct caller {
    seL4_CPtr to;
    const char *name;
    seL4_Word words[5];
};

static void call_once(void *argument)
{
    struct caller *caller = argument;
    seL4_SetMR(0, 0x11);
    seL4_SetMR(1, 0x22);
    seL4_SetMR(4, 0x55);
    seL4_MessageInfo_t info = seL4_Call(caller->to, seL4_MessageInfo_new(3, 0, 0, 5));
    note("%s answered %lx/%lx", caller->name, seL4_MessageInfo_get_label(info),
         seL4_MessageInfo_get_length(info));
    for (int i = 0; i < 5; i++) {
        caller->words[i] = seL4_GetMR(i);
    }
}

static struct caller callers[64];
static int caller_count;

/* A thread that calls at once and then waits for its answer. */
static struct sel4_util_thread *caller_make(const char *name, seL4_CPtr to)
{
    struct caller *caller = &callers[caller_count++];
    *caller = (struct caller){.to = to, .name = name};
    return thread_make(name, call_once, caller, PRIORITY_HIGH, context_make(), faults);
}

static seL4_MessageInfo_t message(seL4_Word label, seL4_Word length)
{
    for (seL4_Word i = 0; i < length; i++) {
        seL4_SetMR((int)i, 0xe00 + i);
    }
    return seL4_MessageInfo_new(label, 0, 0, length);
}

static void received(const char *name, seL4_MessageInfo_t info, seL4_Word badge)
{
    SAY("%s: badge %lx, label %lx, %lx words, first %lx\n", name, badge, seL4_MessageInfo_get_label(info),
        (seL4_Word)seL4_MessageInfo_get_length(info), seL4_GetMR(0));
}

static void test_call(void)
{
    section("call and answer");
    seL4_CPtr reply = make(seL4_ReplyObject);
    seL4_Word badge = 0;
    (void)caller_make("a", mint(endpoint, seL4_AllRights, 0xa));
    seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge, reply);
    received("received", info, badge);
    notes_print("before the answer");
    seL4_Send(reply, message(9, 5));
    notes_print("after it");
    for (int i = 0; i < 5; i++) {
        SAY(" %lx", callers[0].words[i]);
    }
    SAY("\n");
    seL4_Send(reply, message(9, 0));
    notes_print("answered again");
    seL4_NBSend(reply, message(9, 0));
    notes_print("answered again, not blocking");
    info = seL4_Call(reply, message(9, 2));
    SAY("called: label %lx, %lx words\n", seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_length(info));
}

static void test_rights(void)
{
    section("rights of the caller's capability");
    seL4_CPtr reply = make(seL4_ReplyObject);
    static const struct {
        const char *name;
        bool grant_reply, grant;
    } rights[] = {{"write", 0, 0}, {"write, grant", 0, 1}, {"write, grant reply", 1, 0}, {"all", 1, 1}};
    for (unsigned i = 0; i < 4; i++) {
        seL4_Word badge = 0;
        seL4_CPtr cap =
            mint(endpoint, seL4_CapRights_new(rights[i].grant_reply, rights[i].grant, 0, 1), 0x10 + i);
        struct sel4_util_thread *thread = caller_make(rights[i].name, cap);
        seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge, reply);
        received(rights[i].name, info, badge);
        seL4_Send(reply, message(4, 1));
        notes_print("  after the answer");
        CASE(seL4_TCB_Resume(thread->tcb), "  resume the caller");
        badge = 0;
        info = seL4_NBRecv(endpoint, &badge, reply);
        SAY("  then: badge %lx\n", badge);
        CASE(seL4_TCB_Suspend(thread->tcb), "  suspend it");
        notes_print("  notes");
    }
    section("rights of the reply capability");
    for (unsigned i = 0; i < 4; i++) {
        seL4_CPtr weak = mint(reply, seL4_CapRights_new(rights[i].grant_reply, rights[i].grant, 0, i & 1), 0);
        (void)caller_make("b", endpoint);
        (void)seL4_Recv(endpoint, NULL, weak);
        seL4_Send(weak, message(4, 1));
        notes_print(rights[i].name);
    }
}

static void test_in_use(void)
{
    section("a reply object in use");
    seL4_CPtr reply = make(seL4_ReplyObject);
    struct sel4_util_thread *first = caller_make("first", mint(endpoint, seL4_AllRights, 1));
    struct sel4_util_thread *second = caller_make("second", mint(endpoint, seL4_AllRights, 2));
    seL4_Word badge = 0;
    (void)seL4_Recv(endpoint, &badge, reply);
    SAY("received %lx\n", badge);
    (void)seL4_Recv(endpoint, &badge, reply);
    SAY("received %lx\n", badge);
    seL4_Send(reply, message(5, 0));
    notes_print("after one answer");
    seL4_Send(reply, message(5, 0));
    notes_print("after two answers");
    CASE(seL4_TCB_Resume(first->tcb), "resume the first");
    CASE(seL4_TCB_Resume(second->tcb), "resume the second");
    badge = 0;
    (void)seL4_NBRecv(endpoint, &badge, reply);
    SAY("then %lx\n", badge);
    seL4_Send(reply, message(5, 0));
    notes_print("after that answer");
    (void)seL4_NBRecv(endpoint, &badge, reply);
    SAY("nothing waits: badge %lx\n", badge);
}

static void test_deletion(void)
{
    section("deletion");
    seL4_CPtr reply = make(seL4_ReplyObject);
    seL4_Word badge = 0;
    struct sel4_util_thread *thread = caller_make("c", mint(endpoint, seL4_AllRights, 3));
    (void)seL4_Recv(endpoint, &badge, reply);
    CASE(discard(reply), "the reply object of a caller that waits");
    notes_print("caller");
    CASE(seL4_TCB_Resume(thread->tcb), "resume the caller");
    reply = make(seL4_ReplyObject);
    badge = 0;
    (void)seL4_NBRecv(endpoint, &badge, reply);
    SAY("it called again: %lx\n", badge);
    CASE(discard(thread->tcb), "the caller");
    seL4_Send(reply, message(5, 0));
    notes_print("an answer to nobody");

    thread = caller_make("d", mint(endpoint, seL4_AllRights, 4));
    (void)seL4_Recv(endpoint, &badge, reply);
    SAY("received %lx with the same reply object\n", badge);
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend a caller that waits");
    seL4_Send(reply, message(5, 0));
    notes_print("an answer");
    CASE(seL4_TCB_Resume(thread->tcb), "resume it");
    badge = 0;
    (void)seL4_NBRecv(endpoint, &badge, reply);
    SAY("it called again: %lx\n", badge);
    seL4_CPtr second = copy(reply);
    CASE(discard(reply), "one of two capabilities");
    seL4_Send(second, message(6, 0));
    notes_print("an answer through the other");

    thread = caller_make("e", mint(endpoint, seL4_AllRights, 5));
    (void)seL4_Recv(endpoint, &badge, second);
    seL4_CPtr third = copy(second);
    CASE(seL4_CNode_Revoke(CNODE, second, WORD), "revoke the reply object");
    SAY("kinds %lx %lx\n", kind(second), kind(third));
    seL4_Send(second, message(7, 0));
    notes_print("an answer");
}

/* --- what register r12 may name --- */
static seL4_CPtr r12;

static void receive_with(void *unused)
{
    (void)unused;
    seL4_Word badge = 0x1234;
    (void)seL4_Recv(endpoint, &badge, r12);
    note("received, badge %lx", badge);
}

static void nbreceive_with(void *unused)
{
    (void)unused;
    seL4_Word badge = 0x1234;
    (void)seL4_NBRecv(endpoint, &badge, r12);
    note("received, badge %lx", badge);
}

static void replyrecv_with(void *unused)
{
    (void)unused;
    seL4_Word badge = 0x1234;
    (void)seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), &badge, r12);
    note("received, badge %lx", badge);
}

static void wait_notification(void *notification)
{
    seL4_Word badge = 0;
    (void)seL4_Recv((seL4_CPtr)notification, &badge, r12);
    note("signalled, badge %lx", badge);
}

/* `named`: the capability address that should be in the fault; slots have no fixed numbers. */
static void fault_print(seL4_CPtr reply, seL4_CPtr named)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(faults, &badge, reply);
    if (!badge) {
        SAY("  no fault\n");
        return;
    }
    SAY("  fault %lx, %lx words: address of %s, receive phase %lx, failure", seL4_MessageInfo_get_label(info),
        (seL4_Word)seL4_MessageInfo_get_length(info),
        seL4_GetMR(seL4_CapFault_Addr) == named ? "it" : "something else",
        seL4_GetMR(seL4_CapFault_InRecvPhase));
    for (seL4_Word i = seL4_CapFault_LookupFailureType; i < seL4_MessageInfo_get_length(info); i++) {
        SAY(" %lx", seL4_GetMR((int)i));
    }
    SAY("\n");
}

static void test_register(void)
{
    section("what r12 names");
    seL4_CPtr reply = make(seL4_ReplyObject), notification = make(seL4_NotificationObject);
    const struct {
        const char *name;
        seL4_CPtr cap;
    } caps[] = {{"nothing", seL4_CapNull},        {"no slot", NO_CAP},
                {"an empty slot", slot()},        {"an endpoint", other_endpoint},
                {"a notification", notification}, {"a reply object", make(seL4_ReplyObject)}};
    static const struct {
        const char *name;
        void (*entry)(void *);
    } calls[] = {{"Recv", receive_with}, {"NBRecv", nbreceive_with}, {"ReplyRecv", replyrecv_with}};
    for (unsigned c = 0; c < 3; c++) {
        for (unsigned i = 0; i < 6; i++) {
            r12 = caps[i].cap;
            SAY("%s: %s\n", calls[c].name, caps[i].name);
            struct sel4_util_thread *thread = thread_make("r", calls[c].entry, NULL, PRIORITY_HIGH,
                                                          context_make(), mint(faults, seL4_AllRights, 1));
            if (c == 2 && i == 3) {
                SAY("  nobody waits there: it sends and does not wait\n");
            }
            fault_print(reply, r12);
            seL4_NBSend(mint(endpoint, seL4_AllRights, 6), message(1, 1));
            notes_print("  notes");
            CASE(discard(thread->tcb), "  delete the thread");
        }
    }
    SAY("a notification, with nothing in r12\n");
    r12 = seL4_CapNull;
    (void)thread_make("n", wait_notification, (void *)notification, PRIORITY_HIGH, context_make(),
                      mint(faults, seL4_AllRights, 1));
    fault_print(reply, r12);
    seL4_Signal(mint(notification, seL4_AllRights, 0x40));
    notes_print("  notes");
}

static void test_grant(void)
{
    section("capabilities in an answer");
    seL4_CPtr reply = make(seL4_ReplyObject);
    for (unsigned grant = 0; grant < 2; grant++) {
        seL4_CPtr weak = mint(reply, seL4_CapRights_new(0, (seL4_Uint64)grant, 0, 1), 0);
        (void)caller_make("g", endpoint);
        (void)seL4_Recv(endpoint, NULL, weak);
        seL4_SetCap(0, other_endpoint);
        seL4_Send(weak, seL4_MessageInfo_new(2, 0, 1, 0));
        notes_print(grant ? "with grant" : "without grant");
    }
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    other_endpoint = make(seL4_EndpointObject);
    faults = make(seL4_EndpointObject);
    test_call();
    test_rights();
    test_in_use();
    test_deletion();
    test_register();
    test_grant();
    close();
    return 0;
}
