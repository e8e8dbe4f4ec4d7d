/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing the ptrace engine, and its entry in the table of engines.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"
#include "host/map.h"
#include "host/spawn.h"

enum {
    HWCAP2_USER_FSGSBASE = 2,
    SIGNAL_FRAME_OTHER = 4096 /* what a frame holds besides vector state, generously */
};

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static const uint64_t stubs_size = (PROCESS_MAX + 1) * sizeof(struct stub);

/* What a guest process starts with: one page, a system call and a stop. */
static int program_make(struct diag *diag)
{
    return spawn_program_make(stub_boot, (size_t)(stub_boot_end - stub_boot), diag);
}

static int stubs_make(struct engine *e, struct diag *diag)
{
    void *stubs = NULL;
    e->stubs_fd = fd_memory("selkie-stubs", stubs_size, diag);
    if (e->stubs_fd < 0)
        return e->stubs_fd;
    int error = map_shared(&stubs, e->stubs_fd, stubs_size, "the stubs", diag);
    if (error)
        return error;
    e->stubs = stubs;
    memset(stubs, 0xff, HOST_PAGE); /* what device memory reads as */
    return 0;
}

static int check_signal_stack(struct diag *diag)
{
    unsigned long frame = getauxval(AT_MINSIGSTKSZ);
    if (frame + SIGNAL_FRAME_OTHER <= STUB_FRAME_SIZE)
        return 0;
    return diag_errno(diag, ENOTSUP, "signal frames of this processor take %lu bytes", frame);
}

int ptrace_engine_create(struct engine **engine, int arena_fd, struct diag *diag)
{
    int error = check_signal_stack(diag);
    if (error)
        return error;
    struct engine *e = calloc(1, sizeof(*e));
    if (!e)
        return diag_errno(diag, ENOMEM, "cannot make an engine");
    e->arena_fd = arena_fd;
    e->diag = diag;
    e->stubs_fd = e->program_fd = e->wake_fd = -1;
    e->pin.cpu = -1;
    e->address_min = fd_read_number("/proc/sys/vm/mmap_min_addr", 0x10000);
    e->has_fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_USER_FSGSBASE;
    error = stubs_make(e, diag);
    if (!error && (e->program_fd = program_make(diag)) < 0)
        error = e->program_fd;
    if (!error && (e->wake_fd = fd_event(diag)) < 0)
        error = e->wake_fd;
    if (error) {
        ptrace_engine_close(e);
        return error;
    }
    *engine = e;
    return 0;
}

void ptrace_engine_close(struct engine *e)
{
    if (!e)
        return;
    host_timer_close(&e->pace.timer);
    process_end_all(e);
    host_io_close(e);
    map_release(e->stubs, stubs_size);
    fd_close_at(&e->stubs_fd);
    fd_close_at(&e->program_fd);
    fd_close_at(&e->wake_fd);
    free(e);
}

static int ptrace_engine_open(struct engine **engine, struct kernel *k, int arena_fd, int vector_fd,
                              const struct hostio_roots *roots, struct machine_mmu *mmu, struct machine_host *host,
                              const struct engine_events *events, struct diag *diag)
{
    (void)vector_fd; /* vector state goes through k->vector */
    int error = ptrace_engine_create(engine, arena_fd, diag);
    if (error) {
        diag_add(diag, "cannot open the ptrace engine");
        return error;
    }
    struct engine *e = *engine;
    e->k = k;
    e->events = events;
    *mmu = (struct machine_mmu){.world = e,
                                .lowest = e->address_min,
                                .invalidate = tlb_invalidate,
                                .forget = tlb_forget,
                                .clear = tlb_clear,
                                .blank_from = tlb_blank_from};
    error = roots ? host_io_open(e, roots, host) : 0;
    if (error)
        ptrace_engine_close(e);
    return error;
}

void ptrace_engine_kick(struct engine *e)
{
    int saved = errno;
    atomic_store(&e->is_kicked, true);
    pid_t pid = atomic_load(&e->running_pid);
    if (pid > 0)
        kill(pid, KICK_SIGNAL);
    else
        fd_event_set(e->wake_fd); /* it may be waiting for descriptors, or about to */
    errno = saved;
}

static struct engine_counts ptrace_engine_counts(const struct engine *e)
{
    return e->counts;
}

const struct engine_class engine_ptrace = {
    .name = "ptrace",
    .summary = "kernel in a monitor, one traced process per VSpace; slow and simple",
    .is_boundary = false,
    .interrupt_spacing_ns = 500000, /* about forty kernel entries */
    .probe = ptrace_engine_probe,
    .open = ptrace_engine_open,
    .run = ptrace_engine_run,
    .kick = ptrace_engine_kick,
    .counts = ptrace_engine_counts,
    .close = ptrace_engine_close,
};
