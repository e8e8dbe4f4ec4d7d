/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of /proc and /sys about the process itself and the system. A text is made when it is opened. proc(5). */
#include "container/linux/synthetic_parts.h"

#include "container/linux/heap.h"
#include "container/linux/names.h"
#include "container/linux/smaps.h"
#include "container/linux/texts.h"

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
    *status = (struct statx){.mode = S_IFREG | 0444, .links = 1};
    names_status(file->path ? file->path : "", status);
    return 0;
}

static void text_close(struct file *file)
{
    heap_free(file->data, TEXT_ROOM);
}

static const struct file_kind TEXT_KIND = {
    .name = "/proc", .read = text_read, .seek = text_seek, .stat = text_stat, .close = text_close};

#define OF_MEMORY(name)                                                                                      \
    static size_t name##_of_self(const struct process *process, char *text, size_t room)                     \
    {                                                                                                        \
        (void)process;                                                                                       \
        return name##_text(text, room);                                                                      \
    }
OF_MEMORY(maps)
OF_MEMORY(smaps)
OF_MEMORY(smaps_rollup)

#define SOCKETS                                                                                              \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
#define SOCKETS6                                                                                             \
    "  sl  local_address                         remote_address                        st tx_queue "         \
    "rx_queue tr tm->when retrnsmt   uid  timeout inode"

