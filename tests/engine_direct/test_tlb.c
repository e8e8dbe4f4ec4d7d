/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that come back: which ones a process expects, and for how long without having seen a touch.
 */
#include "engine/direct/tlb.h"

#include "tests/check.h"
#include "tests/engine_direct/fake_pages.h"

static const uint64_t PAGE = PATCH_PAGE, AT = 0x10000000, ELSEWHERE = 0x20000000;

static void start(void)
{
    fake_reset();
    tlb_bind(fake.core, &fake.kernel, 0, fake_vspace(0));
    fake_apply(0);
}

/* The page at `vaddr` is mapped, a signal says that it was touched, and it is unmapped. */
static void touch_and_unmap(uint64_t vaddr)
{
    fake_map(0, vaddr, 0x8000, true)->is_cached = true;
    tlb_note_touch(fake.core, 0, vaddr);
    fake_unmap(0, vaddr);
    tlb_note_invalid(fake.core, &fake.kernel, fake_vspace(0), vaddr, PAGE);
}

/* The same without a signal, as for a page that was entered when it was expected. */
static void enter_and_unmap(uint64_t vaddr)
{
    fake.core->slot[0].expecting = 0;
    fake_map(0, vaddr, 0x8000, true)->is_cached = true;
    fake_unmap(0, vaddr);
    tlb_note_invalid(fake.core, &fake.kernel, fake_vspace(0), vaddr, PAGE);
}

static bool is_expected(uint64_t vaddr)
{
    return fake.core->slot[0].expecting && fake.core->slot[0].expected == vaddr;
}

static void test_habit(void)
{
    start();
    touch_and_unmap(AT);
    CHECK(!is_expected(AT)); /* once is no habit */
    touch_and_unmap(ELSEWHERE);
    CHECK(!is_expected(ELSEWHERE));
    touch_and_unmap(AT);
    CHECK(is_expected(AT));
}

static void test_untouched(void)
{
    start();
    touch_and_unmap(AT);
    for (unsigned i = 0; i < 3; i++) {
        enter_and_unmap(AT);
        CHECK(!is_expected(AT)); /* nobody has seen a second touch */
    }
}

static void test_doubt(void)
{
    start();
    touch_and_unmap(AT);
    touch_and_unmap(AT);
    for (unsigned i = 1; i < TLB_CREDIT; i++) {
        CHECK(is_expected(AT));
        enter_and_unmap(AT);
    }
    CHECK(is_expected(AT));
    enter_and_unmap(AT);
    CHECK(!is_expected(AT)); /* now a touch has to be seen */
    enter_and_unmap(AT);
    CHECK(!is_expected(AT));
    touch_and_unmap(AT);
    CHECK(is_expected(AT));
}

/* A page with neighbours is mapped along with them, by the first touch of any. */
static void test_run(void)
{
    start();
    for (unsigned i = 0; i < 3; i++) {
        fake_map(0, AT + PAGE, 0x9000, true)->is_cached = true;
        touch_and_unmap(AT);
        CHECK(!is_expected(AT));
    }
}

static void test_other_vspace(void)
{
    start();
    touch_and_unmap(AT);
    touch_and_unmap(AT);
    CHECK(is_expected(AT));
    tlb_bind(fake.core, &fake.kernel, 0, fake_vspace(0));
    CHECK(!is_expected(AT));
    fake_apply(0);
    touch_and_unmap(AT);
    CHECK(!is_expected(AT));
}

/* No more pages than there is room for are remembered, the latest. */
static void test_room(void)
{
    start();
    for (uint64_t i = 0; i <= PAD_HABITS; i++)
        touch_and_unmap(AT + 2 * i * PAGE);
    touch_and_unmap(AT + 2 * PAD_HABITS * PAGE);
    CHECK(is_expected(AT + 2 * PAD_HABITS * PAGE));
    touch_and_unmap(AT);
    CHECK(!is_expected(AT));
}

CHECK_MAIN(CHECK_TEST(test_habit), CHECK_TEST(test_untouched), CHECK_TEST(test_doubt), CHECK_TEST(test_run),
           CHECK_TEST(test_other_vspace), CHECK_TEST(test_room))
