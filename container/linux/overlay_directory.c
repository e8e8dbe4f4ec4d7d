/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open directories of an overlay: a path, and a list of names that is made when it is first read and after each rewind.
 */
#include "container/linux/heap.h"
#include "container/linux/overlay_list.h"
#include "container/linux/overlay_parts.h"

static char own_path[PATH_ROOM];

enum {
    ENTRY_HEADER = 19 /* of struct linux_dirent64 */
};

struct directory {
    struct list list;
    bool is_listed;
    struct statx status; /* when it was opened */
};

/* Back at the beginning, it is read anew. Other positions are those that were told. */
static long directory_seek(struct file *file, int64_t offset, unsigned whence)
{
    struct directory *directory = file->data;
    if (whence == 1 && offset == 0) {
        return (long)file->position;
    }
    bool is_known =
        offset == 0 || (directory->is_listed && offset > 0 && (uint64_t)offset == directory->list.used);
    for (size_t at = 0;
         !is_known && directory->is_listed && at < directory->list.used && at <= (uint64_t)offset;) {
        is_known = at == (uint64_t)offset;
        at += entry_size(entry_at(&directory->list, at));
    }
    if (whence != 0 || !is_known) {
        return -EINVAL;
    }
    if (offset == 0) {
        list_drop(&directory->list);
        directory->is_listed = false;
    }
    file->position = (uint64_t)offset;
    return offset;
}

/* Of what was opened, if it is still there. */
static long directory_stat(struct file *file, struct statx *status)
{
    const struct directory *directory = file->data;
    (void)path_trim(file->path ? file->path : ".wh.", own_path);
    overlay_begin();
    if (overlay_stat(own_path, status) || status->inode != directory->status.inode ||
        status->dev_major != directory->status.dev_major ||
        status->dev_minor != directory->status.dev_minor) {
        *status = directory->status;
        status->links = 0;
    }
    return 0;
}

/* The position is that of the next entry. */
static long directory_list(struct file *file, uint64_t to, uint64_t size)
{
    struct directory *directory = file->data;
    static struct statx status;
    if (directory_stat(file, &status) || !status.links) {
        return -ENOENT; /* it was removed */
    }
    if (!directory->is_listed) {
        (void)path_trim(file->path, own_path);
        long error = list_make(own_path, &directory->list);
        if (error) {
            return error;
        }
        directory->is_listed = true;
    }
    uint64_t done = 0;
    while (file->position < directory->list.used) {
        const struct entry *entry = entry_at(&directory->list, file->position);
        uint64_t length = strlen(entry->name), next = file->position + entry_size(entry);
        uint16_t record = (uint16_t)((ENTRY_HEADER + length + 1 + 7) & ~7ul);
        if (done + record > size) {
            return done ? (long)done : -EINVAL;
        }
        unsigned char *at = (unsigned char *)(to + done);
        memset(at, 0, record);
        memcpy(at, &entry->inode, sizeof entry->inode);
        memcpy(at + 8, &next, sizeof next);
        memcpy(at + 16, &record, sizeof record);
        at[18] = entry->type;
        memcpy(at + ENTRY_HEADER, entry->name, length);
        done += record;
        file->position = next;
    }
    return (long)done;
}

static void directory_close(struct file *file)
{
    struct directory *directory = file->data;
    list_drop(&directory->list);
    heap_free(directory, sizeof *directory);
}

static const struct file_kind OVERLAY_DIRECTORY = {.name = "directory",
                                                   .list = directory_list,
                                                   .seek = directory_seek,
                                                   .stat = directory_stat,
                                                   .close = directory_close};

struct file *overlay_directory(const char *path, unsigned flags)
{
    struct directory *directory = heap_alloc(sizeof *directory);
    struct file *file = directory ? file_make(&OVERLAY_DIRECTORY, flags) : NULL;
    if (!file) {
        if (directory) {
            heap_free(directory, sizeof *directory);
        }
        return NULL;
    }
    (void)overlay_stat(path, &directory->status);
    file->data = directory;
    return file;
}

bool overlay_is_directory(const struct file *file)
{
    return file->kind == &OVERLAY_DIRECTORY;
}
