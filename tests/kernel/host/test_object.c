/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects as objects: made from untyped memory, copied with fewer rights,
 * closed with the last capability, and given at boot.
 */
#include "tests/kernel/host/host_rig.h"

#include "check/check.h"
#include "kernel/state.h"

static void test_type_needs_a_host(void)
{
    struct rig rig = rig_open();
    struct answer answer = rig_invoke(&rig, rig.untyped, OPERATION_UNTYPED_RETYPE,
                                      WORDS(HOST_IO_TYPE, 0, 0, 0, rig.next_slot, 1), CAPS(ABI_SLOT_CNODE));
    CHECK_REFUSED(answer, ABI_INVALID_ARGUMENT, 0);
    rig_close(&rig);
}

static void test_retype(void)
{
    struct rig rig = host_rig_open();
    uint64_t slot = rig_free_slot(&rig);
    rig_free_slot(&rig);
    CHECK_OK(host_retype(&rig, rig.untyped, slot, 2));
    CHECK_EQ(rig_cap(&rig, slot).type, CAP_HOST);
    CHECK_EQ(rig_cap(&rig, slot + 1).paddr - rig_cap(&rig, slot).paddr, 1u << HOST_IO_BITS);
    struct answer answer = host_invoke(&rig, slot, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS);
    CHECK_ANSWER(answer, ABI_NO_ERROR, HOST_EMPTY, BOTH);
    CHECK_EQ(rig_delete(&rig, slot), ABI_NO_ERROR);
    CHECK_EQ(rig.sim->host.close_calls, 0);
    rig_close(&rig);
}

static void test_retype_device(void)
{
    static const struct boot_device_region device = {1ull << 32, (1ull << 32) + (1 << 20)};
    struct rig rig = host_rig_open_with((struct sim_options){.devices = &device, .device_count = 1});
    CHECK_EQ(host_retype(&rig, rig.device, rig.next_slot, 1), ABI_INVALID_ARGUMENT);
    rig_close(&rig);
}

static void test_retype_small_untyped(void)
{
    struct rig rig = host_rig_open();
    uint64_t small = rig_new_small_untyped(&rig, 7);
    CHECK_EQ(host_retype(&rig, small, rig.next_slot, 1), ABI_NOT_ENOUGH_MEMORY);
    rig_close(&rig);
}

static void test_boot(void)
{
    struct rig rig = host_rig_open();
    static const uint64_t kinds[ROOTS] = {HOST_DIRECTORY, HOST_DIRECTORY, HOST_FILE,
                                          HOST_FILE,      HOST_NETWORK,   HOST_CLOCK};
    static const uint64_t access[ROOTS] = {BOTH, HOST_READ, HOST_READ, HOST_WRITE, BOTH, BOTH};
    for (unsigned i = 0; i < ROOTS; i++) {
        struct answer answer = host_invoke(&rig, host_root(&rig, i), HOST_OBJECT_KIND, NO_WORDS, NO_CAPS);
        CHECK_ANSWER(answer, ABI_NO_ERROR, kinds[i], access[i]);
    }
    CHECK(slot_is_empty(rig_slot(&rig, rig.first_slot)));
    CHECK_OK(rig_delete(&rig, host_root(&rig, ROOT_INPUT)));
    CHECK(!rig.sim->host.is_open[ROOT_INPUT]);
    rig_close(&rig);
}

/* Where the CNode is full, untypeds are what there is no room for. */
static void test_boot_into_a_full_cnode(void)
{
    static const struct boot_host host[] = {{HOST_CLOCK, BOTH, 0}, {HOST_NETWORK, BOTH, 1}};
    enum {
        SLOTS = 64,
        PAGING = 3
    };
    struct sim *sim =
        sim_open(&(struct sim_options){.root_cnode_bits = 6,
                                       .image_pages = SLOTS - 1 - ABI_SLOT_FIRST_FREE - PAGING - 2,
                                       .has_host = true,
                                       .host = host,
                                       .host_count = 2});
    const struct slot *slots = arena_at(&sim->kernel, sim->kernel.state->root_cnode);
    CHECK_EQ(slots[SLOTS - 3].cap.type, CAP_UNTYPED);
    CHECK_EQ(slots[SLOTS - 2].cap.type, CAP_HOST);
    CHECK_EQ(slots[SLOTS - 1].cap.type, CAP_HOST);
    CHECK(kernel_check(&sim->kernel));
    sim_close(sim);
}

/* Every address and slot is the same whether the boot knows of host objects or not. */
static void test_boot_without_moves_nothing(void)
{
    struct rig with = rig_open_with((struct sim_options){.has_host = true});
    struct rig without = rig_open();
    CHECK_EQ(with.first_slot, without.first_slot);
    CHECK_EQ(with.root, without.root);
    for (uint64_t i = 0; i < with.first_slot; i++) {
        CHECK_EQ(rig_cap(&with, i).head, rig_cap(&without, i).head);
        CHECK_EQ(rig_cap(&with, i).word, rig_cap(&without, i).word);
    }
    rig_close(&with);
    rig_close(&without);
}

