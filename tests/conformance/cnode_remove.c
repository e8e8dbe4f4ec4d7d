/* SPDX-License-Identifier: BSD-2-Clause */
/* CNode invocations that take capabilities away: Delete, Revoke, CancelBadgedSends; and SaveCaller. */
#include "conformance.h"

static seL4_CPtr endpoint, notification;

static void test_delete(void)
{
    section("delete");
    seL4_CNode small = make_sized(seL4_CapTableObject, 4);
    CASE(seL4_CNode_Delete(small, 3, 4), "delete an empty slot");
    CASE(seL4_CNode_Delete(small, 3, 0), "delete, depth 0");
    CASE(seL4_CNode_Delete(small, 3, 65), "delete, depth 65");
    CASE(seL4_CNode_Delete(small, 3, 3), "delete, depth 3");
    CASE(seL4_CNode_Delete(small, 3, 5), "delete, depth 5");
    CASE(seL4_CNode_Revoke(small, 3, 4), "revoke an empty slot");
    CASE(seL4_CNode_Revoke(small, 3, 0), "revoke, depth 0");
    CASE(seL4_CNode_Revoke(small, 3, 65), "revoke, depth 65");
    CASE(seL4_CNode_Revoke(small, 3, 3), "revoke, depth 3");
    CASE(seL4_CNode_Revoke(small, 3, 5), "revoke, depth 5");
}

static void test_delete_copies(void)
{
    section("delete and copies");
    seL4_CPtr original = make(seL4_NotificationObject);
    seL4_CPtr twin = copy(original);
    CASE(discard(original), "delete the original");
    SAY("original %lx, copy %lx\n", kind(original), kind(twin));
    seL4_Word badge = 9;
    seL4_Signal(twin);
    seL4_NBRecv(twin, &badge);
    SAY("the copy still works: badge %lx\n", badge);
    CASE(discard(twin), "delete the copy");
    CASE(discard(twin), "delete it again");
    SAY("copy %lx\n", kind(twin));
}

/* The derivation tree: original -> copies and badged ones -> copies of badged ones. */
static void test_revoke(void)
{
    section("revoke");
    seL4_CPtr original = make(seL4_EndpointObject);
    seL4_CPtr plain = copy(original);
    seL4_CPtr badged = mint(original, seL4_AllRights, 1);
    seL4_CPtr badged_copy = copy(badged);
    seL4_CPtr from_plain = mint(plain, seL4_AllRights, 2);
    seL4_CPtr from_plain_copy = copy(from_plain);
    CASE(seL4_CNode_Revoke(CNODE, badged_copy, WORD), "revoke a copy of a badged one");
    SAY("badged %lx, its copy %lx\n", kind(badged), kind(badged_copy));
    CASE(seL4_CNode_Revoke(CNODE, badged, WORD), "revoke a badged one");
    SAY("badged %lx, its copy %lx\n", kind(badged), kind(badged_copy));
    CASE(seL4_CNode_Revoke(CNODE, plain, WORD), "revoke a plain copy");
    SAY("original %lx, plain %lx, badged %lx, 2: %lx, copy of 2: %lx\n", kind(original), kind(plain),
        kind(badged), kind(from_plain), kind(from_plain_copy));
    CASE(seL4_CNode_Revoke(CNODE, original, WORD), "revoke the original");
    SAY("original %lx, plain %lx, badged %lx, 2: %lx, copy of 2: %lx\n", kind(original), kind(plain),
        kind(badged), kind(from_plain), kind(from_plain_copy));

    original = make(seL4_TCBObject);
    plain = copy(original);
    seL4_CPtr third = copy(plain);
    CASE(seL4_CNode_Revoke(CNODE, third, WORD), "revoke a TCB copied from a copy");
    SAY("original %lx, copy %lx, copy of the copy %lx\n", kind(original), kind(plain), kind(third));
    CASE(seL4_CNode_Revoke(CNODE, plain, WORD), "revoke a copied TCB");
    SAY("original %lx, copy %lx, copy of the copy %lx\n", kind(original), kind(plain), kind(third));
    CASE(seL4_CNode_Revoke(CNODE, original, WORD), "revoke the first TCB");
    SAY("original %lx, copy %lx, copy of the copy %lx\n", kind(original), kind(plain), kind(third));
}

