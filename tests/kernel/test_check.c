/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap check itself: a heap that is damaged by hand must be refused, under
 * the right name. A check that finds nothing proves nothing.
 */
#include <setjmp.h>

#include "check/check.h"
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static jmp_buf refused;
static const char *broken;

static void on_failure(const char *expression, const char *file, int line)
{
    (void)file;
    (void)line;
    broken = expression;
    longjmp(refused, 1);
}

/* The name of the first broken invariant, or "" if the heap is sound. */
static const char *verdict(const struct rig *rig)
{
    sim_set_failure_hook(on_failure);
    broken = "";
    if (setjmp(refused) == 0)
        kernel_check(rig->k);
    sim_set_failure_hook(NULL);
    return broken;
}

static void test_links(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t b = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, b, a, RIGHTS_ALL, 7));
    CHECK_STR_EQ(verdict(&rig), "");

    struct slot saved = *rig_slot(&rig, b);
    rig_slot(&rig, b)->prev = 0;
    CHECK_STR_EQ(verdict(&rig), "derivation");
    *rig_slot(&rig, b) = saved;
    rig_slot(&rig, b)->is_first_badged = false; /* but revocable */
    CHECK_STR_EQ(verdict(&rig), "derivation");
    rig_slot(&rig, b)->is_revocable = false; /* behind an unbadged one */
    CHECK_STR_EQ(verdict(&rig), "derivation");
    *rig_slot(&rig, b) = saved;
    rig_slot(&rig, rig.next_slot)->prev = 32; /* of an empty slot */
    CHECK_STR_EQ(verdict(&rig), "derivation");
    rig_slot(&rig, rig.next_slot)->prev = 0;
    rig_slot(&rig, b)->cap.paddr += 16; /* an endpoint above the watermark */
    CHECK_STR_EQ(verdict(&rig), "untyped");
    *rig_slot(&rig, b) = saved;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_neighbours(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t b = rig_free_slot(&rig);
    uint64_t c = rig_new(&rig, OBJECT_ENDPOINT, 0); /* stands before a */
    CHECK_OK(rig_copy(&rig, b, a, RIGHTS_ALL));
    struct cap saved = rig_cap(&rig, c);
    rig_slot(&rig, b)->cap.paddr = saved.paddr; /* a lies between */
    CHECK_STR_EQ(verdict(&rig), "derivation");
    rig_slot(&rig, b)->cap = rig_cap(&rig, a);
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_untyped(void)
{
    struct rig rig = rig_open();
    uint64_t frame = rig_new(&rig, OBJECT_SMALL_PAGE, 0);
    uint64_t untyped = rig_new_small_untyped(&rig, 14);
    struct cap saved = rig_cap(&rig, frame);
    struct cap memory = rig_cap(&rig, untyped);

    rig_slot(&rig, frame)->cap.frame_size = FRAME_LARGE;
    CHECK_STR_EQ(verdict(&rig), "untyped");
    rig_slot(&rig, frame)->cap = saved;
    rig_slot(&rig, untyped)->cap.paddr = saved.paddr; /* memory that the frame has */
    CHECK_STR_EQ(verdict(&rig), "untyped");
    rig_slot(&rig, untyped)->cap = memory;
    rig.k->arena[memory.paddr + 5000] = 1;
    CHECK_STR_EQ(verdict(&rig), "untyped");
    rig.k->arena[memory.paddr + 5000] = 0;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_threads(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 100, 0);
    struct tcb *thread = rig_tcb(&rig, tcb);
    CHECK_EQ(thread->state, THREAD_RESTART);

    thread->is_queued = false;
    CHECK_STR_EQ(verdict(&rig), "run queues");
    thread->is_queued = true;
    thread->priority = 101;
    CHECK_STR_EQ(verdict(&rig), "run queues");
    thread->priority = 100;
    thread->state = THREAD_INACTIVE;
    CHECK_STR_EQ(verdict(&rig), "threads");
    thread->state = THREAD_BLOCKED_ON_SEND;
    CHECK_STR_EQ(verdict(&rig), "threads");
    thread->state = THREAD_RESTART;
    thread->time_slice = 0;
    CHECK_STR_EQ(verdict(&rig), "threads");
    thread->time_slice = 1;
    rig.k->state->ready[0].bitmap[0] |= 1;
    CHECK_STR_EQ(verdict(&rig), "run queues");
    rig.k->state->ready[0].bitmap[0] = 0;
    rig.k->state->threads = thread->all_next;
    CHECK_STR_EQ(verdict(&rig), "threads");
    rig.k->state->threads = rig_cap(&rig, tcb).paddr;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_current(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 100, 0);
    rig.k->state->current = rig_cap(&rig, tcb).paddr;
    CHECK_STR_EQ(verdict(&rig), "run queues");
    rig.k->state->current = rig.root;
    rig_tcb(&rig, ABI_SLOT_TCB)->priority = 50;
    CHECK_STR_EQ(verdict(&rig), "current");
    rig_tcb(&rig, ABI_SLOT_TCB)->priority = 255;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_waiting(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t a = rig_thread(&rig, 255, 0);
    uint64_t b = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, a);
    rig_recv(&rig, endpoint);
    rig_yield_to(&rig, b);
    rig_recv(&rig, notification);
    rig_yield_to_root(&rig);
    struct endpoint *e = arena_at(rig.k, rig_cap(&rig, endpoint).paddr);
    struct notification *n = arena_at(rig.k, rig_cap(&rig, notification).paddr);

    e->state = ENDPOINT_IDLE;
    CHECK_STR_EQ(verdict(&rig), "endpoint queues");
    e->state = ENDPOINT_SEND;
    CHECK_STR_EQ(verdict(&rig), "endpoint queues");
    *e = (struct endpoint){.head = 0};
    CHECK_STR_EQ(verdict(&rig), "endpoint queues");
    e->head = e->tail = rig_cap(&rig, a).paddr;
    e->state = ENDPOINT_RECEIVE;
    n->state = NOTIFICATION_ACTIVE;
    CHECK_STR_EQ(verdict(&rig), "notification queues");
    n->state = NOTIFICATION_WAITING;
    n->tail = 0;
    CHECK_STR_EQ(verdict(&rig), "notification queues");
    n->tail = rig_cap(&rig, b).paddr;
    n->bound = rig_cap(&rig, a).paddr;
    CHECK_STR_EQ(verdict(&rig), "notification queues");
    n->bound = 0;
    rig_tcb(&rig, a)->bound_notification = rig_cap(&rig, notification).paddr;
    CHECK_STR_EQ(verdict(&rig), "threads");
    rig_tcb(&rig, a)->bound_notification = 0;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_replies(void)
{
    struct rig rig = rig_open();
    uint64_t endpoint = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t caller = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, caller);
    rig_call_raw(&rig, endpoint, 0, NO_WORDS);
    rig_recv(&rig, endpoint);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig_state(&rig, caller), THREAD_BLOCKED_ON_REPLY);
    CHECK_STR_EQ(verdict(&rig), "");

    rig_tcb(&rig, caller)->state = THREAD_INACTIVE;
    CHECK_STR_EQ(verdict(&rig), "replies");
    rig_tcb(&rig, caller)->state = THREAD_BLOCKED_ON_REPLY;
    struct slot *slot = &rig_tcb(&rig, ABI_SLOT_TCB)->slots[TCB_CALLER];
    slot->cap.is_master = true;
    CHECK_STR_EQ(verdict(&rig), "replies");
    slot->cap.is_master = false;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_page_tables(void)
{
    struct rig rig = rig_open();
    uint64_t frame = rig_new(&rig, OBJECT_SMALL_PAGE, 0);
    CHECK_OK(
        rig_invoke(&rig, frame, OPERATION_X86_PAGE_MAP, WORDS(0x480000, 3, 0), CAPS(ABI_SLOT_VSPACE)).label);
    rig_slot(&rig, frame)->cap.vaddr += 0x1000;
    CHECK_STR_EQ(verdict(&rig), "page tables");
    rig_slot(&rig, frame)->cap.vaddr -= 0x1000;
    rig_slot(&rig, rig.paging_first + 2)->cap.is_mapped = false;
    CHECK_STR_EQ(verdict(&rig), "page tables");
    rig_slot(&rig, rig.paging_first + 2)->cap.is_mapped = true;
    uint64_t *pool = arena_at(rig.k, rig.k->state->asid_pool[0]);
    pool[2] = pool[1];
    CHECK_STR_EQ(verdict(&rig), "asid");
    pool[2] = 0;
    rig.k->state->asid_pool[1] = rig.k->state->asid_pool[0];
    CHECK_STR_EQ(verdict(&rig), "asid");
    rig.k->state->asid_pool[1] = 0;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void test_devices(void)
{
    struct rig rig = rig_open();
    rig.k->state->irq_mode[60] = IRQ_SIGNAL;
    CHECK_STR_EQ(verdict(&rig), "irq");
    rig.k->state->irq_mode[60] = IRQ_INACTIVE;
    rig.k->state->port_bitmap[3] = 4;
    CHECK_STR_EQ(verdict(&rig), "ports");
    rig.k->state->port_bitmap[3] = 0;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

static void link_both(struct slot *slot, uint64_t other)
{
    slot->prev = other;
    slot->next = other & ((1ull << 62) - 1);
}

/* The circle that the check of the links would not notice. */
static void test_circle(void)
{
    struct rig rig = rig_open();
    uint64_t a = rig_new(&rig, OBJECT_ENDPOINT, 0);
    uint64_t b = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    struct slot *first = rig_slot(&rig, a);
    struct slot *second = rig_slot(&rig, b);
    struct slot saved_first = *first, saved_second = *second;
    struct slot *untyped = rig_slot(&rig, rig.untyped);
    struct slot saved_untyped = *untyped;
    untyped->next = 0;
    link_both(first, arena_paddr(rig.k, second));
    link_both(second, arena_paddr(rig.k, first));
    CHECK_STR_EQ(verdict(&rig), "derivation");
    *first = saved_first;
    *second = saved_second;
    *untyped = saved_untyped;
    CHECK_STR_EQ(verdict(&rig), "");
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_links), CHECK_TEST(test_neighbours), CHECK_TEST(test_untyped),
           CHECK_TEST(test_threads), CHECK_TEST(test_current), CHECK_TEST(test_waiting),
           CHECK_TEST(test_replies), CHECK_TEST(test_page_tables), CHECK_TEST(test_devices),
           CHECK_TEST(test_circle))
