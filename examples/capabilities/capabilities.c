/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities: a slot is a name, a copy is a second name with fewer powers, and
 * revoking takes back everything that was derived. Nothing here needs a second
 * thread. Manual: chapter "Capability Spaces".
 */
#include <sel4_util.h>

enum {
    PRESENT_RADIX = 2, /* our own CNode: four slots ... */
    PRESENT_GUARD = 0x5,
    PRESENT_GUARD_BITS = 4, /* ... behind the four bits 0101 */
    PRESENT_DEPTH = PRESENT_GUARD_BITS + PRESENT_RADIX
};

static struct sel4_util_allocator allocator;

/* Capabilities of the initial thread are addressed with all 64 bits of a word. */
static const seL4_CNode root = seL4_CapInitThreadCNode;

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

static void show(const char *what, seL4_Word error)
{
    sel4_util_printf("  %-56s %s\n", what, sel4_util_error_name(error));
}

/*
 * Is there a capability in this slot? Moving one onto itself always fails, and the
 * reason tells: an empty source is looked up in vain, a full target must be
 * emptied first.
 */
static bool slot_is_full(seL4_CPtr slot)
{
    return seL4_CNode_Move(root, slot, seL4_WordBits, root, slot, seL4_WordBits) == seL4_DeleteFirst;
}

static seL4_Error slot_copy(seL4_CPtr to, seL4_CPtr from, seL4_CapRights_t rights)
{
    return (seL4_Error)seL4_CNode_Copy(root, to, seL4_WordBits, root, from, seL4_WordBits, rights);
}

static seL4_Error slot_mint(seL4_CPtr to, seL4_CPtr from, seL4_CapRights_t rights, seL4_Word badge)
{
    return (seL4_Error)seL4_CNode_Mint(root, to, seL4_WordBits, root, from, seL4_WordBits, rights, badge);
}

/* Ask an endpoint for an answer. Nobody is there to give one, so only for capabilities that may not ask. */
static seL4_Word call(seL4_CPtr endpoint)
{
    return seL4_MessageInfo_get_label(seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0)));
}

enum {
    SHOWN_SLOTS = 5
};

/* Look first and print then: a kernel built for debugging remarks upon each failed call on the console. */
static void show_slots(const char *text, const seL4_CPtr *slots, unsigned count)
{
    bool full[SHOWN_SLOTS];
    for (unsigned i = 0; i < count; i++) {
        full[i] = slot_is_full(slots[i]);
    }
    sel4_util_printf("  %-56s", text);
    for (unsigned i = 0; i < count; i++) {
        sel4_util_printf(" %s", full[i] ? "full" : "-");
    }
    sel4_util_printf("\n");
}

static void demonstrate_copies(void)
{
    heading("Slots and copies");
    seL4_CPtr a = sel4_util_slot_alloc(&allocator);
    seL4_CPtr b = sel4_util_slot_alloc(&allocator);
    seL4_CPtr c = sel4_util_slot_alloc(&allocator);
    const seL4_CPtr slots[] = {a, b, c};

    show("copy our own TCB capability into slot a", slot_copy(a, seL4_CapInitThreadTCB, seL4_AllRights));
    show("  set our priority through the copy",
         (seL4_Word)seL4_TCB_SetPriority(a, seL4_CapInitThreadTCB, 254));
    show("copy from the empty slot b", slot_copy(c, b, seL4_AllRights));
    show("copy into the full slot a", slot_copy(a, seL4_CapInitThreadTCB, seL4_AllRights));
    show("invoke the empty slot b", (seL4_Word)seL4_TCB_SetPriority(b, seL4_CapInitThreadTCB, 254));
    show("a CNode method on a capability that is no CNode",
         (seL4_Word)seL4_CNode_Delete(a, b, seL4_WordBits));
    show_slots("slots a, b, c:", slots, 3);

    show("move a to b", (seL4_Word)seL4_CNode_Move(root, b, seL4_WordBits, root, a, seL4_WordBits));
    show_slots("slots a, b, c:", slots, 3);
    SEL4_UTIL_CHECK(slot_copy(c, seL4_CapInitThreadVSpace, seL4_AllRights));
    show("copy an address space to c, then rotate: b and c swap",
         (seL4_Word)seL4_CNode_Rotate(root, b, seL4_WordBits, 0, root, c, seL4_WordBits, 0, root, b,
                                      seL4_WordBits));
    show("  set our priority through c",
         (seL4_Word)seL4_TCB_SetPriority(c, seL4_CapInitThreadTCB, seL4_MaxPrio));
    show_slots("slots a, b, c:", slots, 3);
}

