/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the direct engine's monitor remembers, and the functions its files offer each other.
 *
 * The kernel runs in whichever process holds the baton (layout.h): in a guest process for what guests do,
 * here for what comes from outside. The monitor also makes guest processes, answers for devices, patches
 * system call sites, and watches that nobody is lost.
 *
 * Functions that return int return 0 or -errno with the reason in engine->diag; -EOWNERDEAD says that the
 * host took a guest process away, -EUCLEAN that Selkie's own memory in a guest process does not make sense
 * any more.
 */
#ifndef SELKIE_ENGINE_DIRECT_MONITOR_H
#define SELKIE_ENGINE_DIRECT_MONITOR_H

#include <signal.h>
#include <sys/types.h>

#include "engine/direct/layout.h"
#include "engine/direct/patch.h"
#include "engine/engine.h"
#include "engine/x86_64/spin.h"
#include "host/cpu.h"

struct process {
    pid_t pid;          /* 0: no host process in this place */
    int watch_fd;       /* readable when the host process has ended */
    uint64_t last_used; /* engine->use_count of its last run */
};

struct watchdog {
    uint64_t looked_ns; /* when the holder was last seen to do something */
    uint64_t entries;   /* kernel entries then */
    uint64_t cpu_ns;    /* and its processor time */
    uint32_t holder;
    uint64_t recalled_ns; /* since when the monitor wants the baton back; 0: it does not */
    pid_t recalled_pid;   /* who was seen to have it since then, 0: nobody yet */
    uint64_t recalled_cpu_ns; /* its processor time when it was seen first */
    uint64_t check_ns;    /* when the heap is to be looked at again */
};

/* An access to a device that the guest carries out itself on the scratch page (device.c). */
struct device_step {
    bool is_plain_write;
    uint64_t page;  /* in the guest */
    uint64_t paddr; /* of the register */
    unsigned offset, width;
};

/* The processor's counter and the host's clock at the same moment. */
struct scale_pair {
    uint64_t cycles, ns;
};

/* Behind core->scale (scale.c). */
struct scale {
    bool is_usable;
    struct scale_pair first;
    uint64_t span_ns; /* of the last calibration */
};

struct engine {
    struct kernel *k;
    struct machine_mmu *mmu;
    const struct engine_events *events;
    struct diag *diag; /* of the call in progress */
    struct engine_counts counts;

    int arena_fd, vector_fd; /* the caller's */
    int pad_fd, doorbell_fd, program_fd, watch_fd;
    unsigned char *memory; /* the pad memory */
    struct pad_core *core;
    unsigned host_fd_count;           /* with host I/O: */
    int host_fd[1 + HOST_IO_ROOTS];   /* what guest processes get from PAD_FD_EPOLL on; the caller's */
    uint64_t use_count;
    struct cpu_pin pin;
    struct watchdog watchdog;
    struct scale scale;
    struct spin spin;
    struct patcher patcher;
    struct process template;
    struct process process[PAD_PROCESSES];
    struct device_step device_step;
};

static inline struct pad_private *private_of(const struct engine *e, unsigned process)
{
    return (struct pad_private *)(void *)(e->memory + PAD_PRIVATE + (uint64_t)process * PAD_PRIVATE_SIZE);
}

/* image.c: put the pad into the pad memory, to run at core->base; *start is its first instruction */
int image_place(struct engine *e, uint64_t *start);

/* place.c: choose where Selkie's memory lies in guests */
int place_choose(struct engine *e);

/* template.c: the process that all others are cloned from */
int template_start(struct engine *e, uint64_t start);

/* host_io.c: what guest processes reach host objects through */
void host_io_share(struct engine *e, const struct hostio_roots *roots, struct machine_host *host);

/* guest.c */
int guest_acquire(struct engine *e, uint64_t vspace, unsigned *process);
int guest_calls(struct engine *e, unsigned process, struct pad_call *calls, unsigned count);
int doorbell_wait(struct engine *e, bool (*is_done)(const struct engine *e)); /* without watching the world */
int guest_watch(struct engine *e, struct process *p);                         /* hear of its end */
int guest_try(struct engine *e); /* does a guest process come up? for probing */
void guest_end_all(struct engine *e);

/* lend.c: let a guest process run until the monitor is wanted */
int baton_lend(struct engine *e, unsigned process, bool is_answer); /* to what it asked */
void baton_recall(struct engine *e);                                /* have it back soon */
void baton_give(struct engine *e, unsigned process);                /* and not wait */

/* serve.c: answer a process; *is_look: it has no question */
int serve(struct engine *e, unsigned *process, bool *is_look);
void console_drain(struct engine *e);

/* device.c */
int serve_device(struct engine *e, unsigned process);
int serve_stepped(struct engine *e, unsigned process);

/* nofpu.c */
int serve_fpu(struct engine *e);

/* breakpoint.c */
int serve_breakpoints(struct engine *e, unsigned process);
int serve_hits(struct engine *e, unsigned process);

/* scale.c: the pad's way to read the machine's clock */
void scale_start(struct engine *e);
uint64_t scale_refresh(struct engine *e); /* while the monitor has the baton; returns what the clock says */

/* run.c */
void deadline_publish(struct engine *e); /* when the outside has something */

/* watch.c */
#define WATCH_PATIENCE_NS 5000000000ull
int watch_check(struct engine *e);    /* is the holder still doing something? */
int watch_recalled(struct engine *e); /* has the baton been wanted back for too long? */
void watch_spin(struct engine *e);    /* virtual time: tell the holder's process if its thread only spins */
int watch_heap(struct engine *e);     /* now and then: does the kernel's heap make sense? */
bool watch_is_held_up(const struct engine *e); /* the holder is stopped from outside, by a debugger perhaps */
int watch_lost(struct engine *e);     /* a guest process has ended: which and why */

/* doubt.c: may the monitor use what stands in the pad memory? */
int doubt_core(struct engine *e);                     /* after the baton came back */
int doubt_tables(struct engine *e, unsigned process); /* before patching */
int broken(struct engine *e, const char *format, ...) /* the clause for -EUCLEAN, which it returns */
    __attribute__((format(printf, 2, 3)));

/* run.c, engine.c, probe.c */
enum engine_stop direct_engine_run(struct engine *e, struct diag *diag);
void direct_engine_kick(struct engine *e);
int direct_engine_create(struct engine **engine, struct kernel *k, int arena_fd, int vector_fd,
                         struct diag *diag);
void direct_engine_close(struct engine *e);
int direct_engine_start(struct engine *e); /* the template is there afterwards */
int direct_engine_probe(struct diag *diag);

#define KICK_SIGNAL SIGUSR1

#endif
