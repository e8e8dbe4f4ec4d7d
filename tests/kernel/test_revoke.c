/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deletion and revocation of what takes long: nested CNodes, circles, threads.
 * Interrupted at every point, the end is the same as without.
 * Manual: "Deletion", "Revocation".
 */
#include "check/check.h"
#include "kernel/state.h"
#include "tests/kernel/rig.h"

enum {
    RIGHTS = RIGHTS_ALL
};

struct garden {
    struct rig rig;
    uint64_t untyped;  /* all grows from it */
    uint64_t target;   /* what to delete or revoke */
    uint64_t outside;  /* a capability to an endpoint of the garden, in the initial CNode */
    uint64_t endpoint; /* outside the garden */
};

static void plant(struct rig *rig, uint64_t node, uint64_t index, uint64_t depth, uint64_t from)
{
    CHECK_OK(rig_invoke(rig, node, OPERATION_CNODE_COPY, WORDS(index, depth, from, 64, RIGHTS),
                        CAPS(ABI_SLOT_CNODE))
                 .label);
}

static void plant_move(struct rig *rig, uint64_t node, uint64_t index, uint64_t depth, uint64_t from)
{
    CHECK_OK(rig_invoke(rig, node, OPERATION_CNODE_MOVE, WORDS(index, depth, from, 64), CAPS(ABI_SLOT_CNODE))
                 .label);
}

static uint64_t grow(struct garden *g, enum object object, uint64_t bits)
{
    uint64_t slot = rig_free_slot(&g->rig);
    CHECK_OK(rig_retype(&g->rig, g->untyped, object, bits, slot, 1));
    return slot;
}

/* Nested CNodes with endpoints, a thread, a mapped page. */
static struct garden garden_plain(void)
{
    struct garden g = {.rig = rig_open_with((struct sim_options){.work_units = 1})};
    struct rig *rig = &g.rig;
    g.endpoint = rig_new(rig, OBJECT_ENDPOINT, 0);
    g.untyped = rig_new_small_untyped(rig, 17);
    uint64_t outer = grow(&g, OBJECT_CNODE, 3), inner = grow(&g, OBJECT_CNODE, 2);
    uint64_t endpoint = grow(&g, OBJECT_ENDPOINT, 0), tcb = grow(&g, OBJECT_TCB, 0);
    uint64_t frame = grow(&g, OBJECT_SMALL_PAGE, 0);
    g.outside = rig_free_slot(rig);
    CHECK_OK(rig_mint(rig, g.outside, endpoint, RIGHTS, 4));
    CHECK_OK(
        rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(0x480000, 3, 0), CAPS(ABI_SLOT_VSPACE)).label);
    CHECK_OK(rig_invoke(rig, tcb, OPERATION_TCB_CONFIGURE, WORDS(0, 0, 0, 0x480000),
                        CAPS(ABI_SLOT_CNODE, ABI_SLOT_VSPACE, frame))
                 .label);
    plant(rig, inner, 0, 2, endpoint);
    plant(rig, inner, 1, 2, tcb);
    plant_move(rig, inner, 3, 2, frame);
    plant(rig, outer, 1, 3, endpoint);
    plant_move(rig, outer, 7, 3, tcb);
    plant_move(rig, outer, 2, 3, inner);
    g.target = outer;
    return g;
}

/* A CNode that holds its own last capability but one. */
static struct garden garden_self(void)
{
    struct garden g = {.rig = rig_open_with((struct sim_options){.work_units = 1})};
    g.untyped = rig_new_small_untyped(&g.rig, 16);
    uint64_t node = grow(&g, OBJECT_CNODE, 2);
    uint64_t endpoint = grow(&g, OBJECT_ENDPOINT, 0);
    g.outside = rig_free_slot(&g.rig);
    CHECK_OK(rig_mint(&g.rig, g.outside, endpoint, RIGHTS, 4));
    plant(&g.rig, node, 0, 2, node);
    plant(&g.rig, node, 3, 2, node);
    plant_move(&g.rig, node, 1, 2, endpoint);
    g.target = node;
    return g;
}

/* Two CNodes, each with the other's last capability but for the one in the initial CNode. */
static struct garden garden_circle(void)
{
    struct garden g = {.rig = rig_open_with((struct sim_options){.work_units = 1})};
    g.untyped = rig_new_small_untyped(&g.rig, 16);
    uint64_t a = grow(&g, OBJECT_CNODE, 2), b = grow(&g, OBJECT_CNODE, 1);
    uint64_t endpoint = grow(&g, OBJECT_ENDPOINT, 0);
    g.outside = rig_free_slot(&g.rig);
    CHECK_OK(rig_mint(&g.rig, g.outside, endpoint, RIGHTS, 4));
    plant(&g.rig, b, 0, 1, a);
    plant(&g.rig, b, 1, 1, endpoint);
    plant(&g.rig, a, 1, 2, endpoint);
    plant_move(&g.rig, a, 2, 2, b);
    g.target = a;
    return g;
}

