/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of /proc and /sys about the process itself and the system. A text is made when it is opened. proc(5). */
#include "container/linux/synthetic_parts.h"

#include "container/linux/clock.h"
#include "container/linux/heap.h"
#include "container/linux/loader.h"
#include "container/linux/page_map.h"
#include "container/linux/server.h"
#include "container/linux/smaps.h"
#include "container/linux/pty.h"
#include "container/linux/space.h"
#include "container/linux/terminal.h"
#include "container/linux/usage.h"

enum {
    TEXT_ROOM = 65536
};

/* A text: `data` is it, word[0] its length. */
static long text_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    uint64_t at = offset < 0 ? file->position : (uint64_t)offset;
    uint64_t left = at < file->word[0] ? file->word[0] - at : 0, count = left < size ? left : size;
    memcpy((void *)to, (const char *)file->data + at, count);
    file->position += offset < 0 ? count : 0;
    return (long)count;
}

static long text_seek(struct file *file, int64_t offset, unsigned whence)
{
    int64_t base = whence == 0 ? 0 : (int64_t)(whence == 1 ? file->position : file->word[0]);
    if (whence > 2 || base + offset < 0) {
        return -EINVAL;
    }
    file->position = (uint64_t)(base + offset);
    return (long)file->position;
}

static long text_stat(struct file *file, struct statx *status)
{
    (void)file;
    *status = (struct statx){.mode = S_IFREG | 0444, .links = 1, .block_size = 1024, .inode = 2};
    return 0;
}

static void text_close(struct file *file)
{
    heap_free(file->data, TEXT_ROOM);
}

static const struct file_kind TEXT_KIND = {
    .name = "/proc", .read = text_read, .seek = text_seek, .stat = text_stat, .close = text_close};

#define OF_MEMORY(name)                                                                                      \
    static size_t name##_of_self(const struct process *process, char *text)                                  \
    {                                                                                                        \
        (void)process;                                                                                       \
        return name##_text(text, TEXT_ROOM);                                                                 \
    }
OF_MEMORY(maps)
OF_MEMORY(smaps)
OF_MEMORY(smaps_rollup)

static size_t meminfo_text(const struct process *process, char *text)
{
    (void)process;
    uint64_t total = object_total_bytes() / 1024, available = object_free_bytes() / 1024;
    return (size_t)format_text(text, TEXT_ROOM,
                               "MemTotal: %11lu kB\nMemFree: %12lu kB\nMemAvailable: %7lu kB\n"
                               "Buffers: %12u kB\nCached: %13u kB\nSwapTotal: %10u kB\nSwapFree: %11u kB\n",
                               total, available, available, 0, 0, 0, 0);
}

/* The group; session and parent are stored. */
static long process_family(const struct process *process, uint64_t family[2])
{
    return server_call(SERVER_GET_GROUP, (const uint64_t[]){(uint64_t)process->id, 0}, 2, family, 2);
}

static size_t status_text(const struct process *process, char *text)
{
    uint64_t resident = page_count() * PAGE_SIZE / 1024, family[2];
    (void)process_family(process, family);
    return (size_t)format_text(
        text, TEXT_ROOM,
        "Name:\t%s\nState:\tR (running)\nTgid:\t%d\nPid:\t%d\nPPid:\t%lu\nUid:\t0\t0\t0\t0\n"
        "Gid:\t0\t0\t0\t0\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n",
        process->name, process->id, process->id, family[1], resident, resident, process->thread_count);
}

static size_t stat_text(const struct process *process, char *text)
{
    uint64_t pages = page_count(), family[2];
    long group = process_family(process, family);
    struct usage usage = usage_of_process(thread_current), children = process->children;
    long terminal = terminal_ask(process, TERMINAL_OWN, 0, 0);
    long foreground =
        terminal < 0 ? -1 : terminal_ask(process, TERMINAL_GET_FOREGROUND, (uint64_t)terminal, 0);
    return (size_t)format_text(
        text, TEXT_ROOM,
        "%d (%s) R %lu %ld %lu %u %ld 0 0 0 0 0 %ld %ld %ld %ld 20 0 %u 0 0 %lu %lu "
        "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        process->id, process->name, family[1], group, family[0],
        terminal < 0 ? 0 : pty_device((uint64_t)terminal), foreground, usage.user_ns / TICK_NS,
        usage.system_ns / TICK_NS, children.user_ns / TICK_NS, children.system_ns / TICK_NS,
        process->thread_count, pages * PAGE_SIZE, pages);
}

static size_t statm_text(const struct process *process, char *text)
{
    (void)process;
    return (size_t)format_text(text, TEXT_ROOM, "%lu %lu 0 0 0 %lu 0\n", page_count(), page_count(),
                               page_count());
}

