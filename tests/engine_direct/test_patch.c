/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patches as they come and go: installed by the monitor, found and dropped by the pad.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "engine/direct/tlb.h"
#include "tests/check.h"
#include "tests/engine_direct/fake_pages.h"

static const uint64_t PAGE = PATCH_PAGE, CODE = 0x400000, FRAME = 0x10000;
static const unsigned char STUB[] = {0x48, 0x89, 0xe3, 0x0f, 0x05, 0x48, 0x89, 0xdc};

enum {
    STUB_SITE = 3 /* the offset of its `syscall` */
};

static void stub_put(uint64_t paddr)
{
    memcpy(fake.kernel.arena + paddr, STUB, sizeof(STUB));
}

/* A page of process 0 with one stub at its start. */
static uint64_t stub_map(void)
{
    fake_reset();
    fake_map(0, CODE, FRAME, false);
    stub_put(FRAME);
    return CODE + STUB_SITE;
}

static struct pad_site *site_of(unsigned process, uint64_t site)
{
    return patch_site_find(fake_private(process), site);
}

static bool is_live(unsigned process, uint64_t site)
{
    const struct pad_site *found = site_of(process, site);
    return found && found->thunk;
}

static void test_install(void)
{
    uint64_t site = stub_map();
    struct pad_private *p = fake_private(0);
    CHECK(!patch_is_known(p, site));
    CHECK_EQ(patch_install(&fake.patcher, 0, site), 0);
    CHECK(patch_is_known(p, site) && is_live(0, site));
    CHECK(fake_page(0, CODE)->is_cached && fake_page(0, CODE)->is_marked);
    CHECK(patch_frame_is_patched(fake.core, FRAME) && !patch_frame_is_patched(fake.core, FRAME + PAGE));
    CHECK(memcmp(fake.kernel.arena + FRAME, STUB, sizeof(STUB)) == 0);
    CHECK_EQ(fake.call_count, 2);
    CHECK_EQ(fake.call[0].argument[0], fake.core->thunk_page[0].address);
    CHECK_EQ(fake.call[1].argument[0], CODE);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(fake.call[i].number, SYS_mmap);
        CHECK_EQ(fake.call[i].argument[1], PAGE);
        CHECK_EQ(fake.call[i].argument[2], PROT_READ | PROT_EXEC);
        CHECK_EQ(fake.call[i].argument[3], MAP_SHARED | MAP_FIXED | MAP_POPULATE);
        CHECK_EQ(fake.call[i].argument[4], PAD_FD_PAD);
    }
    CHECK_EQ(fake.call[1].argument[5], PAD_POOL + p->copy[0].page * PAGE);
    const unsigned char *copy = fake_pool(p->copy[0].page);
    CHECK(memcmp(copy, STUB, STUB_SITE) == 0 && copy[STUB_SITE] == 0xe9);
    uint64_t entry;
    memcpy(&entry, fake_pool(fake.core->thunk_page[0].page), sizeof(entry));
    CHECK_EQ(entry, fake.patcher.entry);
}

static void test_targets(void)
{
    uint64_t site = stub_map();
    struct pad_private *p = fake_private(0);
    CHECK_EQ(patch_target(p, site + 2), site + 2);
    patch_install(&fake.patcher, 0, site);
    uint64_t thunk = site_of(0, site)->thunk;
    CHECK_EQ(patch_target(p, site), site);
    CHECK_EQ(patch_target(p, site + 1), 0);
    CHECK_EQ(patch_target(p, site + 2), thunk + PATCH_ENTRY);
    CHECK_EQ(patch_target(p, site + 3), 0);
    CHECK_EQ(patch_target(p, site + 4), 0);
    CHECK_EQ(patch_target(p, site + 5), site + 5);
    CHECK(patch_is_displaced(p, site + 2) && patch_is_displaced(p, site + 3));
    CHECK(!patch_is_displaced(p, site) && !patch_is_displaced(p, 0) && !patch_is_displaced(p, site + 5));
}

static void check_place(uint64_t ip, bool is_place, uint64_t visible, bool is_entry)
{
    uint64_t found = 0;
    bool entry = false;
    bool place = patch_place(fake.core, fake_private(0), ip, &found, &entry);
    if (CHECK_EQ(place, is_place) && place) {
        CHECK_EQ(found, visible);
        CHECK_EQ(entry, is_entry);
    }
}