static void test_copies(void)
{
    struct rig rig = host_rig_open();
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_DIRECTORY));
    uint64_t reader = host_with_rights(&rig, file, RIGHT_READ);
    uint64_t minted = rig_free_slot(&rig);
    CHECK_OK(rig_mint(&rig, minted, file, RIGHT_WRITE | RIGHT_GRANT, 99));
    CHECK_EQ(rig_cap(&rig, minted).word, 0);
    CHECK_ANSWER(host_invoke(&rig, reader, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS), ABI_NO_ERROR, HOST_FILE,
                 HOST_READ);
    CHECK_ANSWER(host_invoke(&rig, minted, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS), ABI_NO_ERROR, HOST_FILE,
                 HOST_WRITE);
    CHECK_OK(rig_delete(&rig, file));
    CHECK_OK(rig_delete(&rig, reader));
    CHECK_EQ(rig.sim->host.close_calls, 0);
    CHECK_OK(rig_delete(&rig, minted));
    CHECK_EQ(rig.sim->host.close_calls, 1);
    rig_close(&rig);
}

static void test_capability_without_rights(void)
{
    struct rig rig = host_rig_open();
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_DIRECTORY));
    uint64_t nothing = host_with_rights(&rig, file, 0);
    CHECK_EQ(host_result(host_invoke(&rig, nothing, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS)),
             -HOST_ERROR_BAD_FILE);
    CHECK_EQ(host_result(host_invoke(&rig, nothing, HOST_FILE_POLL, WORDS(1), NO_CAPS)),
             -HOST_ERROR_BAD_FILE);
    rig_close(&rig);
}

/* What was made from an untyped is closed when that is revoked, and its memory can be used for new ones. */
static void test_revoke_closes(void)
{
    struct rig rig = host_rig_open();
    uint64_t untyped = rig_new_small_untyped(&rig, 12);
    uint64_t first = rig.next_slot;
    CHECK_OK(host_retype(&rig, untyped, first, 3));
    rig.next_slot += 3;
    for (uint64_t i = first; i < first + 2; i++)
        CHECK_EQ(
            host_result(host_invoke(&rig, host_root(&rig, ROOT_CLOCK), HOST_CLOCK_TIMER, WORDS(1), CAPS(i))),
            0);
    host_with_rights(&rig, first, RIGHT_READ);
    CHECK_OK(rig_revoke(&rig, untyped));
    CHECK_EQ(rig.sim->host.close_calls, 2);
    CHECK_OK(host_retype(&rig, untyped, first, 3));
    CHECK_ANSWER(host_invoke(&rig, first, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS), ABI_NO_ERROR, HOST_EMPTY,
                 BOTH);
    rig_close(&rig);
}

/* In a CNode that goes, too. */
static void test_cnode_closes(void)
{
    struct rig rig = host_rig_open();
    uint64_t cnode = rig_new(&rig, OBJECT_CNODE, 2);
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_DIRECTORY));
    CHECK_OK(
        rig_invoke(&rig, cnode, OPERATION_CNODE_MOVE, WORDS(1, 2, file, 64), CAPS(ABI_SLOT_CNODE)).label);
    CHECK_OK(rig_delete(&rig, cnode));
    CHECK_EQ(rig.sim->host.close_calls, 1);
    rig_close(&rig);
}

/* Whatever was opened through less can do no more, whatever its capability and the host say. */
static void test_access_is_inherited(void)
{
    struct rig rig = host_rig_open();
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_READ_ONLY));
    CHECK_ANSWER(host_invoke(&rig, file, HOST_OBJECT_KIND, NO_WORDS, NO_CAPS), ABI_NO_ERROR, HOST_FILE,
                 HOST_READ);
    CHECK_EQ(sim_host_last(rig.sim, 0)->access, HOST_READ);
    CHECK_EQ(host_result(host_invoke(&rig, file, HOST_FILE_SET_SIZE, WORDS(0), NO_CAPS)),
             -HOST_ERROR_BAD_FILE);
    uint64_t reader = host_with_rights(&rig, host_root(&rig, ROOT_DIRECTORY), RIGHT_READ);
    file = host_open(&rig, reader);
    CHECK_EQ(host_object_of(&rig, file)->access, HOST_READ);
    uint64_t writer = host_with_rights(&rig, host_root(&rig, ROOT_DIRECTORY), RIGHT_WRITE);
    file = host_open(&rig, writer);
    CHECK_EQ(host_object_of(&rig, file)->access, HOST_WRITE);
    rig_close(&rig);
}

static void test_send_without_reply(void)
{
    struct rig rig = host_rig_open();
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_DIRECTORY));
    uint64_t before = host_calls(&rig);
    rig_send(&rig, file, HOST_IO_LABEL + HOST_FILE_SYNC, WORDS(5));
    CHECK_EQ(host_calls(&rig), before + 1);
    CHECK_EQ(sim_host_last(rig.sim, 0)->argument[0], 5);
    CHECK(rig_root_runs(&rig));
    CHECK_EQ(rig.sim->next.context->reg[REG_R10], 5); /* nothing was written to the message registers */
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_type_needs_a_host), CHECK_TEST(test_retype), CHECK_TEST(test_retype_device),
           CHECK_TEST(test_retype_small_untyped), CHECK_TEST(test_boot),
           CHECK_TEST(test_boot_into_a_full_cnode), CHECK_TEST(test_boot_without_moves_nothing),
           CHECK_TEST(test_copies), CHECK_TEST(test_capability_without_rights),
           CHECK_TEST(test_revoke_closes), CHECK_TEST(test_cnode_closes),
           CHECK_TEST(test_access_is_inherited), CHECK_TEST(test_send_without_reply))
