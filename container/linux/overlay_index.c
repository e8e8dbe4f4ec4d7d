/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns what, as far as the container sees it. On the host all of a layer belongs to whoever made it, without
 * special mode bits. What is different lies in the layer's index, a directory with a symbolic link per file, whose
 * name is the file's inode number and whose target INDEX_ENTRY (container/index.h). The time of birth in it tells
 * an entry from one that an earlier file with that number left. What has an entry is marked by the sticky bit on
 * the host; links, which have no mode, are looked up always.
 *
 * A lower layer without an index shows what the host does.
 */
#include "container/linux/overlay_parts.h"

#include "container/index.h"
#include "container/linux/identity.h"

enum {
    ENTRY_TEXT = 96,
    ENTRY_NUMBERS = 6
};

#define UPPER_BIT (1ul << 62) /* in inode numbers of an upper layer on another file system */

static struct {
    bool is_known, is_same;
    uint32_t major, minor; /* the lower one's */
} device;

static void device_find(void)
{
    static struct statx upper, lower;
    if (!device.is_known && layer_stat(overlay.upper, "", &upper) >= 0 &&
        layer_stat(overlay.lower, "", &lower) >= 0) {
        device.is_known = true;
        device.is_same = upper.dev_major == lower.dev_major && upper.dev_minor == lower.dev_minor;
        device.major = lower.dev_major;
        device.minor = lower.dev_minor;
    }
}

static bool entry_parse(const char *text, uint64_t number[ENTRY_NUMBERS])
{
    for (unsigned i = 0; i < ENTRY_NUMBERS; i++) {
        unsigned digits = 0;
        for (number[i] = 0; digits < 16; digits++, text++) {
            unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                             : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10)
                                                            : 16u;
            if (digit == 16) {
                break;
            }
            number[i] = number[i] << 4 | digit;
        }
        if (!digits || *text++ != (i + 1 < ENTRY_NUMBERS ? '.' : '\0')) {
            return false;
        }
    }
    return true;
}

static void entry_name(char name[WORK_NAME], uint64_t inode)
{
    format_text(name, WORK_NAME, "%lx", inode);
}

static bool is_link(uint32_t mode)
{
    return (mode & S_IFMT) == S_IFLNK;
}

bool index_read(bool is_upper, const struct statx *status, struct index_entry *entry)
{
    static char text[ENTRY_TEXT + 1];
    char name[WORK_NAME];
    uint64_t number[ENTRY_NUMBERS];
    cap_address index = is_upper ? overlay.upper_index : overlay.lower_index;
    *entry = (struct index_entry){status->user, status->group, status->mode & MODE_BITS, 0};
    if (!index) {
        return false;
    }
    entry->user = entry->group = 0;
    if (!is_link(status->mode) && !(status->mode & S_ISVTX)) {
        return false;
    }
    entry->mode &= is_link(status->mode) ? MODE_BITS : MODE_BITS & ~S_ISVTX;
    entry_name(name, status->inode);
    long length = HOST(index, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)name, strlen(name), (uint64_t)text,
                       ENTRY_TEXT);
    text[length > 0 ? length : 0] = '\0';
    if (!entry_parse(text, number) || number[4] != (uint64_t)status->birth.seconds ||
        number[5] != status->birth.nanoseconds) {
        return false;
    }
    *entry = (struct index_entry){(uint32_t)number[0], (uint32_t)number[1], (uint32_t)number[2] & MODE_BITS,
                                  number[3]};
    return true;
}

static void entry_show(const struct index_entry *entry, struct statx *status)
{
    status->user = entry->user;
    status->group = entry->group;
    status->mode = (uint16_t)((status->mode & S_IFMT) | entry->mode);
}

/* One device for all of the container's own; lower file systems within the lower one stay what they are. */
static void identity_show(const struct index_entry *entry, struct statx *status)
{
    device_find();
    status->dev_major = device.major;
    status->dev_minor = device.minor;
    status->inode = entry->inode ? entry->inode : status->inode | (device.is_same ? 0 : UPPER_BIT);
}

