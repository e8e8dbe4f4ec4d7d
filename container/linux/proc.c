/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc as a list of processes: directories and what is known of other processes, as the process server tells it.
 * What a process knows of itself is synthetic_text.c's. Directories are lists of names that are made when opened.
 */
#include "container/linux/proc.h"

#include <sel4/sel4.h>

#include "container/linux/heap.h"
#include "container/linux/pty.h"
#include "container/linux/server.h"
#include "container/linux/synthetic.h"

enum {
    LIST_ROOM = 65536,
    NAME_TRIES = 100,
    ENTRY_HEADER = 19, /* of struct linux_dirent64 */
    TYPE_DIRECTORY = 4,
    TYPE_FILE = 8,
    TYPE_LINK = 10
};

/* What SERVER_INFO says. */
struct process_info {
    uint64_t parent, group, session, state, bytes, start_tsc, arguments_size, terminal, foreground;
    char name[SERVER_NAME_SIZE];
    char arguments[SERVER_ARGUMENTS_SIZE];
};

/* The process with the lowest id from `pid` on: its id, or -ESRCH. */
static long info_get(int pid, struct process_info *info)
{
    uint64_t word = (uint64_t)pid;
    return server_call(SERVER_INFO, &word, 1, (uint64_t *)info, sizeof *info / sizeof(uint64_t));
}

/* Names in `data`, each behind a byte with its type; word[0] their size; the position is that of the next one. */
static long list_read(struct file *file, uint64_t to, uint64_t size)
{
    const char *text = file->data;
    uint64_t done = 0;
    while (file->position < file->word[0]) {
        const char *name = text + file->position + 1;
        uint64_t length = strlen(name), next = file->position + length + 2;
        uint16_t record = (uint16_t)((ENTRY_HEADER + length + 1 + 7) & ~7ul);
        if (done + record > size) {
            return done ? (long)done : -EINVAL;
        }
        unsigned char *entry = (unsigned char *)(to + done);
        uint64_t inode = 2 + file->position;
        memset(entry, 0, record);
        memcpy(entry, &inode, sizeof inode);
        memcpy(entry + 8, &next, sizeof next);
        memcpy(entry + 16, &record, sizeof record);
        entry[18] = (unsigned char)text[file->position];
        memcpy(entry + ENTRY_HEADER, name, length);
        done += record;
        file->position = next;
    }
    return (long)done;
}

static long list_seek(struct file *file, int64_t offset, unsigned whence)
{
    if (whence != 0 || offset < 0 || (uint64_t)offset > file->word[0]) {
        return -EINVAL;
    }
    file->position = (uint64_t)offset;
    return offset;
}

static long list_stat(struct file *file, struct statx *status)
{
    *status =
        (struct statx){.mode = S_IFDIR | 0555, .links = 2, .block_size = 1024, .inode = file->word[1] + 1};
    return 0;
}

static void list_close(struct file *file)
{
    heap_free(file->data, LIST_ROOM);
}

static const struct file_kind LIST_KIND = {
    .name = "/proc", .list = list_read, .seek = list_seek, .stat = list_stat, .close = list_close};

void names_add(struct file *file, char type, const char *name)
{
    size_t size = strlen(name) + 1;
    char *text = file->data;
    if (file->word[0] + size + 1 <= LIST_ROOM) {
        text[file->word[0]] = type;
        memcpy(text + file->word[0] + 1, name, size);
        file->word[0] += size + 1;
    }
}

struct file *names_make(uint64_t number)
{
    struct file *file = file_make(&LIST_KIND, O_RDONLY | O_DIRECTORY);
    if (!file) {
        return NULL;
    }
    file->data = heap_alloc(LIST_ROOM);
    if (!file->data) {
        file_release(file);
        return NULL;
    }
    file->word[1] = number;
    names_add(file, TYPE_DIRECTORY, ".");
    names_add(file, TYPE_DIRECTORY, "..");
    return file;
}

static void number_add(struct file *file, char type, long number)
{
    char name[24];
    format_text(name, sizeof name, "%ld", number);
    names_add(file, type, name);
}

static void processes_list(struct file *file)
{
    static const char *const FILES[] = {"meminfo", "mounts", "stat", "uptime", "cpuinfo", "filesystems"};
    struct process_info info;
    names_add(file, TYPE_LINK, "self");
    for (unsigned i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        names_add(file, TYPE_FILE, FILES[i]);
    }
    for (long pid = 0; (pid = info_get((int)pid + 1, &info)) > 0;) {
        number_add(file, TYPE_DIRECTORY, pid);
    }
}

static void process_list(struct file *file, bool is_self)
{
    static const char *const FILES[] = {"cmdline", "comm", "oom_score_adj", "stat", "statm", "status"};
    static const char *const OWN[] = {"environ", "maps", "mounts", "smaps", "smaps_rollup"};
    for (unsigned i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        names_add(file, TYPE_FILE, FILES[i]);
    }
    for (unsigned i = 0; is_self && i < sizeof OWN / sizeof *OWN; i++) {
        names_add(file, TYPE_FILE, OWN[i]);
    }
    if (is_self) {
        names_add(file, TYPE_LINK, "exe");
        names_add(file, TYPE_LINK, "cwd");
        names_add(file, TYPE_DIRECTORY, "fd");
    }
}