static void test_places(void)
{
    fake_reset();
    fake_map(0, CODE, FRAME, false);
    memcpy(fake.kernel.arena + FRAME, (unsigned char[]){0x0f, 0x05, 0x5b, 0x48, 0x83, 0xc4, 0x08}, 7);
    patch_install(&fake.patcher, 0, CODE);
    uint64_t thunk = site_of(0, CODE)->thunk;
    check_place(CODE, true, CODE, true);
    check_place(CODE + 2, false, 0, false);
    check_place(CODE + 7, false, 0, false);
    check_place(thunk, true, CODE, true);
    check_place(thunk + 10, true, CODE, true);
    check_place(thunk + PATCH_ENTRY, true, CODE + 2, false);
    check_place(thunk + PATCH_ENTRY + 1, true, CODE + 3, false);
    check_place(thunk + PATCH_ENTRY + 5, true, CODE + 7, false);
    check_place(thunk + PATCH_SLOT, false, 0, false);
    check_place(thunk & ~(PAGE - 1), false, 0, false);
}

static void test_second_site_of_a_page(void)
{
    uint64_t site = stub_map(), other = CODE + 0x800 + STUB_SITE;
    stub_put(FRAME + 0x800);
    patch_install(&fake.patcher, 0, site);
    patch_install(&fake.patcher, 0, other);
    CHECK(is_live(0, site) && is_live(0, other));
    CHECK_EQ(fake_private(0)->copy_count, 1);
    CHECK_EQ(fake.core->frame_count, 1);
    const unsigned char *copy = fake_pool(fake_private(0)->copy[0].page);
    CHECK(copy[STUB_SITE] == 0xe9 && copy[0x800 + STUB_SITE] == 0xe9);
    patch_forget(fake.core, fake_private(0), 0, CODE + PAGE, CODE + 2 * PAGE);
    CHECK(is_live(0, site));
    patch_forget(fake.core, fake_private(0), 0, CODE, CODE + PAGE);
    CHECK(!is_live(0, site) && !is_live(0, other) && !patch_is_known(fake_private(0), site));
    CHECK_EQ(site_of(0, site)->drops, 0);
    CHECK_EQ(fake_private(0)->redirect_count, 0);
    CHECK(!patch_frame_is_patched(fake.core, FRAME));
}

static void check_left(unsigned process, uint64_t site, enum site_refusal why)
{
    CHECK_EQ(patch_install(&fake.patcher, process, site), 0);
    CHECK(!is_live(process, site) && patch_is_known(fake_private(process), site));
    CHECK_EQ(site_of(process, site)->why, why);
    CHECK_EQ(fake_private(process)->redirect_count, 0);
    CHECK_EQ(fake.core->pool_used, 0);
}

static void test_left(void)
{
    uint64_t site = stub_map();
    fake_page(0, CODE)->is_device = true;
    check_left(0, site, SITE_DEVICE);
    site = stub_map();
    fake_page(0, CODE)->size_bits = 21;
    check_left(0, site, SITE_LARGE_PAGE);
    site = stub_map();
    check_left(0, CODE, SITE_NO_SYSCALL);
    memcpy(fake.kernel.arena + FRAME, (unsigned char[]){0x66, 0x2e, 0x64}, 3);
    check_left(0, site, SITE_PREFIXED);
    fake_reset();
    fake_map(0, CODE - PAGE, FRAME, false);
    fake_map(0, CODE, FRAME + PAGE, false);
    memcpy(fake.kernel.arena + FRAME + PAGE, STUB + STUB_SITE, 5);
    fake.kernel.arena[FRAME + PAGE - 1] = 0x66;
    check_left(0, CODE, SITE_PREFIXED);
    CHECK_EQ(patch_install(&fake.patcher, 0, CODE + PAGE), 0); /* not mapped: no note */
    CHECK(!patch_is_known(fake_private(0), CODE + PAGE));
}

static void test_overlap(void)
{
    fake_reset();
    fake_map(0, CODE, FRAME, false);
    /* syscall; movabs whose value holds another one */
    memcpy(fake.kernel.arena + FRAME,
           (unsigned char[]){0x0f, 0x05, 0x48, 0xb8, 0x0f, 0x05, 0x48, 0x89, 0xdc, 0, 0, 0}, 12);
    patch_install(&fake.patcher, 0, CODE);
    patch_install(&fake.patcher, 0, CODE + 4);
    CHECK(is_live(0, CODE) && !is_live(0, CODE + 4));
    CHECK_EQ(site_of(0, CODE + 4)->why, SITE_OVERLAP);
}