static void test_revoke_moved(void)
{
    section("revoke after moves");
    seL4_CPtr original = make(seL4_NotificationObject);
    seL4_CPtr twin = copy(original), place = slot(), place_of_twin = slot();
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, place, WORD, CNODE, original, WORD));
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, place_of_twin, WORD, CNODE, twin, WORD));
    CASE(seL4_CNode_Revoke(CNODE, place, WORD), "revoke the moved original");
    SAY("original %lx, copy %lx\n", kind(place), kind(place_of_twin));
    seL4_CPtr cnode = make_sized(seL4_CapTableObject, 2), guarded = slot(), twin_of_guarded = slot();
    SEL4_UTIL_CHECK(
        seL4_CNode_Mutate(CNODE, guarded, WORD, CNODE, cnode, WORD, seL4_CNode_CapData_new(1, 1).words[0]));
    SEL4_UTIL_CHECK(seL4_CNode_Copy(CNODE, twin_of_guarded, WORD, CNODE, guarded, WORD, seL4_AllRights));
    CASE(seL4_CNode_Revoke(CNODE, guarded, WORD), "revoke the mutated original");
    SAY("original %lx, copy %lx\n", kind(guarded), kind(twin_of_guarded));
}

/* Deleting the last capability of a CNode deletes what it holds. */
static void test_cnode_contents(void)
{
    section("deleting a CNode");
    seL4_CNode small = make_sized(seL4_CapTableObject, 3);
    seL4_CPtr object = make(seL4_NotificationObject);
    SEL4_UTIL_CHECK(seL4_CNode_Move(small, 2, 3, CNODE, object, WORD));
    seL4_CPtr child = slot();
    SEL4_UTIL_CHECK(seL4_CNode_Copy(CNODE, child, WORD, small, 2, 3, seL4_AllRights));
    seL4_CPtr twin = copy(small);
    CASE(discard(small), "delete one of two capabilities to a CNode");
    CASE(seL4_CNode_Copy(CNODE, object, WORD, twin, 2, 3, seL4_AllRights),
         "the other one still holds its slots");
    CASE(discard(twin), "delete the last one");
    SAY("the object lives on in the other slots: %lx %lx\n", kind(child), kind(object));
    CASE(seL4_CNode_Delete(twin, 2, 3), "the CNode is gone");

    small = make_sized(seL4_CapTableObject, 3);
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, 5, 3, CNODE, small, WORD, seL4_AllRights));
    CASE(seL4_CNode_Move(small, 6, 3, CNODE, small, WORD), "move a CNode into itself, next to its copy");
    SAY("slot %lx\n", kind(small));
    small = make_sized(seL4_CapTableObject, 3);
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, 5, 3, CNODE, small, WORD, seL4_AllRights));
    CASE(seL4_CNode_Delete(small, 5, 3), "delete the copy within");
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, 5, 3, CNODE, small, WORD, seL4_AllRights));
    CASE(seL4_CNode_Revoke(small, 5, 3), "revoke the copy within");
    SAY("slot %lx\n", kind(small));
    CASE(seL4_CNode_Revoke(CNODE, small, WORD), "revoke the original");
    CASE(seL4_CNode_Delete(small, 5, 3), "it is usable");
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, 5, 3, CNODE, small, WORD, seL4_AllRights));
    CASE(discard(small), "delete the original");
    SAY("slot %lx\n", kind(small));
}

static volatile seL4_Word senders_done;

static void send_badged(void *cap)
{
    seL4_SetMR(0, 55);
    seL4_Send((seL4_CPtr)cap, seL4_MessageInfo_new(5, 0, 0, 1));
    senders_done++;
}

static void drain(seL4_CPtr from)
{
    for (int i = 0; i < 8; i++) {
        seL4_Word badge = 0;
        seL4_NBRecv(from, &badge);
        if (!badge) {
            break;
        }
        SAY("received badge %lx\n", badge);
    }
}

static void test_cancel(void)
{
    section("cancel badged sends");
    static const seL4_Word rights[] = {0, 1, 2, 3, 4, 7, 8, 11, 12, 14, 15};
    for (unsigned i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
        seL4_CPtr cap = mint(endpoint, (seL4_CapRights_t){.words = {rights[i]}}, 3);
        CASE(seL4_CNode_CancelBadgedSends(CNODE, cap, WORD), "rights %lx", rights[i]);
    }
    seL4_CPtr free_slot = slot();
    CASE(seL4_CNode_CancelBadgedSends(CNODE, free_slot, WORD), "an empty slot");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, notification, WORD), "a notification");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, SELF, WORD), "a TCB");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, endpoint, WORD), "unbadged");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, endpoint, 0), "depth 0");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, endpoint, 65), "depth 65");
    CASE(seL4_CNode_CancelBadgedSends(CNODE, endpoint, 11), "depth 11");

    seL4_CPtr one = mint(endpoint, seL4_AllRights, 0x11), two = mint(endpoint, seL4_AllRights, 0x22);
    seL4_CPtr keep = mint(endpoint, seL4_AllRights, 0x11);
    spawn("one", send_badged, (void *)one, PRIORITY_HIGH);
    spawn("two", send_badged, (void *)two, PRIORITY_HIGH);
    spawn("one again", send_badged, (void *)one, PRIORITY_HIGH);
    CASE(seL4_CNode_CancelBadgedSends(CNODE, keep, WORD), "cancel, the senders' capability still there");
    drain(endpoint);
    SAY("senders that went on: %lu\n", senders_done);
    spawn("one", send_badged, (void *)one, PRIORITY_LOW);
    spawn("two", send_badged, (void *)two, PRIORITY_LOW);
    spawn("unbadged", send_badged, (void *)endpoint, PRIORITY_LOW);
    let_run();
    SEL4_UTIL_CHECK(discard(one));
    CASE(seL4_CNode_CancelBadgedSends(CNODE, keep, WORD), "cancel, the senders' capability gone");
    let_run();
    drain(endpoint);
    CASE(seL4_CNode_CancelBadgedSends(CNODE, endpoint, WORD), "cancel through the unbadged one");
    seL4_Word badge;
    seL4_NBRecv(endpoint, &badge);
    SAY("senders that went on: %lu\n", senders_done);
}

