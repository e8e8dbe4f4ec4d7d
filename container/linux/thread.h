/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux threads and the process they belong to.
 *
 * A thread is a TCB. While it is in a system call it is either being served, or it *waits*: it stands in `wait` with
 * what may wake it, and keeps its reply for later. A wait ends in one of two ways: somebody answers for it
 * (thread_answer), or the call is made again from the start (thread_retry), which then finds what it waited for or
 * waits again. Handlers are therefore written to be repeatable: they act only when they can finish.
 */
#ifndef SELKIE_LINUX_THREAD_H
#define SELKIE_LINUX_THREAD_H

#include "container/linux/kernel.h"
#include "container/linux/signal.h"

enum {
    THREADS = 1024,
    NO_DEADLINE = -1
};

struct file;
struct file_table;

struct linux_call {
    uint64_t number, argument[6];
};

/* What a handler returns instead of a result when the thread waits; no Linux result looks like it. */
#define CALL_WAITS (-0x10000l)

enum wait_kind {
    WAIT_NOTHING,
    WAIT_FUTEX,
    WAIT_FILE, /* one file */
    WAIT_ANY,  /* any file: poll, epoll */
    WAIT_TIME,
    WAIT_CHILD, /* news of a child */
    WAIT_VFORK, /* for the child to call exec or to end; nothing else ends it */
    WAIT_WORK,  /* for its turn, to go on with something long; else only the process' end ends it */
    WAIT_SIGNAL /* one of `signal_wish`, taken and not handled; else nothing but signals ends it */
};

/* What programs say of themselves, and ask again: prctl(2), personality(2); sched(7). */
struct task {
    uint8_t death_signal, is_reaper, is_not_dumpable, keeps_capabilities, has_no_new_privileges,
        has_no_huge_pages;
    uint32_t personality;
};

enum {
    LIMITS = 16
};

struct limit { /* struct rlimit */
    uint64_t soft, hard;
};

struct schedule {
    uint8_t policy, priority;
    int8_t nice;
    bool is_reset_on_fork;
};

struct usage { /* processor time, usage.h */
    int64_t user_ns, system_ns;
};

struct process {
    int id;
    struct file_table *files;
    char *directory; /* working directory, absolute; PATH_ROOM bytes */
    struct file *program; /* /proc/self/exe; its path is the resolved one */
    unsigned umask;
    unsigned thread_count;
    struct signal_action action[SIGNALS];
    struct signal_set pending;
    bool is_stopped;
    bool is_hosted;              /* by vfork(2): it has no address space of its own */
    struct thread *vfork_thread; /* which waits for that to end */
    char name[16];
    uint64_t arguments_start, arguments_end, environment_end; /* /proc/self/cmdline */
    uint64_t auxiliary_start, auxiliary_end;                      /* getauxval(3) */
    struct task task;
    struct limit limit[LIMITS];
    uint32_t limits_set;          /* which of these hold; others are as at the start */
    struct usage usage, children; /* of threads that ended, too; of children that were waited for */
};

struct thread {
    int id; /* gettid; 0: this place is free */
    unsigned index;
    struct process *process;
    struct kernel_thread kernel;
    struct user_registers registers; /* while it is in a call */
    struct linux_call call;

    enum wait_kind wait;
    struct file *wait_file;
    struct file *kept_file; /* of a descriptor that was closed while the call waits for it; else NULL */
    unsigned kept_fd;
    uint64_t wait_events;
    uint64_t futex; /* the address it waits at */
    uint32_t futex_mask;
    int64_t deadline_ns; /* CLOCK_MONOTONIC; NO_DEADLINE */
    bool is_repeated;    /* this call has waited before: `deadline_ns` holds */
    bool is_expired;     /* and its deadline is over */
    uint64_t progress;   /* bytes that a call which moves them all has moved so far */
    bool is_queued;      /* to be repeated */
    struct thread *queue_next;

    uint64_t signal_mask;
    uint64_t saved_mask; /* while has_saved_mask: what signal_mask was before this call */
    bool has_saved_mask;
    struct signal_set pending;
    uint64_t signal_wish;        /* WAIT_SIGNAL */
    uint64_t alternate_stack[3]; /* stack_t: address, flags, size */
    uint64_t fault[3];           /* as signal frames tell of the last one: error code, number, address */
    bool is_held;                /* the process is stopped: `registers` are how it goes on */
    bool is_suspended;           /* the process is stopped: it was computing */
    uint64_t clear_child_tid, robust_list, fs_base;
    bool has_ended;
    struct schedule schedule;
    char name[16];           /* of the first thread: struct process' */
    uint64_t timer_slack_ns; /* 0: as it is by itself */
    struct usage usage;
    struct vector *vector; /* vector.h; NULL: none is on its way */
};

/* They lie in pages that come as there are threads. */
#define threads ((struct thread *)0x7d0e00000000ul)

/* The thread whose call is being served; NULL between calls. */
extern struct thread *thread_current;

/* All threads lie below this index. */
extern unsigned thread_end;

/* The first thread: it starts at `ip` with `sp`. */
struct thread *thread_first(struct process *process, uint64_t ip, uint64_t sp);

/* clone(2) with CLONE_THREAD: a copy of the caller that returns 0 from its call. Its id, or an error. */
long thread_clone(struct thread *parent, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                  uint64_t child_tid, uint64_t tls);

/* The thread ends. The caller must not be answered. */
void thread_exit(struct thread *thread, int status);

/* The personality's own process ends, as wait(2) tells: (code & 255) << 8, or a signal number. See process_end. */
_Noreturn void process_exit(int wait_status);

/* A new thread that does not run yet; it has the caller's registers, as its call returns 0. NULL: no memory. */
struct thread *thread_copy(struct thread *parent, struct process *process, int id);
void thread_start_copy(struct thread *thread, uint64_t stack, uint64_t fs_base);

/* A thread goes without a word to anybody. */
void thread_drop(struct thread *thread);

/* Nobody's call is to be repeated. */
void thread_queue_clear(void);

struct thread *thread_find(int id);

/* Begin to wait; what the handler returns. A deadline of an earlier round of the same call stays. */
long thread_wait(struct thread *thread, enum wait_kind kind, int64_t deadline_ns);

/* The call is over, or was left without an answer. */
void thread_call_over(struct thread *thread);

/* End a wait. */
void thread_answer(struct thread *thread, long result);
void thread_retry(struct thread *thread);

/* Repeat the calls of all threads that are to be; then nobody is left who could go on and does not know it. */
void thread_run_queue(void);

/* Serve one call of a thread: answer it, or leave it waiting. */
void thread_serve(struct thread *thread);

/* Threads that wait for this file, or for any. */
void threads_wake(struct file *file);

#endif
