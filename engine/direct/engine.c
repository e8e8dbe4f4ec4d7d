/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing the direct engine, and its entry in the table of engines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/direct/monitor.h"
#include "engine/direct/tlb.h"
#include "host/fd.h"
#include "host/map.h"
#include "host/timer.h"

enum {
    HWCAP2_USER_FSGSBASE = 2,
    SIGNAL_FRAME_OTHER = 4096 /* what a frame holds besides vector state, generously */
};

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static void mmu_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    struct engine *e = world;
    tlb_note_invalid(e->core, e->k, vspace, vaddr, size);
}

static void mmu_forget(void *world, uint64_t vspace)
{
    struct engine *e = world;
    tlb_note_gone(e->core, e->k, vspace);
}

static void mmu_clear(void *world, uint64_t paddr, uint64_t size)
{
    struct engine *e = world;
    fd_clear(e->arena_fd, e->k->arena, paddr, size);
}

static uint64_t mmu_blank_from(void *world, uint64_t start, uint64_t end)
{
    const struct engine *e = world;
    return fd_blank_from(e->arena_fd, start, end);
}

static int host_check(struct engine *e)
{
    unsigned long frame = getauxval(AT_MINSIGSTKSZ);
    if (!(getauxval(AT_HWCAP2) & HWCAP2_USER_FSGSBASE))
        return diag_errno(e->diag, ENOTSUP, "this host does not let programs set segment bases (FSGSBASE)");
    if (4 * (frame + SIGNAL_FRAME_OTHER) > sizeof(((struct pad_private *)0)->signal_stack))
        return diag_errno(e->diag, ENOTSUP, "signal frames of this processor take %lu bytes", frame);
    if (!vector_layout_ask(&e->core->vector))
        return diag_errno(e->diag, ENOTSUP, "this processor's vector state cannot be saved by hand");
    return 0;
}

static int memory_make(struct engine *e)
{
    void *memory = NULL;
    e->pad_fd = fd_memory_executable("selkie-pad", PAD_MEMORY, e->diag);
    if (e->pad_fd < 0)
        return e->pad_fd;
    int error = map_shared(&memory, e->pad_fd, PAD_MEMORY, "the pad", e->diag);
    if (error)
        return error;
    e->memory = memory;
    e->core = (struct pad_core *)(void *)(e->memory + PAD_CORE);
    memset(e->memory + PAD_ONES, 0xff, HOST_PAGE); /* what device memory reads as */
    return 0;
}

static int descriptors_make(struct engine *e)
{
    e->doorbell_fd = fd_event(e->diag);
    if (e->doorbell_fd < 0)
        return e->doorbell_fd;
    e->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    return e->watch_fd < 0 ? diag_errno(e->diag, errno, "cannot watch processes") : 0;
}

int direct_engine_create(struct engine **engine, struct kernel *k, int arena_fd, int vector_fd,
                         struct diag *diag)
{
    struct engine *e = calloc(1, sizeof(*e));
    if (!e)
        return diag_errno(diag, ENOMEM, "cannot make an engine");
    e->k = k;
    e->arena_fd = arena_fd;
    e->vector_fd = vector_fd;
    e->diag = diag;
    e->pad_fd = e->doorbell_fd = e->watch_fd = -1;
    e->pin.cpu = -1;
    e->template.watch_fd = -1;
    for (unsigned i = 0; i < PAD_PROCESSES; i++)
        e->process[i].watch_fd = -1;
    int error = memory_make(e);
    if (!error)
        error = host_check(e);
    if (!error)
        error = descriptors_make(e);
    if (error) {
        direct_engine_close(e);
        return error;
    }
    e->core->address_min = fd_read_number("/proc/sys/vm/mmap_min_addr", 0x10000);
    *engine = e;
    return 0;
}

/* The kernel as guests see it: the same arena at another address. */
static void core_fill(struct engine *e)
{
    struct pad_core *core = e->core;
    const uint64_t arena = core->base + PAD_ARENA;
    core->kernel = *e->k;
    core->kernel.arena = (unsigned char *)arena; /* NOLINT: an address in guests */
    core->kernel.vector = (unsigned char *)(arena + e->k->memory_size);
    core->kernel.machine = (struct machine *)(core->base + PAD_CORE + offsetof(struct pad_core, machine));
    core->monitor_pid = getpid();
    if (!e->k->abi) /* a probe */
        return;
    core->abi = *e->k->abi;
    core->kernel.abi = (struct abi *)(core->base + PAD_CORE + offsetof(struct pad_core, abi));
    core->kernel.state =
        (struct kernel_state *)(arena + (uint64_t)((unsigned char *)e->k->state - e->k->arena));
    if (e->k->virtual_clock)
        core->kernel.virtual_clock =
            (struct virtual_clock *)(arena + (uint64_t)((unsigned char *)e->k->virtual_clock - e->k->arena));
    core->machine = *e->k->machine; /* of which the pad replaces the functions */
}