static size_t comm_text(const struct process *process, char *text)
{
    return (size_t)format_text(text, TEXT_ROOM, "%s\n", process->name);
}

static size_t user_text(char *text, uint64_t start, uint64_t end)
{
    size_t size = end - start < TEXT_ROOM ? end - start : TEXT_ROOM;
    return user_read(text, start, size) ? 0 : size;
}

static size_t cmdline_text(const struct process *process, char *text)
{
    return process_title(process, text, TEXT_ROOM);
}

static size_t environ_text(const struct process *process, char *text)
{
    return user_text(text, process->arguments_end, process->environment_end);
}

static size_t uptime_text(const struct process *process, char *text)
{
    (void)process;
    int64_t seconds = clock_now(CLOCK_MONOTONIC) / SECOND_NS;
    return (size_t)format_text(text, TEXT_ROOM, "%ld.00 0.00\n", seconds);
}

static size_t system_text(const struct process *process, char *text)
{
    (void)process;
    int64_t booted = (clock_now(CLOCK_REALTIME) - clock_now(CLOCK_MONOTONIC)) / SECOND_NS;
    return (size_t)format_text(text, TEXT_ROOM,
                               "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nbtime %ld\n", booted);
}

static size_t cpuinfo_text(const struct process *process, char *text)
{
    (void)process;
    return (size_t)format_text(text, TEXT_ROOM, "processor\t: 0\nmodel name\t: x86-64\nflags\t\t: fpu\n\n");
}

static const struct {
    const char *path;
    size_t (*text)(const struct process *process, char *text); /* NULL: always the same */
    const char *fixed;
} TEXTS[] = {
    {"/proc/self/maps", .text = maps_of_self},
    {"/proc/self/smaps", .text = smaps_of_self},
    {"/proc/self/smaps_rollup", .text = smaps_rollup_of_self},
    {"/proc/self/status", .text = status_text},
    {"/proc/self/stat", .text = stat_text},
    {"/proc/self/statm", .text = statm_text},
    {"/proc/self/comm", .text = comm_text},
    {"/proc/self/cmdline", .text = cmdline_text},
    {"/proc/self/environ", .text = environ_text},
    {"/proc/self/mounts", .fixed = "rootfs / ext4 rw 0 0\nproc /proc proc rw 0 0\n"},
    {"/proc/mounts", .fixed = "rootfs / ext4 rw 0 0\nproc /proc proc rw 0 0\n"},
    {"/proc/meminfo", .text = meminfo_text},
    {"/proc/uptime", .text = uptime_text},
    {"/proc/stat", .text = system_text},
    {"/proc/sys/kernel/pid_max", .fixed = "4194304\n"},
    {"/proc/cpuinfo", .text = cpuinfo_text},
    {"/proc/filesystems", .fixed = "nodev\tproc\n\text4\n"},
    {"/proc/loadavg", .fixed = "0.00 0.00 0.00 1/1 1\n"},
    {"/proc/version", .fixed = "Linux version 6.1.0-selkie (selkie)\n"},
    {"/proc/sys/vm/overcommit_memory", .fixed = "1\n"},
    {"/proc/sys/kernel/ngroups_max", .fixed = "0\n"},
    {"/proc/sys/net/core/somaxconn", .fixed = "4096\n"},
    {"/sys/devices/system/cpu/online", .fixed = "0\n"},
};

/* An empty text. */
static long text_make(struct file **file)
{
    *file = file_make(&TEXT_KIND, O_RDONLY);
    if (!*file) {
        return -ENOMEM;
    }
    (*file)->data = heap_alloc(TEXT_ROOM);
    if (!(*file)->data) {
        file_release(*file);
        return -ENOMEM;
    }
    return 0;
}

static long text_fill(const struct process *process, size_t index, struct file **file)
{
    long error = text_make(file);
    if (!error) {
        (*file)->word[0] = TEXTS[index].text
                               ? TEXTS[index].text(process, (*file)->data)
                               : (size_t)format_text((*file)->data, TEXT_ROOM, "%s", TEXTS[index].fixed);
    }
    return error;
}

long text_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    for (unsigned i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        if (strcmp(path, TEXTS[i].path) == 0) {
            return (flags & O_ACCMODE) != O_RDONLY ? -EACCES : text_fill(process, i, file);
        }
    }
    return -ENOENT;
}

long synthetic_text(const char *text, size_t size, struct file **file)
{
    long error = text_make(file);
    if (!error) {
        memcpy((*file)->data, text, size);
        (*file)->word[0] = size;
    }
    return error;
}
