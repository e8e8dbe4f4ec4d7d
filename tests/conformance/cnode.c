/* SPDX-License-Identifier: BSD-2-Clause */
/* CNode invocations that move capabilities: Copy, Mint, Move, Mutate, Rotate, with every error and their order. */
#include "conformance.h"

enum {
    SMALL_BITS = 4,
    EMPTY = 9,
    TAKEN = 1,
    SOURCE = 2
};

/* A CNode of 16 slots with guard 0: slot 1 a notification, slot 2 an endpoint, the others empty. */
static seL4_CNode small;
static seL4_CPtr endpoint, notification, empty, other;

static void small_reset(void)
{
    for (seL4_Word i = 0; i < LIBSEL4_BIT(SMALL_BITS); i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Delete(small, i, SMALL_BITS));
    }
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, TAKEN, SMALL_BITS, CNODE, notification, WORD, seL4_AllRights));
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, SOURCE, SMALL_BITS, CNODE, endpoint, WORD, seL4_AllRights));
}

/* What lies in a slot of the small CNode. */
static seL4_Word small_kind(seL4_Word index)
{
    seL4_Word found = 0;
    if (seL4_CNode_Move(CNODE, empty, WORD, small, index, SMALL_BITS) == seL4_NoError) {
        found = kind(empty);
        SEL4_UTIL_CHECK(seL4_CNode_Move(small, index, SMALL_BITS, CNODE, empty, WORD));
    }
    return found;
}

/* One operation with the arguments that all four share. */
enum operation {
    COPY,
    MINT,
    MOVE,
    MUTATE
};
static const char *const names[] = {"copy", "mint", "move", "mutate"};

static seL4_Error operate(enum operation operation, seL4_CNode to, seL4_Word to_index, seL4_Uint8 to_depth,
                          seL4_CNode from, seL4_Word from_index, seL4_Uint8 from_depth)
{
    switch (operation) {
    case COPY:
        return (seL4_Error)seL4_CNode_Copy(to, to_index, to_depth, from, from_index, from_depth,
                                           seL4_AllRights);
    case MINT:
        return (seL4_Error)seL4_CNode_Mint(to, to_index, to_depth, from, from_index, from_depth,
                                           seL4_AllRights, 5);
    case MOVE:
        return (seL4_Error)seL4_CNode_Move(to, to_index, to_depth, from, from_index, from_depth);
    default:
        return (seL4_Error)seL4_CNode_Mutate(to, to_index, to_depth, from, from_index, from_depth, 0);
    }
}

static void test_slots(enum operation operation)
{
    const char *name = names[operation];
    small_reset();
    CASE(operate(operation, small, TAKEN, 4, small, SOURCE, 4), "%s to an occupied slot", name);
    CASE(operate(operation, small, SOURCE, 4, small, SOURCE, 4), "%s onto itself", name);
    CASE(operate(operation, small, EMPTY, 4, small, 7, 4), "%s from an empty slot", name);
    CASE(operate(operation, small, 7, 4, small, 7, 4), "%s from an empty slot onto itself", name);
    CASE(operate(operation, small, TAKEN, 4, small, 7, 4), "%s from empty to occupied", name);
    CASE(operate(operation, small, EMPTY, 0, small, SOURCE, 4), "%s, destination depth 0", name);
    CASE(operate(operation, small, EMPTY, 65, small, SOURCE, 4), "%s, destination depth 65", name);
    CASE(operate(operation, small, EMPTY, 255, small, SOURCE, 4), "%s, destination depth 255", name);
    CASE(operate(operation, small, EMPTY, 3, small, SOURCE, 4), "%s, destination depth 3", name);
    CASE(operate(operation, small, EMPTY, 5, small, SOURCE, 4), "%s, destination depth 5", name);
    CASE(operate(operation, small, EMPTY, 4, small, SOURCE, 0), "%s, source depth 0", name);
    CASE(operate(operation, small, EMPTY, 4, small, SOURCE, 65), "%s, source depth 65", name);
    CASE(operate(operation, small, EMPTY, 4, small, SOURCE, 3), "%s, source depth 3", name);
    CASE(operate(operation, small, EMPTY, 4, small, SOURCE, 5), "%s, source depth 5", name);
    CASE(operate(operation, small, EMPTY, 0, small, SOURCE, 65), "%s, both depths bad", name);
    CASE(operate(operation, small, TAKEN, 4, small, SOURCE, 65), "%s, occupied, source depth bad", name);
    CASE(operate(operation, small, EMPTY, 4, endpoint, SOURCE, 4), "%s, source root an endpoint", name);
    CASE(operate(operation, small, TAKEN, 4, endpoint, SOURCE, 4), "%s, occupied, source root an endpoint",
         name);
    CASE(operate(operation, small, EMPTY, 4, empty, SOURCE, 4), "%s, source root an empty slot", name);
    CASE(operate(operation, empty, EMPTY, 4, small, SOURCE, 4), "%s on an empty slot", name);
    CASE(operate(operation, small, EMPTY | 0xff0, 4, small, SOURCE | 0xff0, 4), "%s, bits above the depth",
         name);
    SAY("%s: source then %lx, destination %lx\n", name, small_kind(SOURCE), small_kind(EMPTY));
}

