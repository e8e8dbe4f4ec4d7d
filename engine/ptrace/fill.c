/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling the cache of mappings: a page that seL4's tables allow and the host does
 * not know yet, with its neighbours as far as they continue it, since a mapping
 * is dear and its size is not.
 *
 * Every readable page is executable: an x86 seL4 does not use NX.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/ptrace/state.h"

#define SMALL_PAGE (1ull << ABI_SMALL_PAGE_BITS)

enum {
    WINDOW_BITS = 18
}; /* small pages are mapped together within such an aligned range */

/* Addresses [start, end) show the arena, or a window on a file, from `paddr` on. */
struct run {
    uint64_t start, end, paddr;
};

static bool continues(const struct engine *e, const struct process *p, uint64_t address,
                      const struct translation *like, uint64_t paddr)
{
    struct translation t = kernel_translate(e->k, p->vspace, address);
    return t.is_present && t.is_device == like->is_device && t.size_bits == ABI_SMALL_PAGE_BITS &&
           t.is_writable == like->is_writable && t.paddr == paddr &&
           (!t.is_device || (paddr ^ like->paddr) >> HOSTIO_WINDOW_BITS == 0); /* no other window */
}

static struct run run_around(const struct engine *e, const struct process *p, uint64_t address,
                             const struct translation *t)
{
    uint64_t size = 1ull << t->size_bits;
    struct run run = {.start = address & ~(size - 1), .paddr = t->paddr};
    run.end = run.start + size;
    if (t->size_bits != ABI_SMALL_PAGE_BITS)
        return run;
    uint64_t window = run.start >> WINDOW_BITS << WINDOW_BITS, window_end = window + (1u << WINDOW_BITS);
    uint64_t behind = run.paddr + SMALL_PAGE;
    while (run.start > window && continues(e, p, run.start - SMALL_PAGE, t, run.paddr - SMALL_PAGE)) {
        run.start -= SMALL_PAGE;
        run.paddr -= SMALL_PAGE;
    }
    while (run.end < window_end && continues(e, p, run.end, t, behind)) {
        run.end += SMALL_PAGE;
        behind += SMALL_PAGE;
    }
    return run;
}

static void run_start_at(struct run *run, uint64_t start)
{
    if (run->start < start) {
        run->paddr += start - run->start;
        run->start = start;
    }
}

/* Keep to what the host can map: above its minimum, beside the stub, inside the arena. `address` stays in
 * the run. */
static void run_clip(const struct engine *e, const struct process *p, struct run *run, uint64_t address)
{
    uint64_t stub_end = p->stub + sizeof(struct stub);
    run_start_at(run, e->address_min);
    if (address < p->stub && run->end > p->stub)
        run->end = p->stub;
    if (address >= stub_end)
        run_start_at(run, stub_end);
    if (!machine_is_window(run->paddr) && run->paddr + (run->end - run->start) > e->k->memory_size)
        run->end = run->start + (e->k->memory_size - run->paddr);
}

/* From now on the kernel has to say when it changes these pages. */
static void run_note(const struct engine *e, const struct process *p, const struct run *run,
                     unsigned size_bits)
{
    for (uint64_t at = run->start; at < run->end; at += 1ull << size_bits)
        kernel_translation_note(e->k, p->vspace, at, true, false);
}

/* One mapping, trying again without all others if the host has no room. */
static int map_call(struct engine *e, struct process *p, const struct stub_call *call)
{
    unsigned failed = 0;
    int64_t result = 0;
    int error = inject_calls(e, p, call, 1, &failed, &result);
    if (!error && failed == 0 && result == -ENOMEM) {
        tlb_wipe(p);
        error = tlb_apply(e, p);
        if (!error)
            error = inject_calls(e, p, call, 1, &failed, &result);
    }
    if (error)
        return error;
    if (failed == 0)
        return diag_errno(e->diag, (int)result, "cannot map 0x%llx bytes at 0x%llx in guest process %d",
                          (unsigned long long)call->argument[1], (unsigned long long)call->argument[0],
                          (int)p->pid);
    tlb_touch(p, call->argument[0], call->argument[0] + call->argument[1]);
    return 0;
}

