/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of the names in a directory of an overlay: what the upper layer has comes first; each name is there once. */
#ifndef SELKIE_LINUX_OVERLAY_LIST_H
#define SELKIE_LINUX_OVERLAY_LIST_H

#include "container/linux/base.h"

/* In the list's text, one behind the other. */
struct entry {
    uint64_t inode;
    uint32_t next; /* with the same hash: position + 1 in the list */
    uint8_t type;
    bool is_upper; /* alone */
    char name[];
} __attribute__((packed));

struct list {
    char *text;
    size_t used, room;
    uint32_t *hash; /* while it is made */
    size_t hash_slots;
};

/* -ENOENT, -ENOTDIR, -ENOMEM. */
long list_make(const char *path, struct list *list);
void list_drop(struct list *list);

struct entry *entry_at(const struct list *list, size_t position);
size_t entry_size(const struct entry *entry);

#endif
