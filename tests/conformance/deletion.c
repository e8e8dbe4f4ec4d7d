/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects that go away while threads depend on them, and what those threads do then. */
#include "conformance.h"

static seL4_CPtr fault_endpoint;

static void send(void *cap)
{
    seL4_Send((seL4_CPtr)cap, seL4_MessageInfo_new(1, 0, 0, 0));
    SAY("  sender went on\n");
}

static void receive(void *cap)
{
    seL4_Word badge;
    seL4_Recv((seL4_CPtr)cap, &badge);
    SAY("  receiver went on\n");
}

static void call(void *cap)
{
    seL4_MessageInfo_t info = seL4_Call((seL4_CPtr)cap, seL4_MessageInfo_new(1, 0, 0, 0));
    SAY("  caller went on: label %lx\n", seL4_MessageInfo_get_label(info));
}

/* What came to the fault endpoint, if anything. */
static void fault_show(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(fault_endpoint, &badge);
    if (badge) {
        SAY("  fault %lx: receive phase %lx, failure %lx\n", seL4_MessageInfo_get_label(info),
            seL4_GetMR(seL4_CapFault_InRecvPhase), seL4_GetMR(seL4_CapFault_LookupFailureType));
    } else {
        SAY("  no fault\n");
    }
}

/* Let a thread block on an object through a copy of its capability, then destroy the object or only the copy. */
static void destroy_under(const char *name, void (*entry)(void *), seL4_Word type, bool only_copy)
{
    seL4_CPtr object = make(type), twin = copy(object);
    struct sel4_util_thread *thread =
        spawn_faulting(name, entry, (void *)twin, PRIORITY_HIGH, fault_endpoint);
    if (only_copy) {
        CASE(discard(twin), "%s: delete the capability it used", name);
    } else {
        CASE(seL4_CNode_Revoke(CNODE, object, WORD), "%s: delete the copy by a revoke", name);
        CASE(discard(object), "%s: delete the object", name);
    }
    fault_show();
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_blocked(void)
{
    section("objects that threads wait on");
    for (int only_copy = 0; only_copy < 2; only_copy++) {
        destroy_under("a sender", send, seL4_EndpointObject, only_copy);
        destroy_under("a receiver", receive, seL4_EndpointObject, only_copy);
        destroy_under("a caller", call, seL4_EndpointObject, only_copy);
        destroy_under("a waiter", receive, seL4_NotificationObject, only_copy);
    }
}

static void test_memory(void)
{
    section("memory that threads live in");
    seL4_Untyped untyped = make_sized(seL4_UntypedObject, 14);
    seL4_CPtr tcb = slot(), cnode = slot(), endpoint = slot();
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_TCBObject, 0, CNODE, 0, 0, tcb, 1));
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 4, CNODE, 0, 0, cnode, 1));
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, endpoint, 1));
    seL4_CPtr elsewhere = make_sized(seL4_CapTableObject, 2);
    SEL4_UTIL_CHECK(seL4_CNode_Copy(elsewhere, 1, 2, CNODE, endpoint, WORD, seL4_AllRights));
    SEL4_UTIL_CHECK(seL4_CNode_Copy(cnode, 1, 4, CNODE, cnode, WORD, seL4_AllRights));
    SEL4_UTIL_CHECK(seL4_CNode_Copy(cnode, 2, 4, CNODE, tcb, WORD, seL4_AllRights));
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(tcb, 0, cnode, 0, VSPACE, 0));
    CASE(seL4_CNode_Revoke(CNODE, untyped, WORD), "revoke a TCB, its CNode and an endpoint at once");
    SAY("  %lx %lx %lx\n", kind(tcb), kind(cnode), kind(endpoint));
    CASE(seL4_CNode_Copy(CNODE, endpoint, WORD, elsewhere, 1, 2, seL4_AllRights), "the copy elsewhere");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 14, CNODE, 0, 0, endpoint, 1), "all of it again");
}

static seL4_CPtr endpoint;

