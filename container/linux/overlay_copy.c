/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying up. What is copied is made in the index directory and renamed to its place when it is whole, so nobody sees
 * half of it, and when two copy at once, one comes too late and takes the other's.
 *
 * Large files take several rounds of the call that asked for them (thread_wait), so that others are served between.
 */
#include "container/linux/overlay_parts.h"

#include "container/linux/clock.h"
#include "container/linux/heap.h"

enum {
    PIECE = 1 << 16,
    ROUND_PIECES = 64,
    REST_NS = 300000,
    JOBS = 4,
    SEEK_DATA = 3,
    SEEK_HOLE = 4
};

/* A file that is being copied. */
struct job {
    struct object_box from, to;
    char name[WORK_NAME];
    struct statx status; /* of what is copied; `inode` 0: the job is free */
    uint64_t offset, data_end;
    uint64_t used; /* when, by count */
};

static struct job jobs[JOBS];
static uint64_t uses;

void work_name(char name[WORK_NAME])
{
    static uint64_t last;
    uint64_t now = (uint64_t)clock_now(CLOCK_REALTIME); /* other processes make names, too */
    last = now > last ? now : last + 1;
    format_text(name, WORK_NAME, "new-%lx", last);
}

long work_place(const char *name, const char *path)
{
    long error = layer_rename(overlay.upper_index, name, overlay.upper, path, RENAME_NOREPLACE);
    overlay_forget();
    return error < 0 ? error : 0;
}

static long times_give(cap_address layer, const char *path, const struct statx *status)
{
    int64_t times[4] = {status->access.seconds, status->access.nanoseconds, status->modify.seconds,
                        status->modify.nanoseconds};
    long error = HOST(layer, HOST_DIRECTORY_SET_TIMES, 0, NULL, (uint64_t)path, strlen(path),
                      AT_SYMLINK_NOFOLLOW, (uint64_t)times);
    return error < 0 ? error : 0;
}

/* What is shown of the copy is what was shown of the original. */
static long entry_give(const char *name, const struct statx *status)
{
    static struct statx root;
    struct index_entry entry;
    uint32_t type = status->mode & S_IFMT;
    (void)index_read(false, status, &entry);
    bool is_own = layer_stat(overlay.lower, "", &root) >= 0 && root.dev_major == status->dev_major &&
                  root.dev_minor == status->dev_minor;
    entry.inode = type != S_IFDIR && status->links == 1 && is_own ? status->inode : 0;
    if (type != S_IFLNK && type != S_IFDIR) { /* it was made without permissions for others */
        long error = HOST(overlay.upper_index, HOST_DIRECTORY_SET_MODE, 0, NULL, (uint64_t)name, strlen(name),
                          index_host_mode(type, entry.mode));
        if (error < 0) {
            return error;
        }
    }
    return index_apply(overlay.upper_index, name, &entry);
}

/* The directory that it is in does not change, as programs see it. */
static long copy_place(const char *name, const char *path, const struct statx *status)
{
    static struct statx above;
    size_t length = path_parent_length(path);
    memcpy(overlay_above, path, length);
    overlay_above[length] = '\0';
    long error = entry_give(name, status);
    error = error ? error : times_give(overlay.upper_index, name, status);
    error = error ? error : layer_stat(overlay.upper, overlay_above, &above);
    error = error < 0 ? error : work_place(name, path);
    if (!error) {
        (void)times_give(overlay.upper, overlay_above, &above);
    }
    return error;
}

static void work_drop(const char *name, uint64_t flags)
{
    static struct statx status;
    if (layer_stat(overlay.upper_index, name, &status) >= 0) {
        index_remove(&status);
        (void)layer_remove(overlay.upper_index, name, flags);
    }
}

static long copy_finish(const char *name, const char *path, const struct statx *status)
{
    long error = copy_place(name, path, status);
    if (error) {
        work_drop(name, is_directory(status) ? AT_REMOVEDIR : 0);
    }
    return error == -EEXIST ? 0 : error; /* somebody else was first */
}

static void job_end(struct job *job)
{
    host_object_drop(&job->from);
    host_object_drop(&job->to);
    job->status.inode = 0;
}

static bool job_fits(const struct job *job, const struct statx *status)
{
    return job->status.inode == status->inode && job->status.dev_major == status->dev_major &&
           job->status.dev_minor == status->dev_minor;
}

/* The job for this file, or one that is free: the one that rested longest, if need be. */
static struct job *job_find(const struct statx *status)
{
    struct job *found = &jobs[0];
    for (unsigned i = 0; i < JOBS; i++) {
        if (job_fits(&jobs[i], status)) {
            return &jobs[i];
        }
        if (!jobs[i].status.inode || (found->status.inode && jobs[i].used < found->used)) {
            found = &jobs[i];
        }
    }
    if (found->status.inode) {
        job_end(found);
        work_drop(found->name, 0);
    }
    return found;
}

