/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/PID of other processes of the container. Each writes its own files there (question.h); what a process cannot be
 * asked, because it is busy, hosted or a zombie, is as much as the process server knows.
 */
#include "container/linux/proc.h"

#include <sel4/sel4.h>

#include "container/linux/names.h"
#include "container/linux/path_text.h"
#include "container/linux/pty.h"
#include "container/linux/question.h"
#include "container/linux/server.h"
#include "container/linux/synthetic_parts.h"

long proc_info(int pid, struct process_info *info)
{
    uint64_t word = (uint64_t)pid;
    return server_call(SERVER_INFO, &word, 1, (uint64_t *)info, sizeof *info / sizeof(uint64_t));
}

void proc_list(struct file *folder)
{
    struct process_info info;
    for (long pid = 0; (pid = proc_info((int)pid + 1, &info)) > 0;) {
        names_add_number(folder, NAME_DIRECTORY, pid);
    }
}

/* The process of /proc/PID..., and what follows its number and a slash; 0: it is another path. */
static int process_of(const char *path, const char **rest)
{
    int pid = 0;
    if (strncmp(path, "/proc/", 6) != 0) {
        return 0;
    }
    const char *at = path + 6;
    for (; *at >= '0' && *at <= '9' && pid < 1 << 24; at++) {
        pid = 10 * pid + (*at - '0');
    }
    *rest = at + (*at == '/');
    return *at && *at != '/' ? 0 : pid;
}

bool proc_is_other(const char *path)
{
    const char *rest;
    return process_of(path, &rest) > 0;
}

static size_t stat_of(int pid, const struct process_info *info, char *text, size_t room)
{
    return (size_t)format_text(
        text, room,
        "%d (%s) %c %lu %lu %lu %u %ld 0 0 0 0 0 0 0 0 0 20 0 1 0 %lu %lu %lu "
        "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        pid, info->name, (char)info->state, info->parent, info->group, info->session,
        info->terminal ? pty_device(info->terminal - 1) : 0, info->terminal ? (long)info->foreground : -1L,
        proc_start_ticks(info->start_tsc), info->bytes, info->bytes / PAGE_SIZE);
}

static size_t status_of(int pid, const struct process_info *info, char *text, size_t room)
{
    const char *state = (char)info->state == 'Z'   ? "Z (zombie)"
                        : (char)info->state == 'T' ? "T (stopped)"
                                                   : "S (sleeping)";
    return (size_t)format_text(
        text, room,
        "Name:\t%s\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%lu\nTracerPid:\t0\n"
        "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n"
        "Threads:\t1\n",
        info->name, state, pid, pid, info->parent, info->user, info->user, info->user, info->user,
        info->group_id, info->group_id, info->group_id, info->group_id, info->bytes / 1024,
        info->bytes / 1024);
}