/* The badge that a send through `cap` carries, or that nothing came: from a notification's poll. */
static seL4_Word signalled_badge(seL4_CPtr cap)
{
    seL4_Word badge = 0;
    seL4_Signal(cap);
    seL4_NBRecv(notification, &badge);
    return badge;
}

static void test_badges(void)
{
    section("badges and guards");
    seL4_CPtr badged = slot(), again = slot(), guarded = slot();
    CASE(seL4_CNode_Mint(CNODE, badged, WORD, CNODE, notification, WORD, seL4_AllRights, 0x1234),
         "mint a badge");
    SAY("badge %lx\n", signalled_badge(badged));
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, badged, WORD, seL4_AllRights, 0x99),
         "mint badged, new badge");
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, badged, WORD, seL4_AllRights, 0x1234),
         "mint badged, same badge");
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, badged, WORD, seL4_AllRights, 0), "mint badged, badge 0");
    SAY("slot holds %lx\n", kind(again));
    CASE(seL4_CNode_Copy(CNODE, again, WORD, CNODE, badged, WORD, seL4_AllRights), "copy badged");
    SAY("badge %lx\n", signalled_badge(again));
    discard(again);
    CASE(seL4_CNode_Mutate(CNODE, again, WORD, CNODE, badged, WORD, 0x77), "mutate badged, new badge");
    CASE(seL4_CNode_Mutate(CNODE, again, WORD, CNODE, badged, WORD, 0), "mutate badged, badge 0");
    CASE(seL4_CNode_Mutate(CNODE, again, WORD, CNODE, endpoint, WORD, 6), "mutate an unbadged endpoint");
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, notification, WORD, seL4_AllRights, ~0ul),
         "mint all-ones badge");
    SAY("badge %lx\n", signalled_badge(again));
    discard(again);

    CASE(seL4_CNode_Mint(CNODE, guarded, WORD, CNODE, small, WORD, seL4_AllRights,
                         seL4_CNode_CapData_new(0x5, 4).words[0]),
         "mint a guard");
    CASE(seL4_CNode_Copy(guarded, 0x5e, 8, CNODE, endpoint, WORD, seL4_AllRights), "copy through the guard");
    CASE(seL4_CNode_Copy(guarded, 0x6d, 8, CNODE, endpoint, WORD, seL4_AllRights), "copy past the guard");
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, guarded, WORD, seL4_AllRights, 0),
         "mint guarded, data 0");
    CASE(seL4_CNode_Copy(again, 0x5d, 8, CNODE, endpoint, WORD, seL4_AllRights), "copy through it");
    CASE(seL4_CNode_Copy(again, 0xd, 4, CNODE, endpoint, WORD, seL4_AllRights), "copy with depth 4");
    discard(again);
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, small, WORD, seL4_AllRights,
                         seL4_CNode_CapData_new(0, 60).words[0]),
         "mint a guard of 60 bits");
    discard(again);
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, small, WORD, seL4_AllRights,
                         seL4_CNode_CapData_new(0, 61).words[0]),
         "mint a guard of 61 bits");
    CASE(seL4_CNode_Mint(CNODE, again, WORD, CNODE, small, WORD, seL4_AllRights,
                         seL4_CNode_CapData_new(0xff, 4).words[0]),
         "mint a guard wider than its size");
    CASE(seL4_CNode_Copy(again, 0xfe, 8, CNODE, endpoint, WORD, seL4_AllRights), "copy through its low bits");
    discard(again);
    CASE(seL4_CNode_Mutate(CNODE, again, WORD, CNODE, guarded, WORD, seL4_CNode_CapData_new(0x3, 2).words[0]),
         "mutate a guard");
    CASE(seL4_CNode_Copy(again, 0x3b, 6, CNODE, endpoint, WORD, seL4_AllRights),
         "copy through the new guard");
    CASE(seL4_CNode_Mutate(CNODE, guarded, WORD, CNODE, again, WORD, seL4_CNode_CapData_new(0, 63).words[0]),
         "mutate a guard of 63 bits");
    CASE(seL4_CNode_Mutate(CNODE, guarded, WORD, CNODE, again, WORD,
                           seL4_CNode_CapData_new(0, 60).words[0] | 1ul << 6),
         "mutate a guard with a bit above");
}

static seL4_Error rotate(seL4_Word to, seL4_Word pivot, seL4_Word from)
{
    return (seL4_Error)seL4_CNode_Rotate(small, to, SMALL_BITS, 0, small, pivot, SMALL_BITS, 0, small, from,
                                         SMALL_BITS);
}

