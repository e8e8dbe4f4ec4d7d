/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's mappings of a guest process are a cache of seL4's page tables. The
 * kernel says what to forget while no guest runs; that is noted here and done
 * when the process is about to run.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"

enum {
    REGION_BITS = 21
};

static bool region_is_touched(const struct process *p, uint64_t region)
{
    region %= TOUCHED_REGIONS;
    return p->touched[region / 64] >> (region % 64) & 1;
}

void tlb_touch(struct process *p, uint64_t start, uint64_t end)
{
    uint64_t first = start >> REGION_BITS, last = (end - 1) >> REGION_BITS;
    if (last - first >= TOUCHED_REGIONS)
        last = first + TOUCHED_REGIONS - 1;
    for (uint64_t region = first; region <= last; region++)
        p->touched[region % TOUCHED_REGIONS / 64] |= 1ull << (region % 64);
}

/* May there be host mappings in the range? Regions share bits, so this errs towards yes. */
static bool is_touched(const struct process *p, uint64_t start, uint64_t end)
{
    uint64_t first = start >> REGION_BITS, last = (end - 1) >> REGION_BITS;
    if (last - first >= TOUCHED_REGIONS)
        return true;
    for (uint64_t region = first; region <= last; region++)
        if (region_is_touched(p, region))
            return true;
    return false;
}

void tlb_wipe(struct process *p)
{
    p->must_wipe = true;
    p->unmap_count = 0;
}

static void unmap_note(struct process *p, uint64_t start, uint64_t end)
{
    struct address_range *last = p->unmap_count ? &p->unmap[p->unmap_count - 1] : NULL;
    if (last && start <= last->end && end >= last->start) {
        last->start = start < last->start ? start : last->start;
        last->end = end > last->end ? end : last->end;
    } else if (p->unmap_count < UNMAPS_MAX) {
        p->unmap[p->unmap_count++] = (struct address_range){start, end};
    } else {
        tlb_wipe(p);
    }
}

void tlb_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    struct process *p = process_find(world, vspace);
    if (!p || p->must_wipe || size == 0 || vaddr >= ABI_USER_TOP)
        return;
    uint64_t end = size > ABI_USER_TOP - vaddr ? ABI_USER_TOP : vaddr + size;
    if (is_touched(p, vaddr, end))
        unmap_note(p, vaddr, end);
}

void tlb_forget(void *world, uint64_t vspace)
{
    process_forget(world, vspace);
}

void tlb_clear(void *world, uint64_t paddr, uint64_t size)
{
    struct engine *e = world;
    fd_clear(e->arena_fd, e->k->arena, paddr, size);
}

uint64_t tlb_blank_from(void *world, uint64_t start, uint64_t end)
{
    const struct engine *e = world;
    return fd_blank_from(e->arena_fd, start, end);
}

/* Calls that unmap [start, end) but for the stub region: none, one or two. */
static unsigned unmap_calls(const struct process *p, uint64_t start, uint64_t end, struct stub_call *calls)
{
    uint64_t stub_end = p->stub + sizeof(struct stub);
    unsigned count = 0;
    uint64_t before = end < p->stub ? end : p->stub;
    uint64_t behind = start > stub_end ? start : stub_end;
    if (start < before)
        calls[count++] = (struct stub_call){SYS_munmap, {start, before - start}};
    if (behind < end)
        calls[count++] = (struct stub_call){SYS_munmap, {behind, end - behind}};
    return count;
}

static int wipe_apply(struct engine *e, struct process *p)
{
    struct stub_call calls[2];
    unsigned failed = 0, count = unmap_calls(p, 0, ABI_USER_TOP, calls);
    int64_t result = 0;
    int error = inject_calls(e, p, calls, count, &failed, &result);
    if (!error && failed < count)
        error = diag_errno(e->diag, (int)result, "cannot unmap everything in guest process %d", (int)p->pid);
    if (error)
        return error;
    p->must_wipe = false;
    memset(p->touched, 0, sizeof(p->touched));
    return 0;
}

int tlb_apply(struct engine *e, struct process *p)
{
    if (p->unmap_count > 0) {
        struct stub_call calls[2 * UNMAPS_MAX];
        unsigned failed = 0, count = 0;
        int64_t result = 0;
        for (unsigned i = 0; i < p->unmap_count; i++)
            count += unmap_calls(p, p->unmap[i].start, p->unmap[i].end, calls + count);
        p->unmap_count = 0;
        int error = count ? inject_calls(e, p, calls, count, &failed, &result) : 0;
        if (error)
            return error;
        if (failed < count) /* splitting a mapping can exceed the host's limit */
            tlb_wipe(p);
    }
    return p->must_wipe ? wipe_apply(e, p) : 0;
}
