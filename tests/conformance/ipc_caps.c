/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities in messages: grant and grant-reply rights, unwrapping, receive slots, and what goes wrong. */
#include "conformance.h"

enum {
    SLOTS_BITS = 3
};

static seL4_CPtr endpoint, badged, notification, fault_endpoint, target;
static seL4_Word free_slot;

struct parcel {
    seL4_CPtr through;
    unsigned count;
    seL4_CPtr caps[3];
    bool call;
};

static void send(void *argument)
{
    const struct parcel *parcel = argument;
    for (unsigned i = 0; i < parcel->count; i++) {
        seL4_SetCap((int)i, parcel->caps[i]);
    }
    seL4_MessageInfo_t info = seL4_MessageInfo_new(1, 0, parcel->count, 1);
    if (!parcel->call) {
        seL4_Send(parcel->through, info);
        return;
    }
    seL4_SetCapReceivePath(CNODE, free_slot, WORD);
    info = seL4_Call(parcel->through, info);
    SAY("  caller got label %lx, caps %lx, unwrapped %lx, slot %lx\n", seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_extraCaps(info), seL4_MessageInfo_get_capsUnwrapped(info), kind(free_slot));
    discard(free_slot);
}

/* Receive what one helper sends, with the receive path as it is set. */
static void transfer(const char *name, const struct parcel *parcel)
{
    static struct parcel current;
    current = *parcel;
    struct sel4_util_thread *thread = spawn_faulting("sender", send, &current, PRIORITY_HIGH, fault_endpoint);
    for (int i = 0; i < 3; i++) {
        seL4_SetCap(i, 0xee);
    }
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
    if (badge) {
        SAY("%s: caps %lx, unwrapped %lx, badges %lx %lx %lx, slot %lx\n", name,
            seL4_MessageInfo_get_extraCaps(info), seL4_MessageInfo_get_capsUnwrapped(info), seL4_GetBadge(0),
            seL4_GetBadge(1), seL4_GetBadge(2), kind(target));
    } else {
        SAY("%s: nothing arrived\n", name);
    }
    info = seL4_NBRecv(fault_endpoint, &badge);
    if (badge) {
        SAY("  sender's fault %lx: address %lx, receive phase %lx, failure %lx\n",
            seL4_MessageInfo_get_label(info), seL4_GetMR(1), seL4_GetMR(2), seL4_GetMR(3));
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(discard(target));
}

#define PARCEL(...) (&(struct parcel){__VA_ARGS__})

static void test_transfer(void)
{
    section("transfer");
    seL4_CPtr other = make(seL4_EndpointObject);
    seL4_CPtr other_badged = mint(other, seL4_AllRights, 0x99);
    seL4_CPtr again = mint(endpoint, seL4_AllRights, 0x44), third = mint(endpoint, seL4_AllRights, 0x45);
    seL4_SetCapReceivePath(CNODE, target, WORD);
    transfer("one", PARCEL(.through = badged, .count = 1, .caps = {notification}));
    transfer("two", PARCEL(.through = badged, .count = 2, .caps = {notification, SELF}));
    transfer("three", PARCEL(.through = badged, .count = 3, .caps = {notification, SELF, other}));
    transfer("a badged one", PARCEL(.through = badged, .count = 1, .caps = {other_badged}));
    transfer("the endpoint itself", PARCEL(.through = badged, .count = 1, .caps = {endpoint}));
    transfer("the endpoint, badged", PARCEL(.through = badged, .count = 1, .caps = {again}));
    transfer("three of the endpoint",
             PARCEL(.through = badged, .count = 3, .caps = {endpoint, again, third}));
    transfer("one and one of the endpoint",
             PARCEL(.through = badged, .count = 2, .caps = {notification, again}));
    transfer("one of the endpoint and one",
             PARCEL(.through = badged, .count = 2, .caps = {again, notification}));
    transfer("one, of the endpoint, one",
             PARCEL(.through = badged, .count = 3, .caps = {notification, again, SELF}));
    transfer("of the endpoint around one",
             PARCEL(.through = badged, .count = 3, .caps = {again, notification, third}));
}

static void test_sources(void)
{
    section("what can be sent");
    seL4_Untyped parent = make_sized(seL4_UntypedObject, 12);
    seL4_CPtr child = slot(), nothing = slot();
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(parent, seL4_EndpointObject, 0, CNODE, 0, 0, child, 1));
    transfer("an empty slot", PARCEL(.through = badged, .count = 1, .caps = {nothing}));
    transfer("an empty slot, then one",
             PARCEL(.through = badged, .count = 2, .caps = {nothing, notification}));
    transfer("one, then an empty slot",
             PARCEL(.through = badged, .count = 2, .caps = {notification, nothing}));
    transfer("no slot at all", PARCEL(.through = badged, .count = 1, .caps = {NO_CAP}));
    transfer("one, then no slot", PARCEL(.through = badged, .count = 2, .caps = {notification, NO_CAP}));
    transfer("an untyped with a child", PARCEL(.through = badged, .count = 1, .caps = {parent}));
    transfer("that, then one of the endpoint",
             PARCEL(.through = badged, .count = 2, .caps = {parent, endpoint}));
    transfer("IRQ control", PARCEL(.through = badged, .count = 1, .caps = {seL4_CapIRQControl}));
    transfer("an unmapped page table",
             PARCEL(.through = badged, .count = 1, .caps = {make(seL4_X86_PageTableObject)}));
    transfer("a frame", PARCEL(.through = badged, .count = 1, .caps = {seL4_CapBootInfoFrame}));
    transfer("a CNode", PARCEL(.through = badged, .count = 1, .caps = {CNODE}));
}

