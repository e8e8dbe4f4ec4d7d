/* SPDX-License-Identifier: BSD-2-Clause */
/* stat(2), statx(2), access(2), statfs(2). */
#include "container/linux/status.h"

#include "container/linux/calls.h"
#include "container/linux/host.h"
#include "container/linux/names.h"
#include "container/linux/path_text.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

enum {
    AT_EACCESS = 0x200,
    AT_NO_AUTOMOUNT = 0x800,
    AT_SYNC_TYPE = 0x6000,
    STATUS_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_SYNC_TYPE,
    ACCESS_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EACCESS,
    ACCESS_X = 1,
    ACCESS_W = 2,
    ACCESS_ALL = 7,
    PROC_MAGIC = 0x9fa0,
    TMPFS_MAGIC = 0x1021994,
    SYSFS_MAGIC = 0x62656572,
    CGROUP_MAGIC = 0x63677270,
    DEVPTS_MAGIC = 0x1cd1,
    EXT4_MAGIC = 0xef53
};

#define STATX_RESERVED 0x80000000u

struct stat { /* stat(2) on x86-64 */
    uint64_t device, inode, links;
    uint32_t mode, user, group, padding;
    uint64_t rdev;
    int64_t size, block_size, blocks;
    struct timespec_pair {
        int64_t seconds, nanoseconds;
    } access, modify, change;
    int64_t unused[3];
};

static struct path name_path;
static char other[PATH_ROOM];
static struct statx status;

static long stat_below(void *argument, const struct place *place)
{
    return place_stat(place, *(uint64_t *)argument, &status);
}

/* Of an open file. */
static long status_of(struct file *file)
{
    status = (struct statx){.mode = 0600, .links = 1, .block_size = PAGE_SIZE, .inode = (uint64_t)file >> 5};
    return file->kind->stat ? file->kind->stat(file, &status) : 0;
}

static long path_status(const struct process *process, struct path *path, bool follow)
{
    uint64_t flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    long result = path_do(process, path, follow, stat_below, &flags);
    if (result != PATH_SYNTHETIC) {
        return result < 0 ? result : 0;
    }
    if (!follow && synthetic_link(process, path->text, other) > 0) {
        status = (struct statx){.mode = synthetic_link_mode(process, path->text), .links = 1};
        names_status(path->text, &status);
        return 0;
    }
    return synthetic_stat(process, path->text, &status);
}

static long named_status(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags)
{
    char first = 0;
    if (flags & AT_EMPTY_PATH && (!name || (!user_read(&first, name, 1) && !first))) {
        struct file *file = file_of(thread->process, directory);
        if (file) {
            return status_of(file);
        }
        if ((int)directory != AT_FDCWD) {
            return -EBADF;
        }
        (void)path_set(&name_path, thread->process->directory);
        return path_status(thread->process, &name_path, true);
    }
    long error = path_read(thread->process, directory, name, &name_path);
    return error ? error : path_status(thread->process, &name_path, !(flags & AT_SYMLINK_NOFOLLOW));
}

long status_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t flags,
               const struct statx **to)
{
    *to = &status;
    return named_status(thread, directory, name, flags);
}

static uint64_t device_number(uint64_t major, uint64_t minor)
{
    return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xfful) << 12 | (major & ~0xffful) << 32;
}

static struct timespec_pair time_of(struct statx_time time)
{
    return (struct timespec_pair){time.seconds, time.nanoseconds};
}

static long stat_write(uint64_t to)
{
    struct stat stat = {
        .device = device_number(status.dev_major, status.dev_minor),
        .inode = status.inode,
        .links = status.links,
        .mode = status.mode,
        .user = status.user,
        .group = status.group,
        .rdev = device_number(status.rdev_major, status.rdev_minor),
        .size = (int64_t)status.size,
        .block_size = status.block_size,
        .blocks = (int64_t)status.blocks,
        .access = time_of(status.access),
        .modify = time_of(status.modify),
        .change = time_of(status.change),
    };
    return user_write(to, &stat, sizeof stat);
}

HANDLER(call_stat)
{
    long error = named_status(thread, (uint64_t)AT_FDCWD, ARG(0), 0);
    return error ? error : stat_write(ARG(1));
}

HANDLER(call_lstat)
{
    long error = named_status(thread, (uint64_t)AT_FDCWD, ARG(0), AT_SYMLINK_NOFOLLOW);
    return error ? error : stat_write(ARG(1));
}

HANDLER(call_fstat)
{
    struct file *file = file_of(thread->process, ARG(0));
    long error = file ? status_of(file) : -EBADF;
    return error ? error : stat_write(ARG(1));
}

HANDLER(call_newfstatat)
{
    long error = ARG(3) & ~(uint64_t)STATUS_FLAGS ? -EINVAL : named_status(thread, ARG(0), ARG(1), ARG(3));
    return error ? error : stat_write(ARG(2));
}

