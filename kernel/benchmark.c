/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See benchmark.h. As on seL4, the time of a turn goes to whoever had it, that of a kernel entry to whoever
 * runs afterwards; the end of the log is a turn of the idle thread. Manual: API reference, "Benchmarking
 * System Calls".
 */
#include "kernel/benchmark.h"

#include "kernel/cspace.h"
#include "kernel/invocation.h"
#include "kernel/print.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

static struct benchmark_counters *counters_of(struct kernel *k, uint64_t tcb)
{
    return tcb ? &tcb_at(k, tcb)->benchmark : &k->state->benchmark.idle;
}

static void turn_change(struct kernel *k, uint64_t from, uint64_t to)
{
    struct benchmark *b = &k->state->benchmark;
    struct benchmark_counters *next = counters_of(k, to);
    counters_of(k, from)->cycles += b->enter - counters_of(k, from)->start;
    next->start = b->enter;
    next->schedules++;
    b->total.schedules++;
}

static void entry_count(struct kernel *k)
{
    struct benchmark *b = &k->state->benchmark;
    struct benchmark_counters *running = counters_of(k, k->state->current);
    uint64_t cycles = x86_cycles(k) - b->enter;
    running->entries++;
    running->kernel_cycles += cycles;
    b->total.entries++;
    b->total.kernel_cycles += cycles;
}

/* A Yield of somebody without equals never reaches the scheduler here. */
static bool is_yield(const struct kernel *k, const struct trap *trap)
{
    return trap->kind == TRAP_SYSCALL &&
           abi_syscall(k->abi, running_tcb(k)->context.reg[REG_RDX]) == SYSCALL_YIELD;
}

void benchmark_enter(struct kernel *k, const struct trap *trap)
{
    struct benchmark *b = &k->state->benchmark;
    b->enter = x86_cycles(k);
    b->thread = k->state->current;
    b->runs_before = is_yield(k, trap) ? b->runs - 1 : b->runs;
}

void benchmark_leave(struct kernel *k)
{
    const struct benchmark *b = &k->state->benchmark;
    if (!b->is_on)
        return;
    if (b->runs != b->runs_before)
        turn_change(k, b->thread, k->state->current);
    entry_count(k);
}

static void log_reset(struct kernel *k)
{
    struct benchmark *b = &k->state->benchmark;
    struct benchmark_counters *running = counters_of(k, k->state->current);
    b->enter = b->start = running->start = x86_cycles(k);
    b->idle = (struct benchmark_counters){.start = b->start};
    b->total = (struct benchmark_counters){.schedules = 1};
    running->schedules++;
    b->thread = k->state->current;
    b->runs_before = b->runs;
    if (!b->is_on)
        entry_count(k); /* of this entry */
    b->is_on = true;
    kernel_refresh(k);
}

static void log_finalize(struct kernel *k)
{
    struct benchmark *b = &k->state->benchmark;
    if (!b->is_on)
        return;
    b->end = b->enter;
    turn_change(k, k->state->current, 0);
    b->is_on = b->is_entry_counted = false;
    kernel_refresh(k);
}

/* What the current thread names in rdi; NULL: no thread. */
static struct tcb *tcb_named(struct kernel *k, const char *who)
{
    struct lookup_failure failure;
    struct slot *slot;
    struct tcb *current = current_tcb(k);
    if (cspace_lookup(k, current, current->context.reg[REG_RDI], &slot, &failure) &&
        slot->cap.type == CAP_THREAD)
        return tcb_at(k, slot->cap.paddr);
    remark(k, "%s: cap is not a TCB, halting", who);
    return NULL;
}

static void counters_tell(struct kernel *k)
{
    const struct tcb *tcb = tcb_named(k, "SysBenchmarkFinalizeLog");
    uint64_t *buffer = thread_ipc_buffer(k, current_tcb(k), true);
    if (!tcb || !buffer)
        return;
    const struct benchmark *b = &k->state->benchmark;
    const struct benchmark_counters *own = &tcb->benchmark;
    const uint64_t words[] = {own->cycles,     own->schedules,    own->kernel_cycles, own->entries,
                              b->idle.cycles,  b->idle.cycles,    b->idle.schedules,  b->idle.kernel_cycles,
                              b->idle.entries, b->end - b->start, b->total.schedules, b->total.kernel_cycles,
                              b->total.entries};
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        buffer[BUFFER_MESSAGE + i] = words[i];
}

