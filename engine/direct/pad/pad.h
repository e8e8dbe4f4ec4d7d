/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pad: the kernel in the process of the guest, and the way in and out. What its files offer each other.
 *
 * It uses no library, no thread-local storage, neither fs nor gs (both are the guest's), and no vector
 * register. It never touches guest memory but through the arena. It runs on a stack of its own, which is
 * empty whenever a guest runs.
 *
 * Invariants:
 * - "context": while a guest runs, pad_core.context is where its registers go, and nothing else needs saving
 *   but vector state, which is that of pad_private.loaded;
 * - "cache": each host mapping of the process agrees with seL4's page tables or is covered by its pending
 *   unmaps.
 */
#ifndef SELKIE_ENGINE_DIRECT_PAD_PAD_H
#define SELKIE_ENGINE_DIRECT_PAD_PAD_H

#include "engine/direct/layout.h"

/* Placed by pad.lds at PAD_CORE, PAD_PRIVATE and PAD_HOSTIO_AT behind the image. */
extern struct pad_core pad_core __attribute__((visibility("hidden")));
extern struct pad_private pad_private __attribute__((visibility("hidden")));
extern struct hostio pad_hostio __attribute__((visibility("hidden")));

/* How to go on: the context to resume, and the exit that does it (entry.S). */
struct pad_way {
    struct context *context;
    void (*exit)(void);
};

/* entry.S */
void pad_entry(void);
void pad_exit(void);
void pad_exit_step(void);
void pad_exit_end(void);
void pad_exit_again(void);
void pad_signal_entry(void);
void pad_signal_restorer(void);
int64_t pad_spawn(uint64_t flags, uint64_t private_offset);

/* run.c: each ends in a guest */
struct pad_way pad_syscall(void); /* the context holds a system call */
struct pad_way pad_attend(void);  /* something wants attention; the context stands as if it were resumed */
struct pad_way pad_take(const struct trap *trap);
struct pad_way pad_resume(void); /* the current thread goes on */

/* signal.c */
void pad_signals_install(void);

/* fault.c: the signal in pad_private.trap hit the guest */
struct pad_way pad_trapped(void);
void step_begin_fpu(
    struct context *context); /* let the thread run one instruction, for want of a switch for the FPU */
void step_end(bool is_done);  /* if it was stepping; it got through its instruction or not */

/* nofpu.c: make ready a thread that may not use the FPU; false: its next instruction would */
bool nofpu_begin(struct context *context);

/* baton.c */
void baton_pass(unsigned process); /* to another guest process, and wait for it to come back */
void baton_wait(void);
uint64_t baton_ask(enum pad_ask kind); /* pad_core.request is filled but for the kind; returns its value */
_Noreturn void baton_fail(enum pad_ask kind); /* the monitor ends the run */

/* breakpoint.c: what a thread wants in the debug registers (NULL: nothing), and what it ran into */
void breakpoints_load(const struct breakpoints *wanted);
uint32_t breakpoints_hit(void);

/* cache.c: the cache of mappings, this process's side */
void cache_apply(void); /* the pending unmaps; afterwards pad_private.vspace is the VSpace it is bound to */
void cache_fill(uint64_t address, const struct translation *t); /* the guest touched it */
bool cache_has_neighbours(uint64_t address, const struct translation *t); /* that would be mapped with it */
void cache_fill_window(uint64_t address, const struct translation *t); /* the same, in a window on a file */
void cache_expect(void); /* the slot's expected page, if it is mapped by now */
void cache_map_ones(uint64_t address, const struct translation *t);
bool cache_map_thunks(uint64_t address); /* of this thunk page; false: the guest has something else there */

/* bulk.c: the string instruction that missed a page went on without it, and the page stays unmapped */
bool bulk_take(struct context *context, const struct pad_trap *trap, const struct translation *t);

/* clock.c */
uint64_t clock_now_ns(void); /* of the machine's clock */
/* The timer fires in time as it is; in virtual time, nothing is due. */
static inline bool clock_is_armed(const struct next *next)
{
    struct virtual_clock *clock = pad_core.kernel.virtual_clock;
    if (__builtin_expect(clock != NULL, 0))
        return !virtual_clock_is_due(clock, next->wants_tick, next->timer_ns);
    return pad_private.armed_ns <= pad_core.deadline_ns && pad_private.armed_ns <= next->timer_ns &&
           (!next->wants_tick || pad_private.covers_tick);
}
void clock_arm(const struct next *next);
void clock_disarm(void); /* nobody runs: whoever waits for the outside has timers of its own */
bool clock_take_tick(const struct next *next); /* a tick is due and is somebody's business */

/* machine.c */
void machine_install(void);

/* host_io.c */
void host_io_install(void);

/* filter.c: from now on this process makes no host calls but the pad's usual ones */
void filter_install(void);

/* start.c */
void pad_text_copy(char *to, size_t size, const char *text);

static inline struct pad_slot *own_slot(void)
{
    return &pad_core.slot[pad_private.index];
}

#endif
