/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices and /proc. A text of /proc is made when it is opened. Random bytes come from the processor's generator.
 */
#include "container/linux/synthetic.h"
#include "container/linux/pty.h"

#include <sel4_util.h>

#include "container/linux/adjust.h"
#include "container/linux/clock.h"
#include "container/linux/heap.h"
#include "container/linux/loader.h"
#include "container/linux/page_map.h"
#include "container/linux/path.h"
#include "container/linux/proc.h"
#include "container/linux/server.h"
#include "container/linux/smaps.h"
#include "container/linux/space.h"
#include "container/linux/terminal.h"
#include "container/linux/usage.h"

enum {
    TEXT_ROOM = 65536
};

static long null_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)to;
    (void)size;
    (void)offset;
    return 0;
}

static long null_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)from;
    (void)offset;
    return (long)size;
}

static long zero_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    memset((void *)to, 0, size);
    return (long)size;
}

static long full_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)from;
    (void)offset;
    return size ? -ENOSPC : 0;
}

static long random_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    random_fill((void *)to, size);
    return (long)size;
}

static long console_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    for (uint64_t i = 0; i < size; i++) {
        sel4_util_putchar(((const char *)from)[i]);
    }
    return (long)size;
}

static long device_seek(struct file *file, int64_t offset, unsigned whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

static long device_stat(struct file *file, struct statx *status)
{
    (void)file;
    *status = (struct statx){.mode = S_IFCHR | 0666,
                             .links = 1,
                             .block_size = PAGE_SIZE,
                             .inode = 1,
                             .rdev_major = 1,
                             .rdev_minor = (uint32_t)file->word[0]};
    return 0;
}

void random_fill(void *to, size_t size)
{
    unsigned char *at = to;
    static uint64_t state;
    while (size > 0) {
        unsigned long value;
        unsigned char is_good = 0;
        for (unsigned i = 0; i < 100 && !is_good; i++) {
            asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(is_good) : : "cc");
        }
        if (!is_good) { /* a processor without one: no secrets from here */
            state = state * 6364136223846793005ul + __builtin_ia32_rdtsc();
            value = state ^ state >> 29;
        }
        size_t part = size < sizeof value ? size : sizeof value;
        memcpy(at, &value, part);
        at += part;
        size -= part;
    }
}