HANDLER(call_statx)
{
    bool is_wrong = ARG(2) & ~(uint64_t)STATUS_FLAGS || (ARG(2) & AT_SYNC_TYPE) == AT_SYNC_TYPE ||
                    ARG(3) & STATX_RESERVED;
    long error = is_wrong ? -EINVAL : named_status(thread, ARG(0), ARG(1), ARG(2));
    status.mask |= 0x7ff;
    return error ? error : user_write(ARG(4), &status, sizeof status);
}

/* May anything be written where this is? */
static long writable_below(void *argument, const struct place *place)
{
    uint64_t access = 0;
    (void)argument;
    return place->is_overlay || HOST(place->directory, HOST_OBJECT_KIND, 0, &access, 0) < 0 ||
                   access & HOST_WRITE
               ? 0
               : -EROFS;
}

/* Of files, directories and links; what else has a name is no matter of its file system. */
static long writable_check(const struct process *process, bool follow)
{
    unsigned type = status.mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK) {
        return 0;
    }
    long error = path_do(process, &name_path, follow, writable_below, NULL);
    return error == -EROFS ? error : 0;
}

/* `name_path` becomes where an open file is; false: nowhere that matters. */
static bool file_place(const struct process *process, uint64_t descriptor)
{
    const struct file *file = file_of(process, descriptor);
    return file && file->path && !file->is_nameless && !path_set(&name_path, file->path);
}

/* The container's root user may do what the host lets be done: only execution asks for a mode. */
static long access_at(struct thread *thread, uint64_t directory, uint64_t name, uint64_t mode, uint64_t flags)
{
    bool is_wrong = mode & ~(uint64_t)ACCESS_ALL || flags & ~(uint64_t)ACCESS_FLAGS;
    long error = is_wrong ? -EINVAL : named_status(thread, directory, name, flags);
    if (error) {
        return error;
    }
    char first = 1;
    bool is_itself = flags & AT_EMPTY_PATH && !user_read(&first, name, 1) && !first && (int)directory != AT_FDCWD;
    if (mode & ACCESS_W && (!is_itself || file_place(thread->process, directory))) {
        error = writable_check(thread->process, !(flags & AT_SYMLINK_NOFOLLOW));
    }
    if (error) {
        return error;
    }
    return (mode & ACCESS_X) && !(status.mode & 0111) && (status.mode & S_IFMT) == S_IFREG ? -EACCES : 0;
}

HANDLER(call_access)
{
    return access_at(thread, (uint64_t)AT_FDCWD, ARG(0), ARG(1), 0);
}

HANDLER(call_faccessat)
{
    return access_at(thread, ARG(0), ARG(1), ARG(2), 0);
}

HANDLER(call_faccessat2)
{
    return access_at(thread, ARG(0), ARG(1), ARG(2), ARG(3));
}

struct statfs {
    uint64_t type, block_size, blocks, free, available, files, free_files, id, name_length, fragment, flags,
        rest[4];
};

/* What is made up takes no space; of the host's file systems nothing is known but that there is enough. */
static long statfs_write(uint64_t to, const char *path)
{
    static const struct {
        const char *folder;
        uint64_t magic, blocks;
    } KINDS[] = {{"/dev/shm", TMPFS_MAGIC, 1ul << 28},
                 {"/sys/fs/cgroup", CGROUP_MAGIC, 0},
                 {"/dev/pts", DEVPTS_MAGIC, 0},
                 {"/proc", PROC_MAGIC, 0},
                 {"/sys", SYSFS_MAGIC, 0},
                 {"/dev", TMPFS_MAGIC, 1ul << 14}};
    struct statfs statfs = {
        .type = EXT4_MAGIC, .block_size = 4096, .blocks = 1ul << 28, .name_length = 255, .fragment = 4096};
    for (unsigned i = 0; path && i < sizeof KINDS / sizeof *KINDS; i++) {
        if (text_is_under(path, KINDS[i].folder)) {
            statfs.type = KINDS[i].magic;
            statfs.blocks = KINDS[i].blocks;
            break;
        }
    }
    statfs.free = statfs.available = statfs.type == EXT4_MAGIC ? statfs.blocks / 2 : statfs.blocks;
    statfs.files = statfs.blocks / 16;
    statfs.free_files = statfs.free / 16;
    return user_write(to, &statfs, sizeof statfs);
}

HANDLER(call_statfs)
{
    long error = named_status(thread, (uint64_t)AT_FDCWD, ARG(0), 0);
    return error ? error : statfs_write(ARG(1), name_path.text);
}

HANDLER(call_fstatfs)
{
    const struct file *file = file_of(thread->process, ARG(0));
    return file ? statfs_write(ARG(1), file->path) : -EBADF;
}
