/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files: regular ones, pipes, terminals; and what sockets and timers answer as well. See selkie/host.h. */
#ifndef SELKIE_HOST_FILE_H
#define SELKIE_HOST_FILE_H

#include <selkie/host_call.h>
#include <selkie/host_linux.h>

#define SELKIE_HOST_AT_POSITION (-1L) /* an offset: where the file's own position is, which moves */

/* Put the file on the ready list once, with `token`, when one of `events` (SELKIE_EPOLL…) is or becomes true, and
 * signal the notification of the set. Then watch again. -SELKIE_EPERM: a regular file is always ready. */
static inline long selkie_host_file_watch(seL4_CPtr file, seL4_CPtr ready_set, seL4_Word events,
                                          seL4_Word token)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_WATCH, ready_set, NULL, events, token);
}

/* Take it off its set and off the list. */
static inline long selkie_host_file_unwatch(seL4_CPtr file)
{
    return selkie_host_file_watch(file, seL4_CapNull, 0, 0);
}

/* Those of `events` that are true now. */
static inline long selkie_host_file_poll(seL4_CPtr file, seL4_Word events)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_POLL, seL4_CapNull, NULL, events);
}

/* Bytes read, 0 at the end. `flags`: RWF_ of preadv2. May do less than asked, as may all that moves data. */
static inline long selkie_host_file_read_at(seL4_CPtr file, void *buffer, seL4_Word size, long offset,
                                            seL4_Word flags)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_READ, seL4_CapNull, NULL, selkie_host_address(buffer), size,
                              (seL4_Word)offset, flags);
}

static inline long selkie_host_file_read(seL4_CPtr file, void *buffer, seL4_Word size)
{
    return selkie_host_file_read_at(file, buffer, size, SELKIE_HOST_AT_POSITION, 0);
}

/* Bytes written. */
static inline long selkie_host_file_write_at(seL4_CPtr file, const void *buffer, seL4_Word size, long offset,
                                             seL4_Word flags)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_WRITE, seL4_CapNull, NULL, selkie_host_address(buffer), size,
                              (seL4_Word)offset, flags);
}

static inline long selkie_host_file_write(seL4_CPtr file, const void *buffer, seL4_Word size)
{
    return selkie_host_file_write_at(file, buffer, size, SELKIE_HOST_AT_POSITION, 0);
}

/* The new position. */
static inline long selkie_host_file_seek(seL4_CPtr file, long offset, seL4_Word whence)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_SEEK, seL4_CapNull, NULL, (seL4_Word)offset, whence);
}

static inline long selkie_host_file_stat(seL4_CPtr file, struct selkie_host_stat *stat)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_STAT, seL4_CapNull, NULL, selkie_host_address(stat));
}

static inline long selkie_host_file_set_size(seL4_CPtr file, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_SET_SIZE, seL4_CapNull, NULL, size);
}

/* fallocate */
static inline long selkie_host_file_allocate(seL4_CPtr file, seL4_Word mode, long offset, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_ALLOCATE, seL4_CapNull, NULL, mode, (seL4_Word)offset, size);
}

/* Of a file or directory. 0: fsync, 1: fdatasync, 2: syncfs. */
static inline long selkie_host_file_sync(seL4_CPtr file, int extent)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_SYNC, seL4_CapNull, NULL, (seL4_Word)extent);
}

static inline long selkie_host_file_set_mode(seL4_CPtr file, seL4_Word mode)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_SET_MODE, seL4_CapNull, NULL, mode);
}

/* When it was accessed and modified. */
static inline long selkie_host_file_set_times(seL4_CPtr file, const struct selkie_host_time times[2])
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_SET_TIMES, seL4_CapNull, NULL, selkie_host_address(times));
}

/* ioctl: TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCSWINSZ, FIONREAD; else -SELKIE_ENOTTY. */
static inline long selkie_host_file_control(seL4_CPtr file, seL4_Word request, void *buffer)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_CONTROL, seL4_CapNull, NULL, request,
                              selkie_host_address(buffer));
}

/* How many bytes a pipe holds, after making it hold `size` of them unless that is 0. */
static inline long selkie_host_file_pipe_size(seL4_CPtr pipe, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(pipe, HOST_FILE_PIPE_SIZE, seL4_CapNull, NULL, size);
}

/* Lock a part of a file for this open file (whole 0), or all of it as flock(2) does (1). -SELKIE_EAGAIN while another
 * open file has it locked. Types are Linux's, of fcntl and of flock. */
static inline long selkie_host_file_lock(seL4_CPtr file, seL4_Word whole, seL4_Word type, seL4_Word start,
                                         seL4_Word size)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_LOCK, seL4_CapNull, NULL, whole, type, start, size);
}

/* Turn `object`, an empty host object, into a window on `size` bytes of the file from `offset` on. */
static inline long selkie_host_file_window(seL4_CPtr file, seL4_Word offset, seL4_Word size, seL4_CPtr object)
{
    return SELKIE_HOST_INVOKE(file, HOST_FILE_WINDOW, object, NULL, offset, size);
}

/* Put the untyped of a window's memory into a slot of the CNode `root`: how large it is, log2. Frames that are made of
 * it show the file, from the window's offset on; memory behind the file's end faults. */
static inline long selkie_host_window_take(seL4_CPtr window, seL4_CNode root, seL4_Word index,
                                           seL4_Word depth)
{
    return SELKIE_HOST_INVOKE(window, HOST_WINDOW_TAKE, root, NULL, index, depth);
}

#endif