/* A thread whose CSpace holds the only capability to the thread. */
static struct garden garden_thread(void)
{
    struct garden g = {.rig = rig_open_with((struct sim_options){.work_units = 1})};
    g.untyped = rig_new_small_untyped(&g.rig, 16);
    uint64_t node = grow(&g, OBJECT_CNODE, 2), tcb = grow(&g, OBJECT_TCB, 0),
             endpoint = grow(&g, OBJECT_ENDPOINT, 0);
    g.outside = rig_free_slot(&g.rig);
    CHECK_OK(rig_mint(&g.rig, g.outside, endpoint, RIGHTS, 4));
    CHECK_OK(
        rig_invoke(&g.rig, tcb, OPERATION_TCB_SET_SPACE, WORDS(0, 0, 0), CAPS(node, ABI_SLOT_VSPACE)).label);
    plant(&g.rig, node, 2, 2, tcb);
    plant_move(&g.rig, node, 0, 2, node);
    g.target = tcb;
    return g;
}

typedef struct garden garden_maker(void);

static bool all_is_gone(struct garden *g, uint64_t untyped)
{
    return !slot_has_children(g->rig.k, rig_slot(&g->rig, untyped));
}

/* Revoke the untyped with an interrupt at the n-th question; true if it was asked that often. */
static bool revoke_interrupted(garden_maker *make, uint64_t n, uint64_t *traps)
{
    struct garden g = make();
    uint64_t before = g.rig.sim->traps;
    g.rig.sim->preempt_countdown = n;
    CHECK_OK(rig_revoke(&g.rig, g.untyped));
    *traps = g.rig.sim->traps - before;
    CHECK(all_is_gone(&g, g.untyped));
    CHECK(slot_is_empty(rig_slot(&g.rig, g.outside)));
    CHECK(rig_root_runs(&g.rig));
    /* The memory is free again, all of it. */
    CHECK_OK(rig_retype(&g.rig, g.untyped, OBJECT_UNTYPED, rig_cap(&g.rig, g.untyped).untyped_bits,
                        g.rig.next_slot, 1));
    bool was_asked = g.rig.sim->preempt_countdown == 0;
    rig_close(&g.rig);
    return was_asked;
}

static void revoke_at_every_point(garden_maker *make)
{
    uint64_t traps;
    unsigned points = 0;
    CHECK(revoke_interrupted(make, 0, &traps));
    CHECK_EQ(traps, 1);
    while (revoke_interrupted(make, points + 1, &traps)) {
        CHECK_EQ(traps, 2);
        points++;
    }
    CHECK(points >= 3);
}

static void test_revoke_plain(void)
{
    revoke_at_every_point(garden_plain);
}

static void test_revoke_self(void)
{
    revoke_at_every_point(garden_self);
}

static void test_revoke_circle(void)
{
    revoke_at_every_point(garden_circle);
}

static void test_revoke_thread(void)
{
    revoke_at_every_point(garden_thread);
}

/* An interrupt at each point, not just one. */
static void test_preempted_all_the_time(void)
{
    garden_maker *const makers[] = {garden_plain, garden_self, garden_circle, garden_thread};
    for (unsigned i = 0; i < sizeof makers / sizeof *makers; i++) {
        struct garden g = makers[i]();
        uint64_t no_words[4] = {g.untyped, 64};
        uint64_t info = rig_info(rig_label(&g.rig, OPERATION_CNODE_REVOKE), 0, 2);
        g.rig.sim->preempt_countdown = 1;
        sim_syscall(g.rig.sim, sim_syscall_number(g.rig.sim, SYSCALL_CALL), ABI_SLOT_CNODE, info, no_words);
        unsigned again = 0;
        for (; sim_is_restarted(g.rig.sim) && again < 1000; again++) {
            g.rig.sim->preempt_countdown = 1;
            sim_restart(g.rig.sim);
        }
        CHECK(again > 2 && again < 1000);
        CHECK(all_is_gone(&g, g.untyped));
        rig_close(&g.rig);
    }
}

/* The recursion is limited: a CNode whose last capability is met inside another one that goes is not
 * emptied, but made unreachable: what is left of it moves into its own first slot. Revoking the untyped
 * takes it for good. */
