/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark root task: runs what is selected and prints "bench NAME MEDIAN MIN RUNS" for each, in
 * nanoseconds an operation. It measures with the time-stamp counter at the frequency that the kernel tells in
 * the extra boot information, so the same image tells the same on every kernel of its ABI.
 */
#include "guest.h"

enum {
    RUNS = 51
};

struct sel4_util_allocator guest_allocator;

static volatile const struct bench_selection selection __attribute__((used)) = {
    .mark = {'s', 'e', 'l', 'k', 'i', 'e', '-', 'b', 'e', 'n', 'c', 'h', 'm', 'a', 'r', 'k'},
    .mask = ~0ul,
};

static const struct benchmark *const benchmarks[] = {
#define X(name) &benchmark_##name,
    BENCH_GUEST_LIST(X)
#undef X
};

static seL4_Word tsc_read(void)
{
    seL4_Uint32 low, high;
    asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (seL4_Word)high << 32 | low;
}

/* The frequency in MHz, 0 if the kernel does not tell. */
static seL4_Uint32 tsc_mhz(const seL4_BootInfo *info)
{
    const char *chunk = (const char *)info + seL4_BootInfoFrameSize;
    const char *end = chunk + info->extraLen;
    while ((seL4_Word)(end - chunk) >= sizeof(seL4_BootInfoHeader)) {
        seL4_BootInfoHeader header;
        memcpy(&header, chunk, sizeof(header));
        if (header.id == SEL4_BOOTINFO_HEADER_X86_TSC_FREQ) {
            seL4_Uint32 mhz;
            memcpy(&mhz, chunk + sizeof(header), sizeof(mhz));
            return mhz;
        }
        if (header.len < sizeof(header) || header.len > (seL4_Word)(end - chunk)) {
            break;
        }
        chunk += header.len;
    }
    return 0;
}

void guest_thread_start(struct sel4_util_thread *thread, const char *name, void (*entry)(void *))
{
    SEL4_UTIL_CHECK(sel4_util_thread_start(
        thread, &guest_allocator,
        &(struct sel4_util_thread_config){.name = name, .entry = entry, .priority = seL4_MaxPrio}));
}

static void ticks_insert(seL4_Word *sorted, unsigned count, seL4_Word ticks)
{
    unsigned at = count;
    while (at && sorted[at - 1] > ticks) {
        sorted[at] = sorted[at - 1];
        at--;
    }
    sorted[at] = ticks;
}

/* Hundredths of a nanosecond for one operation. */
static seL4_Word hundredths(const struct benchmark *benchmark, seL4_Word ticks, seL4_Word mhz)
{
    return ticks * 100000 / (mhz * benchmark->count);
}

static void benchmark_run(const struct benchmark *benchmark, seL4_Word mhz)
{
    seL4_Word sorted[RUNS];
    if (benchmark->prepare) {
        benchmark->prepare();
    }
    benchmark->repeat(benchmark->count); /* the first time is another matter */
    for (unsigned run = 0; run < RUNS; run++) {
        seL4_Word start = tsc_read();
        benchmark->repeat(benchmark->count);
        ticks_insert(sorted, run, tsc_read() - start);
    }
    if (benchmark->finish) {
        benchmark->finish();
    }
    seL4_Word median = hundredths(benchmark, sorted[RUNS / 2], mhz);
    seL4_Word min = hundredths(benchmark, sorted[0], mhz);
    sel4_util_printf("bench %s %lu.%02lu %lu.%02lu %u\n", benchmark->name, median / 100, median % 100,
                     min / 100, min % 100, RUNS);
}

int main(seL4_BootInfo *info)
{
    seL4_Uint32 mhz = tsc_mhz(info);
    if (!mhz) {
        sel4_util_panic("bench: the boot information does not tell the time-stamp counter's frequency\n");
    }
    sel4_util_allocator_init(&guest_allocator, info);
    for (unsigned i = 0; i < BENCH_GUEST_COUNT; i++) {
        bool is_possible = i != BENCH_host_read || guest_host_find(info);
        if ((selection.mask >> i & 1) && is_possible) {
            benchmark_run(benchmarks[i], mhz);
        }
    }
    sel4_util_printf("bench: done\n");
    return 0;
}
