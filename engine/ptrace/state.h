/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ptrace engine remembers, and the functions its files offer each other.
 *
 * A monitor (this process) runs the kernel; every VSpace has a guest process that
 * the monitor traces. A guest process maps its own frames and one stub region
 * (stub.h), nothing else, and never makes a system call of its own: PTRACE_SYSEMU
 * stops it at each.
 *
 * Invariants:
 * - "cache": every host mapping of a bound process agrees with seL4's page
 *   tables, or is covered by its pending unmaps, which are applied before it runs;
 * - "vector": the live vector registers of a process belong to `vector_owner`
 *   exactly if that thread's area carries the process's tag (vector.c);
 * - a process is stopped whenever the monitor is not waiting for it.
 *
 * Functions that return int return 0 or -errno with the reason in engine->diag;
 * -EOWNERDEAD says that the host took the guest process away.
 */
#ifndef SELKIE_ENGINE_PTRACE_STATE_H
#define SELKIE_ENGINE_PTRACE_STATE_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <sys/user.h>

#include "engine/engine.h"
#include "engine/ptrace/stub.h"
#include "engine/x86_64/exception.h"
#include "engine/x86_64/spin.h"
#include "host/cpu.h"
#include "host/timer.h"

enum {
    PROCESS_MAX = 128,           /* guest processes at a time; more VSpaces take turns */
    UNMAPS_MAX = STUB_CALLS / 2, /* pending unmaps; each is at most two calls, around the stub */
    TOUCHED_REGIONS = 1024       /* 2 MiB regions that may have host mappings, by remainder */
};

enum process_state {
    PROCESS_NONE, /* no host process in this place */
    PROCESS_FREE, /* a host process without a VSpace; may still hold mappings and vector registers */
    PROCESS_BOUND
};

struct address_range {
    uint64_t start, end;
};

struct process {
    enum process_state state;
    pid_t pid;
    int watch_fd;          /* readable when the host process has ended; -1 if the host has no such thing */
    uint64_t tag;          /* names this host process in vector areas; never used twice, never 0 */
    uint64_t vspace;       /* paddr of the PML4 it is bound to */
    uint64_t last_used;    /* engine->use_count of its last run */
    uint64_t stub;         /* guest address of its stub region */
    struct stub *view;     /* the same memory, as the monitor sees it */
    bool has_frame;        /* a signal frame was written to its stub region */
    uint64_t vector_owner; /* TCB whose vector state was loaded last; 0: nobody's */

    struct breakpoints breakpoints; /* in its debug registers */

    bool must_wipe; /* drop all mappings before it runs; the pending unmaps do not matter then */
    unsigned unmap_count;
    struct address_range unmap[UNMAPS_MAX];
    uint64_t touched[TOUCHED_REGIONS / 64];
};

/* Ticks and the timer behind them (pace.c). Times are of the host's clock unless said. */
struct pace {
    struct host_timer timer;
    uint64_t start_ns, period_ns;
    bool is_armed;
    bool covers_tick;           /* it fires no later than the next tick */
    bool covers_watch;          /* it fires soon enough to notice ready descriptors */
    uint64_t tick_ns;           /* the tick that was next when it was armed */
    uint64_t armed_deadline_ns; /* when it fires, on the machine's clock */
    struct spin spin;           /* virtual time: does the thread do anything but wait? */
    struct spin_places spin_places;
};

/* The last miss that was filled, to notice one that filling does not cure. */
struct miss_guard {
    uint64_t vspace, ip, address;
    unsigned repeats;
};

#define SYSCALL_STOP (SIGTRAP | 0x80) /* as tracee_wait reports it */

struct engine {
    struct kernel *k;
    const struct engine_events *events;
    struct diag *diag; /* of the call in progress */
    struct engine_counts counts;

    int arena_fd; /* the caller's */
    int stubs_fd, program_fd, wake_fd;
    struct hostio *hostio; /* NULL: no host I/O */
    struct stub *stubs;   /* PROCESS_MAX of them behind the device page: stubs[i + 1] belongs to process[i] */
    uint64_t address_min; /* the host refuses mappings below */
    bool has_fsgsbase;
    size_t vector_size; /* of the host's XSAVE image as ptrace exchanges it; 0: not asked yet */
    struct cpu_pin pin;

    struct process process[PROCESS_MAX];
    struct process *last; /* the process that ran last, NULL if it is gone */
    uint64_t last_tag, use_count;
    uint64_t last_tcb;
    struct miss_guard guard;
    bool has_remarked; /* about a mapping that the host refuses */
    struct pace pace;

    /* Shared with signal handlers. A kick sets `is_kicked` and then signals `running_pid`; whoever
     * resumes a guest sets `running_pid` and then looks at `is_kicked`: one of the two always sees the
     * other. */
    atomic_int running_pid;
    atomic_bool is_kicked;
    atomic_bool has_fired; /* the timer */
};

/* process.c: guest processes */
int process_acquire(struct engine *e, uint64_t vspace, struct process **process);
struct process *process_find(struct engine *e, uint64_t vspace); /* NULL if it has none yet */
struct process *process_by_tag(struct engine *e, uint64_t tag);
void process_forget(struct engine *e, uint64_t vspace);
void process_end_all(struct engine *e);
int process_start(struct engine *e, struct process *p);      /* for probing; else process_acquire does it */
int process_clear_stub(struct engine *e, struct process *p); /* move the stub out of the guest's way */

/* spawn.c: returns the pid of a stopped tracee that runs `engine->program_fd`, or -errno */
pid_t spawn_tracee(struct engine *e);

