/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toy machine: its cache of translations notices a kernel that forgets an
 * invalidation, its bus and clock do what they are told.
 */
#include <setjmp.h>

#include "kernel/state.h"
#include "kernel/x86_64/paging.h"
#include "tests/kernel/rig.h"

enum {
    VADDR = 0x480000
};

static jmp_buf refused;

static void on_failure(const char *expression, const char *file, int line)
{
    (void)expression;
    (void)file;
    (void)line;
    longjmp(refused, 1);
}

static bool is_refused(struct rig *rig)
{
    volatile bool result = true;
    sim_set_failure_hook(on_failure);
    if (setjmp(refused) == 0) {
        sim_tlb_check(rig->sim);
        result = false;
    }
    sim_set_failure_hook(NULL);
    return result;
}

static uint64_t mapped_page(struct rig *rig, uint64_t rights)
{
    uint64_t frame = rig_new(rig, OBJECT_SMALL_PAGE, 0);
    CHECK_OK(
        rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(VADDR, rights, 0), CAPS(ABI_SLOT_VSPACE)).label);
    return frame;
}

static void test_stale_translation(void)
{
    struct rig rig = rig_open();
    mapped_page(&rig, 3);
    CHECK(sim_user_memory(rig.sim, VADDR + 8, true) != NULL);
    uint64_t *entry = paging_walk(rig.k, rig.sim->next.vspace, VADDR, LEVEL_PAGE_TABLE).entry;
    uint64_t saved = *entry;
    *entry = 0;
    CHECK(is_refused(&rig));
    *entry = saved + 0x1000;
    CHECK(is_refused(&rig));
    *entry = saved & ~2ull; /* read-only behind its back */
    CHECK(is_refused(&rig));
    *entry = saved;
    CHECK(!is_refused(&rig));
    rig_close(&rig);
}

/* Everything that takes a mapping back says so. */
static void test_invalidations(void)
{
    for (unsigned way = 0; way < 6; way++) {
        struct rig rig = rig_open();
        uint64_t frame = mapped_page(&rig, 3), other = rig_new(&rig, OBJECT_SMALL_PAGE, 0);
        CHECK(sim_user_memory(rig.sim, VADDR, true) != NULL);
        switch (way) {
        case 0:
            CHECK_OK(rig_invoke(&rig, frame, OPERATION_X86_PAGE_UNMAP, NO_WORDS, NO_CAPS).label);
            break;
        case 1:
            CHECK_OK(rig_delete(&rig, frame));
            break;
        case 2:
            CHECK_OK(
                rig_invoke(&rig, frame, OPERATION_X86_PAGE_MAP, WORDS(VADDR, 2, 0), CAPS(ABI_SLOT_VSPACE))
                    .label);
            CHECK(sim_user_memory(rig.sim, VADDR, false) != NULL);
            break;
        case 3:
            CHECK_OK(
                rig_invoke(&rig, other, OPERATION_X86_PAGE_MAP, WORDS(VADDR, 3, 0), CAPS(ABI_SLOT_VSPACE))
                    .label);
            break;
        case 4:
            CHECK_OK(rig_invoke(&rig, rig.paging_first + 2, OPERATION_X86_PAGE_TABLE_UNMAP, NO_WORDS, NO_CAPS)
                         .label);
            break;
        default:
            CHECK_OK(rig_delete(&rig, ABI_SLOT_ASID_POOL));
            CHECK_EQ(rig.sim->next.vspace, 0);
        }
        for (unsigned i = 0; i < SIM_TLB_ENTRIES; i++)
            CHECK(rig.sim->tlb[i].vspace == 0 || rig.sim->tlb[i].translation.is_writable == (way == 3) ||
                  way == 2);
        if (way != 5)
            CHECK(sim_user_memory(rig.sim, VADDR, true) == NULL || way == 3);
        rig_close(&rig);
    }
}

static void test_user_memory(void)
{
    struct rig rig = rig_open();
    uint64_t frame = mapped_page(&rig, 2);
    unsigned char *memory = sim_user_memory(rig.sim, VADDR + 0x123, false);
    CHECK(memory == rig.k->arena + rig_cap(&rig, frame).paddr + 0x123);
    CHECK(sim_user_memory(rig.sim, VADDR, true) == NULL);
    CHECK(sim_user_memory(rig.sim, VADDR + 0x1000, false) == NULL);
    rig_close(&rig);
}

static void test_interrupts(void)
{
    struct rig rig = rig_open();
    uint64_t handler = rig_free_slot(&rig), notification = rig_new(&rig, OBJECT_NOTIFICATION, 0);
    uint64_t badged = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, badged, notification, RIGHTS_ALL, 0x40));
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                        WORDS(handler, 64, 0, 2, 0, 0, 0), CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK(rig.sim->bus.is_unmasked[16]);
    CHECK_OK(rig_invoke(&rig, handler, OPERATION_IRQ_SET_IRQ_HANDLER, NO_WORDS, CAPS(badged)).label);
    CHECK(kernel_irq_is_handled(rig.k, 16));
    rig_recv(&rig, notification);
    CHECK_EQ(rig.sim->next.kind, NEXT_IDLE);
    sim_interrupt(rig.sim, 16);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig_answer(&rig).badge, 0x40);
    CHECK(!rig.sim->bus.is_unmasked[16]); /* until it is acknowledged */
    CHECK_OK(rig_invoke(&rig, handler, OPERATION_IRQ_ACK_IRQ, NO_WORDS, NO_CAPS).label);
    CHECK(rig.sim->bus.is_unmasked[16]);
    CHECK_OK(rig_delete(&rig, handler));
    CHECK(!rig.sim->bus.is_unmasked[16]);
    CHECK(!kernel_irq_is_handled(rig.k, 16));
    rig_close(&rig);
}

static void test_console(void)
{
    struct rig rig = rig_open();
    for (const char *text = "hello"; *text; text++)
        rig_syscall(&rig, SYSCALL_DEBUG_PUT_CHAR, (uint64_t)*text, 0, NO_WORDS, NO_CAPS);
    CHECK_STR_EQ(rig.sim->console.text, "hello");
    sim_console_clear(rig.sim);
    rig_call_raw(&rig, 200, 0, NO_WORDS);
    CHECK(rig.sim->console.remarks > 0);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_stale_translation), CHECK_TEST(test_invalidations), CHECK_TEST(test_user_memory),
           CHECK_TEST(test_interrupts), CHECK_TEST(test_console))
