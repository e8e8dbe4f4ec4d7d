/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File descriptors. Interrupted calls are repeated, except where waiting is the point.
 */
#define _GNU_SOURCE
#include "host/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host/map.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u /* Linux 6.3: say so where memory files are not executable by default */
#endif

enum {
    PUNCH_SIZE = 64 * 1024, /* from here on, giving memory back is cheaper than clearing it */
    BLANK_PIECES = 8        /* of memory that was used, before asking for more is not worth it */
};

void fd_close_at(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int memory_sized(int made, const char *name, uint64_t size, struct diag *diag)
{
    HOST_FD int fd = made;
    if (fd < 0)
        return diag_errno(diag, errno, "cannot make the memory file '%s'", name);
    if (ftruncate(fd, (off_t)size) < 0)
        return diag_errno(diag, errno, "cannot give the memory file '%s' %llu bytes", name,
                          (unsigned long long)size);
    return fd_take(&fd);
}

int fd_memory(const char *name, uint64_t size, struct diag *diag)
{
    return memory_sized(memfd_create(name, MFD_CLOEXEC), name, size, diag);
}

static int executable_create(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_EXEC);
    return fd >= 0 || errno != EINVAL ? fd : memfd_create(name, MFD_CLOEXEC);
}

int fd_memory_executable(const char *name, uint64_t size, struct diag *diag)
{
    return memory_sized(executable_create(name), name, size, diag);
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        bytes += done;
        size -= (size_t)done;
    }
    return 0;
}

int fd_memory_program(const char *name, const void *image, size_t size, struct diag *diag)
{
    HOST_FD int fd = executable_create(name);
    if (fd < 0)
        return diag_errno(diag, errno, "cannot make an executable memory file '%s'", name);
    int error = write_all(fd, image, size);
    if (error)
        return diag_errno(diag, error, "cannot write the memory file '%s'", name);
    return fd_take(&fd);
}

int fd_punch(int fd, uint64_t offset, uint64_t size)
{
    int result;
    do
        result = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

void fd_clear(int fd, unsigned char *memory, uint64_t offset, uint64_t size)
{
    const uint64_t page_mask = HOST_PAGE - 1;
    uint64_t first = (offset + page_mask) & ~page_mask, end = offset + size, last = end & ~page_mask;
    /* The file is shared, so a hole shows through every mapping of it. */
    if (size < PUNCH_SIZE || fd_punch(fd, first, last - first) < 0) {
        memset(memory + offset, 0, size);
        return;
    }
    memset(memory + offset, 0, first - offset);
    memset(memory + last, 0, end - last);
}

uint64_t fd_blank_from(int fd, uint64_t start, uint64_t end)
{
    uint64_t at = start;
    for (unsigned i = 0; i < BLANK_PIECES; i++) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        if (data < 0 ? errno == ENXIO : (uint64_t)data >= end)
            return at;
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (hole < 0 || (uint64_t)hole >= end)
            break;
        at = (uint64_t)hole;
    }
    return end;
}

int fd_event(struct diag *diag)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? diag_errno(diag, errno, "cannot make an event descriptor") : fd;
}

void fd_event_set(int fd)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof(one)); /* a full counter is readable, which is what we want */
    (void)ignored;
    errno = saved;
}

void fd_event_clear(int fd)
{
    uint64_t count;
    ssize_t ignored = read(fd, &count, sizeof(count)); /* EAGAIN: nothing was set */
    (void)ignored;
}

int fd_wait(struct pollfd *fds, unsigned count, uint64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                               .tv_nsec = (long)(timeout_ns % 1000000000u)};
    int ready = ppoll(fds, count, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    return ready;
}

void fd_limit_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* without it there are fewer, that is all */
    }
}

uint64_t fd_read_number(const char *path, uint64_t otherwise)
{
    HOST_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return otherwise;
    char text[32];
    ssize_t length = read(fd, text, sizeof(text) - 1);
    if (length <= 0)
        return otherwise;
    text[length] = 0;
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return end == text ? otherwise : value;
}