static const struct file_kind NULL_KIND = {
    .name = "/dev/null", .read = null_read, .write = null_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind ZERO_KIND = {
    .name = "/dev/zero", .read = zero_read, .write = null_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind FULL_KIND = {
    .name = "/dev/full", .read = zero_read, .write = full_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind RANDOM_KIND = {.name = "/dev/urandom",
                                             .is_ready_for_ever = true,
                                             .read = random_read,
                                             .write = null_write,
                                             .seek = device_seek,
                                             .stat = device_stat};
static const struct file_kind CONSOLE_KIND = {
    .name = "/dev/console", .is_ready_for_ever = true, .read = null_read, .write = console_write, .stat = device_stat};

static const struct {
    const char *path;
    const struct file_kind *kind;
    uint32_t minor;
} DEVICES[] = {
    {"/dev/null", &NULL_KIND, 3},     {"/dev/zero", &ZERO_KIND, 5},      {"/dev/full", &FULL_KIND, 7},
    {"/dev/random", &RANDOM_KIND, 8}, {"/dev/urandom", &RANDOM_KIND, 9},
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

/* Below `folder` or it itself. */
static bool is_under(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

bool synthetic_covers(const char *path)
{
    if (is_under(path, "/dev/shm") && path_has_shm()) {
        return false;
    }
    return is_under(path, "/dev") || is_under(path, "/proc") || is_under(path, "/sys");
}

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

static long text_open(const struct process *process, size_t index, struct file **file)
{
    long error = text_make(file);
    if (!error) {
        (*file)->word[0] = TEXTS[index].text ? TEXTS[index].text(process, (*file)->data)
                                             : (size_t)format_text((*file)->data, TEXT_ROOM, "%s", TEXTS[index].fixed);
    }
    return error;
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

/* The number at the end of /proc/self/fd/N and /dev/fd/N; -1: it is none. */
static long descriptor_number(const char *path)
{
    static const char *const FOLDERS[] = {"/proc/self/fd/", "/dev/fd/", "/proc/thread-self/fd/"};
    static const char *const STREAMS[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    for (long i = 0; i < 3; i++) {
        if (strcmp(path, STREAMS[i]) == 0) {
            return i;
        }
    }
    for (unsigned i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        size_t length = strlen(FOLDERS[i]);
        if (strncmp(path, FOLDERS[i], length) == 0 && path[length]) {
            long number = 0;
            for (const char *at = path + length; *at; at++) {
                if (*at < '0' || *at > '9' || number > FILES_MAX) {
                    return -1;
                }
                number = 10 * number + (*at - '0');
            }
            return number;
        }
    }
    return -1;
}

/* /proc/PID/... of the process itself is /proc/self/... */
static const char *path_self(const struct process *process, const char *path, char to[PATH_ROOM])
{
    char own[32];
    size_t length = (size_t)format_text(own, sizeof own, "/proc/%d/", process->id);
    if (strncmp(path, own, length) != 0) {
        return path;
    }
    format_text(to, PATH_ROOM, "/proc/self/%s", path + length);
    return to;
}

struct file *synthetic_file(const struct process *process, const char *path)
{
    static char self[PATH_ROOM];
    long number = synthetic_covers(path) ? descriptor_number(path_self(process, path, self)) : -1;
    return number >= 0 ? file_of(process, (uint64_t)number) : NULL;
}

long synthetic_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    static char self[PATH_ROOM];
    path = path_self(process, path, self);
    for (unsigned i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++) {
        if (strcmp(path, DEVICES[i].path) == 0) {
            *file = file_make(DEVICES[i].kind, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND));
            if (*file) {
                (*file)->word[0] = DEVICES[i].minor;
            }
            return *file ? 0 : -ENOMEM;
        }
    }
    for (unsigned i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        if (strcmp(path, TEXTS[i].path) == 0) {
            return (flags & O_ACCMODE) != O_RDONLY ? -EACCES : text_open(process, i, file);
        }
    }
    long error;
    if (adjust_open(process, path, flags, file, &error)) {
        return error;
    }
    if (pty_is_path(path)) {
        return pty_open(process, path, flags, file);
    }
    long number = descriptor_number(path);
    *file = number >= 0 ? file_of(process, (uint64_t)number) : NULL;
    if (*file) {
        file_hold(*file); /* Linux opens anew; here it is the same open file */
        return 0;
    }
    return proc_open(process, path, file);
}

long synthetic_link(const struct process *process, const char *path, char to[PATH_ROOM])
{
    static char self[PATH_ROOM];
    path = path_self(process, path, self);
    const char *target = NULL;
    long number = descriptor_number(path);
    if (strcmp(path, "/proc/self/exe") == 0) {
        target = process->program;
    } else if (strcmp(path, "/proc/self/cwd") == 0) {
        target = process->directory;
    } else if (strcmp(path, "/proc/self/root") == 0) {
        target = "/";
    } else if (strcmp(path, "/proc/self") == 0) {
        return format_text(to, PATH_ROOM, "%d", process->id);
    } else if (number >= 0) {
        const struct file *file = file_of(process, (uint64_t)number);
        target = !file ? NULL : file->path ? file->path : file->kind->name;
    }
    if (!target) {
        return number >= 0 ? -ENOENT : -EINVAL;
    }
    memcpy(to, target, strlen(target) + 1);
    return (long)strlen(target);
}

long synthetic_stat(const struct process *process, const char *path, struct statx *status)
{
    struct file *file;
    if (strcmp(path, "/dev") == 0 || strcmp(path, "/sys") == 0) {
        *status = (struct statx){.mode = S_IFDIR | 0555, .links = 2, .block_size = 1024, .inode = 1};
        return 0;
    }
    if (pty_is_path(path)) {
        return pty_stat_path(process, path, status);
    }
    long error = synthetic_open(process, path, O_RDONLY, &file);
    if (!error) {
        error = file->kind->stat ? file->kind->stat(file, status) : -ENOENT;
        file_release(file);
    }
    return error;
}

struct file *synthetic_console(void)
{
    return file_make(&CONSOLE_KIND, O_RDWR);
}
