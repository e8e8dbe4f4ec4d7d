/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped_Retype: sizes, alignment, the watermark, reset, device memory, and each
 * refusal in the order of the checks. Manual: "Untyped Memory", seL4_Untyped_Retype.
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

static struct answer retype(struct rig *rig, uint64_t untyped, const uint64_t *words, size_t count)
{
    return rig_invoke(rig, untyped, OPERATION_UNTYPED_RETYPE, words, count, CAPS(ABI_SLOT_CNODE));
}

static uint64_t type(const struct rig *rig, enum object object)
{
    return rig->sim->abi.type_of_object[object];
}

static void test_sizes_and_alignment(void)
{
    static const struct {
        enum object object;
        unsigned user_bits, bits;
        enum cap_type cap;
    } cases[] = {
        {OBJECT_UNTYPED, 7, 7, CAP_UNTYPED},
        {OBJECT_TCB, 0, 11, CAP_THREAD},
        {OBJECT_ENDPOINT, 0, 4, CAP_ENDPOINT},
        {OBJECT_NOTIFICATION, 0, 5, CAP_NOTIFICATION},
        {OBJECT_CNODE, 3, 8, CAP_CNODE},
        {OBJECT_SMALL_PAGE, 0, 12, CAP_FRAME},
        {OBJECT_PAGE_TABLE, 0, 12, CAP_PAGE_TABLE},
        {OBJECT_PAGE_DIRECTORY, 0, 12, CAP_PAGE_DIRECTORY},
        {OBJECT_PDPT, 0, 12, CAP_PDPT},
        {OBJECT_PML4, 0, 12, CAP_PML4},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig = rig_open();
        uint64_t untyped = rig_new_small_untyped(&rig, 14), first = rig_free_slot(&rig);
        uint64_t base = rig_cap(&rig, untyped).paddr;
        CHECK_OK(rig_retype(&rig, untyped, OBJECT_ENDPOINT, 0, first, 1));
        CHECK_EQ(rig_cap(&rig, first).paddr, base);
        CHECK_OK(rig_retype(&rig, untyped, cases[i].object, cases[i].user_bits, first + 1, 2));
        uint64_t size = 1ull << cases[i].bits;
        uint64_t aligned = (base + 16 + size - 1) & ~(size - 1);
        CHECK_EQ(rig_cap(&rig, first + 1).type, cases[i].cap);
        CHECK_EQ(rig_cap(&rig, first + 1).paddr, aligned);
        CHECK_EQ(rig_cap(&rig, first + 2).paddr, aligned + size);
        CHECK_EQ(rig_cap(&rig, untyped).free_offset, aligned + 2 * size - base);
        rig_close(&rig);
    }
}

static void test_first_capability(void)
{
    struct rig rig = rig_open();
    struct cap endpoint = rig_cap(&rig, rig_new(&rig, OBJECT_ENDPOINT, 0));
    CHECK(endpoint.can_send && endpoint.can_receive && endpoint.can_grant && endpoint.can_grant_reply);
    CHECK_EQ(endpoint.badge, 0);
    struct cap cnode = rig_cap(&rig, rig_new(&rig, OBJECT_CNODE, 5));
    CHECK_EQ(cnode.radix, 5);
    CHECK_EQ(cnode.guard_bits, 0);
    const struct tcb *tcb = rig_tcb(&rig, rig_new(&rig, OBJECT_TCB, 0));
    CHECK_EQ(tcb->state, THREAD_INACTIVE);
    CHECK_EQ(tcb->priority, 0);
    CHECK_EQ(tcb->context.reg[REG_RFLAGS], 0x202);
    CHECK_EQ(tcb->time_slice, 5);
    struct cap frame = rig_cap(&rig, rig_new(&rig, OBJECT_LARGE_PAGE, 0));
    CHECK_EQ(frame.frame_size, FRAME_LARGE);
    CHECK_EQ(frame.frame_rights, FRAME_READ_WRITE);
    CHECK_EQ(frame.asid, 0);
    rig_close(&rig);
}