uint64_t index_shown(uint64_t inode)
{
    static char text[ENTRY_TEXT];
    char name[WORK_NAME];
    entry_name(name, inode);
    device_find();
    long length = HOST(overlay.upper_index, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)name, strlen(name),
                       (uint64_t)text, sizeof text);
    return length > 0 ? 0 : inode | (device.is_same ? 0 : UPPER_BIT);
}

void overlay_show(const struct overlay_node *node, struct statx *status)
{
    struct index_entry entry;
    *status = node->status;
    (void)index_read(node->is_upper, status, &entry);
    entry_show(&entry, status);
    if (node->is_upper && node->is_lower) {
        status->inode = node->lower_inode;
        status->dev_major = node->lower_major;
        status->dev_minor = node->lower_minor;
        status->links = 1; /* nobody counts */
    } else if (node->is_upper) {
        identity_show(&entry, status);
    }
}

void overlay_show_file(enum overlay_layer layer, struct statx *status)
{
    struct index_entry entry;
    (void)index_read(layer == LAYER_UPPER, status, &entry);
    entry_show(&entry, status);
    if (layer == LAYER_UPPER) {
        identity_show(&entry, status);
    }
}

uint32_t index_host_mode(uint32_t type, uint32_t mode)
{
    return (mode & MODE_PLAIN) | (type == S_IFDIR ? 0700u : 0u);
}

bool index_is_plain(uint32_t type, const struct index_entry *entry)
{
    return !entry->user && !entry->group && !entry->inode &&
           (type == S_IFLNK || index_host_mode(type, entry->mode) == entry->mode);
}

long index_write(cap_address layer, const char *path, const struct statx *status,
                 const struct index_entry *entry)
{
    char name[WORK_NAME], work[WORK_NAME], text[ENTRY_TEXT];
    uint32_t type = status->mode & S_IFMT;
    int length = format_text(text, sizeof text, INDEX_ENTRY, entry->user, entry->group, entry->mode,
                             (unsigned long)entry->inode, (unsigned long)status->birth.seconds,
                             status->birth.nanoseconds);
    entry_name(name, status->inode);
    work_name(work);
    long error = HOST(overlay.upper_index, HOST_DIRECTORY_SYMLINK, 0, NULL, (uint64_t)work, strlen(work),
                      (uint64_t)text, (uint64_t)length);
    error = error < 0 ? error : layer_rename(overlay.upper_index, work, overlay.upper_index, name, 0);
    if (error >= 0 && type != S_IFLNK) {
        error = HOST(layer, HOST_DIRECTORY_SET_MODE, 0, NULL, (uint64_t)path, strlen(path),
                     index_host_mode(type, entry->mode) | S_ISVTX);
    }
    return error < 0 ? error : 0;
}

void index_remove(const struct statx *status)
{
    char name[WORK_NAME];
    if (is_link(status->mode) || status->mode & S_ISVTX) {
        entry_name(name, status->inode);
        (void)layer_remove(overlay.upper_index, name, 0);
    }
}

long index_new(const char *path, uint32_t type, uint64_t mode, struct index_entry *entry)
{
    static struct overlay_node node;
    struct index_entry above;
    size_t length = path_parent_length(path);
    memcpy(overlay_above, path, length);
    overlay_above[length] = '\0';
    long error = overlay_look(overlay_above, &node);
    *entry = (struct index_entry){identity_user(), identity_group(), (uint32_t)mode & MODE_BITS, 0};
    if (!error) {
        (void)index_read(node.is_upper, &node.status, &above);
        if (above.mode & S_ISGID) {
            entry->group = above.group;
            entry->mode |= type == S_IFDIR ? S_ISGID : 0;
        }
    }
    return error;
}

long index_apply(cap_address layer, const char *path, const struct index_entry *entry)
{
    static struct statx status;
    long error = layer_stat(layer, path, &status);
    return error < 0                                     ? error
           : index_is_plain(status.mode & S_IFMT, entry) ? 0
                                                         : index_write(layer, path, &status, entry);
}
