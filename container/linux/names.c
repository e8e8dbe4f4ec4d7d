/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory that is a list of names: getdents64(2), lseek(2), fstat(2) of it. */
#include "container/linux/names.h"

#include "container/linux/clock.h"
#include "container/linux/heap.h"

enum {
    LIST_ROOM = 65536,
    ENTRY_HEADER = 19, /* of struct linux_dirent64 */
    INODE_BITS = 40,
    DEVICE_PROC = 0x15,
    DEVICE_DEV = 0x16,
    DEVICE_PTS = 0x17,
    DEVICE_SYS = 0x18
};

static uint64_t inode_continue(uint64_t inode, const char *text)
{
    for (; *text; text++) {
        inode = (inode ^ (unsigned char)*text) * 0x100000001b3ul;
    }
    return inode;
}

static uint64_t inode_of(const char *folder, const char *name)
{
    uint64_t inode = inode_continue(0xcbf29ce484222325ul, folder);
    inode = *name ? inode_continue(inode_continue(inode, "/"), name) : inode;
    return (inode >> INODE_BITS ^ inode) & ((1ul << INODE_BITS) - 1);
}

void names_status(const char *path, struct statx *status)
{
    status->inode = inode_of(path, "");
    status->dev_minor = strncmp(path, "/dev/pts", 8) == 0 ? DEVICE_PTS
                        : path[1] == 'd'                  ? DEVICE_DEV
                        : path[1] == 'p'                  ? DEVICE_PROC
                                                          : DEVICE_SYS;
    status->block_size = status->block_size ? status->block_size : 1024;
    int64_t now = clock_now(CLOCK_REALTIME);
    if (now > 0) {
        status->access.seconds = now / SECOND_NS;
        status->modify = status->change = status->access;
    }
}

/* Names in `data`; word[0] their size, word[1] and word[2] whose it is; the position is that of the next one. */
static long list_read(struct file *file, uint64_t to, uint64_t size)
{
    const char *text = file->data;
    uint64_t done = 0;
    while (file->position < file->word[0]) {
        const char *name = text + file->position + 1;
        uint64_t length = strlen(name), next = file->position + length + 2;
        uint16_t record = (uint16_t)((ENTRY_HEADER + length + 1 + 7) & ~7ul);
        if (done + record > size) {
            return done ? (long)done : -EINVAL;
        }
        unsigned char *entry = (unsigned char *)(to + done);
        uint64_t inode = inode_of(file->path ? file->path : "", name);
        memset(entry, 0, record);
        memcpy(entry, &inode, sizeof inode);
        memcpy(entry + 8, &next, sizeof next);
        memcpy(entry + 16, &record, sizeof record);
        entry[18] = (unsigned char)text[file->position];
        memcpy(entry + ENTRY_HEADER, name, length);
        done += record;
        file->position = next;
    }
    return (long)done;
}

static long list_seek(struct file *file, int64_t offset, unsigned whence)
{
    int64_t to = whence == 1 ? (int64_t)file->position + offset : offset;
    const char *text = file->data;
    bool is_start = to == 0 || (to > 0 && (uint64_t)to <= file->word[0] && !text[to - 1]);
    if (whence > 1 || !is_start) { /* nowhere else does a name begin */
        return -EINVAL;
    }
    file->position = (uint64_t)to;
    return to;
}

static uint32_t links_count(const struct file *file)
{
    const char *text = file->data;
    uint32_t count = 0;
    for (uint64_t at = 0; at < file->word[0]; at += strlen(text + at) + 1) {
        count += text[at] == NAME_DIRECTORY;
    }
    return count;
}

static long list_stat(struct file *file, struct statx *status)
{
    bool is_dev = file->path && strncmp(file->path, "/dev", 4) == 0;
    *status = (struct statx){.mode = is_dev ? S_IFDIR | 0755 : S_IFDIR | 0555,
                             .links = links_count(file),
                             .user = (uint32_t)file->word[1],
                             .group = (uint32_t)file->word[2]};
    names_status(file->path ? file->path : "", status);
    return 0;
}

static void list_close(struct file *file)
{
    heap_free(file->data, LIST_ROOM);
}

static const struct file_kind LIST_KIND = {
    .name = "/proc", .list = list_read, .seek = list_seek, .stat = list_stat, .close = list_close};

static bool has_name(const struct file *file, const char *name)
{
    const char *text = file->data;
    bool has = false;
    for (uint64_t at = 0; at < file->word[0] && !has; at += strlen(text + at) + 1) {
        has = strcmp(text + at + 1, name) == 0;
    }
    return has;
}

static void name_append(struct file *file, enum name_type type, const char *name)
{
    size_t size = strlen(name) + 1;
    char *text = file->data;
    if (file->word[0] + size + 1 <= LIST_ROOM) {
        text[file->word[0]] = (char)type;
        memcpy(text + file->word[0] + 1, name, size);
        file->word[0] += size + 1;
    }
}

void names_add(struct file *file, enum name_type type, const char *name)
{
    if (!has_name(file, name)) {
        name_append(file, type, name);
    }
}

void names_add_number(struct file *file, enum name_type type, long number)
{
    char name[24];
    format_text(name, sizeof name, "%ld", number);
    name_append(file, type, name); /* they come in a row: none comes twice */
}

void names_set_owner(struct file *file, uint32_t user, uint32_t group)
{
    file->word[1] = user;
    file->word[2] = group;
}

struct file *names_make(const char *path)
{
    struct file *file = file_make(&LIST_KIND, O_RDONLY | O_DIRECTORY);
    if (!file) {
        return NULL;
    }
    file->data = heap_alloc(LIST_ROOM);
    if (!file->data) {
        file_release(file);
        return NULL;
    }
    file_set_path(file, path);
    name_append(file, NAME_DIRECTORY, ".");
    name_append(file, NAME_DIRECTORY, "..");
    return file;
}

const char *names_text(const struct file *file, size_t *size)
{
    *size = file->word[0];
    return file->kind == &LIST_KIND ? file->data : NULL;
}

static bool is_name(const char *name)
{
    bool is_good = *name;
    for (const char *at = name; *at && is_good; at++) {
        is_good = *at != '/';
    }
    return is_good && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

void names_add_text(struct file *file, const char *text, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < size; i++) {
        if (!text[i]) {
            if (i > at + 1 && is_name(text + at + 1)) {
                name_append(file, (unsigned char)text[at], text + at + 1);
            }
            at = i + 1;
        }
    }
}