static long job_begin(struct job *job, const char *path, const struct statx *status)
{
    work_name(job->name);
    if (!host_object_make(&job->from)) {
        return -ENOMEM;
    }
    if (!host_object_make(&job->to)) {
        host_object_drop(&job->from);
        return -ENOMEM;
    }
    long error = HOST(overlay.lower, HOST_DIRECTORY_OPEN, job->from.object, NULL, (uint64_t)path,
                      strlen(path), O_RDONLY | O_NOFOLLOW, 0);
    error = error < 0
                ? error
                : HOST(overlay.upper_index, HOST_DIRECTORY_OPEN, job->to.object, NULL, (uint64_t)job->name,
                       strlen(job->name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (error < 0) {
        job_end(job);
        return error;
    }
    job->status = *status;
    job->offset = job->data_end = 0;
    return 0;
}

/* One piece, holes left out. 0: the end. */
static long piece_copy(struct job *job, void *piece)
{
    if (job->offset >= job->data_end) {
        long start = HOST(job->from.object, HOST_FILE_SEEK, 0, NULL, job->offset, SEEK_DATA);
        long end =
            start < 0 ? start : HOST(job->from.object, HOST_FILE_SEEK, 0, NULL, (uint64_t)start, SEEK_HOLE);
        if (start == -ENXIO || end < 0) {
            return start == -ENXIO ? 0 : end;
        }
        job->offset = (uint64_t)start;
        job->data_end = (uint64_t)end;
    }
    uint64_t left = job->data_end - job->offset, part = left < PIECE ? left : PIECE;
    long got = HOST(job->from.object, HOST_FILE_READ, 0, NULL, (uint64_t)piece, part, job->offset, 0);
    for (long done = 0; done < got;) {
        long put = HOST(job->to.object, HOST_FILE_WRITE, 0, NULL, (uint64_t)piece + (uint64_t)done,
                        (uint64_t)(got - done), job->offset + (uint64_t)done, 0);
        if (put <= 0) {
            return put ? put : -EIO;
        }
        done += put;
    }
    job->offset += got > 0 ? (uint64_t)got : 0;
    return got;
}

/* 1: there is more. */
static long job_round(struct job *job)
{
    void *piece = heap_alloc(PIECE);
    long got = piece ? 1 : -ENOMEM;
    for (unsigned i = 0; i < ROUND_PIECES && got > 0; i++) {
        got = piece_copy(job, piece);
    }
    if (piece) {
        heap_free(piece, PIECE);
    }
    return got > 0 ? 1 : got;
}

/* At once, but for what others have asked for meanwhile; or so that they get to ask. */
static long round_wait(void)
{
    bool is_alone = thread_current->process->thread_count == 1;
    thread_current->is_repeated = false;
    return thread_wait(thread_current, WAIT_WORK, is_alone ? 1 : clock_deadline(REST_NS));
}

static long file_up(const char *path, const struct statx *status, bool has_content)
{
    struct job *job = job_find(status);
    long error = job->status.inode ? 0 : job_begin(job, path, status);
    if (error) {
        return error;
    }
    job->used = ++uses;
    if (has_content) {
        do {
            error = job_round(job);
        } while (error > 0 && !thread_current);
        if (error > 0) {
            return round_wait();
        }
        error = error ? error : HOST(job->to.object, HOST_FILE_SET_SIZE, 0, NULL, status->size);
    }
    job_end(job);
    if (error < 0) {
        work_drop(job->name, 0);
        return error;
    }
    return copy_finish(job->name, path, status);
}

static long link_up(const char *path, const char *name)
{
    long length = HOST(overlay.lower, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)path, strlen(path),
                       (uint64_t)overlay_above, sizeof overlay_above);
    return length < 0 ? length
                      : HOST(overlay.upper_index, HOST_DIRECTORY_SYMLINK, 0, NULL, (uint64_t)name,
                             strlen(name), (uint64_t)overlay_above, (uint64_t)length);
}

static long other_up(const char *path, const struct statx *status)
{
    struct index_entry entry;
    char name[WORK_NAME];
    uint32_t type = status->mode & S_IFMT;
    work_name(name);
    (void)index_read(false, status, &entry);
    long error = type == S_IFLNK   ? link_up(path, name)
                 : type == S_IFDIR ? HOST(overlay.upper_index, HOST_DIRECTORY_MAKE, 0, NULL, (uint64_t)name,
                                          strlen(name), index_host_mode(type, entry.mode))
                                   : HOST(overlay.upper_index, HOST_DIRECTORY_MAKE_NODE, 0, NULL,
                                          (uint64_t)name, strlen(name), type | 0600);
    return error < 0 ? error : copy_finish(name, path, status);
}

static long node_up(const char *path, bool has_content, struct overlay_node *node)
{
    long error = overlay_look(path, node);
    if (error || node->is_upper) {
        return error;
    }
    bool is_folder = is_directory(&node->status);
    if (is_folder) {
        folders_change();
    }
    error = (node->status.mode & S_IFMT) == S_IFREG ? file_up(path, &node->status, has_content)
                                                    : other_up(path, &node->status);
    if (is_folder) {
        folders_changed();
    }
    return error ? error : overlay_look(path, node);
}

/* From the root on; whoever is in the upper layer has all above there, too. */
long parent_up(const char *path)
{
    static struct overlay_node node;
    static char part[PATH_ROOM];
    size_t length = path_parent_length(path);
    memcpy(part, path, length);
    part[length] = '\0';
    long error = overlay_look(part, &node);
    if (!error && !is_directory(&node.status)) {
        error = -ENOTDIR;
    }
    if (error || node.is_upper) {
        return error;
    }
    folders_change();
    for (size_t end = 0; end < length && !error; end++) {
        while (end < length && path[end] != '/') {
            end++;
        }
        memcpy(part, path, end);
        part[end] = '\0';
        error = node_up(part, true, &node);
    }
    folders_changed();
    return error;
}

long copy_up(const char *path, bool has_content, struct overlay_node *node)
{
    long error = overlay_look(path, node);
    if (error || node->is_upper) {
        return error;
    }
    error = parent_up(path);
    return error ? error : node_up(path, has_content, node);
}

void overlay_fork(void)
{
    memset(jobs, 0, sizeof jobs);
    overlay_begin();
}
