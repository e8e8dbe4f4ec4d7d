/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host as the personality sees it: capabilities by name, invocations, objects for what is opened, and the ready
 * set behind the personality's notification. Answers are Linux results; a refused invocation is -EACCES.
 */
#ifndef SELKIE_LINUX_HOST_H
#define SELKIE_LINUX_HOST_H

#include <selkie/host_io.h>

#include "container/linux/object.h"

void host_init(const struct container_order *order);
void host_fork(void); /* the child of a fork has a ready set of its own; files_fork comes after it */

/* The capability that the order names so; 0: there is none. */
cap_address host_find(const char *name);

/* The first directory from *index on that the container was given for writing; 0: there is none. */
cap_address host_writable_directory(unsigned *index);

/* How the host's names of Unix sockets begin: "" where they may be any. */
const char *host_sockets(void);

/* Invoke; up to six words. */
long host_call(cap_address cap, enum host_operation operation, cap_address extra, const uint64_t words[6],
               unsigned count, uint64_t *second);
#define HOST(cap, operation, extra, second, ...)                                                             \
    host_call((cap), (operation), (extra), (const uint64_t[6]){__VA_ARGS__},                                 \
              (unsigned)(sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)), (second))

/* An empty host object, and its end, which closes what it is. */
bool host_object_make(struct object_box *box);
void host_object_drop(const struct object_box *box);

/* Ask for one of `events` on a host file; host_events then hands out its token. -EPERM: it is always ready. */
long host_watch(cap_address file, uint64_t events, uint64_t token);

/* Take what is ready: calls file_host_ready or the clock. */
void host_events(void);

#endif