static void counters_reset(struct benchmark_counters *counters)
{
    counters->cycles = counters->schedules = counters->kernel_cycles = counters->entries = 0;
}

static void print_counters(struct kernel *k, const char *name, const struct benchmark_counters *c,
                           bool is_last)
{
    kernel_print(k,
                 "    {\n"
                 "      \"NAME\":\"%s\",\n"
                 "      \"UTILISATION\":%lu,\n"
                 "      \"NUMBER_SCHEDULES\":%lu,\n"
                 "      \"KERNEL_UTILISATION\":%lu,\n"
                 "      \"NUMBER_KERNEL_ENTRIES\":%lu\n"
                 "    }%s\n",
                 name, c->cycles, c->schedules, c->kernel_cycles, c->entries, is_last ? "" : ",");
}

static void counters_dump(struct kernel *k)
{
    const struct benchmark *b = &k->state->benchmark;
    kernel_print(k,
                 "{\n"
                 "  \"BENCHMARK_TOTAL_UTILISATION\":%lu,\n"
                 "  \"BENCHMARK_TOTAL_KERNEL_UTILISATION\":%lu,\n"
                 "  \"BENCHMARK_TOTAL_NUMBER_KERNEL_ENTRIES\":%lu,\n"
                 "  \"BENCHMARK_TOTAL_NUMBER_SCHEDULES\":%lu,\n"
                 "  \"BENCHMARK_TCB_\": [\n",
                 b->end - b->start, b->total.kernel_cycles, b->total.entries, b->total.schedules);
    for (const struct tcb *tcb = tcb_at(k, k->state->threads); tcb; tcb = tcb_at(k, tcb->all_next)) {
        if (tcb->all_next == 0) /* the idle thread is the second oldest */
            print_counters(k, "idle_thread", &b->idle, false);
        print_counters(k, tcb->name, &tcb->benchmark, tcb->all_next == 0);
    }
    kernel_print(k, "  ]\n}\n");
}

static void counters_reset_all(struct kernel *k)
{
    counters_reset(&k->state->benchmark.idle);
    for (struct tcb *tcb = tcb_at(k, k->state->threads); tcb; tcb = tcb_at(k, tcb->all_next))
        counters_reset(&tcb->benchmark);
}

static void syscall_reset_log(struct kernel *k)
{
    if (k->abi->config.has_benchmark_utilisation)
        log_reset(k);
    current_tcb(k)->context.reg[REG_RDI] = ABI_NO_ERROR;
}

bool benchmark_syscall(struct kernel *k, enum syscall syscall)
{
    struct tcb *tcb;
    switch (syscall) {
    case SYSCALL_BENCHMARK_NULL_SYSCALL:
    case SYSCALL_BENCHMARK_FLUSH_CACHES:
        return true;
    case SYSCALL_BENCHMARK_RESET_LOG:
        syscall_reset_log(k);
        return true;
    case SYSCALL_BENCHMARK_FINALIZE_LOG:
        log_finalize(k); /* answers with nothing: there is no log buffer to count entries of */
        return true;
    case SYSCALL_BENCHMARK_GET_THREAD_UTILISATION:
        counters_tell(k);
        return true;
    case SYSCALL_BENCHMARK_RESET_THREAD_UTILISATION:
        tcb = tcb_named(k, "SysBenchmarkResetThreadUtilisation");
        if (tcb)
            counters_reset(&tcb->benchmark);
        return true;
    case SYSCALL_BENCHMARK_DUMP_ALL_THREADS_UTILISATION:
        counters_dump(k);
        return true;
    case SYSCALL_BENCHMARK_RESET_ALL_THREADS_UTILISATION:
        counters_reset_all(k);
        return true;
    default: /* DIFFERS: SetLogBuffer, too: kernels with a log buffer do not exist for x86-64 */
        return false;
    }
}
