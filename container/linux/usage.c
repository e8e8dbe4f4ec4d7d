/* SPDX-License-Identifier: BSD-2-Clause */
/* Processor time, in nanoseconds; see usage.h. What the shared page says is an allegation: no more is told than passed. */
#include "container/linux/usage.h"

#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/page_map.h"
#include "container/linux/space.h"
#include "container/linux/turn.h"
#include "container/linux/vdso_data.h"

enum {
    RUSAGE_SELF = 0,
    RUSAGE_CHILDREN = -1,
    RUSAGE_THREAD = 1,
    RUSAGE_WORDS = 18,
    CLOCK_PROCESS = 2,
    CLOCK_THREAD = 3,
    CLOCK_KIND = 3, /* of the other clocks: the lower bits, */
    CLOCK_OF_THREAD = 4,
    CLOCK_ID_SHIFT = 3 /* and above them an id, inverted */
};

static struct process *own;
static struct thread *served;
static uint64_t left, left_programs, entered; /* moments; `programs` is without the time of personalities */

static volatile struct container_times *times(void)
{
    return (volatile struct container_times *)CONTAINER_TIMES;
}

void usage_begin(struct process *process, bool is_new)
{
    own = process;
    served = NULL;
    entered = __builtin_ia32_rdtsc();
    if (is_new) {
        process->usage = process->children = (struct usage){0};
        for (unsigned i = 0; i < thread_end; i++) {
            threads[i].usage = (struct usage){0};
        }
    }
}

static void system_charge(uint64_t cycles)
{
    int64_t ns = vdso_span(cycles);
    bool is_there = served && served->id;
    (is_there ? served->process : own)->usage.system_ns += ns;
    if (is_there) {
        served->usage.system_ns += ns;
    }
}

void usage_leave(void)
{
    uint64_t now = __builtin_ia32_rdtsc(), spent = now - entered;
    system_charge(spent);
    uint64_t all = times()->served + spent;
    times()->served = all;
    turn_count(spent);
    left = now;
    left_programs = now - all;
}

void usage_skip(void)
{
    left = __builtin_ia32_rdtsc();
    left_programs = left - times()->served;
}

/* Somebody who could have run. */
static struct thread *thread_running(void)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && threads[i].wait == WAIT_NOTHING && !threads[i].is_held &&
            !threads[i].is_suspended) {
            return &threads[i];
        }
    }
    return NULL;
}

void usage_enter(const struct kernel_message *message)
{
    entered = __builtin_ia32_rdtsc();
    served = message->event == EVENT_SIGNAL ? NULL : &threads[message->thread];
    struct thread *ran = served ? served : thread_running();
    uint64_t programs = entered - times()->served, told = times()->charged;
    uint64_t start = (int64_t)(told - left_programs) > 0 ? told : left_programs, passed = programs - start;
    if (ran && ran->id && (int64_t)passed > 0 && passed <= entered - left) {
        int64_t ns = vdso_span(passed);
        times()->charged = programs;
        ran->usage.user_ns += ns;
        ran->process->usage.user_ns += ns;
    }
}

/* With what it spends now. */
static struct usage until_now(struct usage usage, bool is_served)
{
    usage.system_ns += is_served ? vdso_span(__builtin_ia32_rdtsc() - entered) : 0;
    return usage;
}

struct usage usage_of_process(const struct thread *thread)
{
    const struct process *process = thread ? thread->process : own;
    return until_now(process->usage, served && served->id ? served->process == process : process == own);
}

struct usage usage_of_thread(const struct thread *thread)
{
    return until_now(thread->usage, thread == served);
}

bool usage_is_clock(unsigned clock)
{
    return clock == CLOCK_PROCESS || clock == CLOCK_THREAD || (int)clock < 0;
}

int64_t usage_clock(unsigned clock)
{
    const struct thread *thread = thread_current;
    bool is_thread = (int)clock < 0 ? clock & CLOCK_OF_THREAD : clock == CLOCK_THREAD;
    if ((int)clock < 0) {
        int id = ~((int)clock >> CLOCK_ID_SHIFT);
        const struct process *process = thread ? thread->process : own;
        if ((clock & CLOCK_KIND) == CLOCK_KIND || (!is_thread && id && id != process->id)) {
            return -EINVAL; /* others' clocks are not told */
        }
        thread = is_thread && id ? thread_find(id) : thread;
        if (is_thread && id && (!thread || thread->process != process)) {
            return -EINVAL;
        }
    }
    struct usage usage = is_thread && thread ? usage_of_thread(thread) : usage_of_process(thread);
    return usage.user_ns + usage.system_ns;
}

struct usage usage_at_end(const struct process *process)
{
    process = process ? process : own;
    struct usage usage = until_now(process->usage, served && served->process == process);
    return (struct usage){usage.user_ns + process->children.user_ns,
                          usage.system_ns + process->children.system_ns};
}

void usage_child(struct process *process, const struct usage *usage)
{
    process->children.user_ns += usage->user_ns;
    process->children.system_ns += usage->system_ns;
}

long usage_write(uint64_t to, const struct usage *usage, uint64_t most_kilobytes)
{
    int64_t words[RUSAGE_WORDS] = {
        usage->user_ns / SECOND_NS,          usage->user_ns % SECOND_NS / 1000, usage->system_ns / SECOND_NS,
        usage->system_ns % SECOND_NS / 1000, (int64_t)most_kilobytes,
    };
    return user_write(to, words, sizeof words);
}

HANDLER(call_getrusage)
{
    struct usage usage;
    switch ((int)ARG(0)) {
    case RUSAGE_SELF:
        usage = usage_of_process(thread);
        break;
    case RUSAGE_THREAD:
        usage = usage_of_thread(thread);
        break;
    case RUSAGE_CHILDREN:
        usage = thread->process->children;
        break;
    default:
        return -EINVAL;
    }
    return usage_write(ARG(1), &usage, (int)ARG(0) == RUSAGE_CHILDREN ? 0 : page_count() * PAGE_SIZE / 1024);
}

HANDLER(call_times)
{
    struct usage usage = usage_of_process(thread), children = thread->process->children;
    int64_t ticks[4] = {usage.user_ns / TICK_NS, usage.system_ns / TICK_NS, children.user_ns / TICK_NS,
                        children.system_ns / TICK_NS};
    long error = ARG(0) ? user_write(ARG(0), ticks, sizeof ticks) : 0;
    return error ? error : clock_now(CLOCK_MONOTONIC) / TICK_NS;
}