static const struct {
    const char *path;
    size_t (*text)(const struct process *process, char *text, size_t room); /* NULL: always the same */
    const char *fixed;
} TEXTS[] = {
    {"/proc/self/auxv", .text = auxv_text},
    {"/proc/self/cgroup", .fixed = "0::/\n"},
    {"/proc/self/cmdline", .text = cmdline_text},
    {"/proc/self/environ", .text = environ_text},
    {"/proc/self/io", .text = io_text},
    {"/proc/self/limits", .text = limits_text},
    {"/proc/self/loginuid", .fixed = "4294967295"},
    {"/proc/self/maps", .text = maps_of_self},
    {"/proc/self/mountinfo", .text = mountinfo_text},
    {"/proc/self/mounts", .text = mounts_text},
    {"/proc/self/oom_score", .fixed = "0\n"},
    {"/proc/self/personality", .fixed = "00000000\n"},
    {"/proc/self/smaps", .text = smaps_of_self},
    {"/proc/self/smaps_rollup", .text = smaps_rollup_of_self},
    {"/proc/self/stat", .text = stat_text},
    {"/proc/self/statm", .text = statm_text},
    {"/proc/self/status", .text = status_text},
    {"/proc/self/wchan", .fixed = "0"},
    {"/proc/self/net/dev",
     .fixed = "Inter-|   Receive                                                |  Transmit\n"
              " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
              "fifo colls "
              "carrier compressed\n"
              "    lo:       0       0    0    0    0     0          0         0        0       0    0    0  "
              "  0     0 "
              "      0          0\n"},
    {"/proc/self/net/if_inet6", .fixed = ""},
    {"/proc/self/net/route",
     .fixed = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"},
    {"/proc/self/net/tcp", .fixed = SOCKETS "\n"},
    {"/proc/self/net/tcp6", .fixed = SOCKETS6 "\n"},
    {"/proc/self/net/udp", .fixed = SOCKETS " ref pointer drops\n"},
    {"/proc/self/net/udp6", .fixed = SOCKETS6 " ref pointer drops\n"},
    {"/proc/self/net/unix", .fixed = "Num       RefCount Protocol Flags    Type St Inode Path\n"},
    {"/proc/cgroups", .fixed = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"},
    {"/proc/cmdline", .fixed = "selkie\n"},
    {"/proc/cpuinfo", .text = cpuinfo_text},
    {"/proc/devices",
     .fixed = "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n"
              "\nBlock devices:\n"},
    {"/proc/filesystems",
     .fixed =
         "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevpts\nnodev\tcgroup2\nnodev\toverlay\n\text4\n"},
    {"/proc/loadavg", .text = loadavg_text},
    {"/proc/meminfo", .text = meminfo_text},
    {"/proc/stat", .text = system_stat_text},
    {"/proc/swaps", .fixed = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"},
    {"/proc/uptime", .text = uptime_text},
    {"/proc/version", .fixed = "Linux version 6.1.0-selkie (selkie) #1 Selkie\n"},
    {"/proc/vmstat", .fixed = "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault 0\npgmajfault 0\n"},
    {"/proc/sys/fs/file-max", .fixed = "65536\n"},
    {"/proc/sys/fs/nr_open", .fixed = "65536\n"},
    {"/proc/sys/fs/pipe-max-size", .fixed = "1048576\n"},
    {"/proc/sys/fs/inotify/max_user_watches", .fixed = "0\n"},
    {"/proc/sys/kernel/cap_last_cap", .fixed = "40\n"},
    {"/proc/sys/kernel/domainname", .fixed = "(none)\n"},
    {"/proc/sys/kernel/hostname", .fixed = "selkie\n"},
    {"/proc/sys/kernel/ngroups_max", .fixed = "65536\n"},
    {"/proc/sys/kernel/osrelease", .fixed = "6.1.0-selkie\n"},
    {"/proc/sys/kernel/ostype", .fixed = "Linux\n"},
    {"/proc/sys/kernel/overflowgid", .fixed = "65534\n"},
    {"/proc/sys/kernel/overflowuid", .fixed = "65534\n"},
    {"/proc/sys/kernel/pid_max", .fixed = "4194304\n"},
    {"/proc/sys/kernel/random/boot_id", .text = boot_id_text},
    {"/proc/sys/kernel/random/entropy_avail", .fixed = "256\n"},
    {"/proc/sys/kernel/random/poolsize", .fixed = "256\n"},
    {"/proc/sys/kernel/random/uuid", .text = uuid_text},
    {"/proc/sys/kernel/randomize_va_space", .fixed = "0\n"},
    {"/proc/sys/kernel/threads-max", .fixed = "1024\n"},
    {"/proc/sys/kernel/version", .fixed = "#1 Selkie\n"},
    {"/proc/sys/net/core/somaxconn", .fixed = "4096\n"},
    {"/proc/sys/net/ipv4/ip_local_port_range", .fixed = "32768\t60999\n"},
    {"/proc/sys/vm/max_map_count", .fixed = "65530\n"},
    {"/proc/sys/vm/overcommit_memory", .fixed = "1\n"},
    {"/proc/sys/vm/overcommit_ratio", .fixed = "50\n"},
    {"/proc/sys/vm/swappiness", .fixed = "60\n"},
    {"/sys/devices/system/cpu/online", .fixed = "0\n"},
    {"/sys/devices/system/cpu/possible", .fixed = "0\n"},
    {"/sys/devices/system/cpu/present", .fixed = "0\n"},
    {"/sys/fs/cgroup/cgroup.controllers", .fixed = "memory\n"},
    {"/sys/fs/cgroup/memory.current", .text = memory_used_text},
    {"/sys/fs/cgroup/memory.max", .text = memory_most_text},
    {"/sys/kernel/mm/transparent_hugepage/enabled", .fixed = "always madvise [never]\n"},
};

const char *text_name(unsigned index)
{
    return index < sizeof TEXTS / sizeof *TEXTS ? TEXTS[index].path : NULL;
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

static long text_fill(const struct process *process, size_t index, struct file **file)
{
    long error = text_make(file);
    if (!error) {
        size_t size = TEXTS[index].text
                          ? TEXTS[index].text(process, (*file)->data, TEXT_ROOM)
                          : (size_t)format_text((*file)->data, TEXT_ROOM, "%s", TEXTS[index].fixed);
        (*file)->word[0] = size < TEXT_ROOM ? size : TEXT_ROOM;
    }
    return error;
}

static long descriptor_open(const struct process *process, const char *path, struct file **file)
{
    static const char folder[] = "/proc/self/fdinfo/";
    char text[256];
    uint64_t number = 0;
    if (strncmp(path, folder, sizeof folder - 1) != 0 || !path[sizeof folder - 1]) {
        return -ENOENT;
    }
    for (const char *at = path + sizeof folder - 1; *at; at++) {
        if (*at < '0' || *at > '9' || number > FILES_MAX) {
            return -ENOENT;
        }
        number = 10 * number + (uint64_t)(*at - '0');
    }
    size_t size = descriptor_text(process, number, text, sizeof text);
    return size ? synthetic_text(text, size, file) : -ENOENT;
}

long text_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    for (unsigned i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        if (strcmp(path, TEXTS[i].path) == 0) {
            return (flags & O_ACCMODE) != O_RDONLY ? -EACCES : text_fill(process, i, file);
        }
    }
    return descriptor_open(process, path, file);
}

const char *text_read_all(const struct file *file, size_t *size)
{
    *size = file->word[0];
    return file->kind == &TEXT_KIND ? file->data : NULL;
}

long synthetic_text(const char *text, size_t size, struct file **file)
{
    long error = text_make(file);
    if (!error) {
        (*file)->word[0] = size < TEXT_ROOM ? size : TEXT_ROOM;
        memcpy((*file)->data, text, (*file)->word[0]);
    }
    return error;
}

void text_add(struct file *file, const char *text, size_t size)
{
    size_t room = TEXT_ROOM - file->word[0], count = size < room ? size : room;
    memcpy((char *)file->data + file->word[0], text, count);
    file->word[0] += count;
}
