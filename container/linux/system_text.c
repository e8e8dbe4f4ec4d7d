/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of the machine, which is the container: its memory, its processes, its time. proc(5). */
#include <cpuid.h>

#include "container/linux/clock.h"
#include "container/linux/object.h"
#include "container/linux/proc.h"
#include "container/linux/synthetic.h"
#include "container/linux/texts.h"
#include "container/linux/usage.h"
#include "container/linux/vdso_data.h"

enum {
    BRAND_WORDS = 12,
    UUID_BYTES = 16,
    UUID_TEXT = 40
};

/* The machine began when its first process did. Spans of more than an hour or so have to be told in parts. */
static int64_t span_ns(uint64_t cycles)
{
    enum {
        PART = 36
    };
    return (int64_t)(cycles >> PART) * vdso_span(1ul << PART) + vdso_span(cycles & ((1ul << PART) - 1));
}

uint64_t proc_start_ticks(uint64_t start_tsc)
{
    uint64_t now = __builtin_ia32_rdtsc();
    int64_t start =
        clock_now(CLOCK_MONOTONIC) - (start_tsc && now > start_tsc ? span_ns(now - start_tsc) : 0);
    return start > 0 ? (uint64_t)start / TICK_NS : 0;
}

size_t meminfo_text(const struct process *process, char *text, size_t room)
{
    uint64_t total = object_total_bytes() / 1024, available = object_free_bytes() / 1024;
    const struct {
        const char *name;
        uint64_t value;
    } LINES[] = {{"MemTotal", total},
                 {"MemFree", available},
                 {"MemAvailable", available},
                 {"Buffers", 0},
                 {"Cached", 0},
                 {"SwapCached", 0},
                 {"Active", total - available},
                 {"Inactive", 0},
                 {"SwapTotal", 0},
                 {"SwapFree", 0},
                 {"Dirty", 0},
                 {"Writeback", 0},
                 {"AnonPages", total - available},
                 {"Mapped", 0},
                 {"Shmem", 0},
                 {"KReclaimable", 0},
                 {"Slab", 0},
                 {"SReclaimable", 0},
                 {"SUnreclaim", 0},
                 {"KernelStack", 0},
                 {"PageTables", 0},
                 {"CommitLimit", total},
                 {"Committed_AS", total - available},
                 {"HugePages_Total", 0},
                 {"HugePages_Free", 0}};
    size_t length = 0;
    (void)process;
    for (unsigned i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        bool is_count = strncmp(LINES[i].name, "Huge", 4) == 0;
        int width = (int)(15 - strlen(LINES[i].name));
        char gap[16] = "               ";
        gap[width > 0 ? width : 1] = '\0';
        length += (size_t)format_text(text + length, room - length, "%s:%s%8lu%s\n", LINES[i].name, gap,
                                      LINES[i].value, is_count ? "" : " kB");
    }
    length += (size_t)format_text(text + length, room - length, "Hugepagesize:       2048 kB\n");
    return length;
}

/* The clock is the host's, so the machine seems as old as the host; nobody counts its idle time. */
size_t uptime_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    int64_t hundredths = clock_now(CLOCK_MONOTONIC) / TICK_NS;
    return (size_t)format_text(text, room, "%ld.%02ld %ld.%02ld\n", hundredths / 100, hundredths % 100,
                               hundredths / 100, hundredths % 100);
}

struct counts {
    unsigned all, running;
    int last;
};

static struct counts processes_count(void)
{
    struct process_info info;
    struct counts counts = {0};
    for (long pid = 0; (pid = proc_info((int)pid + 1, &info)) > 0;) {
        counts.all++;
        counts.last = (int)pid;
    }
    counts.running = 1;
    return counts;
}

size_t loadavg_text(const struct process *process, char *text, size_t room)
{
    struct counts counts = processes_count();
    (void)process;
    return (size_t)format_text(text, room, "0.00 0.00 0.00 %u/%u %d\n", counts.running, counts.all,
                               counts.last);
}

/* Programs' time, as far as processes have told it to each other; what is left of the machine's life is idle. */
size_t system_stat_text(const struct process *process, char *text, size_t room)
{
    const volatile struct container_times *times = (const volatile struct container_times *)CONTAINER_TIMES;
    struct process_info first = {0};
    struct counts counts = processes_count();
    uint64_t now = __builtin_ia32_rdtsc();
    (void)proc_info(1, &first);
    uint64_t age = now > first.start_tsc ? now - first.start_tsc : 0, served = times->served;
    int64_t all = span_ns(age) / TICK_NS, system = span_ns(served < age ? served : age) / TICK_NS;
    struct usage own = process->usage;
    int64_t user = (own.user_ns + process->children.user_ns) / TICK_NS;
    int64_t idle = all > user + system ? all - user - system : 0;
    int64_t booted = (clock_now(CLOCK_REALTIME) - clock_now(CLOCK_MONOTONIC)) / SECOND_NS;
    size_t length = 0;
    static const char *const NAMES[] = {"cpu ", "cpu0"};
    for (unsigned i = 0; i < 2; i++) {
        length += (size_t)format_text(text + length, room - length, "%s %ld 0 %ld %ld 0 0 0 0 0 0\n",
                                      NAMES[i], user, system, idle);
    }
    return length +
           (size_t)format_text(text + length, room - length,
                               "intr 0\nctxt 0\nbtime %ld\nprocesses %d\nprocs_running %u\nprocs_blocked 0\n"
                               "softirq 0 0 0 0 0 0 0 0 0 0 0\n",
                               booted, counts.last, counts.running);
}