static void test_reply(void)
{
    section("callers and repliers");
    struct sel4_util_thread *thread =
        spawn_faulting("caller", call, (void *)endpoint, PRIORITY_HIGH, fault_endpoint);
    seL4_Recv(endpoint, NULL);
    CASE(discard(thread->tcb), "delete the caller");
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    SAY("replied to nobody\n");
    thread = spawn_faulting("caller", call, (void *)endpoint, PRIORITY_HIGH, fault_endpoint);
    seL4_Recv(endpoint, NULL);
    CASE(seL4_TCB_Resume(thread->tcb), "resume the caller: it calls again");
    seL4_Word badge = 0xbad;
    seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
    SAY("  label %lx\n", seL4_MessageInfo_get_label(info));
    seL4_Reply(seL4_MessageInfo_new(7, 0, 0, 0));
    thread = spawn_faulting("caller", call, (void *)endpoint, PRIORITY_HIGH, fault_endpoint);
    seL4_Recv(endpoint, NULL);
    CASE(seL4_TCB_Suspend(thread->tcb), "suspend the caller");
    seL4_Reply(seL4_MessageInfo_new(8, 0, 0, 0));
    CASE(seL4_TCB_Resume(thread->tcb), "resume it: it calls again");
    seL4_Recv(endpoint, NULL);
    seL4_Reply(seL4_MessageInfo_new(9, 0, 0, 0));
}

static void take_and_die(void *unused)
{
    (void)unused;
    seL4_Recv(endpoint, NULL);
    asm volatile("ud2");
}

static void test_server_dies(void)
{
    section("a server that dies");
    struct sel4_util_thread *server =
        spawn_faulting("server", take_and_die, NULL, PRIORITY_HIGH, fault_endpoint);
    struct sel4_util_thread *client =
        spawn_faulting("client", call, (void *)endpoint, PRIORITY_HIGH, fault_endpoint);
    seL4_MessageInfo_t info = seL4_Recv(fault_endpoint, NULL);
    SAY("server's fault %lx\n", seL4_MessageInfo_get_label(info));
    CASE(discard(server->tcb), "delete the server");
    CASE(seL4_TCB_Resume(client->tcb), "resume the client: it calls again");
    seL4_Recv(endpoint, NULL);
    seL4_Reply(seL4_MessageInfo_new(5, 0, 0, 0));
}

static void delete_slot(void *cap)
{
    seL4_CNode_Delete(CNODE, (seL4_CPtr)cap, WORD);
    SAY("  went on after deleting\n");
}

static void test_self(void)
{
    section("oneself");
    seL4_CPtr cap = slot();
    struct sel4_util_thread *thread = spawn("suicide", delete_slot, (void *)cap, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, cap, WORD, CNODE, thread->tcb, WORD));
    let_run();
    SAY("a thread deleted its own TCB: slot %lx\n", kind(cap));
}

/* More capabilities than the kernel deletes in one go. */
static void test_many(void)
{
    section("many");
    seL4_CPtr original = make(seL4_EndpointObject);
    seL4_CNode big = make_sized(seL4_CapTableObject, 10);
    for (seL4_Word i = 0; i < 1024; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Mint(big, i, 10, CNODE, original, WORD, seL4_AllRights, i + 1));
    }
    CASE(seL4_CNode_Revoke(CNODE, original, WORD), "revoke 1024 capabilities");
    CASE(seL4_CNode_Copy(big, 1023, 10, CNODE, original, WORD, seL4_AllRights), "the last slot is free");
    for (seL4_Word i = 0; i < 1023; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Copy(big, i, 10, CNODE, original, WORD, seL4_AllRights));
    }
    CASE(discard(big), "delete a CNode of 1024 capabilities");
    seL4_CPtr nested[8];
    for (int i = 0; i < 8; i++) {
        nested[i] = make_sized(seL4_CapTableObject, 1);
    }
    for (int i = 0; i < 7; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Move(nested[i], 1, 1, CNODE, nested[i + 1], WORD));
        if (i < 6) {
            SEL4_UTIL_CHECK(seL4_CNode_Copy(CNODE, nested[i + 1], WORD, nested[i], 1, 1, seL4_AllRights));
        }
    }
    CASE(discard(nested[0]), "delete a chain of CNodes");
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    test_blocked();
    test_memory();
    test_reply();
    test_server_dies();
    test_self();
    test_many();
    close();
    return 0;
}