static void test_order_of_checks(void)
{
    struct rig rig = rig_open();
    uint64_t u = rig_new_small_untyped(&rig, 12), free_slot = rig.next_slot;
    uint64_t endpoint = type(&rig, OBJECT_ENDPOINT), cnode = type(&rig, OBJECT_CNODE);
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, u, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS), ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(retype(&rig, u, WORDS(99, 0, 0, 0, free_slot)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(
        rig_invoke(&rig, u, OPERATION_UNTYPED_RETYPE, WORDS(99, 0, 0, 0, free_slot, 1), NO_CAPS),
        ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER(retype(&rig, u, WORDS(12, 64, 0, 0, free_slot, 1)), ABI_INVALID_ARGUMENT, 0);
    CHECK_ANSWER(retype(&rig, u, WORDS(UINT64_MAX, 0, 0, 0, free_slot, 1)), ABI_INVALID_ARGUMENT, 0);
    CHECK_ANSWER(retype(&rig, u, WORDS(cnode, 64, 0, 0, 0x100, 1)), ABI_RANGE_ERROR, 0, 47);
    CHECK_ANSWER(retype(&rig, u, WORDS(cnode, 43, 0, 0, 0x100, 1)), ABI_RANGE_ERROR, 0, 47);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 64, 0, 0, free_slot, 1)), ABI_RANGE_ERROR, 0, 47);
    CHECK_ANSWER(retype(&rig, u, WORDS(cnode, 0, 0, 0, 0x100, 1)), ABI_INVALID_ARGUMENT, 1);
    CHECK_ANSWER(retype(&rig, u, WORDS(0, 3, 0, 0, 0x100, 1)), ABI_INVALID_ARGUMENT, 1);
    /* The destination: by address if there is a depth, else the capability itself. */
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 0x100, 64, 0x100, 0)), ABI_FAILED_LOOKUP, 0,
                 ABI_LOOKUP_GUARD_MISMATCH, 64, 0, 56);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, ABI_SLOT_TCB, 64, 0x100, 0)), ABI_FAILED_LOOKUP, 0,
                 ABI_LOOKUP_MISSING_CAPABILITY, 64);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 1, 65, 0x100, 0)), ABI_RANGE_ERROR, 1, 64);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 0, 0, 0x100, 0)), ABI_RANGE_ERROR, 0, 255);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 0, 0, 255, 0)), ABI_RANGE_ERROR, 1, 256);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 0, 0, 255, 257)), ABI_RANGE_ERROR, 1, 256);
    CHECK_ANSWER(retype(&rig, u, WORDS(endpoint, 0, 0, 0, 250, 7)), ABI_RANGE_ERROR, 1, 6);
    CHECK_ANSWER_EMPTY(retype(&rig, u, WORDS(endpoint, 0, 0, 0, ABI_SLOT_TCB, 1)), ABI_DELETE_FIRST);
    CHECK_ANSWER(retype(&rig, u, WORDS(type(&rig, OBJECT_SMALL_PAGE), 0, 0, 0, free_slot, 2)),
                 ABI_NOT_ENOUGH_MEMORY, 4096);
    CHECK_EQ(rig_cap(&rig, u).free_offset, 0);
    CHECK_OK(retype(&rig, u, WORDS(endpoint, 0, ABI_SLOT_CNODE, 64, free_slot, 3)).label);
    CHECK_ANSWER(retype(&rig, u, WORDS(0, 12, 0, 0, 250, 1)), ABI_NOT_ENOUGH_MEMORY, 4096 - 48);
    rig_close(&rig);
}

static void test_window_must_be_empty(void)
{
    struct rig rig = rig_open();
    uint64_t u = rig_new_small_untyped(&rig, 12), slot = rig.next_slot;
    CHECK_OK(rig_retype(&rig, u, OBJECT_ENDPOINT, 0, slot + 2, 1));
    CHECK_EQ(rig_retype(&rig, u, OBJECT_ENDPOINT, 0, slot, 3), ABI_DELETE_FIRST);
    CHECK(slot_is_empty(rig_slot(&rig, slot)) && slot_is_empty(rig_slot(&rig, slot + 1)));
    rig_close(&rig);
}

