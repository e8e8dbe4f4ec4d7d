/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows on files: the memory that they are, who may have it, and that it ends with them.
 */
#include "tests/kernel/host/host_rig.h"

static struct answer take(struct rig *rig, uint64_t window, uint64_t slot)
{
    return host_invoke(rig, window, HOST_WINDOW_TAKE, WORDS(slot, ABI_WORD_BITS), CAPS(ABI_SLOT_CNODE));
}

/* `count` frames of `object` from the untyped, in new slots. */
static uint64_t frames_make(struct rig *rig, uint64_t untyped, enum object object, unsigned count)
{
    uint64_t first = rig->next_slot;
    rig->next_slot += count;
    CHECK_OK(rig_retype(rig, untyped, object, 0, first, count));
    return first;
}

static struct translation page_at(const struct rig *rig, uint64_t vaddr)
{
    return kernel_translate(rig->k, rig->sim->next.vspace, vaddr);
}

static void test_memory_of_a_window(void)
{
    struct rig rig = host_rig_open();
    uint64_t file = host_open(&rig, host_root(&rig, ROOT_DIRECTORY)), window = host_open_window(&rig, file);
    uint64_t untyped = rig_free_slot(&rig);
    CHECK_EQ(host_result(take(&rig, window, untyped)), SIM_WINDOW_BITS);
    struct cap cap = rig_cap(&rig, untyped);
    CHECK_EQ(cap.type, CAP_UNTYPED);
    CHECK(cap.is_device && machine_is_window(cap.paddr) && cap.paddr < MACHINE_WINDOWS_READ_ONLY);
    /* There is one. */
    CHECK_ANSWER_EMPTY(take(&rig, window, rig.next_slot), ABI_REVOKE_FIRST);
    CHECK_ANSWER_EMPTY(take(&rig, window, untyped), ABI_DELETE_FIRST);
    uint64_t frame = frames_make(&rig, untyped, OBJECT_SMALL_PAGE, 2);
    host_map(&rig, 5, frame + 1, RIGHTS_ALL); /* over a page of the image */
    struct translation page = page_at(&rig, IMAGE + 5 * PAGE);
    CHECK(page.is_present && page.is_writable && page.is_device);
    CHECK_EQ(page.paddr, cap.paddr + PAGE);
    /* No kernel object comes out of it, no IPC buffer lies in it, no data goes there. */
    CHECK_EQ(rig_retype(&rig, untyped, OBJECT_NOTIFICATION, 0, rig.next_slot, 1), ABI_INVALID_ARGUMENT);
    CHECK_EQ(host_result(host_invoke(&rig, file, HOST_FILE_READ, WORDS(IMAGE + 5 * PAGE, 10, 0, 0), NO_CAPS)),
             -HOST_ERROR_FAULT);
    rig_close(&rig);
}

static void test_read_only(void)
{
    struct rig rig = host_rig_open();
    uint64_t window = host_open_window(&rig, host_root(&rig, ROOT_INPUT)), untyped = rig_free_slot(&rig);
    CHECK_EQ(host_object_of(&rig, window)->access, HOST_READ);
    CHECK_EQ(host_result(take(&rig, window, untyped)), SIM_WINDOW_BITS);
    CHECK(rig_cap(&rig, untyped).paddr >= MACHINE_WINDOWS_READ_ONLY);
    uint64_t frame = frames_make(&rig, untyped, OBJECT_SMALL_PAGE, 1);
    host_map(&rig, 5, frame, RIGHTS_ALL);
    CHECK(page_at(&rig, IMAGE + 5 * PAGE).is_present && !page_at(&rig, IMAGE + 5 * PAGE).is_writable);
    rig_close(&rig);
}

