/* SPDX-License-Identifier: BSD-2-Clause */
/* Links of /proc and /dev: those that are always the same, and those that say what a process has open or is in. */
#include "container/linux/synthetic_parts.h"

#include "container/linux/path.h"
#include "container/linux/proc.h"
#include "container/linux/reopen.h"

static const struct {
    const char *path, *target;
} LINKS[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
    {"/proc/mounts", "self/mounts"},    {"/proc/net", "self/net"},
    {"/proc/thread-self", NULL},        {"/proc/self", NULL},
    {"/proc/self/cwd", NULL},           {"/proc/self/exe", NULL},
    {"/proc/self/root", NULL},
};

const char *link_name(unsigned index)
{
    return index < sizeof LINKS / sizeof *LINKS ? LINKS[index].path : NULL;
}

long descriptor_number(const char *path)
{
    static const char *const FOLDERS[] = {"/proc/self/fd/", "/dev/fd/"};
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

static const char *fixed_target(const char *path)
{
    const char *target = NULL;
    for (unsigned i = 0; i < sizeof LINKS / sizeof *LINKS && !target; i++) {
        target = strcmp(path, LINKS[i].path) == 0 ? LINKS[i].target : NULL;
    }
    return target;
}

static long target_write(char to[PATH_ROOM], const char *target)
{
    memcpy(to, target, strlen(target) + 1);
    return (long)strlen(target);
}

long link_target(const struct process *process, const char *path, char to[PATH_ROOM])
{
    const char *fixed = fixed_target(path);
    if (fixed) {
        return target_write(to, fixed);
    }
    if (strcmp(path, "/proc/thread-self") == 0) {
        int thread = thread_current ? thread_current->id : process->id;
        return format_text(to, PATH_ROOM, "%d/task/%d", process->id, thread);
    }
    if (strcmp(path, "/proc/self/exe") == 0) {
        return process->program ? file_shown(process, process->program, to) : -ENOENT;
    }
    if (strcmp(path, "/proc/self/cwd") == 0) {
        return format_text(to, PATH_ROOM, "%s%s", process->directory,
                           path_working_is_gone() ? " (deleted)" : "");
    }
    if (strcmp(path, "/proc/self/root") == 0) {
        return target_write(to, "/");
    }
    long number = descriptor_number(path);
    if (number >= 0) {
        struct file *file = file_of(process, (uint64_t)number);
        return file ? file_shown(process, file, to) : -ENOENT;
    }
    return proc_link(path, to);
}

/* Where a link only names what is open, it is that which is meant, unless something below it is asked for. */
static bool is_way(const struct process *process, const char *path)
{
    static const char *const WAYS[] = {"/proc/thread-self", "/proc/self/cwd", "/proc/self/root"};
    bool is = fixed_target(path) != NULL;
    for (unsigned i = 0; i < sizeof WAYS / sizeof *WAYS && !is; i++) {
        is = strcmp(path, WAYS[i]) == 0;
    }
    long number = is ? -1 : descriptor_number(path);
    const struct file *file = number >= 0 ? file_of(process, (uint64_t)number) : NULL;
    return is || (file && file->path && file_is_directory(file));
}

long synthetic_way(const struct process *process, const char *path, char to[PATH_ROOM])
{
    path = synthetic_normal(process, path);
    if (!is_way(process, path) && !proc_is_other(path)) {
        return 0;
    }
    long length = link_target(process, path, to);
    return length > 0 && (to[0] == '/' || !proc_is_other(path)) ? length : 0;
}

/* In octal, behind "flags:" in /proc/PID/fdinfo/N; those of a file that can be read and written if it does not say. */
static unsigned flags_read(const char *text, size_t size)
{
    static const char field[] = "flags:\t";
    unsigned flags = 0;
    for (size_t i = 0; i + sizeof field <= size; i++) {
        if (memcmp(text + i, field, sizeof field - 1) == 0) {
            for (i += sizeof field - 1; i < size && text[i] >= '0' && text[i] <= '7'; i++) {
                flags = flags << 3 | (unsigned)(text[i] - '0');
            }
            return flags;
        }
    }
    return O_RDWR;
}

/* Of a descriptor of this process or another; false: the path is none. */
static bool flags_of(const struct process *process, const char *path, unsigned *flags)
{
    static char info[PATH_ROOM];
    const struct file *own =
        descriptor_number(path) >= 0 ? file_of(process, (uint64_t)descriptor_number(path)) : NULL;
    size_t length = strlen(path), name = length;
    while (name > 0 && path[name - 1] != '/') {
        name--;
    }
    *flags = own ? own->flags : O_RDWR;
    if (own || !proc_is_other(path) || name < 4 || strncmp(path + name - 4, "/fd/", 4) != 0) {
        return own;
    }
    struct file *file;
    size_t size;
    format_text(info, sizeof info, "%s", path);
    format_text(info + name - 1, sizeof info - name, "info/%s", path + name);
    if (proc_open(info, &file) == 0) {
        const char *text = text_read_all(file, &size);
        *flags = text ? flags_read(text, size) : *flags;
        file_release(file);
    }
    return true;
}

uint16_t synthetic_link_mode(const struct process *process, const char *path)
{
    static char normal[PATH_ROOM];
    unsigned flags;
    const char *found = synthetic_normal(process, path);
    memcpy(normal, found, strlen(found) + 1);
    if (descriptor_number(path) >= 0 && path[1] == 'd') { /* /dev/fd/N leads to the other */
        return S_IFLNK | 0777;
    }
    if (!flags_of(process, normal, &flags)) {
        return S_IFLNK | 0777;
    }
    unsigned access = flags & O_ACCMODE;
    return (uint16_t)(S_IFLNK | 0100 | (access != O_WRONLY ? 0400 : 0) | (access != O_RDONLY ? 0200 : 0));
}
