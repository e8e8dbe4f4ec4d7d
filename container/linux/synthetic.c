/* SPDX-License-Identifier: BSD-2-Clause */
/* Which paths are made up, and who makes up what is there: devices, texts, terminals, directories, other processes. */
#include "container/linux/synthetic_parts.h"

#include "container/linux/adjust.h"
#include "container/linux/names.h"
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

static bool asks_directory(const char *path)
{
    size_t length = strlen(path);
    return length > 1 && (path[length - 1] == '/' || strcmp(path + length - 2, "/.") == 0);
}

/* What a thread has in common with its process is found there. */
static void task_skip(char *path)
{
    static const char task[] = "/proc/self/task/";
    if (strncmp(path, task, sizeof task - 1) != 0) {
        return;
    }
    const char *rest = path + sizeof task - 1;
    rest += text_component(rest);
    if (*rest && !proc_task_has(rest + 1)) {
        memmove(path + sizeof "/proc/self" - 1, rest, strlen(rest) + 1);
    }
}

const char *synthetic_normal(const struct process *process, const char *path)
{
    static char normal[PATH_ROOM];
    char own[32];
    size_t length = (size_t)format_text(own, sizeof own, "/proc/%d", process->id);
    if (text_is_under(path, own)) {
        format_text(normal, sizeof normal, "/proc/self%s", path + length);
    } else {
        memmove(normal, path, strlen(path) + 1);
    }
    while (asks_directory(normal)) {
        text_drop(normal);
    }
    task_skip(normal);
    return normal;
}

void synthetic_settle(const struct process *process, char path[PATH_ROOM])
{
    const char *normal = synthetic_normal(process, path);
    bool is_self = text_is_under(normal, "/proc/self");
    size_t skip = is_self ? sizeof "/proc/self" - 1 : 0;
    size_t length = is_self ? (size_t)format_text(path, PATH_ROOM, "/proc/%d", process->id) : 0;
    if (length + strlen(normal) - skip + 1 <= PATH_ROOM) {
        memcpy(path + length, normal + skip, strlen(normal) - skip + 1);
    }
}

struct file *synthetic_file(const struct process *process, const char *path)
{
    if (!synthetic_covers(path)) {
        return NULL;
    }
    path = synthetic_normal(process, path);
    long number = descriptor_number(path);
    return strcmp(path, "/proc/self/exe") == 0 ? process->program
           : number >= 0                       ? file_of(process, (uint64_t)number)
                                               : NULL;
}

static long file_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    long error = device_open(path, flags, file);
    error = error == -ENOENT ? text_open(process, path, flags, file) : error;
    if (error != -ENOENT || adjust_open(process, path, flags, file, &error) ||
        proc_task_open(process, path, flags, file, &error)) {
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
    error = folder_open(process, path, file);
    return error == -ENOENT ? proc_open(path, file) : error;
}

/* Files that no one else has opened know where they are, whoever asks. */
static void path_tell(const struct process *process, const char *normal, struct file *file)
{
    static char path[PATH_ROOM];
    if (!file->path && descriptor_number(normal) < 0) {
        memcpy(path, normal, strlen(normal) + 1);
        synthetic_settle(process, path);
        file_set_path(file, path);
    }
}

/* Nothing is there: below a file, that is another error. */
static long absence(const struct process *process, const char *path)
{
    static char above[PATH_ROOM];
    static struct statx status;
    size_t length = strlen(path) + 1;
    memmove(above, path, length);
    text_drop(above);
    if (!above[1] || !synthetic_covers(above)) {
        return -ENOENT;
    }
    long error = synthetic_stat(process, above, &status);
    return error ? error : (status.mode & S_IFMT) == S_IFDIR ? -ENOENT : -ENOTDIR;
}

long synthetic_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    bool is_directory = asks_directory(path);
    path = synthetic_normal(process, path);
    long error = file_open(process, path, flags, file);
    if (error) {
        return error == -ENOENT ? absence(process, path) : error;
    }
    path_tell(process, path, *file);
    if (file_is_directory(*file)) {
        error = (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH) ? -EISDIR : 0;
    } else {
        error = is_directory ? -ENOTDIR : 0;
    }
    if (error) {
        file_release(*file);
    }
    return error;
}

long synthetic_link(const struct process *process, const char *path, char to[PATH_ROOM])
{
    static struct statx status;
    if (strcmp(path, "/proc/self") == 0) {
        return format_text(to, PATH_ROOM, "%d", process->id);
    }
    long length = asks_directory(path) ? -EINVAL : link_target(process, synthetic_normal(process, path), to);
    return length == -EINVAL && synthetic_stat(process, path, &status) ? -ENOENT : length;
}

long synthetic_stat(const struct process *process, const char *path, struct statx *status)
{
    struct file *file;
    bool is_directory = asks_directory(path);
    path = synthetic_normal(process, path);
    if (pty_is_path(path)) {
        long error = pty_stat_path(process, path, status);
        return error ? error : is_directory && (status->mode & S_IFMT) != S_IFDIR ? -ENOTDIR : 0;
    }
    long error = proc_stat(path, status);
    if (error != -ENOENT) {
        return error;
    }
    error = file_open(process, path, O_RDONLY, &file);
    if (error) {
        return error == -ENOENT ? absence(process, path) : error;
    }
    path_tell(process, path, file);
    error = file->kind->stat ? file->kind->stat(file, status) : -ENOENT;
    file_release(file);
    return error ? error : is_directory && (status->mode & S_IFMT) != S_IFDIR ? -ENOTDIR : 0;
}