#ifndef CONFIG_KERNEL_MCS
/* Calls, and says what it got. */
static void call_once(void *cap)
{
    seL4_SetMR(0, 7);
    seL4_MessageInfo_t info = seL4_Call((seL4_CPtr)cap, seL4_MessageInfo_new(1, 0, 0, 1));
    SAY("caller: label %lx, word %lx\n", seL4_MessageInfo_get_label(info), seL4_GetMR(0));
}

static void receive_call(const char *name)
{
    spawn(name, call_once, (void *)endpoint, PRIORITY_HIGH);
    seL4_Recv(endpoint, NULL);
}

static void test_save_caller(void)
{
    section("save caller");
    seL4_CPtr saved = slot(), moved = slot(), other = slot();
    CASE(seL4_CNode_SaveCaller(CNODE, saved, WORD), "nobody called");
    SAY("slot %lx\n", kind(saved));
    receive_call("first");
    CASE(seL4_CNode_SaveCaller(CNODE, notification, WORD), "to an occupied slot");
    CASE(seL4_CNode_SaveCaller(CNODE, saved, 0), "depth 0");
    CASE(seL4_CNode_SaveCaller(CNODE, saved, 65), "depth 65");
    CASE(seL4_CNode_SaveCaller(CNODE, saved, 11), "depth 11");
    CASE(seL4_CNode_SaveCaller(CNODE, saved, WORD), "saved");
    SAY("slot %lx\n", kind(saved));
    CASE(seL4_CNode_SaveCaller(CNODE, other, WORD), "saved already");
    SAY("slot %lx\n", kind(other));
    CASE(seL4_CNode_Copy(CNODE, other, WORD, CNODE, saved, WORD, seL4_AllRights), "copy a reply capability");
    CASE(seL4_CNode_Mint(CNODE, other, WORD, CNODE, saved, WORD, seL4_AllRights, 1),
         "mint a reply capability");
    CASE(seL4_CNode_Mutate(CNODE, other, WORD, CNODE, saved, WORD, 1), "mutate a reply capability");
    SAY("slots %lx %lx\n", kind(saved), kind(other));
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, saved, WORD, CNODE, other, WORD));
    CASE(seL4_CNode_Move(CNODE, moved, WORD, CNODE, saved, WORD), "move a reply capability");
    CASE(seL4_CNode_Revoke(CNODE, moved, WORD), "revoke a reply capability");
    seL4_SetMR(0, 0x71);
    seL4_Send(moved, seL4_MessageInfo_new(4, 0, 0, 1));
    SAY("after the reply: slot %lx\n", kind(moved));
    invoke_case(moved, 0, ARGUMENTS(.cap_count = 0), "reply again through the empty slot");

    receive_call("second");
    seL4_SetMR(0, 0x72);
    seL4_Reply(seL4_MessageInfo_new(4, 0, 0, 1));
    CASE(seL4_CNode_SaveCaller(CNODE, saved, WORD), "replied already");
    SAY("slot %lx\n", kind(saved));

    receive_call("third");
    SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(CNODE, saved, WORD));
    invoke_case(saved, 6, ARGUMENTS(.word_count = 1, .words = {0x73}), "call a reply capability");
    receive_call("fourth");
    SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(CNODE, saved, WORD));
    CASE(discard(saved), "delete a reply capability");
    struct sel4_util_thread *fifth = spawn("fifth", call_once, (void *)endpoint, PRIORITY_HIGH);
    seL4_Recv(endpoint, NULL);
    SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(CNODE, saved, WORD));
    CASE(seL4_TCB_Suspend(fifth->tcb), "suspend the caller");
    SAY("slot %lx\n", kind(saved));
}
#endif

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    test_delete();
    test_delete_copies();
    test_revoke();
    test_revoke_moved();
    test_cnode_contents();
    test_cancel();
#ifndef CONFIG_KERNEL_MCS
    test_save_caller();
#endif
    close();
    return 0;
}
