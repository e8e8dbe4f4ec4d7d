/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSpaces as deep as there are bits: 64 CNodes of one bit each, 32 with a guard of a bit, and guards that
 * leave room for one slot bit only. Each slot on the way is reached at its depth and at no other.
 */
#include "conformance.h"

enum {
    LEVELS_MAX = 64
};

static seL4_CPtr notification;
static seL4_Word path; /* the slots on the way, from the highest bit */

static seL4_Word guard_word(seL4_Word guard, seL4_Word bits)
{
    return seL4_CNode_CapData_new(guard, bits).words[0];
}

/* A chain of CNodes with two slots, each in slot `index` of the one before, the notification in the last;
 * returns its root, whose guard is like all others. */
static seL4_CPtr chain(unsigned levels, seL4_Word index, seL4_Word guard, seL4_Word guard_bits)
{
    seL4_CPtr below = notification;
    for (unsigned i = 0; i < levels; i++) {
        seL4_CPtr cnode = make_sized(seL4_CapTableObject, 1), guarded = slot();
        SEL4_UTIL_CHECK(seL4_CNode_Mint(CNODE, guarded, WORD, CNODE, cnode, WORD, seL4_AllRights,
                                        guard_word(guard, guard_bits)));
        /* Through the unguarded capability, the slot has one bit. */
        SEL4_UTIL_CHECK(seL4_CNode_Move(cnode, index, 1, CNODE, i == 0 ? copy(below) : below, WORD));
        below = guarded;
    }
    return below;
}

static void reach(seL4_CPtr root, seL4_Word address, unsigned step)
{
    for (unsigned depth = 0; depth <= LEVELS_MAX + 1; depth += step) {
        seL4_CPtr to = slot();
        seL4_Word index = depth == 0 ? 0 : depth > LEVELS_MAX ? address : address >> (LEVELS_MAX - depth);
        CASE(seL4_CNode_Copy(CNODE, to, WORD, root, index, (seL4_Uint8)depth, seL4_AllRights), "depth %u",
             depth);
        if (kind(to)) {
            SAY("  kind %lu\n", kind(to));
        }
    }
}

static void signal(void *address)
{
    seL4_Signal((seL4_CPtr)address);
    seL4_Signal((seL4_CPtr)address ^ 1);
    seL4_Signal((seL4_CPtr)address ^ 1ul << 63);
}

/* A thread in such a CSpace uses what lies at its bottom. */
static void live(seL4_CPtr root, seL4_Word address)
{
    struct sel4_util_thread *thread = spawn("deep", signal, (void *)address, PRIORITY_LOW);
    CASE(seL4_TCB_SetSpace(thread->tcb, 0, root, 0, VSPACE, 0), "space");
    let_run();
    seL4_Word badge = 99;
    seL4_NBRecv(notification, &badge);
    SAY("signalled %lu\n", badge);
}

int main(seL4_BootInfo *info)
{
    open(info);
    notification = mint(make(seL4_NotificationObject), seL4_AllRights, 7);

    section("64 levels");
    seL4_CPtr root = chain(64, 1, 0, 0);
    path = ~0ul;
    reach(root, path, 1);
    reach(root, path - 1, 16);
    live(root, path);

    section("32 levels with a guard bit");
    root = chain(32, 0, 1, 1);
    path = 0xaaaaaaaaaaaaaaaaul;
    reach(root, path, 1);
    live(root, path);

    section("a guard of 63 bits");
    root = chain(1, 1, 0x123, 58);
    path = 0x123ul << 6 | 32;
    reach(root, path, 8);
    reach(root, path ^ 1ul << 63, 8);
    live(root, path);
    close();
    return 0;
}