static void test_memory_comes_back_zeroed(void)
{
    struct rig rig = rig_open();
    uint64_t u = rig_new_small_untyped(&rig, 14), slot = rig_free_slot(&rig);
    CHECK_OK(rig_retype(&rig, u, OBJECT_SMALL_PAGE, 0, slot, 1));
    unsigned char *page = arena_at(rig.k, rig_cap(&rig, slot).paddr);
    memset(page, 0xaa, 4096);
    CHECK_OK(rig_retype(&rig, u, OBJECT_ENDPOINT, 0, slot + 1, 1));
    CHECK_OK(rig_delete(&rig, slot));
    /* Another child lives: the watermark stays. */
    CHECK_OK(rig_retype(&rig, u, OBJECT_SMALL_PAGE, 0, slot, 1));
    CHECK_EQ(rig_cap(&rig, slot).paddr, rig_cap(&rig, u).paddr + 8192);
    CHECK_OK(rig_revoke(&rig, u));
    CHECK_OK(rig_retype(&rig, u, OBJECT_TCB, 0, slot, 1));
    CHECK_EQ(rig_cap(&rig, slot).paddr, rig_cap(&rig, u).paddr);
    CHECK_EQ(page[4095], 0);
    rig_close(&rig);
}

static void test_device_memory(void)
{
    static const struct boot_device_region device = {4ull << 30, 5ull << 30};
    struct rig rig = rig_open_with((struct sim_options){.devices = &device, .device_count = 1});
    uint64_t slot = rig_free_slot(&rig);
    CHECK_ANSWER(retype(&rig, rig.device, WORDS(type(&rig, OBJECT_ENDPOINT), 0, 0, 0, slot, 1)),
                 ABI_INVALID_ARGUMENT, 1);
    CHECK_ANSWER(retype(&rig, rig.device, WORDS(type(&rig, OBJECT_PAGE_TABLE), 0, 0, 0, slot, 1)),
                 ABI_INVALID_ARGUMENT, 1);
    /* The memory is looked at first. */
    CHECK_EQ(retype(&rig, rig.device, WORDS(type(&rig, OBJECT_CNODE), 40, 0, 0, slot, 1)).label,
             ABI_NOT_ENOUGH_MEMORY);
    CHECK_OK(rig_retype(&rig, rig.device, OBJECT_HUGE_PAGE, 0, slot, 1));
    CHECK(rig_cap(&rig, slot).frame_is_device);
    CHECK_OK(rig_revoke(&rig, rig.device));
    CHECK_OK(rig_retype(&rig, rig.device, OBJECT_UNTYPED, 20, slot, 1));
    CHECK(rig_cap(&rig, slot).is_device);
    CHECK_EQ(rig_retype(&rig, slot, OBJECT_TCB, 0, slot + 1, 1), ABI_INVALID_ARGUMENT);
    CHECK_OK(rig_retype(&rig, slot, OBJECT_SMALL_PAGE, 0, slot + 1, 2));
    CHECK_EQ(rig_cap(&rig, slot + 2).paddr, (4ull << 30) + 4096);
    rig_close(&rig);
}

/* A reset that is interrupted goes on where it was. */
static void test_reset_is_preemptible(void)
{
    struct rig rig = rig_open();
    uint64_t u = rig.untyped, slot = rig_free_slot(&rig);
    CHECK_EQ(rig_cap(&rig, u).untyped_bits, 22);
    CHECK_OK(rig_retype(&rig, u, OBJECT_LARGE_PAGE, 0, slot, 2));
    memset(arena_at(rig.k, rig_cap(&rig, u).paddr), 0x55, 1u << 22);
    CHECK_OK(rig_revoke(&rig, u));
    rig.sim->preempt_countdown = 1;
    uint64_t before = rig.sim->traps;
    CHECK_OK(rig_retype(&rig, u, OBJECT_LARGE_PAGE, 0, slot, 1));
    CHECK_EQ(rig.sim->preempt_countdown, 0);
    CHECK(rig.sim->traps - before >= 2);
    const unsigned char *memory = arena_at(rig.k, rig_cap(&rig, u).paddr);
    CHECK(memory[0] == 0 && memory[(1u << 22) - 1] == 0);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_sizes_and_alignment), CHECK_TEST(test_first_capability),
           CHECK_TEST(test_order_of_checks), CHECK_TEST(test_window_must_be_empty),
           CHECK_TEST(test_memory_comes_back_zeroed), CHECK_TEST(test_device_memory),
           CHECK_TEST(test_reset_is_preemptible))
