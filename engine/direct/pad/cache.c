/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's mappings as a cache of seL4's page tables, in the process that shows them.
 *
 * Filling is lazy: mapping a page in seL4 costs no host call, the first touch maps its whole run (contiguous
 * pages of contiguous frames with the same rights, within a window), and populates it, since a program that
 * maps pages in a row uses them. When the host has no room for another mapping, all are given up; that always
 * makes room.
 *
 * Every readable page is executable: an x86 seL4 does not use NX.
 *
 * Windows on files are filled from the file, in the same way, but not populated: a file need not be as long as what
 * shows it.
 */
#include <asm-generic/errno-base.h>
#include <asm/mman.h>
#include <linux/mman.h>
#include <asm/unistd.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/direct/tlb.h"

#define PAGE (1ull << ABI_SMALL_PAGE_BITS)

/* Addresses [start, end) show the arena, or windows, from `paddr` on. */
struct run {
    uint64_t start, end, paddr;
};

static void unmap(uint64_t start, uint64_t end)
{
    if (start < end && host_call3(__NR_munmap, start, end - start, 0) < 0)
        tlb_note_all(&pad_core, pad_private.index); /* splitting a mapping can exceed the host's limit */
}

/* Everything goes. What takes its place is no memory, but has neighbours everywhere: with those, the host
 * keeps its page tables when a page is unmapped, which halves the price of mapping one. */
static void wipe(uint64_t start, uint64_t end)
{
    const uint64_t flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
    if (host_call(__NR_mmap, start, end - start, PROT_NONE, flags, PAD_FD_PAD, 0) < 0)
        host_call3(__NR_munmap, start, end - start, 0);
}

static void range_drop(uint64_t start, uint64_t end)
{
    patch_forget(&pad_core, &pad_private, pad_private.index, start, end);
    unmap(start, end < pad_core.base ? end : pad_core.base);
    unmap(start > pad_core.end ? start : pad_core.end, end);
}

static void wipe_all(void)
{
    patch_forget(&pad_core, &pad_private, pad_private.index, 0, ABI_USER_TOP);
    wipe(pad_core.address_min, pad_core.base);
    wipe(pad_core.end, ABI_USER_TOP);
}

void cache_apply(void)
{
    struct pad_slot *slot = own_slot();
    while (slot->is_dirty) {
        struct pad_range range[PAD_UNMAPS];
        bool must_wipe = slot->must_wipe;
        unsigned count = must_wipe ? 0 : slot->unmap_count;
        __builtin_memcpy(range, slot->unmap, count * sizeof(range[0]));
        slot->is_dirty = slot->must_wipe = false;
        slot->unmap_count = 0;
        if (must_wipe)
            wipe_all();
        for (unsigned i = 0; i < count; i++)
            range_drop(range[i].start, range[i].end);
    }
    if (!slot->must_reset && pad_private.vspace == slot->vspace)
        return;
    slot->must_reset = false;
    pad_private.vspace = slot->vspace;
    patch_process_reset(&pad_private, &pad_core, pad_private.index);
}

static bool continues(uint64_t address, const struct translation *like, uint64_t paddr)
{
    struct translation t = kernel_translate(&pad_core.kernel, pad_private.vspace, address);
    return t.is_present && t.is_device == like->is_device && !t.is_marked &&
           t.size_bits == ABI_SMALL_PAGE_BITS && t.is_writable == like->is_writable && t.paddr == paddr &&
           (!t.is_device || (paddr ^ like->paddr) >> HOSTIO_WINDOW_BITS == 0) && /* no other window */
           !(t.is_writable && !t.is_device &&
             patch_frame_is_patched(&pad_core, paddr)); /* others need not lose their patches */
}

static struct run run_around(uint64_t address, const struct translation *t)
{
    uint64_t size = 1ull << t->size_bits;
    struct run run = {.start = address & ~(size - 1), .paddr = t->paddr};
    run.end = run.start + size;
    if (t->size_bits != ABI_SMALL_PAGE_BITS)
        return run;
    uint64_t window = run.start >> PAD_WINDOW_BITS << PAD_WINDOW_BITS,
             window_end = window + (1u << PAD_WINDOW_BITS);
    uint64_t behind = run.paddr + PAGE;
    while (run.start > window && run.start > pad_core.address_min &&
           continues(run.start - PAGE, t, run.paddr - PAGE)) {
        run.start -= PAGE;
        run.paddr -= PAGE;
    }
    while (run.end < window_end && continues(run.end, t, behind)) {
        run.end += PAGE;
        behind += PAGE;
    }
    return run;
}

/* A frame that somebody shows a patched copy of becomes writable here: the copies go first. */
static void run_release(const struct run *run)
{
    patch_range_release(&pad_core, run->paddr, run->paddr + (run->end - run->start));
    cache_apply();
}

static void run_note(const struct run *run, unsigned size_bits)
{
    for (uint64_t at = run->start; at < run->end; at += 1ull << size_bits)
        kernel_translation_note(&pad_core.kernel, pad_private.vspace, at, true, false);
}