static void test_delete_plain(void)
{
    for (uint64_t n = 0; n < 20; n++) {
        struct garden g = garden_plain();
        struct cap inner = ((struct slot *)arena_at(g.rig.k, rig_cap(&g.rig, g.target).paddr))[2].cap;
        const struct slot *first = arena_at(g.rig.k, inner.paddr);
        CHECK_EQ(inner.type, CAP_CNODE);
        g.rig.sim->preempt_countdown = n;
        CHECK_OK(rig_delete(&g.rig, g.target));
        CHECK(slot_is_empty(rig_slot(&g.rig, g.target)));
        CHECK_EQ(first->cap.type, CAP_ZOMBIE);
        CHECK_EQ(first->cap.paddr, inner.paddr);
        CHECK(kernel_translate(g.rig.k, g.rig.sim->next.vspace, 0x480000).is_present);
        CHECK_EQ(rig_cap(&g.rig, g.outside).type, CAP_ENDPOINT);
        CHECK_OK(rig_revoke(&g.rig, g.untyped));
        CHECK(all_is_gone(&g, g.untyped));
        CHECK(!kernel_translate(g.rig.k, g.rig.sim->next.vspace, 0x480000).is_present);
        rig_close(&g.rig);
    }
}

static void test_delete_circles(void)
{
    garden_maker *const makers[] = {garden_self, garden_circle, garden_thread};
    for (unsigned i = 0; i < sizeof makers / sizeof *makers; i++) {
        for (uint64_t n = 0; n < 12; n++) {
            struct garden g = makers[i]();
            g.rig.sim->preempt_countdown = n;
            CHECK_OK(rig_delete(&g.rig, g.target));
            CHECK(slot_is_empty(rig_slot(&g.rig, g.target)));
            /* The capabilities inside kept the objects alive; they end with the untyped. */
            CHECK_OK(rig_revoke(&g.rig, g.untyped));
            CHECK(all_is_gone(&g, g.untyped));
            rig_close(&g.rig);
        }
    }
}

/* Zombies are capabilities nobody can use. */
static void test_zombie_in_between(void)
{
    struct garden g = garden_plain();
    uint64_t mr[4] = {g.target, 64};
    g.rig.sim->preempt_countdown = 1;
    sim_syscall(g.rig.sim, sim_syscall_number(g.rig.sim, SYSCALL_CALL), ABI_SLOT_CNODE,
                rig_info(rig_label(&g.rig, OPERATION_CNODE_DELETE), 0, 2), mr);
    CHECK(sim_is_restarted(g.rig.sim));
    CHECK_EQ(rig_cap(&g.rig, g.target).type, CAP_ZOMBIE);
    CHECK_EQ(rig_copy(&g.rig, g.rig.next_slot, g.target, RIGHTS), ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER(rig_invoke(&g.rig, g.target, OPERATION_CNODE_DELETE, WORDS(0, 1), NO_CAPS),
                 ABI_INVALID_CAPABILITY, 0);
    CHECK_OK(rig_delete(&g.rig, g.target));
    rig_close(&g.rig);
}

/* Places to stop at while a large CNode with two full slots is deleted. */
static uint64_t delete_large(bool knows_blank, uint32_t stop)
{
    struct rig rig = rig_open_with((struct sim_options){.work_units = 1});
    if (!knows_blank)
        rig.sim->machine.mmu.blank_from = NULL;
    uint64_t untyped = rig_new_small_untyped(&rig, 19), node = rig_free_slot(&rig);
    CHECK_OK(rig_retype(&rig, untyped, OBJECT_CNODE, 13, node, 1));
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    plant(&rig, node, 4, 13, endpoint);
    plant(&rig, node, 6000, 13, endpoint);
    rig.sim->preempt_countdown = stop;
    uint64_t before = rig.sim->preempt_questions;
    while (!slot_is_empty(rig_slot(&rig, node)))
        CHECK_OK(rig_delete(&rig, node));
    CHECK(!slot_has_children(&rig.sim->kernel, rig_slot(&rig, endpoint)));
    uint64_t questions = rig.sim->preempt_questions - before;
    rig_close(&rig);
    return questions;
}

static void test_delete_large(void)
{
    CHECK_EQ(delete_large(false, 0), 1u << 13);
    CHECK_EQ(delete_large(true, 0), 1u << 13);
    CHECK_EQ(delete_large(true, 100), delete_large(false, 100));
    CHECK_EQ(delete_large(true, 5000), delete_large(false, 5000));
}

/* A thread that deletes its own last capability in the middle of a call. */
static void test_deleting_oneself(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, tcb);
    rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tcb, 64), NO_CAPS);
    CHECK(rig_root_runs(&rig));
    CHECK(slot_is_empty(rig_slot(&rig, tcb)));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_revoke_plain), CHECK_TEST(test_revoke_self), CHECK_TEST(test_revoke_circle),
           CHECK_TEST(test_revoke_thread), CHECK_TEST(test_preempted_all_the_time),
           CHECK_TEST(test_delete_plain), CHECK_TEST(test_delete_circles), CHECK_TEST(test_zombie_in_between),
           CHECK_TEST(test_delete_large),
           CHECK_TEST(test_deleting_oneself))