static void test_host_refuses(void)
{
    uint64_t site = stub_map();
    fake.call_result = -ENOMEM;
    check_left(0, site, SITE_HOST_REFUSED);
    CHECK(fake_is_pending(0, CODE));
    CHECK(!patch_frame_is_patched(fake.core, FRAME));
    CHECK_EQ(fake_private(0)->copy_count + fake.core->thunk_page_count, 0);
    CHECK(!thunk_page_is_shown(fake_private(0), 0));
}

static void test_writable_mappings_go_first(void)
{
    uint64_t site = stub_map();
    fake_page(0, CODE)->is_cached = true;
    fake_map(0, 0x500000, FRAME, true)->is_cached = true;
    fake_map(1, 0x600000, FRAME, true)->is_cached = true;
    fake_map(1, 0x601000, FRAME, true);
    fake_map(1, 0x602000, FRAME, false)->is_cached = true;
    fake_map(1, 0x603000, FRAME + PAGE, true)->is_cached = true;
    struct translation *copy = fake_map(2, 0x600000, FRAME, true); /* patched there, so it is not writable */
    copy->is_cached = copy->is_marked = true;
    struct translation *large = fake_map(2, 0x800000, 0, true);
    large->size_bits = 21;
    large->is_cached = true;
    patch_install(&fake.patcher, 0, site);
    CHECK(is_live(0, site));
    CHECK(fake_is_pending(0, 0x500000) && !fake_is_pending(0, CODE) && !fake_page(0, 0x500000)->is_cached);
    CHECK(fake_is_pending(1, 0x600000) && !fake_page(1, 0x600000)->is_cached);
    CHECK(!fake_is_pending(1, 0x601000) && !fake_is_pending(1, 0x602000) && !fake_is_pending(1, 0x603000));
    CHECK(!fake_is_pending(2, 0x600000) && copy->is_cached);
    CHECK(fake_is_pending(2, 0x800000) && fake_is_pending(2, 0x9ff000) && !large->is_cached);
}

static void test_written_twice(void)
{
    uint64_t site = stub_map(), other = CODE + 0x100 + STUB_SITE;
    fake_map(1, 0x600000, FRAME, false);
    stub_put(FRAME + 0x100);
    for (unsigned round = 0; round < PATCH_REWRITES; round++) {
        patch_install(&fake.patcher, 0, site);
        patch_install(&fake.patcher, 1, 0x600000 + STUB_SITE);
        CHECK(is_live(0, site) && is_live(1, 0x600000 + STUB_SITE));
        patch_frame_release(fake.core, FRAME);
        CHECK(!patch_frame_is_patched(fake.core, FRAME));
        CHECK(fake_is_pending(0, CODE) && fake_is_pending(1, 0x600000));
        patch_install(&fake.patcher, 0, other); /* the copy is on its way out: nothing happens */
        CHECK(!is_live(0, other) && !patch_is_known(fake_private(0), other));
        fake_apply(0);
        fake_apply(1);
        CHECK(!is_live(0, site) && !is_live(1, 0x600000 + STUB_SITE));
        CHECK_EQ(site_of(0, site)->drops, round + 1);
    }
    patch_install(&fake.patcher, 0, site);
    CHECK(!is_live(0, site) && patch_is_known(fake_private(0), site));
    CHECK_EQ(site_of(0, site)->why, SITE_WRITTEN);
}

static void test_range_release(void)
{
    for (unsigned i = 0; i < 2; i++) {
        stub_map();
        for (unsigned j = 0; j < 300; j++) {
            fake_map(0, CODE + j * PAGE, FRAME + j * PAGE, false);
            stub_put(FRAME + j * PAGE);
            patch_install(&fake.patcher, 0, CODE + j * PAGE + STUB_SITE);
        }
        CHECK_EQ(fake.core->frame_count, 300);
        patch_range_release(fake.core, FRAME + PAGE,
                            i ? FRAME + 299 * PAGE : FRAME + PAGE + (PAD_FRAMES + 1) * PAGE);
        CHECK_EQ(fake.core->frame_count, i ? 2 : 1);
        CHECK(patch_frame_is_patched(fake.core, FRAME));
        fake_apply(0);
    }
}