/* Map, trying again without all others if the host has no room. */
static void map(uint64_t start, uint64_t size, uint64_t protection, uint64_t flags, uint64_t fd,
                uint64_t offset)
{
    int64_t result = host_call(__NR_mmap, start, size, protection, flags, fd, offset);
    if (result == -ENOMEM) {
        tlb_note_all(&pad_core, pad_private.index);
        cache_apply();
        result = host_call(__NR_mmap, start, size, protection, flags, fd, offset);
    }
    if (result >= 0)
        return;
    pad_core.request.address = (uint64_t)-result;
    pad_core.request.value = start;
    pad_text_copy(pad_core.request.text, sizeof(pad_core.request.text), "cannot map memory for a guest");
    baton_fail(PAD_FAILED);
}

static void run_enter(const struct run *run, const struct translation *t)
{
    uint64_t protection = PROT_READ | PROT_EXEC | (t->is_writable ? PROT_WRITE : 0);
    uint64_t flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
    if (t->size_bits == ABI_SMALL_PAGE_BITS)
        flags |= MAP_POPULATE;
    pad_core.misses++;
    if (t->is_writable)
        run_release(run);
    patch_forget(&pad_core, &pad_private, pad_private.index, run->start, run->end);
    cache_apply();
    map(run->start, run->end - run->start, protection, flags, PAD_FD_ARENA, run->paddr);
    run_note(run, t->size_bits);
}

void cache_fill(uint64_t address, const struct translation *t)
{
    const struct run run = run_around(address, t);
    if (run.end - run.start == PAGE)
        tlb_note_touch(&pad_core, pad_private.index, run.start);
    run_enter(&run, t);
}

bool cache_has_neighbours(uint64_t address, const struct translation *t)
{
    uint64_t page = address & ~(PAGE - 1);
    return t->size_bits != ABI_SMALL_PAGE_BITS || continues(page + PAGE, t, t->paddr + PAGE) ||
           continues(page - PAGE, t, t->paddr - PAGE);
}

/* What the host does not map, as on a file system that allows no code, reads as a device without a model. */
void cache_fill_window(uint64_t address, const struct translation *t)
{
    const struct run run = run_around(address, t);
    uint64_t size = run.end - run.start, offset = 0;
    uint64_t protection = PROT_READ | (t->is_writable ? PROT_WRITE : 0);
    int32_t fd = hostio_window_find(&pad_hostio, run.paddr, size, &offset);
    int64_t result = -EBADF;
    pad_core.misses++;
    patch_forget(&pad_core, &pad_private, pad_private.index, run.start, run.end);
    cache_apply();
    for (unsigned i = 0; i < 2 && fd >= 0 && result < 0; i++) {
        result = host_call(__NR_mmap, run.start, size, protection | PROT_EXEC, MAP_SHARED | MAP_FIXED,
                           (uint64_t)fd, offset);
        if (result == -EPERM || result == -EACCES)
            result = host_call(__NR_mmap, run.start, size, protection, MAP_SHARED | MAP_FIXED, (uint64_t)fd,
                               offset);
        if (result != -ENOMEM)
            break;
        tlb_note_all(&pad_core, pad_private.index);
        cache_apply();
    }
    if (result < 0)
        cache_map_ones(address, t);
    else
        run_note(&run, t->size_bits);
}

void cache_expect(void)
{
    struct pad_slot *slot = own_slot();
    struct translation t = kernel_translate(&pad_core.kernel, pad_private.vspace, slot->expected);
    slot->expecting--;
    if (!t.is_present)
        return;
    slot->expecting = 0;
    if (t.is_device || t.is_cached || t.size_bits != ABI_SMALL_PAGE_BITS ||
        slot->expected < pad_core.address_min)
        return;
    const struct run run = run_around(slot->expected, &t);
    run_enter(&run, &t);
}

/* DIFFERS: a device frame that no model stands behind reads all ones; what the guest writes there stays
 * visible to it until the mapping is dropped, and to nobody else. */
void cache_map_ones(uint64_t address, const struct translation *t)
{
    struct run run = {.start = address & ~(PAGE - 1)};
    uint64_t protection = PROT_READ | PROT_EXEC | (t->is_writable ? PROT_WRITE : 0);
    run.end = run.start + PAGE;
    pad_core.misses++;
    map(run.start, PAGE, protection, MAP_PRIVATE | MAP_FIXED, PAD_FD_PAD, PAD_ONES);
    kernel_translation_note(&pad_core.kernel, pad_private.vspace, run.start, true, false);
}

bool cache_map_thunks(uint64_t address)
{
    int index = thunk_page_find(&pad_core, address);
    if (index < 0)
        return false;
    const struct pad_thunk_page *page = &pad_core.thunk_page[index];
    if (thunk_page_is_shown(&pad_private, (unsigned)index))
        return true;
    struct translation t = kernel_translate(&pad_core.kernel, pad_private.vspace, page->address);
    if (t.is_present || t.is_forbidden)
        return false;
    pad_core.misses++;
    map(page->address, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED | MAP_POPULATE, PAD_FD_PAD,
        PAD_POOL + page->page * PAGE);
    thunk_page_show(&pad_core, &pad_private, (unsigned)index);
    return true;
}
