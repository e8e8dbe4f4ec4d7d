/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories: what is beneath one, by path. See selkie/host.h.
 *
 * A path is shorter than HOST_IO_PATH and never leads out of the directory, which is the root of the path: "..", a
 * leading slash and symbolic links end there. "" is the directory itself. What changes something needs a capability
 * with the write right, to a directory that was opened with it.
 */
#ifndef SELKIE_HOST_DIRECTORY_H
#define SELKIE_HOST_DIRECTORY_H

#include <selkie/host_call.h>
#include <selkie/host_linux.h>

/* Turn `object`, an empty host object, into the file or directory at `path`. `flags`: SELKIE_O_…. */
static inline long selkie_host_directory_open(seL4_CPtr directory, const char *path, seL4_Word flags,
                                              seL4_Word mode, seL4_CPtr object)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_OPEN, object, NULL, selkie_host_address(path),
                              selkie_host_length(path), flags, mode);
}

/* The next entries (struct selkie_host_dirent): how many bytes of them, 0 at the end. */
static inline long selkie_host_directory_list(seL4_CPtr directory, void *buffer, seL4_Word size)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_LIST, seL4_CapNull, NULL, selkie_host_address(buffer),
                              size);
}

/* Go on listing at an entry's offset; 0: from the start. */
static inline long selkie_host_directory_rewind(seL4_CPtr directory, long offset)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_REWIND, seL4_CapNull, NULL, (seL4_Word)offset);
}

/* `flags`: SELKIE_AT_SYMLINK_NOFOLLOW or 0. */
static inline long selkie_host_directory_stat(seL4_CPtr directory, const char *path, seL4_Word flags,
                                              struct selkie_host_stat *stat)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_STAT, seL4_CapNull, NULL, selkie_host_address(path),
                              selkie_host_length(path), flags, selkie_host_address(stat));
}

/* The text of a symbolic link, without a terminating zero: its length. */
static inline long selkie_host_directory_read_link(seL4_CPtr directory, const char *path, char *buffer,
                                                   seL4_Word size)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_READ_LINK, seL4_CapNull, NULL,
                              selkie_host_address(path), selkie_host_length(path),
                              selkie_host_address(buffer), size);
}

/* mkdir */
static inline long selkie_host_directory_make(seL4_CPtr directory, const char *path, seL4_Word mode)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_MAKE, seL4_CapNull, NULL, selkie_host_address(path),
                              selkie_host_length(path), mode);
}

/* mknod of a FIFO or a socket's name. */
static inline long selkie_host_directory_make_node(seL4_CPtr directory, const char *path, seL4_Word mode)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_MAKE_NODE, seL4_CapNull, NULL,
                              selkie_host_address(path), selkie_host_length(path), mode);
}

/* unlink, or rmdir with SELKIE_AT_REMOVEDIR. */
static inline long selkie_host_directory_remove(seL4_CPtr directory, const char *path, seL4_Word flags)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_REMOVE, seL4_CapNull, NULL, selkie_host_address(path),
                              selkie_host_length(path), flags);
}

/* `new_path` is beneath `new_directory`, which may be the same capability. `flags`: SELKIE_RENAME_…. */
static inline long selkie_host_directory_rename(seL4_CPtr directory, const char *path,
                                                seL4_CPtr new_directory, const char *new_path,
                                                seL4_Word flags)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_RENAME, new_directory, NULL,
                              selkie_host_address(path), selkie_host_length(path),
                              selkie_host_address(new_path), selkie_host_length(new_path), flags);
}

/* A second name of the same file. */
static inline long selkie_host_directory_link(seL4_CPtr directory, const char *path, seL4_CPtr new_directory,
                                              const char *new_path)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_LINK, new_directory, NULL, selkie_host_address(path),
                              selkie_host_length(path), selkie_host_address(new_path),
                              selkie_host_length(new_path));
}

/* Make a link at `path`. Its text may be anything; following it stays beneath the directory. */
static inline long selkie_host_directory_symlink(seL4_CPtr directory, const char *path, const char *target)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_SYMLINK, seL4_CapNull, NULL,
                              selkie_host_address(path), selkie_host_length(path),
                              selkie_host_address(target), selkie_host_length(target));
}

static inline long selkie_host_directory_set_mode(seL4_CPtr directory, const char *path, seL4_Word mode)
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_SET_MODE, seL4_CapNull, NULL,
                              selkie_host_address(path), selkie_host_length(path), mode);
}

/* `flags`: SELKIE_AT_SYMLINK_NOFOLLOW or 0. */
static inline long selkie_host_directory_set_times(seL4_CPtr directory, const char *path, seL4_Word flags,
                                                   const struct selkie_host_time times[2])
{
    return SELKIE_HOST_INVOKE(directory, HOST_DIRECTORY_SET_TIMES, seL4_CapNull, NULL,
                              selkie_host_address(path), selkie_host_length(path), flags,
                              selkie_host_address(times));
}

#endif