static void test_unpatch(void)
{
    uint64_t site = stub_map(), other = CODE + 0x100 + STUB_SITE;
    stub_put(FRAME + 0x100);
    patch_install(&fake.patcher, 0, site);
    patch_install(&fake.patcher, 0, other);
    patch_unpatch(&fake.patcher, 0, 0);
    patch_unpatch(&fake.patcher, 0, site);
    patch_unpatch(&fake.patcher, 0, site + 5);
    CHECK(is_live(0, site));
    patch_unpatch(&fake.patcher, 0, site + 3);
    CHECK(!is_live(0, site) && is_live(0, other) && patch_is_known(fake_private(0), site));
    CHECK_EQ(patch_target(fake_private(0), site + 3), site + 3);
    CHECK(memcmp(fake_pool(fake_private(0)->copy[0].page), STUB, sizeof(STUB)) == 0);
    patch_install(&fake.patcher, 0, site);
    CHECK(!is_live(0, site));
    CHECK_EQ(fake.core->thunk_page[0].used, 2);
}

static void test_thunk_page_is_taken_over(void)
{
    uint64_t site = stub_map();
    fake_map(0, CODE + PAGE, FRAME + PAGE, false);
    stub_put(FRAME + PAGE);
    patch_install(&fake.patcher, 0, site);
    uint64_t thunk = site_of(0, site)->thunk & ~(PAGE - 1);
    patch_forget(fake.core, fake_private(0), 0, thunk, thunk + PAGE);
    CHECK(!is_live(0, site) && fake_is_pending(0, CODE));
    fake_apply(0);
    CHECK_EQ(fake.core->pool_used, 1); /* the thunk page, which stays */
    CHECK(!thunk_page_is_shown(fake_private(0), 0));
    fake_map(0, thunk, FRAME + 2 * PAGE, true);
    patch_install(&fake.patcher, 0, site);
    CHECK(is_live(0, site) && (site_of(0, site)->thunk & ~(PAGE - 1)) != thunk);
    CHECK_EQ(site_of(0, site)->drops, 0);
    const struct machine_mmu *mmu =
        &fake.core->machine.mmu; /* hence the kernel says when a page appears there */
    CHECK(mmu->watched_start <= thunk && thunk < mmu->watched_end);
    thunk = site_of(0, site)->thunk;
    CHECK(mmu->watched_start <= thunk && thunk < mmu->watched_end);
}

static void test_thunks_keep_away(void)
{
    uint64_t site = stub_map();
    fake.core->base = 0x50000000;
    fake.core->end = 0x80000000;
    patch_install(&fake.patcher, 0, site);
    uint64_t thunk = site_of(0, site)->thunk;
    CHECK(thunk && (thunk < 0x50000000 || thunk >= 0x80000000));
    site = stub_map();
    fake.core->base = 0;
    fake.core->end = ABI_USER_TOP;
    patch_install(&fake.patcher, 0, site);
    CHECK_EQ(site_of(0, site)->why, SITE_NO_PLACE);
    CHECK_EQ(fake.core->pool_used, 0);
}

static void test_redirects_run_out(void)
{
    uint64_t site = stub_map();
    struct pad_private *p = fake_private(0);
    for (uint64_t i = 0; i < PATCH_REDIRECTS_MAX - 4; i++)
        patch_redirect_add(p, 0x10000000 + i, 1);
    uint32_t used = fake.core->pool_used;
    patch_install(&fake.patcher, 0, site);
    CHECK_EQ(site_of(0, site)->why, SITE_NO_ROOM);
    CHECK_EQ(p->redirect_count, PATCH_REDIRECTS_MAX - 4);
    CHECK_EQ(fake.core->pool_used, used);
    for (uint64_t i = 0; i < PATCH_REDIRECTS_MAX - 4; i++) {
        CHECK_EQ(patch_target(p, 0x10000000 + i), 1);
        patch_redirect_remove(p, 0x10000000 + i);
    }
    CHECK_EQ(p->redirect_count, 0);
}

static void test_pool_runs_out(void)
{
    uint64_t site = stub_map();
    memset(fake.core->pool, 0xff, sizeof(fake.core->pool));
    CHECK_EQ(patch_pool_take(fake.core), -1);
    check_left(0, site, SITE_NO_ROOM);
    site = stub_map();
    memset(fake.core->pool, 0xff, sizeof(fake.core->pool));
    fake.core->pool_used = 1;
    patch_pool_give(fake.core, 77); /* room for the copy, not for a thunk page */
    check_left(0, site, SITE_NO_ROOM);
    CHECK_EQ(patch_pool_take(fake.core), 77);
}