/* A rotation rewrites both capabilities as Mutate does, so it takes kinds that Mutate takes. */
static void rotate_reset(void)
{
    for (seL4_Word i = 0; i < LIBSEL4_BIT(SMALL_BITS); i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Delete(small, i, SMALL_BITS));
    }
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, TAKEN, SMALL_BITS, CNODE, SELF, WORD, seL4_AllRights));
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, SOURCE, SMALL_BITS, CNODE, other, WORD, seL4_AllRights));
}

static void rotate_show(void)
{
    SAY("  1: %lx, 2: %lx, 8: %lx, 9: %lx\n", small_kind(TAKEN), small_kind(SOURCE), small_kind(8),
        small_kind(EMPTY));
}

static void test_rotate(void)
{
    section("rotate");
    rotate_reset();
    CASE(rotate(EMPTY, TAKEN, SOURCE), "rotate");
    rotate_show();
    rotate_reset();
    CASE(rotate(SOURCE, TAKEN, SOURCE), "swap: source is destination");
    rotate_show();
    rotate_reset();
    CASE(rotate(EMPTY, SOURCE, SOURCE), "source is pivot");
    CASE(rotate(TAKEN, TAKEN, SOURCE), "pivot is destination");
    CASE(rotate(SOURCE, SOURCE, SOURCE), "all one slot");
    CASE(rotate(7, 7, 7), "all one empty slot");
    SEL4_UTIL_CHECK(seL4_CNode_Copy(small, EMPTY, SMALL_BITS, CNODE, SELF, WORD, seL4_AllRights));
    CASE(rotate(EMPTY, TAKEN, SOURCE), "destination occupied");
    CASE(rotate(EMPTY, 7, SOURCE), "destination occupied, pivot empty");
    CASE(rotate(8, 7, SOURCE), "pivot empty");
    CASE(rotate(8, TAKEN, 7), "source empty");
    CASE(rotate(8, 7, 6), "pivot and source empty");
    rotate_show();
}

static void test_rotate_arguments(void)
{
    rotate_reset();
    CASE(seL4_CNode_Rotate(small, 8, 0, 0, small, TAKEN, 0, 0, small, SOURCE, 0), "all depths 0");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 0, 0, small, SOURCE, 4), "pivot depth 0");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 65, 0, small, SOURCE, 65),
         "pivot and source depth 65");
    CASE(seL4_CNode_Rotate(small, 8, 5, 0, small, TAKEN, 4, 0, small, SOURCE, 4), "destination depth 5");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 5, 0, small, SOURCE, 4), "pivot depth 5");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 4, 0, small, SOURCE, 5), "source depth 5");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, endpoint, TAKEN, 4, 0, small, SOURCE, 4),
         "pivot root an endpoint");
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 4, 0, endpoint, SOURCE, 4),
         "source root an endpoint");
    CASE(seL4_CNode_Rotate(small, 8, 4, 3, small, TAKEN, 4, 0, small, SOURCE, 4),
         "data for the pivot, a TCB");
    rotate_show();
    rotate_reset();
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 4, seL4_CNode_CapData_new(0, 63).words[0], small,
                           SOURCE, 4),
         "a guard for the source, a CNode");
    rotate_show();
    rotate_reset();
    CASE(seL4_CNode_Rotate(small, 8, 4, 0, small, TAKEN, 4, seL4_CNode_CapData_new(0, 62).words[0], small,
                           SOURCE, 4),
         "a shorter guard for the source");
    rotate_show();
    rotate_reset();
    CASE(seL4_CNode_Rotate(small, 8, 4, seL4_CNode_CapData_new(0, 63).words[0], small, SOURCE, 4, 0, small,
                           TAKEN, 4),
         "a guard too long for the pivot, a CNode");
    small_reset();
    CASE(rotate(EMPTY, TAKEN, SOURCE), "an endpoint and a notification");
    rotate_show();
}

static void test_rights(void)
{
    section("rights");
    for (seL4_Word rights = 0; rights < 16; rights++) {
        seL4_CapRights_t mask = {.words = {rights}};
        seL4_CPtr cap = mint(notification, mask, 0x40 + rights);
        seL4_Word badge = 0;
        invoke_case(cap, 0, ARGUMENTS(.cap_count = 0), "notification with rights %lx, call", rights);
        seL4_NBRecv(notification, &badge);
        SAY("rights %lx: badge %lx\n", rights, badge);
    }
    seL4_CPtr less = mint(notification, seL4_CanWrite, 0);
    seL4_CPtr more = mint(less, seL4_AllRights, 7);
    SAY("write only, copied with all rights: badge %lx\n", signalled_badge(more));
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    small = make_sized(seL4_CapTableObject, SMALL_BITS);
    other = make_sized(seL4_CapTableObject, 2);
    empty = slot();
    for (enum operation operation = COPY; operation <= MUTATE; operation++) {
        section(names[operation]);
        test_slots(operation);
    }
    test_badges();
    test_rotate();
    test_rotate_arguments();
    test_rights();
    close();
    return 0;
}
