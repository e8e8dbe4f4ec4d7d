/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at the other end of a Unix socket: unix(7). Control data as in cmsg(3). */
#ifndef SELKIE_LINUX_CREDENTIALS_H
#define SELKIE_LINUX_CREDENTIALS_H

#include "container/linux/file.h"

struct control_header { /* struct cmsghdr */
    uint64_t size;
    int32_t level, type;
};

struct credentials { /* struct ucred */
    int32_t pid;
    uint32_t user, group;
};

/* Where control data goes, how much there may be, and then is; `flags` gets MSG_CTRUNC if that is too little. */
struct control_room {
    uint64_t at, size, used;
    uint32_t flags;
};

bool socket_is_unix(const struct file *socket);
struct credentials credentials_own(const struct thread *thread);

/* What a program says of itself: -EPERM if it must not. */
long credentials_read(const struct thread *thread, uint64_t at, uint64_t size, struct credentials *said);

/* To who asked for them. NULL: nobody knows the sender's. */
void credentials_give(const struct file *socket, const struct credentials *credentials,
                      struct control_room *room);

/* SO_PASSCRED and SO_PEERCRED: true, and the result. */
bool credentials_option_set(struct file *socket, uint64_t level, uint64_t name, uint64_t at, uint64_t size,
                            long *result);
bool credentials_option_get(const struct file *socket, uint64_t level, uint64_t name, unsigned char value[16],
                            uint64_t *size);

/* This process made both ends. */
void credentials_set_peer(struct file *socket, int pid);

#endif
