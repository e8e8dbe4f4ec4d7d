/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A way to run user contexts.
 *
 * An engine takes what the kernel says runs next, lets the host's processor run
 * it until something happens, and hands that to the kernel as a trap. It owns
 * the host processes that VSpaces live in and the host mappings that cache
 * seL4's page tables, and provides `struct machine_mmu`. It knows nothing of
 * kernel objects beyond `kernel/kernel.h`.
 *
 * What may surprise:
 * - mappings are a cache: an engine fills them when it likes, from
 *   kernel_translate, notes each page it fills (kernel_translation_note), and
 *   must drop them when `invalidate` says so;
 * - a fault that the host reports for a page that seL4's tables allow is the
 *   cache's miss, not the guest's fault;
 * - `run` may be stopped from outside (events.stop_requested) at any time.
 */
#ifndef SELKIE_ENGINE_ENGINE_H
#define SELKIE_ENGINE_ENGINE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/diag.h"
#include "hostio/hostio.h"
#include "kernel/kernel.h"

enum { ENGINE_MAX_EVENT_FDS = 8 };

/* What the outside world has for an engine; provided by run/ (devices, console, signals). */
struct engine_events {
    void *world;
    /* Nanoseconds on the machine clock at which `take_irq` may have something new; UINT64_MAX: never. */
    uint64_t (*next_deadline_ns)(void *world);
    /* The next unmasked pending interrupt, acknowledged by taking it; -1 if there is none. Never blocks. */
    int (*take_irq)(void *world);
    /* The next TRAP_HOST that the outside has; false if there is none. Never blocks. Asked only between two kernel
     * entries, and what it answers is given to the kernel at once: no guest runs in between. May be NULL. */
    bool (*take_host)(void *world, struct trap *trap);
    /* Descriptors whose readiness may make take_irq or stop_requested say something new. Returns how many. */
    unsigned (*descriptors)(void *world, struct pollfd fds[ENGINE_MAX_EVENT_FDS]);
    /* Something outside asked for the end: signal, timeout, an expected console line. */
    bool (*stop_requested)(void *world);
    /* With no thread runnable: can anything of the outside still make one so? False means: at rest. */
    bool (*can_wake)(void *world);
    /* Between two traps: does the kernel's heap make sense? False: `why` says in one clause what is wrong. For
     * engines whose guests can write to it, now and then; may be NULL. */
    bool (*is_sane)(void *world, char *why, size_t size);
    /* Before the first guest runs, from engines where a system call can also be a jump to `address`, with rcx the
     * address behind a `syscall` instruction and r11 where to go on afterwards. May be NULL. */
    void (*entry_known)(void *world, uint64_t address);
};

enum engine_stop {
    ENGINE_AT_REST,   /* nothing runnable and nothing can wake */
    ENGINE_HALTED,    /* NEXT_HALT */
    ENGINE_STOPPED,   /* stop_requested */
    ENGINE_HOST_LOST, /* a guest process was killed or lost by the host; see diag */
    ENGINE_FAILED,    /* the host refused something the engine cannot do without; see diag */
    ENGINE_BROKEN     /* Selkie's own state does not make sense any more; see diag */
};

/* What a run cost, for `-v`. */
struct engine_counts {
    uint64_t traps;          /* kernel entries */
    uint64_t switches;       /* changes of the running thread */
    uint64_t cache_misses;   /* mappings filled on demand */
    uint64_t processes;      /* guest processes started */
    uint64_t spins;          /* virtual time: how often a thread that only spun was sent ahead */
};

struct engine;

struct engine_class {
    const char *name;
    const char *summary;      /* one line for `selkie engines` */
    bool is_boundary;         /* does it keep a hostile guest from the host? */
    uint64_t interrupt_spacing_ns; /* quiet time that devices should leave after each acknowledgement */
    /* 0 if this host can run it, else -errno and the reason in `diag`. */
    int (*probe)(struct diag *diag);
    /* Make an engine over an arena. `arena_fd` and `vector_fd` are the memfds behind k->arena and k->vector,
     * offset 0. Fills `mmu`, and may change it until `run` lets the first guest run; `host` too, over
     * `roots`, unless that is NULL: then the system has no host I/O. host->world is then the struct hostio, as
     * this process sees it, and the descriptors of `roots` stay the caller's, who keeps them open until `run`
     * has begun. The caller sets k->machine and boots the kernel between `open` and `run`. */
    int (*open)(struct engine **engine, struct kernel *k, int arena_fd, int vector_fd,
                const struct hostio_roots *roots, struct machine_mmu *mmu, struct machine_host *host,
                const struct engine_events *events, struct diag *diag);
    enum engine_stop (*run)(struct engine *engine, struct diag *diag);
    /* Safe from a signal handler: make `run` look at events.stop_requested soon. */
    void (*kick)(struct engine *engine);
    struct engine_counts (*counts)(const struct engine *engine);
    /* What else a run has to tell, for `-v`; NULL: nothing. */
    void (*describe)(const struct engine *engine, void (*line)(const char *text));
    void (*close)(struct engine *engine); /* ends every guest process; NULL is allowed */
};

extern const struct engine_class engine_direct;
extern const struct engine_class engine_ptrace;

#endif
