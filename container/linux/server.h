/* SPDX-License-Identifier: BSD-2-Clause */
/* The process server as a process sees it: one function for each message of container/messages.h that needs one. */
#ifndef SELKIE_LINUX_SERVER_H
#define SELKIE_LINUX_SERVER_H

#include "container/linux/base.h"
#include "container/messages.h"

/* Call with these words; the answer's first, the others in `answer`, which may be NULL. */
long server_call(enum server_message message, const uint64_t *words, unsigned count, uint64_t *answer,
                 unsigned answer_count);
#define SERVER(message, ...)                                                                                 \
    server_call((message), (const uint64_t[]){__VA_ARGS__},                                                  \
                (unsigned)(sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)), NULL, 0)

/* Tell the server where to signal news; our pid. */
int server_ready(uint64_t notification);

/* An id for a thread. */
int server_thread_id(void);

/* After a fork: ids that the parent has are not ours. */
void server_fork(void);

#endif
