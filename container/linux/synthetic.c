/* SPDX-License-Identifier: BSD-2-Clause */
/* Which paths are made up, and who makes up what is there: devices, texts, terminals, lists of /proc. */
#include "container/linux/synthetic_parts.h"

#include "container/linux/adjust.h"
#include "container/linux/path.h"
#include "container/linux/path_text.h"
#include "container/linux/proc.h"
#include "container/linux/pty.h"
#include "container/linux/reopen.h"

bool synthetic_covers(const char *path)
{
    if (text_is_under(path, "/dev/shm") && path_has_shm()) {
        return false;
    }
    return text_is_under(path, "/dev") || text_is_under(path, "/proc") || text_is_under(path, "/sys");
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

/* /proc/PID/... of the process itself is /proc/self/... Good until the next call. */
static const char *path_self(const struct process *process, const char *path)
{
    static char self[PATH_ROOM];
    char own[32];
    size_t length = (size_t)format_text(own, sizeof own, "/proc/%d/", process->id);
    if (strncmp(path, own, length) != 0) {
        return path;
    }
    format_text(self, sizeof self, "/proc/self/%s", path + length);
    return self;
}

struct file *synthetic_file(const struct process *process, const char *path)
{
    if (!synthetic_covers(path)) {
        return NULL;
    }
    path = path_self(process, path);
    long number = descriptor_number(path);
    return strcmp(path, "/proc/self/exe") == 0 ? process->program
           : number >= 0                       ? file_of(process, (uint64_t)number)
                                               : NULL;
}

long synthetic_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    path = path_self(process, path);
    long error = device_open(path, flags, file);
    error = error == -ENOENT ? text_open(process, path, flags, file) : error;
    if (error != -ENOENT || adjust_open(process, path, flags, file, &error)) {
        return error;
    }
    if (pty_is_path(path)) {
        return pty_open(process, path, flags, file);
    }
    *file = synthetic_file(process, path);
    if (*file) {
        file_hold(*file);
        return 0;
    }
    return proc_open(process, path, file);
}

long synthetic_link(const struct process *process, const char *path, char to[PATH_ROOM])
{
    path = path_self(process, path);
    const char *target = NULL;
    bool is_descriptor = descriptor_number(path) >= 0;
    struct file *file = synthetic_file(process, path);
    if (file) {
        return file_shown(process, file, to);
    }
    if (strcmp(path, "/proc/self/cwd") == 0) {
        return format_text(to, PATH_ROOM, "%s%s", process->directory,
                           path_working_is_gone() ? " (deleted)" : "");
    } else if (strcmp(path, "/proc/self/root") == 0) {
        target = "/";
    } else if (strcmp(path, "/proc/self") == 0) {
        return format_text(to, PATH_ROOM, "%d", process->id);
    }
    if (!target) {
        return is_descriptor ? -ENOENT : -EINVAL;
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
