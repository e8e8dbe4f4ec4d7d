/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/self/task: the threads of a process, and their names, which can be written (pthread_setname_np(3) writes those of
 * other threads there).
 */
#include "container/linux/loader.h"
#include "container/linux/names.h"
#include "container/linux/path_text.h"
#include "container/linux/proc.h"
#include "container/linux/synthetic.h"
#include "container/linux/texts.h"

enum {
    TEXT = 8192
};

static const char TASK[] = "/proc/self/task/";
static const char *const OWN[] = {"comm", "stat", "status"};

bool proc_task_has(const char *name)
{
    bool has = false;
    for (unsigned i = 0; i < sizeof OWN / sizeof *OWN; i++) {
        has |= strcmp(name, OWN[i]) == 0;
    }
    return has;
}

/* The thread below whose directory `path` is, and what follows its number; NULL: there is none. */
static struct thread *thread_of(const struct process *process, const char *path, const char **rest)
{
    int id = 0;
    if (strncmp(path, TASK, sizeof TASK - 1) != 0) {
        return NULL;
    }
    const char *at = path + sizeof TASK - 1;
    for (; *at >= '0' && *at <= '9' && id < 1 << 24; at++) {
        id = 10 * id + (*at - '0');
    }
    struct thread *thread = id && (!*at || *at == '/') ? thread_find(id) : NULL;
    *rest = at + (*at == '/');
    return thread && thread->process == process ? thread : NULL;
}

bool proc_task_list(const struct process *process, const char *folder, struct file *file)
{
    const char *rest;
    const struct thread *thread = thread_of(process, folder, &rest);
    if (!thread || *rest) {
        return false;
    }
    names_add(file, NAME_DIRECTORY, "fd");
    names_add(file, NAME_DIRECTORY, "fdinfo");
    for (unsigned i = 0; i < sizeof OWN / sizeof *OWN; i++) {
        names_add(file, NAME_FILE, OWN[i]);
    }
    static const char *const LINKS[] = {"cwd", "exe", "root"};
    for (unsigned i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
        names_add(file, NAME_LINK, LINKS[i]);
    }
    return true;
}

/* The name of the thread that the file, whose word[0] says which, is about. The first one has the process'. */
static char *name_of(const struct file *file)
{
    struct thread *thread = thread_find((int)file->word[0]);
    return !thread ? NULL : thread->id == thread->process->id ? thread->process->name : thread->name;
}

static long name_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    char text[24];
    const char *name = name_of(file);
    if (!name) {
        return -ESRCH;
    }
    uint64_t length = (uint64_t)format_text(text, sizeof text, "%s\n", name);
    uint64_t at = offset < 0 ? file->position : (uint64_t)offset;
    uint64_t left = at < length ? length - at : 0, count = left < size ? left : size;
    memcpy((void *)to, text + at, count);
    file->position += offset < 0 ? count : 0;
    return (long)count;
}

static long name_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    enum {
        ROOM = 16 /* of names in struct process and struct thread */
    };
    (void)offset;
    char *name = name_of(file);
    if (!name) {
        return -ESRCH;
    }
    uint64_t count = size < ROOM - 1 ? size : ROOM - 1;
    memset(name, 0, ROOM);
    memcpy(name, (const char *)from, count);
    const struct thread *thread = thread_find((int)file->word[0]);
    if (thread->id == thread->process->id) {
        process_title_tell(thread->process);
    }
    return (long)size;
}

static long name_seek(struct file *file, int64_t offset, unsigned whence)
{
    if (whence > 1 || (int64_t)(whence ? file->position : 0) + offset < 0) {
        return -EINVAL;
    }
    file->position = (whence ? file->position : 0) + (uint64_t)offset;
    return (long)file->position;
}

static long name_stat(struct file *file, struct statx *status)
{
    *status = (struct statx){.mode = S_IFREG | 0644, .links = 1};
    names_status(file->path ? file->path : "", status);
    return 0;
}

static const struct file_kind NAME_KIND = {
    .name = "/proc", .read = name_read, .write = name_write, .seek = name_seek, .stat = name_stat};

static long name_open(int thread, unsigned flags, struct file **file)
{
    *file = file_make(&NAME_KIND, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    if (*file) {
        (*file)->word[0] = (uint64_t)thread;
    }
    return *file ? 0 : -ENOMEM;
}

static long text_make(const struct thread *thread, const char *name, struct file **file)
{
    static char text[TEXT] SCRATCH;
    size_t size = strcmp(name, "stat") == 0 ? thread_stat_text(thread->process, thread, text, sizeof text)
                                            : thread_status_text(thread->process, thread, text, sizeof text);
    return synthetic_text(text, size, file);
}

bool proc_task_open(const struct process *process, const char *path, unsigned flags, struct file **file,
                    long *error)
{
    const char *rest = "";
    const struct thread *thread = thread_of(process, path, &rest);
    if (strcmp(path, "/proc/self/comm") == 0) {
        *error = name_open(process->id, flags, file);
    } else if (!thread || !proc_task_has(rest)) {
        return false;
    } else if (strcmp(rest, "comm") == 0) {
        *error = name_open(thread->id, flags, file);
    } else {
        *error = (flags & O_ACCMODE) != O_RDONLY ? -EACCES : text_make(thread, rest, file);
    }
    return true;
}