/* DIFFERS: a device frame that no model stands behind reads all ones; what the guest writes there stays
 * visible to it until the mapping is dropped, and to nobody else. */
static int fill_device(struct engine *e, struct process *p, uint64_t address, uint64_t protection)
{
    struct stub_call call = {
        SYS_mmap,
        {address & ~(SMALL_PAGE - 1), SMALL_PAGE, protection, MAP_PRIVATE | MAP_FIXED, STUB_FD_STUBS, 0}};
    kernel_translation_note(e->k, p->vspace, address, true, false);
    return map_call(e, p, &call);
}

/* The guest process opens what descriptor `fd` of ours is open on: its descriptor, or -errno in `result`. */
static int window_open(struct engine *e, struct process *p, int32_t fd, bool is_writable, int64_t *result)
{
    struct stub_call *room = &p->view->call[STUB_CALLS - 1];
    uint64_t path = p->stub + offsetof(struct stub, call[STUB_CALLS - 1]);
    unsigned failed = 0;
    snprintf((char *)room, sizeof(*room), "/proc/%d/fd/%d", (int)getpid(), (int)fd);
    const struct stub_call call = {
        SYS_openat,
        {(uint64_t)AT_FDCWD, path, (is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY, 0, 0, 0}};
    int error = inject_calls(e, p, &call, 1, &failed, result);
    return error;
}

/* What the host does not map, as on a file system that allows no code, reads as a device without a model. */
static int fill_window(struct engine *e, struct process *p, uint64_t address, const struct translation *t,
                       uint64_t protection)
{
    struct run run = run_around(e, p, address, t);
    run_clip(e, p, &run, address);
    uint64_t size = run.end - run.start, offset = 0;
    bool is_writable = run.paddr < MACHINE_WINDOWS_READ_ONLY; /* then the descriptor is, too */
    int32_t fd = e->hostio ? hostio_window_find(e->hostio, run.paddr, size, &offset) : -1;
    int64_t opened = -EBADF, mapped = -EBADF;
    unsigned failed = 0;
    int error = fd < 0 ? 0 : window_open(e, p, fd, is_writable, &opened);
    if (error)
        return error;
    if (opened >= 0) {
        uint64_t of = (uint64_t)opened;
        const struct stub_call map = {SYS_mmap,
                                      {run.start, size, protection, MAP_SHARED | MAP_FIXED, of, offset}};
        const struct stub_call close = {SYS_close, {of}};
        int64_t closed = 0;
        error = inject_calls(e, p, &map, 1, &failed, &mapped);
        if (!error)
            error = inject_calls(e, p, &close, 1, &failed, &closed);
    }
    if (error || mapped < 0)
        return error ? error : fill_device(e, p, address, protection);
    tlb_touch(p, run.start, run.end);
    run_note(e, p, &run, t->size_bits);
    return 0;
}

int fill_page(struct engine *e, struct process *p, uint64_t address, const struct translation *translation)
{
    uint64_t protection = PROT_READ | PROT_EXEC | (translation->is_writable ? PROT_WRITE : 0);
    e->counts.cache_misses++;
    if (machine_is_window(translation->paddr))
        return fill_window(e, p, address, translation, protection);
    if (translation->is_device)
        return fill_device(e, p, address, protection);
    struct run run = run_around(e, p, address, translation);
    run_clip(e, p, &run, address);
    run_note(e, p, &run, translation->size_bits);
    struct stub_call call = {SYS_mmap,
                             {run.start, run.end - run.start, protection,
                              MAP_SHARED | MAP_FIXED | MAP_NORESERVE, STUB_FD_ARENA, run.paddr}};
    return map_call(e, p, &call);
}