static void test_sites_run_out(void)
{
    uint64_t site = stub_map();
    struct pad_private *p = fake_private(0);
    for (uint64_t i = 0; i < PATCH_SITES_MAX; i++)
        CHECK(patch_site_enter(p, 0x10000000 + i) != NULL);
    CHECK(patch_site_enter(p, site) == NULL && patch_is_known(p, site));
    CHECK(!patch_is_known(p, 0x10000000)); /* entered, but nothing is decided */
    CHECK_EQ(patch_install(&fake.patcher, 0, site), 0);
    CHECK_EQ(fake.patcher.left[SITE_NO_ROOM].count, 1);
    patch_process_reset(p, fake.core, 0);
    CHECK(!patch_is_known(p, site));
    patch_install(&fake.patcher, 0, site);
    CHECK(is_live(0, site));
}

static void test_reset(void)
{
    uint64_t site = stub_map();
    patch_install(&fake.patcher, 0, site);
    patch_install(&fake.patcher, 0, CODE);
    uint64_t generation = fake_private(0)->generation;
    patch_process_reset(fake_private(0), fake.core, 0);
    CHECK(fake_private(0)->generation > generation);
    CHECK_EQ(fake.core->pool_used, 1); /* a thunk page */
    CHECK_EQ(fake.core->frame_count, 0);
    CHECK_EQ(fake_private(0)->site_count, 0);
    CHECK(!patch_is_known(fake_private(0), site) && !patch_is_known(fake_private(0), CODE));
    CHECK_EQ(patch_target(fake_private(0), site + 2), site + 2);
    CHECK(!thunk_page_is_shown(fake_private(0), 0));
}

static void test_thunks_are_shared(void)
{
    uint64_t site = stub_map(), other = CODE + 0x100 + STUB_SITE;
    stub_put(FRAME + 0x100);
    stub_put(FRAME + PAGE);
    memcpy(fake.kernel.arena + FRAME + 2 * PAGE, STUB, sizeof(STUB));
    fake.kernel.arena[FRAME + 2 * PAGE + sizeof(STUB) - 1] = 0xd8; /* mov %rbx, %rax */
    fake_map(1, CODE, FRAME + PAGE, false);
    fake_map(2, CODE, FRAME + 2 * PAGE, false);
    patch_install(&fake.patcher, 0, site);
    uint64_t thunk = site_of(0, site)->thunk;
    patch_install(&fake.patcher, 1, site);
    CHECK_EQ(site_of(1, site)->thunk, thunk);
    CHECK_EQ(site_of(1, site)->to[1], site_of(0, site)->to[1]);
    CHECK_EQ(fake.call_count, 2); /* it shows the thunk page, too */
    CHECK_EQ(fake.core->thunk_page[0].used, 1);
    patch_install(&fake.patcher, 2, site); /* other bytes behind the call */
    CHECK(is_live(2, site) && site_of(2, site)->thunk != thunk);
    patch_install(&fake.patcher, 0, other); /* no room for sharing */
    CHECK(is_live(0, other) && site_of(0, other)->thunk != thunk);
    CHECK_EQ(fake.core->thunk_page[0].used, 3);
    CHECK_EQ(fake.core->thunk_page_count, 1);
    /* A thunk outlives its users, and serves them again. */
    patch_process_reset(fake_private(0), fake.core, 0);
    patch_process_reset(fake_private(1), fake.core, 1);
    fake_apply(1);
    CHECK_EQ(fake.core->thunk_page[0].used, 3);
    patch_install(&fake.patcher, 1, site);
    CHECK_EQ(site_of(1, site)->thunk, thunk);
}

static void test_generations(void)
{
    uint64_t site = stub_map(), other = CODE + 0x100 + STUB_SITE;
    struct pad_private *p = fake_private(0);
    stub_put(FRAME + 0x100);
    fake_map(1, CODE, FRAME, false);
    patch_process_reset(p, fake.core, 0);
    patch_process_reset(fake_private(1), fake.core, 1);
    uint64_t generation = p->generation, last = fake_private(1)->generation;
    CHECK(generation && last > generation);
    patch_install(&fake.patcher, 0, site);
    patch_install(&fake.patcher, 0, other);
    patch_install(&fake.patcher, 1, site);
    CHECK(p->generation == generation && fake_private(1)->generation == last);
    patch_unpatch(&fake.patcher, 0, site + 3);
    CHECK(p->generation > last);
    last = p->generation;
    patch_forget(fake.core, p, 0, CODE, CODE + PAGE);
    CHECK(p->generation > last);
    last = p->generation;
    uint64_t page = fake.core->thunk_page[0].address;
    patch_forget(fake.core, p, 0, page, page + PAGE); /* nobody uses it, but it goes */
    CHECK(p->generation > last && !thunk_page_is_shown(p, 0));
    CHECK(is_live(1, site));
    patch_forget(fake.core, fake_private(1), 1, page, page + PAGE);
    CHECK(!is_live(1, site) && fake_private(1)->generation > p->generation);
}

