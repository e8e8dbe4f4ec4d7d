/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as names of Unix sockets. */
#include "container/linux/unix_name.h"

#include "container/linux/host.h"
#include "container/linux/place.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"

enum {
    FAMILY_BYTES = 2,
    ADDRESS_BYTES = 110,
    ABSTRACT = '@', /* behind the beginning: an abstract name follows; else a node of a file system */
    NODE = ':'
};

#define PREFIX "selkie" /* where any name is allowed */

static struct {
    uint16_t family;
    char text[ADDRESS_BYTES - FAMILY_BYTES];
} host_address;
static struct path the_path;
static struct statx status;

static long make_below(void *argument, const struct place *place)
{
    return place_make_node(place, *(uint64_t *)argument);
}

static long remove_below(void *argument, const struct place *place)
{
    (void)argument;
    return place_remove(place, 0);
}

static long stat_below(void *argument, const struct place *place)
{
    (void)argument;
    return place_stat_host(place, &status);
}

/* Its own beginning in front of an abstract name, where others are not allowed. */
static long abstract_name(uint64_t size, struct unix_name *name)
{
    size_t prefix = strlen(host_sockets()), length = size - FAMILY_BYTES - 1;
    if (!prefix) {
        return 0;
    }
    if (prefix + 1 + length > sizeof host_address.text - 1) {
        return -EINVAL;
    }
    char *text = host_address.text + 1;
    memmove(text + prefix + 1, text, length);
    memcpy(text, host_sockets(), prefix);
    text[prefix] = ABSTRACT;
    name->address = (uint64_t)&host_address;
    name->size = size + prefix + 1;
    return 0;
}

/* 1: a path. */
static long name_read(uint64_t address, uint64_t size, struct unix_name *name)
{
    memset(&host_address, 0, sizeof host_address);
    *name = (struct unix_name){.address = address, .size = size};
    if (size <= FAMILY_BYTES || size > ADDRESS_BYTES) {
        return 0;
    }
    long error = user_read(&host_address, address, size);
    if (error || host_address.family != AF_UNIX) {
        return error;
    }
    if (!host_address.text[0]) {
        return abstract_name(size, name);
    }
    memcpy(name->path, host_address.text, sizeof host_address.text);
    return 1;
}

/* What the node of `the_path` is called on the host. */
static long node_name(const struct process *process, struct unix_name *name)
{
    long error = path_do(process, &the_path, true, stat_below, NULL);
    if (error < 0 || (status.mode & S_IFMT) != S_IFSOCK) {
        return error < 0 ? error : -ECONNREFUSED;
    }
    memset(&host_address, 0, sizeof host_address);
    host_address.family = AF_UNIX;
    int length = format_text(host_address.text + 1, sizeof host_address.text - 1, "%s:%x:%x:%lx",
                             *host_sockets() ? host_sockets() : PREFIX, status.dev_major, status.dev_minor,
                             status.inode);
    name->address = (uint64_t)&host_address;
    name->size = FAMILY_BYTES + 1 + (uint64_t)length;
    return 0;
}

long unix_name_bind(const struct process *process, uint64_t address, uint64_t size, struct unix_name *name)
{
    uint64_t mode = S_IFSOCK | (0777 & ~(uint64_t)process->umask);
    long error = name_read(address, size, name);
    if (error != 1) {
        return error;
    }
    error = path_text(process, name->path, &the_path);
    error = error ? error : path_do(process, &the_path, false, make_below, &mode);
    return error == -EEXIST ? -EADDRINUSE : error ? error : node_name(process, name);
}

long unix_name_find(const struct process *process, uint64_t address, uint64_t size, struct unix_name *name)
{
    long error = name_read(address, size, name);
    if (error != 1) {
        return error;
    }
    error = path_text(process, name->path, &the_path);
    return error ? error : node_name(process, name);
}

void unix_name_undo(const struct process *process, const struct unix_name *name)
{
    if (name->path[0] && path_text(process, name->path, &the_path) == 0) {
        (void)path_do(process, &the_path, false, remove_below, NULL);
    }
}

uint64_t unix_name_show(void *address, uint64_t size, const char *path)
{
    char *text = (char *)address + FAMILY_BYTES;
    const char *begin = *host_sockets() ? host_sockets() : PREFIX;
    size_t length = strlen(begin);
    uint16_t family = 0;
    memcpy(&family, address, size >= FAMILY_BYTES ? FAMILY_BYTES : 0);
    if (family != AF_UNIX || size < FAMILY_BYTES + 1 + length + 1 || memcmp(text + 1, begin, length) != 0) {
        return size;
    }
    if (*host_sockets() && text[1 + length] == ABSTRACT) {
        memmove(text + 1, text + 1 + length + 1, size - FAMILY_BYTES - 1 - length - 1);
        return size - length - 1;
    }
    if (text[1 + length] != NODE || !path || strlen(path) >= ADDRESS_BYTES - FAMILY_BYTES) {
        return size;
    }
    memcpy(text, path, strlen(path) + 1);
    return FAMILY_BYTES + strlen(path) + 1;
}