static void test_receive_path(void)
{
    section("receive slots");
    const struct parcel *one = PARCEL(.through = badged, .count = 1, .caps = {notification});
    const struct parcel *same = PARCEL(.through = badged, .count = 2, .caps = {endpoint, notification});
    seL4_SetCapReceivePath(CNODE, notification, WORD);
    transfer("occupied", one);
    transfer("occupied, the endpoint first", same);
    seL4_SetCapReceivePath(CNODE, target, 0);
    transfer("depth 0", one);
    seL4_SetCapReceivePath(CNODE, target, 11);
    transfer("depth 11", one);
    seL4_SetCapReceivePath(CNODE, target, 65);
    transfer("depth 65", one);
    seL4_SetCapReceivePath(0, target, WORD);
    transfer("root 0", one);
    seL4_SetCapReceivePath(SELF, target, WORD);
    transfer("root a TCB", one);
    seL4_SetCapReceivePath(NO_CAP, target, WORD);
    transfer("root nowhere", one);
    seL4_CNode small = make_sized(seL4_CapTableObject, SLOTS_BITS);
    seL4_SetCapReceivePath(small, 5, SLOTS_BITS);
    transfer("a slot of another CNode", one);
    CASE(seL4_CNode_Move(CNODE, target, WORD, small, 5, SLOTS_BITS), "it is there");
    SEL4_UTIL_CHECK(discard(target));
    seL4_SetCapReceivePath(small, 5, SLOTS_BITS + 1);
    transfer("depth one more than that CNode", one);
    seL4_SetCapReceivePath(CNODE, target, WORD);
}

static void test_rights(void)
{
    section("rights of the sender");
    for (seL4_Word rights = 0; rights < 16; rights++) {
        seL4_CPtr through = mint(endpoint, (seL4_CapRights_t){{rights}}, 0x200 + rights);
        SAY("rights %lx\n", rights);
        transfer("send", PARCEL(.through = through, .count = 2, .caps = {notification, endpoint}));
    }
}

/* The rights of the one who receives do not matter for what it receives: they do for what it may send back. */
static void test_reply(void)
{
    section("replies with capabilities");
    for (seL4_Word receiver_rights = 1; receiver_rights < 16; receiver_rights++) {
        if (!(receiver_rights & 2)) {
            continue;
        }
        seL4_CPtr from = mint(endpoint, (seL4_CapRights_t){{receiver_rights}}, 0x300);
        struct parcel parcel = {.through = badged, .count = 0, .call = true};
        struct sel4_util_thread *thread = spawn("caller", send, &parcel, PRIORITY_HIGH);
        seL4_Recv(from, NULL);
        seL4_SetCap(0, notification);
        SAY("received with rights %lx\n", receiver_rights);
        seL4_Reply(seL4_MessageInfo_new(2, 0, 1, 0));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
    for (seL4_Word rights = 1; rights < 16; rights += 2) {
        struct parcel parcel = {.through = mint(endpoint, (seL4_CapRights_t){{rights}}, 0x400), .call = true};
        SAY("called with rights %lx\n", rights);
        struct sel4_util_thread *thread = spawn("caller", send, &parcel, PRIORITY_HIGH);
        seL4_Recv(endpoint, NULL);
        seL4_SetCap(0, notification);
        seL4_Reply(seL4_MessageInfo_new(2, 0, 1, 0));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
}

static void test_saved_reply(void)
{
    section("capabilities through a saved reply capability");
    struct parcel parcel = {.through = badged, .call = true};
    spawn("caller", send, &parcel, PRIORITY_HIGH);
    seL4_Recv(endpoint, NULL);
#ifdef CONFIG_KERNEL_MCS
    seL4_CPtr saved = own_reply();
#else
    seL4_CPtr saved = slot();
    SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(CNODE, saved, WORD));
#endif
    seL4_SetCap(0, notification);
    seL4_SetCap(1, SELF);
    seL4_Send(saved, seL4_MessageInfo_new(3, 0, 2, 0));

    struct sel4_util_thread *thread = spawn("caller without buffer", send, &parcel, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0));
    seL4_Recv(endpoint, NULL);
    seL4_SetCap(0, notification);
    seL4_Reply(seL4_MessageInfo_new(4, 0, 1, 0));
    let_run();
    static struct parcel bufferless;
    bufferless = (struct parcel){.through = badged, .count = 2, .caps = {notification, SELF}};
    thread = spawn("sender without buffer", send, &bufferless, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0));
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);
    SAY("from one without buffer: caps %lx, slot %lx\n", seL4_MessageInfo_get_extraCaps(info), kind(target));
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    badged = mint(endpoint, seL4_AllRights, 0xb);
    notification = make(seL4_NotificationObject);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    target = slot();
    free_slot = slot();
    test_transfer();
    test_sources();
    test_receive_path();
    test_rights();
    test_reply();
    test_saved_reply();
    close();
    return 0;
}