static void time_fill(struct engine *e)
{
    struct pad_core *core = e->core;
    const struct machine_clock *clock = &e->k->machine->clock;
    uint32_t tick_ms = e->k->abi->config.timer_tick_ms;
    core->start_ns = clock->now_ns(clock->world);
    core->origin_ns = host_now_ns() - core->start_ns;
    core->period_ns = (tick_ms ? tick_ms : 1) * 1000000ull;
    core->deadline_ns = UINT64_MAX;
}

int direct_engine_start(struct engine *e)
{
    uint64_t start = 0;
    int error = place_choose(e);
    if (error)
        return error;
    if (e->mmu) {
        e->mmu->reserved_start = e->core->base;
        e->mmu->reserved_end = e->core->end;
    }
    core_fill(e);
    if (e->k->abi)
        time_fill(e);
    error = image_place(e, &start);
    if (!error)
        error = template_start(e, start);
    e->patcher = (struct patcher){
        .kernel = e->k, .memory = e->memory, .entry = e->core->entry, .engine = e, .calls = guest_calls};
    return error;
}

void direct_engine_close(struct engine *e)
{
    if (!e)
        return;
    guest_end_all(e);
    map_release(e->memory, PAD_MEMORY);
    fd_close_at(&e->pad_fd);
    fd_close_at(&e->doorbell_fd);
    fd_close_at(&e->watch_fd);
    free(e);
}

static int direct_engine_open(struct engine **engine, struct kernel *k, int arena_fd, int vector_fd,
                              const struct hostio_roots *roots, struct machine_mmu *mmu, struct machine_host *host,
                              const struct engine_events *events, struct diag *diag)
{
    int error = direct_engine_create(engine, k, arena_fd, vector_fd, diag);
    if (error) {
        diag_add(diag, "cannot open the direct engine");
        return error;
    }
    struct engine *e = *engine;
    e->events = events;
    e->mmu = mmu;
    *mmu = (struct machine_mmu){.world = e,
                                .lowest = e->core->address_min,
                                .invalidate = mmu_invalidate,
                                .forget = mmu_forget,
                                .clear = mmu_clear,
                                .blank_from = mmu_blank_from};
    if (roots)
        host_io_share(e, roots, host);
    return 0;
}

static struct engine_counts direct_engine_counts(const struct engine *e)
{
    struct engine_counts counts = e->counts;
    counts.traps = atomic_load(&e->core->entries);
    counts.switches = e->core->switches;
    counts.cache_misses = e->core->misses;
    counts.spins = e->core->spins;
    return counts;
}

static void direct_engine_describe(const struct engine *e, void (*line)(const char *text))
{
    char text[PATCH_REPORT_LINE];
    const struct pad_core *core = e->core;
    snprintf(text, sizeof(text), "%llu hand-overs between processes, %llu system calls trapped",
             (unsigned long long)core->handovers, (unsigned long long)core->traps_left);
    line(text);
    snprintf(text, sizeof(text),
             "preempted %llu times in a guest, %llu in the kernel, %llu at a patched site",
             (unsigned long long)core->preempted[HIT_GUEST], (unsigned long long)core->preempted[HIT_PAD],
             (unsigned long long)core->preempted[HIT_THUNK]);
    line(text);
    for (unsigned i = 0; patch_report(&e->patcher, i, text, sizeof(text)); i++)
        line(text);
}

const struct engine_class engine_direct = {
    .name = "direct",
    .summary = "kernel in each guest process; fast, and no boundary at all",
    .is_boundary = false,
    .interrupt_spacing_ns = 200000, /* a driver answers an interrupt in half of it */
    .probe = direct_engine_probe,
    .open = direct_engine_open,
    .run = direct_engine_run,
    .kick = direct_engine_kick,
    .counts = direct_engine_counts,
    .describe = direct_engine_describe,
    .close = direct_engine_close,
};