/* What the server knows; -1: nothing of that name. */
static long known_text(int pid, const struct process_info *info, const char *name, char *text, size_t room)
{
    if (strcmp(name, "stat") == 0) {
        return (long)stat_of(pid, info, text, room);
    }
    if (strcmp(name, "status") == 0) {
        return (long)status_of(pid, info, text, room);
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

/* The process says that it runs, since it had to, to answer; what it was before the server knows, or nobody. */
static long answer_open(const char *path, long kind, const struct process_info *info, struct file *text,
                        struct file **file)
{
    size_t size;
    const char *data = text_read_all(text, &size);
    if (kind == ANSWER_TEXT) {
        *file = text;
        return 0;
    }
    *file = kind == ANSWER_NAMES ? names_make(path) : NULL;
    if (*file) {
        names_add_text(*file, data, size);
        names_set_owner(*file, info->user, info->group_id);
    }
    file_release(text);
    return *file ? 0 : kind == ANSWER_NAMES ? -ENOMEM : -ENOENT;
}

/* The directory as the server alone can tell it. */
static long folder_make(const char *path, const struct process_info *info, struct file **file)
{
    static const char *const FILES[] = {"cmdline", "comm", "stat", "statm", "status"};
    *file = names_make(path);
    for (unsigned i = 0; *file && i < sizeof FILES / sizeof *FILES; i++) {
        names_add(*file, NAME_FILE, FILES[i]);
    }
    if (*file) {
        names_set_owner(*file, info->user, info->group_id);
    }
    return *file ? 0 : -ENOMEM;
}

long proc_open(const char *path, struct file **file)
{
    static char text[4096];
    struct process_info info;
    struct file *answer = NULL;
    const char *name;
    int pid = process_of(path, &name);
    if (!pid || proc_info(pid, &info) != pid) {
        return -ENOENT;
    }
    long kind = (char)info.state == 'Z' ? -ENODATA : question_ask(pid, name, false, &answer);
    if (kind > 0) {
        return answer_open(path, kind, &info, answer, file);
    }
    if (kind != -ENODATA) {
        return kind;
    }
    if (!*name) {
        return folder_make(path, &info, file);
    }
    long size = known_text(pid, &info, name, text, sizeof text);
    return size < 0 ? -ENOENT : synthetic_text(text, (size_t)size, file);
}

const char *proc_name_common(const char *name)
{
    const char *rest = strncmp(name, "task/", 5) == 0 ? name + 5 : name;
    if (rest > name) {
        rest += text_component(rest);
        rest += *rest == '/';
    }
    return rest;
}

/* Is it one of the links there? No other path is asked about. */
static bool is_link_name(const char *name)
{
    name = proc_name_common(name);
    return strcmp(name, "exe") == 0 || strcmp(name, "cwd") == 0 || strcmp(name, "root") == 0 ||
           (strncmp(name, "fd/", 3) == 0 && name[3]);
}

long proc_link(const char *path, char to[PATH_ROOM])
{
    struct process_info info;
    struct file *answer = NULL;
    const char *name;
    size_t size;
    int pid = process_of(path, &name);
    if (!pid || !is_link_name(name)) {
        return -EINVAL;
    }
    if (proc_info(pid, &info) != pid) {
        return -ENOENT;
    }
    long kind = (char)info.state == 'Z' ? -ENOENT : question_ask(pid, name, true, &answer);
    if (kind < 0) {
        return kind == -ENODATA ? -EACCES : kind;
    }
    const char *target = text_read_all(answer, &size);
    bool is_good = kind == ANSWER_LINK && size && size < PATH_ROOM;
    if (is_good) {
        memcpy(to, target, size);
        to[size] = '\0';
    }
    file_release(answer);
    return is_good ? (long)size : -ENOENT;
}

/* What every process has, and may be looked at by all. */
static uint16_t mode_of(const char *name)
{
    static const char folder[] = "/proc/self/";
    static const char *const FOLDERS[] = {"", "fd", "fdinfo", "net", "task"};
    const char *path;
    uint16_t mode = 0;
    for (unsigned i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && !mode; i++) {
        mode = strcmp(name, FOLDERS[i]) == 0 ? S_IFDIR | 0555 : 0;
    }
    for (unsigned i = 0; !mode && (path = text_name(i)); i++) {
        bool is_own = strncmp(path, folder, sizeof folder - 1) == 0;
        mode = is_own && strcmp(path + sizeof folder - 1, name) == 0 ? S_IFREG | 0444 : 0;
    }
    return mode;
}

long proc_stat(const char *path, struct statx *status)
{
    struct process_info info;
    const char *name;
    int pid = process_of(path, &name);
    uint16_t mode = pid ? mode_of(name) : 0;
    if (!mode || proc_info(pid, &info) != pid) {
        return -ENOENT;
    }
    *status = (struct statx){.mode = mode,
                             .links = (mode & S_IFMT) == S_IFREG ? 1
                                      : *name                    ? 2
                                                                 : 9,
                             .user = info.user,
                             .group = info.group_id};
    names_status(path, status);
    return 0;
}