/* A frame of process 1 holds what process 0 showed. */
static uint64_t native_make(void)
{
    uint64_t site = stub_map();
    patch_install(&fake.patcher, 0, site);
    memcpy(fake.kernel.arena + FRAME + PAGE, fake_pool(fake_private(0)->copy[0].page), PAGE);
    fake_map(1, CODE, FRAME + PAGE, true);
    return site;
}

static uint64_t native_site(unsigned process, uint64_t address)
{
    return thunk_native_site(fake.core, &fake.kernel, fake_vspace(process), address);
}

static uint64_t native_target(unsigned process, uint64_t ip)
{
    return thunk_native_target(fake.core, &fake.kernel, fake_vspace(process), ip);
}

static void test_native_jumps(void)
{
    uint64_t site = native_make(), thunk = site_of(0, site)->thunk;
    CHECK_EQ(native_site(1, thunk), site);
    CHECK_EQ(native_site(1, thunk + 1), 0);
    CHECK_EQ(native_site(1, thunk + PATCH_ENTRY), 0);
    CHECK_EQ(native_site(1, thunk + PATCH_SLOT), 0);
    CHECK_EQ(native_site(1, thunk & ~(PAGE - 1)), 0);
    CHECK_EQ(native_site(0, thunk), 0); /* its own memory is as ever */
    CHECK_EQ(native_site(2, thunk), 0);
    CHECK_EQ(native_target(1, site + 2), thunk + PATCH_ENTRY);
    for (uint64_t i = 0; i < 10; i++)
        CHECK(i == 2 || native_target(1, site + i) == 0);
    CHECK_EQ(native_target(0, site + 2), 0);
    CHECK_EQ(native_target(2, site + 2), 0);
    /* Elsewhere, the jump goes astray. */
    fake_map(2, CODE + PAGE, FRAME + PAGE, false);
    CHECK_EQ(native_target(2, site + PAGE + 2), 0);
    fake_map(2, CODE + PATCH_SLOT * PAGE, FRAME + PAGE, false);
    CHECK_EQ(native_target(2, site + PATCH_SLOT * PAGE + 2), 0);
    /* What stands in a thunk is known once its page is shown. */
    uint64_t visible = 0;
    bool is_entry = false;
    CHECK(!patch_place(fake.core, fake_private(1), thunk, &visible, &is_entry));
    thunk_page_show(fake.core, fake_private(1), 0);
    CHECK(patch_place(fake.core, fake_private(1), thunk, &visible, &is_entry) && is_entry);
    CHECK_EQ(visible, site);
    CHECK(patch_place(fake.core, fake_private(1), thunk + PATCH_ENTRY, &visible, &is_entry) && !is_entry);
    CHECK_EQ(visible, site + 2);
    /* The jump is overwritten. */
    fake.kernel.arena[FRAME + PAGE + STUB_SITE + 1]++;
    CHECK_EQ(native_site(1, thunk), 0);
    CHECK_EQ(native_target(1, site + 2), 0);
}

/* Three displaced instructions, and jumps at both ends of a page. */
static void test_native_targets(void)
{
    static const unsigned char code[] = {0x0f, 0x05, 0x5b, 0x58, 0x59};
    const uint64_t offsets[] = {0, PAGE - sizeof(code)};
    fake_reset();
    fake_map(0, CODE, FRAME, false);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(fake.kernel.arena + FRAME + offsets[i], code, sizeof(code));
        patch_install(&fake.patcher, 0, CODE + offsets[i]);
    }
    memcpy(fake.kernel.arena + FRAME + PAGE, fake_pool(fake_private(0)->copy[0].page), PAGE);
    fake_map(1, CODE, FRAME + PAGE, false); /* with nothing on either side */
    for (unsigned i = 0; i < 2; i++) {
        uint64_t site = CODE + offsets[i], thunk = site_of(0, site)->thunk;
        CHECK_EQ(native_site(1, thunk), site);
        CHECK_EQ(native_target(1, site), 0);
        CHECK_EQ(native_target(1, site + 1), 0);
        for (uint64_t j = 2; j < 5; j++)
            CHECK_EQ(native_target(1, site + j), thunk + PATCH_ENTRY + j - 2);
    }
}