/* tracee.c: one ptrace request each */
int tracee_get_registers(struct engine *e, struct process *p, struct user_regs_struct *registers);
int tracee_set_registers(struct engine *e, struct process *p, const struct user_regs_struct *registers);
/* All but the segment bases and the data selectors. */
int tracee_set_main_registers(struct engine *e, struct process *p, const struct user_regs_struct *registers);
int tracee_get_signal(struct engine *e, struct process *p, siginfo_t *info);
int tracee_get_vector(struct engine *e, struct process *p, void *image, size_t *size);
int tracee_set_vector(struct engine *e, struct process *p, const void *image, size_t size);
int tracee_continue(struct engine *e, struct process *p, int signal_number);
int tracee_run_guest(struct engine *e, struct process *p);
int tracee_step_guest(struct engine *e, struct process *p); /* one instruction */
/* Wait for the next stop; the stop signal, with 0x80 added at a system call, or -errno. */
int tracee_wait(struct engine *e, struct process *p);

/* inject.c: host system calls made by a guest process */
int inject_at(struct engine *e, struct process *p, uint64_t ip, const struct stub_call *call,
              int64_t *result);
/* Make all calls. `failed` is the index of the first that failed and `result` its -errno; `count` if none
 * did. */
int inject_calls(struct engine *e, struct process *p, const struct stub_call *calls, unsigned count,
                 unsigned *failed, int64_t *result);
int inject_bases(struct engine *e, struct process *p, uint64_t fs_base, uint64_t gs_base);

/* tlb.c: keeping the host's mappings a cache of seL4's page tables */
void tlb_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size);
void tlb_forget(void *world, uint64_t vspace);
void tlb_clear(void *world, uint64_t paddr, uint64_t size);
uint64_t tlb_blank_from(void *world, uint64_t start, uint64_t end);
void tlb_touch(struct process *p, uint64_t start, uint64_t end); /* mappings may exist here from now on */
void tlb_wipe(struct process *p);
int tlb_apply(struct engine *e, struct process *p);

/* fill.c: fill the cache at `address`, which is not below address_min and translates so */
int fill_page(struct engine *e, struct process *p, uint64_t address, const struct translation *translation);

/* vector.c */
int vector_load(struct engine *e, struct process *p, uint64_t tcb);
int vector_evict(struct engine *e,
                 struct process *p); /* afterwards the process's vector registers are nobody's */
void vector_evict_all(struct engine *e);

/* x86_64/registers.c */
enum {
    USER_CS = 0x33,
    USER_SS = 0x2b
};                                             /* the selectors that the host gives 64-bit processes */
struct user_regs_struct registers_plain(void); /* those of a process that runs stub code */
int registers_load(struct engine *e, struct process *p, const struct context *context);
void registers_save(struct context *context, const struct user_regs_struct *registers);

/* x86_64/fault.c: what a stop of the guest means. *is_trap false: run it again. */
int fault_decode(struct engine *e, struct process *p, struct context *context, int stop,
                 const struct user_regs_struct *registers, struct trap *trap, bool *is_trap);

/* x86_64/capture.c: what the processor said about the exception behind the signal the process is stopped
 * with */
int exception_capture(struct engine *e, struct process *p, int signal_number, struct exception *exception);

/* x86_64/mmio.c: the guest touched a device page. *is_done: a model answers, and the instruction is behind
 * the guest; else the page is as any device page without a model. If the instruction faulted for another
 * reason, *stop is its signal, the process stands there, and mmio_release must follow; else *stop is 0. */
int mmio_access(struct engine *e, struct process *p, struct context *context, uint64_t address,
                const struct translation *t, bool *is_done, int *stop);
int mmio_release(struct engine *e, struct process *p, uint64_t address);

/* x86_64/breakpoint.c: what a thread wants in the debug registers (NULL: nothing), and what its process ran into, as
 * TRAP_DEBUG_* */
void breakpoints_load(struct engine *e, struct process *p, const struct breakpoints *wanted);
uint32_t breakpoints_hit(const struct process *p);

/* x86_64/nofpu.c: one step of a thread that may not use the FPU. Is its next instruction one it may not? */
bool nofpu_refuses(const struct engine *e, const struct process *p, const struct context *context,
                   struct trap *trap);
/* Did the process stop only because it made its one step? */
bool nofpu_is_step(struct engine *e, struct process *p, int stop);

/* pace.c */
int pace_open(struct engine *e);
int pace_arm(struct engine *e, const struct next *next, bool is_idle); /* before running a guest or waiting */
bool pace_take_tick(struct engine *e, const struct next *next);        /* is a tick due now? */
/* Virtual time: the thread goes round in a circle until the next event, and is sent there. */
bool pace_skip_endless(struct engine *e, const struct next *next);
void pace_watch_spin(struct engine *e, const struct next *next); /* virtual time: a thread that only spins gets to the next event */
int pace_idle(struct engine *e, const struct next *next);              /* wait for the outside */

/* host_io.c: host objects over `roots`; and all that they have open is closed */
int host_io_open(struct engine *e, const struct hostio_roots *roots, struct machine_host *host);
void host_io_close(struct engine *e);

/* run.c, engine.c, probe.c */
enum engine_stop ptrace_engine_run(struct engine *e, struct diag *diag);
void ptrace_engine_kick(struct engine *e);
int ptrace_engine_create(struct engine **engine, int arena_fd, struct diag *diag);
void ptrace_engine_close(struct engine *e);
int ptrace_engine_probe(struct diag *diag);

/* Another signal to a guest process says nothing: it is taken as a kick. This is the one we send. */
#define KICK_SIGNAL SIGUSR1

#endif
