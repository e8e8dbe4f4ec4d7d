/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark system calls of a kernel that tracks utilisation. Times are only told to be there or not;
 * counts are those of moments too short for a tick.
 */
#include <sel4/benchmark_utilisation_types.h>

#include "subject.h"

enum {
    WORDS = BENCHMARK_TOTAL_NUMBER_KERNEL_ENTRIES + 1,
    TRIES = 20
};

struct sample {
    seL4_Word words[WORDS + 1];
};

static struct sample get(seL4_CPtr tcb)
{
    struct sample sample;
    for (unsigned i = 0; i <= WORDS; i++) {
        seL4_SetMR((int)i, 0xdead00 + i);
    }
    seL4_BenchmarkGetThreadUtilisation(tcb);
    for (unsigned i = 0; i <= WORDS; i++) {
        sample.words[i] = seL4_GetMR((int)i);
    }
    return sample;
}

static bool is_time(unsigned i)
{
    return i == BENCHMARK_TCB_UTILISATION || i == BENCHMARK_TCB_KERNEL_UTILISATION ||
           i == BENCHMARK_TOTAL_UTILISATION || i == BENCHMARK_TOTAL_KERNEL_UTILISATION;
}

static void sample_print(const char *what, const struct sample *sample)
{
    SAY("%s:", what);
    for (unsigned i = 0; i <= WORDS; i++) {
        seL4_Word word = sample->words[i];
        if (!is_time(i)) {
            SAY(" %lx", word);
        } else {
            SAY(word == 0 ? " 0" : word - 0xdead00 == i ? " untouched" : " some");
        }
    }
    SAY("\n");
}

static seL4_Word query(seL4_Word number, seL4_Word argument)
{
    return sel4_trap_query((seL4_Syscall_ID)number, argument);
}

static seL4_CPtr endpoint;

static void nulls(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_BenchmarkNullSyscall();
    }
}

static void yields(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Yield();
    }
}

static void calls(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

static void server(void *unused)
{
    (void)unused;
    seL4_Recv(endpoint, NULL);
    for (;;) {
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL);
    }
}

/* The attempt with the fewest kernel entries had no tick in it. */
static void measure(const char *what, void (*body)(unsigned), unsigned count, seL4_CPtr other)
{
    struct sample least, least_other, sample;
    for (unsigned i = 0; i < TRIES; i++) {
        seL4_BenchmarkResetThreadUtilisation(SELF);
        seL4_BenchmarkResetThreadUtilisation(other);
        seL4_BenchmarkResetLog();
        body(count);
        seL4_BenchmarkFinalizeLog();
        sample = get(SELF);
        if (i == 0 || sample.words[WORDS - 1] < least.words[WORDS - 1]) {
            least = sample;
            least_other = get(other);
        }
    }
    SAY("%s, %u times\n", what, count);
    sample_print("  self", &least);
    sample_print("  other", &least_other);
}

static void errors(void)
{
    seL4_CPtr wrong[] = {0, CNODE, NO_CAP, endpoint, slot()};
    section("errors");
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct sample sample = get(wrong[i]);
        sample_print("get", &sample);
        SAY("reset: unchanged %u\n",
            query((seL4_Word)seL4_SysBenchmarkResetThreadUtilisation, wrong[i]) == wrong[i]);
    }
    SAY("get: unchanged %u\n", query((seL4_Word)seL4_SysBenchmarkGetThreadUtilisation, SELF) == SELF);
    SAY("reset: unchanged %u\n", query((seL4_Word)seL4_SysBenchmarkResetThreadUtilisation, SELF) == SELF);
    SAY("flush: %lx\n", query((seL4_Word)seL4_SysBenchmarkFlushCaches, 0x77));
    SAY("null: %lx\n", query((seL4_Word)seL4_SysBenchmarkNullSyscall, 0x77));
    SAY("reset log: %lx\n", query((seL4_Word)seL4_SysBenchmarkResetLog, 0x77));
    SAY("finalize: %lx\n", query((seL4_Word)seL4_SysBenchmarkFinalizeLog, 0x77));
    SAY("finalize again: %lx\n", query((seL4_Word)seL4_SysBenchmarkFinalizeLog, 0x77));
    SAY("reset all: %lx\n", query((seL4_Word)seL4_SysBenchmarkResetAllThreadsUtilisation, 0x77));
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    struct sel4_util_thread *thread = spawn("server", server, NULL, PRIORITY_HIGH);
    errors();
    section("counts");
    measure("nothing", nulls, 0, thread->tcb);
    measure("null", nulls, 10, thread->tcb);
    measure("yield", yields, 10, thread->tcb);
    measure("call", calls, 10, thread->tcb);
    section("a log in a log");
    seL4_BenchmarkResetThreadUtilisation(SELF);
    seL4_BenchmarkResetLog();
    seL4_BenchmarkResetLog();
    seL4_BenchmarkFinalizeLog();
    struct sample sample = get(SELF);
    sample_print("self", &sample);
    seL4_BenchmarkFinalizeLog();
    sample = get(SELF);
    sample_print("finalized twice", &sample);
    seL4_BenchmarkResetLog();
    seL4_BenchmarkFinalizeLog();
    sample = get(SELF);
    sample_print("reset without the thread", &sample);
    section("all threads");
    seL4_BenchmarkResetAllThreadsUtilisation();
    sample = get(SELF);
    sample_print("self", &sample);
    close();
    return 0;
}