static void test_thunk_pages_run_out(void)
{
    uint64_t site = stub_map();
    fake.core->thunk_page_count = PAD_THUNK_PAGES;
    for (unsigned i = 0; i < PAD_THUNK_PAGES; i++)
        fake.core->thunk_page[i].used = PAD_THUNK_SLOTS - 1;
    check_left(0, site, SITE_NO_ROOM);
}

static void test_bind_resets(void)
{
    uint64_t site = stub_map(), vspace = fake_vspace(0);
    patch_install(&fake.patcher, 0, site);
    tlb_bind(fake.core, &fake.kernel, 0, vspace);
    CHECK(fake.core->slot[0].must_reset && fake.core->slot[0].must_wipe && fake.core->slot[0].is_dirty);
}

static void test_report(void)
{
    char text[200];
    uint64_t site = stub_map();
    patch_install(&fake.patcher, 0, site);
    for (uint64_t i = 0; i < 6; i++)
        patch_install(&fake.patcher, 0, CODE + 0x100 + i);
    CHECK(patch_report(&fake.patcher, 0, text, sizeof(text)));
    CHECK_STR_EQ(text, "system call sites: 1 patched, 6 left trapping; 0 patched pages dropped; "
                       "1 thunks in 1 pages");
    CHECK(patch_report(&fake.patcher, 1, text, sizeof(text)));
    CHECK_STR_EQ(text, "  6: no syscall instruction, at 0x400100, 0x400101, 0x400102, 0x400103, ...");
    CHECK(!patch_report(&fake.patcher, 2, text, sizeof(text)));
    CHECK(patch_report(&fake.patcher, 1, text, 20));
}

/* Anything in any order, against a list of what must be patched. */

enum {
    CODE_PAGES = 24, /* of each process, showing some of FRAMES frames */
    FRAMES = 12,
    STUBS = 9 /* a frame */
};

static bool live[FAKE_PROCESSES][CODE_PAGES][STUBS];

static uint64_t code_page(unsigned page)
{
    return CODE + page / 4 * 0x10000000 + page % 4 * PAGE; /* some near each other, some not */
}

static uint64_t stub_offset(unsigned stub)
{
    return stub * 451u + STUB_SITE;
}

static void live_drop(unsigned process, unsigned page)
{
    memset(live[process][page], 0, sizeof(live[process][page]));
}

static void check_site(unsigned process, unsigned page, unsigned stub)
{
    uint64_t site = code_page(page) + stub_offset(stub), visible = 0;
    bool is_entry = true, is_expected = live[process][page][stub];
    const struct pad_private *p = fake_private(process);
    CHECK_EQ(is_live(process, site), is_expected);
    if (!is_expected) {
        CHECK_EQ(patch_target(p, site + 2), site + 2);
        return;
    }
    uint64_t target = patch_target(p, site + 2);
    CHECK(target && target != site + 2);
    CHECK(patch_place(fake.core, p, target, &visible, &is_entry) && visible == site + 2 && !is_entry);
    CHECK_EQ(patch_target(p, site + 3), 0);
    const struct pad_copy *copy = patch_copy_find(fake_private(process), code_page(page));
    CHECK(copy && fake_pool(copy->page)[stub_offset(stub)] == 0xe9);
}

static void check_everything(void)
{
    uint32_t pool = fake.core->thunk_page_count, frames = 0, thunks = 0;
    for (unsigned i = 0; i < fake.core->thunk_page_count; i++)
        thunks += fake.core->thunk_page[i].used;
    CHECK(thunks <= CODE_PAGES * STUBS * 2); /* all processes have the same; some took a thunk's page over */
    for (unsigned process = 0; process < FAKE_PROCESSES; process++) {
        unsigned sites = 0;
        const struct pad_private *p = fake_private(process);
        for (unsigned page = 0; page < CODE_PAGES; page++)
            for (unsigned stub = 0; stub < STUBS; stub++) {
                check_site(process, page, stub);
                sites += live[process][page][stub];
            }
        CHECK_EQ(p->redirect_count, 4 * sites);
        pool += p->copy_count;
        for (unsigned i = 0; i < p->copy_count; i++)
            frames += !fake_is_pending(process, p->copy[i].vaddr);
    }
    CHECK_EQ(fake.core->pool_used, pool);
    CHECK_EQ(fake.core->frame_count, frames);
}

