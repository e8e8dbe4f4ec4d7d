/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/self/mounts and mountinfo: the root, what is made up, /dev/shm, and volumes. fstab(5), proc(5). */
#include "container/linux/host.h"
#include "container/linux/overlay.h"
#include "container/linux/path.h"
#include "container/linux/texts.h"

enum {
    LINE_MOST = 1024 + 4 * CONTAINER_PATH, /* bytes that one mount takes */
    FIRST_VOLUME = 32                      /* minor device number */
};

struct mount {
    const char *source, *path, *type, *options;
    unsigned minor; /* of the device; what names_status says */
};

static const struct container_order *order(void)
{
    return (const struct container_order *)CONTAINER_ORDER;
}

/* Blanks in paths are written as numbers, so that lines have fields. */
static size_t path_write(char *text, const char *path)
{
    size_t length = 0;
    for (; *path; path++) {
        if (*path == ' ' || *path == '\t' || *path == '\n' || *path == '\\') {
            text[length++] = '\\';
            text[length++] = '0';
            text[length++] = (char)('0' + (*path >> 3 & 7));
            text[length++] = (char)('0' + (*path & 7));
        } else {
            text[length++] = *path;
        }
    }
    text[length] = '\0';
    return length;
}

static size_t mount_text(const struct mount *mount, unsigned number, bool is_info, char *text, size_t room)
{
    char path[4 * CONTAINER_PATH];
    if (room < LINE_MOST) {
        return 0;
    }
    path_write(path, mount->path);
    return (size_t)(is_info ? format_text(text, room, "%u %u 0:%u / %s %s - %s %s rw\n", number,
                                          number == 1 ? 0 : 1, mount->minor, path, mount->options,
                                          mount->type, mount->source)
                            : format_text(text, room, "%s %s %s %s 0 0\n", mount->source, path, mount->type,
                                          mount->options));
}

static const char *root_options(bool is_overlay)
{
    bool can_write = is_overlay;
    for (uint64_t i = 0; i < order()->host_count && i < CONTAINER_HOSTS; i++) {
        const struct container_host *host = &order()->host[i];
        can_write |= strcmp(host->name, "rootfs") == 0 && host->access & HOST_WRITE;
    }
    return can_write ? "rw,relatime" : "ro,relatime";
}

static size_t list_text(bool is_info, char *text, size_t room)
{
    bool is_overlay = overlay_is_on();
    const struct mount FIRST[] = {
        {is_overlay ? "overlay" : "rootfs", "/", is_overlay ? "overlay" : "ext4", root_options(is_overlay),
         1},
        {"proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime", 0x15},
        {"tmpfs", "/dev", "tmpfs", "rw,nosuid,mode=755", 0x16},
        {"devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666", 0x17},
        {"sysfs", "/sys", "sysfs", "ro,nosuid,nodev,noexec,relatime", 0x18},
        {"cgroup", "/sys/fs/cgroup", "cgroup2", "ro,nosuid,nodev,noexec,relatime", 0x18},
    };
    size_t length = 0;
    unsigned number = 0;
    for (unsigned i = 0; i < sizeof FIRST / sizeof *FIRST; i++) {
        length += mount_text(&FIRST[i], ++number, is_info, text + length, room - length);
    }
    if (path_has_shm()) {
        const struct mount shm = {"shm", "/dev/shm", "tmpfs", "rw,nosuid,nodev,noexec,relatime", 0x19};
        length += mount_text(&shm, ++number, is_info, text + length, room - length);
    }
    for (uint64_t i = 0; i < order()->mount_count && i < CONTAINER_MOUNTS; i++) {
        const struct container_mount *volume = &order()->mount[i];
        const struct container_host *host = &order()->host[volume->host % CONTAINER_HOSTS];
        const struct mount mount = {host->name, volume->path, "ext4",
                                    host->access & HOST_WRITE ? "rw,relatime" : "ro,relatime",
                                    FIRST_VOLUME + (unsigned)i};
        length += volume->path[1] ? mount_text(&mount, ++number, is_info, text + length, room - length) : 0;
    }
    return length;
}

size_t mounts_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    return list_text(false, text, room);
}

size_t mountinfo_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    return list_text(true, text, room);
}
