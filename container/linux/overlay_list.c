/* SPDX-License-Identifier: BSD-2-Clause */
/* What a directory of an overlay shows, and removing one that shows nothing. */
#include "container/linux/overlay_list.h"

#include "container/linux/heap.h"
#include "container/linux/overlay_parts.h"

enum {
    ENTRY_HEADER = 19, /* of struct linux_dirent64 */
    PART = 1 << 14,
    FIRST_ROOM = 1 << 12,
    TYPE_DIRECTORY = 4,
    TYPE_WHITE = 0x80, /* in the list while it is made: hides a name below */
    HASH_SLOTS = 256   /* at least; a power of two */
};

size_t entry_size(const struct entry *entry)
{
    return sizeof *entry + strlen(entry->name) + 1;
}

struct entry *entry_at(const struct list *list, size_t position)
{
    return (struct entry *)(list->text + position);
}

static uint32_t *hash_place(const struct list *list, const char *name)
{
    uint64_t hash = 14695981039346656037ul;
    for (const char *at = name; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 1099511628211ul;
    }
    return &list->hash[(hash ^ hash >> 32) & (list->hash_slots - 1)];
}

static struct entry *entry_find(const struct list *list, const char *name)
{
    for (uint32_t at = *hash_place(list, name); at; at = entry_at(list, at - 1)->next) {
        if (strcmp(entry_at(list, at - 1)->name, name) == 0) {
            return entry_at(list, at - 1);
        }
    }
    return NULL;
}

static bool list_grow(struct list *list, size_t more)
{
    size_t room = list->room ? list->room : FIRST_ROOM;
    while (room < list->used + more) {
        room *= 2;
    }
    char *text = room == list->room ? list->text : room <= UINT32_MAX ? heap_alloc(room) : NULL;
    if (text && text != list->text) {
        if (list->text) {
            memcpy(text, list->text, list->used);
            heap_free(list->text, list->room);
        }
        list->text = text;
        list->room = room;
    }
    return text;
}

static bool entry_add(struct list *list, const char *name, uint64_t inode, uint8_t type, bool is_upper)
{
    size_t size = sizeof(struct entry) + strlen(name) + 1;
    if (!list_grow(list, size)) {
        return false;
    }
    uint32_t *place = hash_place(list, name);
    struct entry *entry = entry_at(list, list->used);
    *entry = (struct entry){.inode = inode, .next = *place, .type = type, .is_upper = is_upper};
    memcpy(entry->name, name, strlen(name) + 1);
    *place = (uint32_t)list->used + 1;
    list->used += size;
    return true;
}

void list_drop(struct list *list)
{
    if (list->text) {
        heap_free(list->text, list->room);
    }
    if (list->hash) {
        heap_free(list->hash, list->hash_slots * sizeof *list->hash);
    }
    *list = (struct list){0};
}

