/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark system calls, of a kernel that was configured with them: what each thread and the kernel
 * itself spend (CONFIG_BENCHMARK_TRACK_UTILISATION), in cycles of the time stamp counter.
 *
 * Nothing is counted before ResetLog and after FinalizeLog.
 */
#ifndef SELKIE_KERNEL_BENCHMARK_H
#define SELKIE_KERNEL_BENCHMARK_H

#include "kernel/hint.h"
#include "kernel/kernel.h"

/* What a thread, the idle thread or all together spent. */
struct benchmark_counters {
    uint64_t cycles, schedules, kernel_cycles, entries;
    uint64_t start; /* of the thread's turn */
};

struct benchmark {
    bool is_on;
    bool is_entry_counted; /* it was on when the kernel was entered */
    uint32_t runs;        /* of the scheduler */
    uint32_t runs_before; /* when the kernel was entered */
    uint64_t enter;       /* when that was */
    uint64_t start, end;  /* of the log */
    uint64_t thread;      /* TCB that ran then; 0: idle */
    struct benchmark_counters idle, total;
};

/* At the beginning and the end of each entry while is_on. */
COLD void benchmark_enter(struct kernel *k, const struct trap *trap);
COLD void benchmark_leave(struct kernel *k);

/* A system call of the current thread; false: it is none of these. */
bool benchmark_syscall(struct kernel *k, enum syscall syscall);

#endif
