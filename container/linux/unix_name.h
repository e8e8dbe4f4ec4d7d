/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of Unix sockets that are paths. The host would look for them in its own root; so a socket that is bound to a
 * path gets a node there, in the container's root or a volume, and its name on the host is an abstract one that says
 * which node it is. Whoever sees that node, in another container too, finds the socket. unix(7).
 */
#ifndef SELKIE_LINUX_UNIX_NAME_H
#define SELKIE_LINUX_UNIX_NAME_H

#include "container/linux/file.h"

struct unix_name {
    uint64_t address, size; /* what the host is told */
    char path[128];         /* as the program named it; "" if it is no path */
};

/* The program's address is read: 0 or an error. Addresses that are no paths stay what they are. For binding, the node
 * is made; unix_name_undo takes it away again. */
long unix_name_bind(const struct process *process, uint64_t address, uint64_t size, struct unix_name *name);
long unix_name_find(const struct process *process, uint64_t address, uint64_t size, struct unix_name *name);
void unix_name_undo(const struct process *process, const struct unix_name *name);

/* Is what the host answered one of these? Then it becomes `path`, and the length what is returned. */
uint64_t unix_name_show(void *address, uint64_t size, const char *path);

#endif