/* Everything in a directory of one layer, but for "." and "..". */
static long layer_each(cap_address layer, const char *path,
                       long (*use)(void *argument, const char *name, uint64_t inode, uint8_t type),
                       void *argument)
{
    struct object_box box;
    unsigned char *part = heap_alloc(PART);
    if (!part || !host_object_make(&box)) {
        if (part) {
            heap_free(part, PART);
        }
        return -ENOMEM;
    }
    long got = HOST(layer, HOST_DIRECTORY_OPEN, box.object, NULL, (uint64_t)path, strlen(path),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    while (got >= 0 && (got = HOST(box.object, HOST_DIRECTORY_LIST, 0, NULL, (uint64_t)part, PART)) > 0) {
        uint16_t size;
        for (long at = 0; at < got; at += size) {
            uint64_t inode;
            const char *name = (const char *)part + at + ENTRY_HEADER;
            memcpy(&size, part + at + 16, sizeof size);
            memcpy(&inode, part + at, sizeof inode);
            long error = strcmp(name, ".") == 0 || strcmp(name, "..") == 0
                             ? 0
                             : use(argument, name, inode, part[at + ENTRY_HEADER - 1]);
            got = error ? error : got;
        }
    }
    host_object_drop(&box);
    heap_free(part, PART);
    return got;
}

static long upper_add(void *argument, const char *name, uint64_t inode, uint8_t type)
{
    size_t length = strlen(overlay_white_prefix);
    bool is_mark = strncmp(name, overlay_white_prefix, length) == 0;
    if (strcmp(name, overlay_opaque_name) == 0 || (is_mark && entry_find(argument, name + length))) {
        return 0;
    }
    struct entry *white = is_mark ? NULL : entry_find(argument, name);
    if (white) { /* what is there counts more than its whiteout */
        white->type = type;
        white->is_upper = true;
        white->inode = inode;
        return 0;
    }
    return entry_add(argument, is_mark ? name + length : name, inode, is_mark ? TYPE_WHITE : type, true)
               ? 0
               : -ENOMEM;
}

/* What both have gets a mark: its number is not that of the upper layer, perhaps. */
static long lower_add(void *argument, const char *name, uint64_t inode, uint8_t type)
{
    struct entry *above = entry_find(argument, name);
    if (above || path_is_reserved(name)) {
        if (above && above->type != TYPE_WHITE) {
            above->inode = 0;
        }
        return 0;
    }
    return entry_add(argument, name, inode, type, false) ? 0 : -ENOMEM;
}

/* Numbers that only a look at the file tells. */
static void inode_find(const char *path, struct entry *entry)
{
    static struct statx status;
    int length =
        format_text(overlay_above, sizeof overlay_above, "%s%s%s", path, *path ? "/" : "", entry->name);
    if (length < PATH_ROOM - 1 && !overlay_stat(overlay_above, &status)) {
        entry->inode = status.inode;
    }
}

/* Whiteouts go, and the hash. */
static void list_finish(const char *path, struct list *list)
{
    size_t to = 0;
    for (size_t at = 0; at < list->used;) {
        struct entry *entry = entry_at(list, at);
        size_t size = entry_size(entry);
        if (entry->type != TYPE_WHITE) {
            entry->inode = entry->inode && entry->is_upper ? index_shown(entry->inode) : entry->inode;
            if (!entry->inode) {
                inode_find(path, entry);
            }
            memmove(list->text + to, entry, size);
            to += size;
        }
        at += size;
    }
    list->used = to;
    heap_free(list->hash, list->hash_slots * sizeof *list->hash);
    list->hash = NULL;
}

long list_make(const char *path, struct list *list)
{
    static struct overlay_node node;
    static struct statx status, above;
    size_t length = path_parent_length(path);
    memcpy(overlay_above, path, length);
    overlay_above[length] = '\0';
    long error = overlay_look(path, &node);
    bool has_status = !error && !overlay_stat(path, &status) && !overlay_stat(overlay_above, &above);
    if (error || !is_directory(&node.status)) {
        return error ? error : -ENOTDIR;
    }
    *list = (struct list){.hash_slots = HASH_SLOTS};
    while (list->hash_slots < node.status.size / 64 && list->hash_slots < 1 << 16) {
        list->hash_slots *= 2;
    }
    list->hash = heap_alloc(list->hash_slots * sizeof *list->hash);
    error = list->hash && entry_add(list, ".", has_status ? status.inode : 1, TYPE_DIRECTORY, false) &&
                    entry_add(list, "..", has_status ? above.inode : 1, TYPE_DIRECTORY, false)
                ? 0
                : -ENOMEM;
    error = error || !node.is_upper ? error : layer_each(overlay.upper, path, upper_add, list);
    error = error || !node.is_lower ? error : layer_each(overlay.lower, path, lower_add, list);
    if (error) {
        list_drop(list);
        return error;
    }
    list_finish(path, list);
    return 0;
}

long directory_is_empty(const char *path)
{
    struct list list;
    long error = list_make(path, &list);
    if (error) {
        return error;
    }
    size_t first = entry_size(entry_at(&list, 0));
    bool is_empty = list.used == first + entry_size(entry_at(&list, first));
    list_drop(&list);
    return is_empty;
}

/* Whiteouts and the like in a directory that was moved aside. */
static long mark_remove(void *argument, const char *name, uint64_t inode, uint8_t type)
{
    (void)inode;
    (void)type;
    if (!path_is_reserved(name)) {
        return -ENOTEMPTY;
    }
    format_text(overlay_scratch, sizeof overlay_scratch, "%s/%s", (const char *)argument, name);
    long error = layer_remove(overlay.upper_index, overlay_scratch, 0);
    return error < 0 ? error : 0;
}

static long mark_check(void *argument, const char *name, uint64_t inode, uint8_t type)
{
    (void)argument;
    (void)inode;
    (void)type;
    return path_is_reserved(name) ? 0 : -ENOTEMPTY;
}

long directory_drop(const char *path, const struct statx *status)
{
    char work[WORK_NAME];
    long error = layer_remove(overlay.upper, path, AT_REMOVEDIR);
    if (error == -ENOTEMPTY) {
        work_name(work);
        error = layer_rename(overlay.upper, path, overlay.upper_index, work, 0);
        error = error < 0 ? error : layer_each(overlay.upper_index, work, mark_check, NULL);
        if (error == -ENOTEMPTY) { /* somebody was quick */
            (void)layer_rename(overlay.upper_index, work, overlay.upper, path, RENAME_NOREPLACE);
            return error;
        }
        error = error ? error : layer_each(overlay.upper_index, work, mark_remove, work);
        (void)layer_remove(overlay.upper_index, work, AT_REMOVEDIR);
    }
    if (!error) {
        index_remove(status);
    }
    return error;
}
