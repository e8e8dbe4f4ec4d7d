/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/PID/oom_score_adj: a number that a process and others read and write. The process server keeps it; no process
 * is chosen by it, since a container without memory ends the process that asks for more.
 */
#include "container/linux/adjust.h"

#include "container/linux/identity.h"
#include "container/linux/server.h"

enum {
    LEAST = -1000,
    MOST = 1000,
    TEXT = 24
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t adjust_get(uint64_t pid)
{
    uint64_t value = 0;
    (void)server_call(SERVER_ADJUST, (const uint64_t[]){pid, 0, 0}, 3, &value, 1);
    return (int64_t)value;
}

static long adjust_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    char text[TEXT];
    uint64_t length = (uint64_t)format_text(text, sizeof text, "%ld\n", adjust_get(file->word[0]));
    uint64_t at = offset < 0 ? file->position : (uint64_t)offset;
    uint64_t left = at < length ? length - at : 0, count = left < size ? left : size;
    memcpy((void *)to, text + at, count);
    file->position += offset < 0 ? count : 0;
    return (long)count;
}

/* A number, whatever white space is around it. False: it is none. */
static bool number_parse(const char *text, uint64_t size, int64_t *number)
{
    uint64_t at = 0;
    while (at < size && text[at] == ' ') {
        at++;
    }
    bool is_negative = at < size && text[at] == '-';
    at += is_negative || (at < size && text[at] == '+');
    uint64_t first = at;
    for (*number = 0; at < size && is_digit(text[at]) && *number <= MOST; at++) {
        *number = 10 * *number + (text[at] - '0');
    }
    *number = is_negative ? -*number : *number;
    bool is_there = at > first;
    while (at < size && (text[at] == ' ' || text[at] == '\n' || !text[at])) {
        at++;
    }
    return is_there && at == size;
}

static long adjust_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    int64_t value;
    (void)offset;
    if (size >= TEXT || !number_parse((const char *)from, size, &value) || value < LEAST || value > MOST) {
        return -EINVAL;
    }
    if (value < adjust_get(file->word[0]) && identity_user() != 0) {
        return -EACCES;
    }
    long error = SERVER(SERVER_ADJUST, file->word[0], 1, (uint64_t)value);
    return error ? error : (long)size;
}

static long adjust_seek(struct file *file, int64_t offset, unsigned whence)
{
    if (whence > 1 || (int64_t)(whence ? file->position : 0) + offset < 0) {
        return -EINVAL;
    }
    file->position = (whence ? file->position : 0) + (uint64_t)offset;
    return (long)file->position;
}

static long adjust_stat(struct file *file, struct statx *status)
{
    *status =
        (struct statx){.mode = S_IFREG | 0644, .links = 1, .block_size = 1024, .inode = 3 + file->word[0]};
    return 0;
}

static const struct file_kind ADJUST_KIND = {
    .name = "/proc", .read = adjust_read, .write = adjust_write, .seek = adjust_seek, .stat = adjust_stat};

/* The process that the path is about; 0: it is another path. */
static uint64_t path_process(const struct process *process, const char *path)
{
    static const char self[] = "/proc/self", folder[] = "/proc/", name[] = "/oom_score_adj";
    uint64_t pid = (uint64_t)process->id;
    if (strncmp(path, self, sizeof self - 1) == 0) {
        path += sizeof self - 1;
    } else if (strncmp(path, folder, sizeof folder - 1) == 0 && is_digit(path[sizeof folder - 1])) {
        path += sizeof folder - 1;
        for (pid = 0; is_digit(*path) && pid < 1u << 24; path++) {
            pid = 10 * pid + (uint64_t)(*path - '0');
        }
    }
    return strcmp(path, name) == 0 ? pid : 0;
}

bool adjust_open(const struct process *process, const char *path, unsigned flags, struct file **file,
                 long *error)
{
    uint64_t pid = path_process(process, path);
    if (!pid) {
        return false;
    }
    *error = SERVER(SERVER_ADJUST, pid, 0, 0) ? -ENOENT : 0;
    *file = *error ? NULL : file_make(&ADJUST_KIND, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    if (*file) {
        (*file)->word[0] = pid;
    } else if (!*error) {
        *error = -ENOMEM;
    }
    return true;
}