struct feature {
    uint8_t leaf, word, bit; /* word: 2 for ecx, 3 for edx, 1 for ebx of leaf 7 */
    const char *name;
};

static size_t features_text(char *text, size_t room)
{
    static const struct feature FEATURES[] = {
        {1, 3, 0, "fpu"},     {1, 3, 4, "tsc"},       {1, 3, 8, "cx8"},      {1, 3, 15, "cmov"},
        {1, 3, 23, "mmx"},    {1, 3, 24, "fxsr"},     {1, 3, 25, "sse"},     {1, 3, 26, "sse2"},
        {1, 2, 0, "pni"},     {1, 2, 1, "pclmulqdq"}, {1, 2, 9, "ssse3"},    {1, 2, 12, "fma"},
        {1, 2, 13, "cx16"},   {1, 2, 19, "sse4_1"},   {1, 2, 20, "sse4_2"},  {1, 2, 22, "movbe"},
        {1, 2, 23, "popcnt"}, {1, 2, 25, "aes"},      {1, 2, 26, "xsave"},   {1, 2, 28, "avx"},
        {1, 2, 29, "f16c"},   {1, 2, 30, "rdrand"},   {7, 1, 3, "bmi1"},     {7, 1, 5, "avx2"},
        {7, 1, 8, "bmi2"},    {7, 1, 9, "erms"},      {7, 1, 16, "avx512f"}, {7, 1, 18, "rdseed"},
        {7, 1, 29, "sha_ni"},
    };
    unsigned words[2][4] = {{0}};
    (void)__get_cpuid(1, &words[0][0], &words[0][1], &words[0][2], &words[0][3]);
    (void)__get_cpuid_count(7, 0, &words[1][0], &words[1][1], &words[1][2], &words[1][3]);
    size_t length = 0;
    for (unsigned i = 0; i < sizeof FEATURES / sizeof *FEATURES; i++) {
        const struct feature *feature = &FEATURES[i];
        if (words[feature->leaf == 7][feature->word] >> feature->bit & 1) {
            length += (size_t)format_text(text + length, room - length, " %s", feature->name);
        }
    }
    return length;
}

size_t cpuinfo_text(const struct process *process, char *text, size_t room)
{
    char vendor[13] = {0}, brand[BRAND_WORDS * 4 + 1] = {0};
    unsigned a = 0, b = 0, c = 0, d = 0, signature = 0, words[BRAND_WORDS] = {0};
    (void)process;
    (void)__get_cpuid(0, &a, &b, &c, &d);
    memcpy(vendor, &b, 4);
    memcpy(vendor + 4, &d, 4);
    memcpy(vendor + 8, &c, 4);
    (void)__get_cpuid(1, &signature, &b, &c, &d);
    for (unsigned i = 0; i < 3; i++) {
        (void)__get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                          &words[4 * i + 3]);
    }
    memcpy(brand, words, sizeof words);
    unsigned family = (signature >> 8 & 15) + ((signature >> 8 & 15) == 15 ? signature >> 20 & 255 : 0);
    size_t length = (size_t)format_text(
        text, room,
        "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n"
        "cpu MHz\t\t: %lu.000\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\napicid\t\t: "
        "0\n"
        "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
        vendor, family, (signature >> 4 & 15) | (signature >> 12 & 0xf0), brand, signature & 15,
        1000000000ul / (uint64_t)(vdso_span(1000000) > 0 ? vdso_span(1000000) : 1), a);
    length += features_text(text + length, room - length);
    return length + (size_t)format_text(text + length, room - length,
                                        "\nclflush size\t: 64\ncache_alignment\t: 64\n"
                                        "address sizes\t: 46 bits physical, 48 bits virtual\n\n");
}

static size_t uuid_write(unsigned char bytes[UUID_BYTES], char *text, size_t room)
{
    size_t length = 0;
    bytes[6] = (unsigned char)((bytes[6] & 15) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 63) | 0x80);
    for (unsigned i = 0; i < UUID_BYTES; i++) {
        bool has_dash = i == 4 || i == 6 || i == 8 || i == 10;
        length += (size_t)format_text(text + length, room - length, "%s%02x", has_dash ? "-" : "", bytes[i]);
    }
    return length + (size_t)format_text(text + length, room - length, "\n");
}

size_t uuid_text(const struct process *process, char *text, size_t room)
{
    unsigned char bytes[UUID_BYTES];
    (void)process;
    random_fill(bytes, sizeof bytes);
    return uuid_write(bytes, text, room);
}

/* The same for all processes of a container: from what they all know of it. */
size_t boot_id_text(const struct process *process, char *text, size_t room)
{
    struct process_info first = {0};
    uint64_t words[2];
    (void)process;
    (void)proc_info(1, &first);
    words[0] = (first.start_tsc ^ 0x9e3779b97f4a7c15ul) * 0xbf58476d1ce4e5b9ul;
    words[1] = (words[0] ^ words[0] >> 31) * 0x94d049bb133111ebul;
    unsigned char bytes[UUID_BYTES];
    memcpy(bytes, words, sizeof bytes);
    return uuid_write(bytes, text, room);
}

size_t memory_most_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    return (size_t)format_text(text, room, "%lu\n", object_total_bytes());
}

size_t memory_used_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    return (size_t)format_text(text, room, "%lu\n", object_total_bytes() - object_free_bytes());
}