static void descriptors_list(const struct process *process, struct file *file)
{
    for (unsigned fd = 0; fd < process->files->room; fd++) {
        if (process->files->descriptor[fd].file) {
            number_add(file, TYPE_LINK, fd);
        }
    }
}

/* The number that `path` goes on with, and what follows it; -1: none. */
static int number_read(const char **path)
{
    int number = 0;
    const char *at = *path;
    for (; *at >= '0' && *at <= '9' && number < 1 << 24; at++) {
        number = 10 * number + (*at - '0');
    }
    if (at == *path || (*at && *at != '/')) {
        return -1;
    }
    *path = at;
    return number;
}

static size_t stat_text(int pid, const struct process_info *info, char *text, size_t room)
{
    return (size_t)format_text(
        text, room,
        "%d (%s) %c %lu %lu %lu %u %ld 0 0 0 0 0 0 0 0 0 20 0 1 0 0 %lu %lu "
        "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        pid, info->name, (char)info->state, info->parent, info->group, info->session,
        info->terminal ? pty_device(info->terminal - 1) : 0, info->terminal ? (long)info->foreground : -1L,
        info->bytes, info->bytes / PAGE_SIZE);
}

static size_t status_text(int pid, const struct process_info *info, char *text, size_t room)
{
    const char *state = (char)info->state == 'Z'   ? "Z (zombie)"
                        : (char)info->state == 'T' ? "T (stopped)"
                                                   : "S (sleeping)";
    return (size_t)format_text(text, room,
                               "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%lu\nUid:\t0\t0\t0\t0\n"
                               "Gid:\t0\t0\t0\t0\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t1\n",
                               info->name, state, pid, pid, info->parent, info->bytes / 1024,
                               info->bytes / 1024);
}

/* The same, as it is now: what a process writes into its memory nobody else sees, so it is asked. */
static long info_get_new(int pid, struct process_info *info)
{
    uint64_t word = (uint64_t)pid;
    long found = info_get(pid, info);
    if (found == pid && server_call(SERVER_ASK_NAME, &word, 1, NULL, 0) == 0) {
        info->state = SERVER_NAME_IS_OLD;
        for (unsigned i = 0; i < NAME_TRIES && found == pid && info->state & SERVER_NAME_IS_OLD; i++) {
            seL4_Yield(); /* to its personality */
            found = info_get(pid, info);
        }
    }
    return found;
}

/* A text about another process; -1: there is none of that name. */
static long other_text(int pid, const struct process_info *info, const char *name, char *text, size_t room)
{
    if (strcmp(name, "stat") == 0) {
        return (long)stat_text(pid, info, text, room);
    }
    if (strcmp(name, "status") == 0) {
        return (long)status_text(pid, info, text, room);
    }
    if (strcmp(name, "comm") == 0) {
        return format_text(text, room, "%s\n", info->name);
    }
    if (strcmp(name, "statm") == 0) {
        return format_text(text, room, "%lu %lu 0 0 0 0 0\n", info->bytes / PAGE_SIZE,
                           info->bytes / PAGE_SIZE);
    }
    if (strcmp(name, "cmdline") == 0) {
        memcpy(text, info->arguments, info->arguments_size);
        return (char)info->state == 'Z' ? 0 : (long)info->arguments_size;
    }
    return -1;
}

static long folder_open(const struct process *process, const char *rest, int pid, struct file **file)
{
    bool is_self = pid == process->id, is_descriptors = is_self && strcmp(rest, "/fd") == 0;
    if (*rest && !is_descriptors) {
        return -ENOENT;
    }
    *file = names_make((uint64_t)pid);
    if (!*file) {
        return -ENOMEM;
    }
    if (is_descriptors) {
        descriptors_list(process, *file);
    } else {
        process_list(*file, is_self);
    }
    return 0;
}

long proc_open(const struct process *process, const char *path, struct file **file)
{
    static char text[4096];
    struct process_info info;
    if (strcmp(path, "/proc") == 0) {
        *file = names_make(0);
        if (*file) {
            processes_list(*file);
        }
        return *file ? 0 : -ENOMEM;
    }
    if (strncmp(path, "/proc/", 6) != 0) {
        return -ENOENT;
    }
    bool is_self = strncmp(path, "/proc/self", 10) == 0 && (!path[10] || path[10] == '/');
    const char *rest = is_self ? path + 10 : path + 6;
    int pid = is_self ? process->id : number_read(&rest);
    if (pid <= 0 || (!is_self && pid != process->id && info_get_new(pid, &info) != pid)) {
        return -ENOENT;
    }
    rest += strcmp(rest, "/") == 0;
    if (!*rest || is_self || pid == process->id) {
        return folder_open(process, rest, pid, file);
    }
    long size = other_text(pid, &info, rest + 1, text, sizeof text);
    return size < 0 ? -ENOENT : synthetic_text(text, (size_t)size, file);
}