static void demonstrate_rights(void)
{
    heading("Rights and badges: a copy is never stronger than its original");
    seL4_CPtr endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    seL4_CPtr receiver = sel4_util_slot_alloc(&allocator);
    seL4_CPtr hopeful = sel4_util_slot_alloc(&allocator);
    seL4_CPtr client = sel4_util_slot_alloc(&allocator);
    seL4_CPtr rebadged = sel4_util_slot_alloc(&allocator);

    show("copy the endpoint with the right to receive only", slot_copy(receiver, endpoint, seL4_CanRead));
    show("  call it", call(receiver));
    show("copy that copy, asking for all rights", slot_copy(hopeful, receiver, seL4_AllRights));
    show("  call it: the right to send did not come back", call(hopeful));
    show("mint a copy with badge 7", slot_mint(client, endpoint, seL4_AllRights, 7));
    show("  mint badge 8 over badge 7", slot_mint(rebadged, client, seL4_AllRights, 8));
    show("  copy badge 7 as it is", slot_copy(rebadged, client, seL4_AllRights));
}

static void demonstrate_revocation(void)
{
    heading("Deriving, deleting, revoking");
    enum {
        CHILDREN = SHOWN_SLOTS - 1
    };
    seL4_CPtr endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    seL4_CPtr slots[1 + CHILDREN] = {endpoint};
    for (unsigned i = 1; i <= CHILDREN; i++) {
        slots[i] = sel4_util_slot_alloc(&allocator);
        SEL4_UTIL_CHECK(slot_mint(slots[i], endpoint, seL4_AllRights, i));
    }
    show_slots("an endpoint, and four badged children:", slots, 1 + CHILDREN);
    SEL4_UTIL_CHECK(seL4_CNode_Delete(root, slots[2], seL4_WordBits));
    show_slots("delete the second child:", slots, 1 + CHILDREN);
    show("  delete it again: an empty slot is no error",
         (seL4_Word)seL4_CNode_Delete(root, slots[2], seL4_WordBits));
    SEL4_UTIL_CHECK(slot_copy(slots[2], slots[3], seL4_AllRights));
    show_slots("copy the third child into its place:", slots, 1 + CHILDREN);
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(root, slots[2], seL4_WordBits));
    show_slots("revoke the copy, from which nothing came:", slots, 1 + CHILDREN);
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(root, slots[3], seL4_WordBits));
    show_slots("revoke the third child:", slots, 1 + CHILDREN);
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(root, endpoint, seL4_WordBits));
    show_slots("revoke the endpoint:", slots, 1 + CHILDREN);
}

/* After a failed look-up the message tells what went wrong and where. */
static void show_lookup(const char *what, seL4_Error error)
{
    show(what, error);
    if (error != seL4_FailedLookup) {
        return;
    }
    seL4_Word failure = seL4_GetMR(1);
    if (failure == seL4_GuardMismatch) {
        sel4_util_printf("    guard mismatch: %lu bits left, the guard is %lx in %lu bits\n", seL4_GetMR(2),
                         seL4_GetMR(3), seL4_GetMR(4));
    } else if (failure == seL4_DepthMismatch) {
        sel4_util_printf("    depth mismatch: %lu bits left, %lu translated\n", seL4_GetMR(2), seL4_GetMR(3));
    } else {
        sel4_util_printf("    failure %lu, %lu bits left\n", failure, seL4_GetMR(2));
    }
}

static seL4_Error copy_into(seL4_CNode cnode, seL4_Word index, seL4_Uint8 depth)
{
    return (seL4_Error)seL4_CNode_Copy(cnode, index, depth, root, seL4_CapInitThreadTCB, seL4_WordBits,
                                       seL4_AllRights);
}

static void demonstrate_addressing(void)
{
    heading("Addressing: a CNode of four slots behind the guard 0101");
    seL4_CNode plain = sel4_util_object_alloc(&allocator, seL4_CapTableObject, PRESENT_RADIX);
    seL4_CNode guarded = sel4_util_slot_alloc(&allocator);
    seL4_Word data = seL4_CNode_CapData_new(PRESENT_GUARD, PRESENT_GUARD_BITS).words[0];
    show("mint the CNode capability with the guard", slot_mint(guarded, plain, seL4_AllRights, data));
    show_lookup("into address 0101 10, depth 6", copy_into(guarded, 0x16, PRESENT_DEPTH));
    show_lookup("  which is slot 10 without the guard", copy_into(plain, 2, PRESENT_RADIX));
    show_lookup("into address 0111 01, depth 6", copy_into(guarded, 0x1d, PRESENT_DEPTH));
    show_lookup("into address 0101 0, depth 5", copy_into(guarded, 0xa, PRESENT_DEPTH - 1));
    show_lookup("into address 0101 011, depth 7", copy_into(guarded, 0x2b, PRESENT_DEPTH + 1));
    show_lookup("into depth 65", copy_into(guarded, 0, seL4_WordBits + 1));

    /* A CNode is an object like any other: it dies with its last capability, and what it holds with it. */
    show("delete the guarded name", (seL4_Word)seL4_CNode_Delete(root, guarded, seL4_WordBits));
    show("delete the CNode itself", (seL4_Word)seL4_CNode_Delete(root, plain, seL4_WordBits));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("capabilities: names for objects, kept in slots\n");
    demonstrate_copies();
    demonstrate_rights();
    demonstrate_revocation();
    demonstrate_addressing();
    sel4_util_printf("\ncapabilities: done\n");
    return 0;
}