static void random_forget(unsigned process, unsigned page)
{
    struct pad_private *p = fake_private(process);
    for (unsigned i = 0; i < CODE_PAGES; i++)
        if (code_page(i) >= code_page(page) && code_page(i) < code_page(page) + 2 * PAGE)
            live_drop(process, i);
    patch_forget(fake.core, p, process, code_page(page), code_page(page) + 2 * PAGE);
}

static void random_take_over(unsigned process)
{
    struct pad_private *p = fake_private(process);
    if (fake.core->thunk_page_count == 0)
        return;
    uint64_t taken = fake.core->thunk_page[(unsigned)rand() % fake.core->thunk_page_count].address;
    for (unsigned page = 0; page < CODE_PAGES; page++)
        for (unsigned stub = 0; stub < STUBS; stub++)
            if (live[process][page][stub] &&
                site_of(process, code_page(page) + stub_offset(stub))->thunk - taken < PAGE)
                live_drop(process, page);
    patch_forget(fake.core, p, process, taken, taken + PAGE);
}

static void random_write(unsigned page)
{
    uint64_t paddr = FRAME + page % FRAMES * PAGE;
    patch_frame_release(fake.core, paddr);
    for (unsigned process = 0; process < FAKE_PROCESSES; process++)
        for (unsigned i = page % FRAMES; i < CODE_PAGES; i += FRAMES) {
            live_drop(process, i);
            for (unsigned stub = 0; stub < STUBS; stub++) { /* or it would end too soon */
                struct pad_site *site = site_of(process, code_page(i) + stub_offset(stub));
                if (site)
                    site->drops = 0;
            }
        }
}

static void random_step(void)
{
    unsigned process = (unsigned)rand() % FAKE_PROCESSES, page = (unsigned)rand() % CODE_PAGES,
             stub = (unsigned)rand() % STUBS;
    switch (rand() % 64) {
    case 0:
        random_forget(process, page);
        break;
    case 1:
        random_take_over(process);
        break;
    case 2:
        random_write(page);
        break;
    case 3:
        patch_process_reset(fake_private(process), fake.core, process);
        memset(live[process], 0, sizeof(live[process]));
        break;
    default:
        CHECK_EQ(patch_install(&fake.patcher, process, code_page(page) + stub_offset(stub)), 0);
        live[process][page][stub] = true;
    }
    for (unsigned i = 0; i < FAKE_PROCESSES; i++)
        fake_apply(i);
}

static void test_random_steps(void)
{
    fake_reset();
    memset(live, 0, sizeof(live));
    for (unsigned process = 0; process < FAKE_PROCESSES; process++)
        for (unsigned page = 0; page < CODE_PAGES; page++)
            fake_map(process, code_page(page), FRAME + page % FRAMES * PAGE, false);
    for (unsigned frame = 0; frame < FRAMES; frame++)
        for (unsigned stub = 0; stub < STUBS; stub++)
            stub_put(FRAME + frame * PAGE + stub_offset(stub) - STUB_SITE);
    srand(2);
    for (unsigned step = 0; step < 6000 && !check_failures; step++) {
        random_step();
        if (step % 8 == 0)
            check_everything();
    }
    CHECK(fake.core->patch_drops > 1000);
}

CHECK_MAIN(CHECK_TEST(test_install), CHECK_TEST(test_targets), CHECK_TEST(test_places),
           CHECK_TEST(test_second_site_of_a_page), CHECK_TEST(test_left), CHECK_TEST(test_overlap),
           CHECK_TEST(test_host_refuses), CHECK_TEST(test_writable_mappings_go_first),
           CHECK_TEST(test_written_twice), CHECK_TEST(test_range_release), CHECK_TEST(test_unpatch),
           CHECK_TEST(test_thunk_page_is_taken_over), CHECK_TEST(test_thunks_keep_away),
           CHECK_TEST(test_redirects_run_out), CHECK_TEST(test_pool_runs_out), CHECK_TEST(test_sites_run_out),
           CHECK_TEST(test_reset), CHECK_TEST(test_thunks_are_shared), CHECK_TEST(test_generations),
           CHECK_TEST(test_native_jumps), CHECK_TEST(test_native_targets),
           CHECK_TEST(test_thunk_pages_run_out), CHECK_TEST(test_bind_resets), CHECK_TEST(test_report),
           CHECK_TEST(test_random_steps))