/* The last capability to the window goes: its memory goes first, whoever has it, and then the file. */
static void test_end(void)
{
    struct rig rig = host_rig_open();
    uint64_t window = host_open_window(&rig, host_open(&rig, host_root(&rig, ROOT_DIRECTORY)));
    uint64_t copy = host_with_rights(&rig, window, RIGHT_READ), untyped = rig_free_slot(&rig);
    CHECK_EQ(host_result(take(&rig, window, untyped)), SIM_WINDOW_BITS);
    uint64_t frame = frames_make(&rig, untyped, OBJECT_SMALL_PAGE, 3);
    host_map(&rig, 5, frame, RIGHTS_ALL);
    uint64_t frame_copy = host_with_rights(&rig, frame, RIGHT_READ);
    CHECK_OK(rig_delete(&rig, untyped)); /* the frames stay */
    CHECK_ANSWER_EMPTY(take(&rig, window, untyped), ABI_REVOKE_FIRST);
    CHECK_OK(rig_delete(&rig, window));
    CHECK(page_at(&rig, IMAGE + 5 * PAGE).is_present);
    uint64_t closed = rig.sim->host.close_calls;
    CHECK_OK(rig_delete(&rig, copy));
    CHECK_EQ(rig.sim->host.close_calls, closed + 1);
    CHECK(!page_at(&rig, IMAGE + 5 * PAGE).is_present);
    for (uint64_t i = 0; i < 3; i++)
        CHECK_EQ(rig_cap(&rig, frame + i).type, CAP_NULL);
    CHECK_EQ(rig_cap(&rig, frame_copy).type, CAP_NULL);
    rig_close(&rig);
}

/* Taken again once everything of it is gone, from the beginning. */
static void test_taken_again(void)
{
    struct rig rig = host_rig_open();
    uint64_t window = host_open_window(&rig, host_open(&rig, host_root(&rig, ROOT_DIRECTORY)));
    uint64_t untyped = rig_free_slot(&rig);
    CHECK_EQ(host_result(take(&rig, window, untyped)), SIM_WINDOW_BITS);
    uint64_t first = rig_cap(&rig, frames_make(&rig, untyped, OBJECT_LARGE_PAGE, 1)).paddr;
    CHECK_OK(rig_revoke(&rig, untyped));
    CHECK_OK(rig_delete(&rig, untyped));
    CHECK_EQ(host_result(take(&rig, window, untyped)), SIM_WINDOW_BITS);
    CHECK_EQ(rig_cap(&rig, frames_make(&rig, untyped, OBJECT_SMALL_PAGE, 1)).paddr, first);
    /* Revoking the memory that the window's object is made of ends both. */
    CHECK_OK(rig_revoke(&rig, rig.untyped));
    CHECK_EQ(rig_cap(&rig, untyped).type, CAP_NULL);
    rig_close(&rig);
}

static void test_destinations(void)
{
    struct rig rig = host_rig_open();
    uint64_t window = host_open_window(&rig, host_open(&rig, host_root(&rig, ROOT_DIRECTORY)));
    uint64_t reader = host_with_rights(&rig, window, RIGHT_WRITE), slot = rig_free_slot(&rig);
    CHECK_EQ(host_result(take(&rig, reader, slot)), -HOST_ERROR_ACCESS);
    CHECK_REFUSED(host_invoke(&rig, window, HOST_WINDOW_TAKE, WORDS(slot, 64), CAPS(ABI_SLOT_TCB)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, window, HOST_WINDOW_TAKE, WORDS(slot, 64), NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(host_invoke(&rig, window, HOST_WINDOW_TAKE, WORDS(slot, 65), CAPS(ABI_SLOT_CNODE)).label,
             ABI_RANGE_ERROR);
    CHECK_EQ(host_invoke(&rig, window, HOST_WINDOW_TAKE, WORDS(slot, 3), CAPS(ABI_SLOT_CNODE)).label,
             ABI_FAILED_LOOKUP);
    CHECK_EQ(rig_cap(&rig, slot).type, CAP_NULL);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_memory_of_a_window), CHECK_TEST(test_read_only), CHECK_TEST(test_end),
           CHECK_TEST(test_taken_again), CHECK_TEST(test_destinations))
