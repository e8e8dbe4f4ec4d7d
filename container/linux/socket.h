/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the calls on sockets share: making and addressing them (socket_calls.c), messages (socket_message.c), options
 * (socket_option.c), and what goes along with messages (passing.c, credentials.c). socket(7).
 */
#ifndef SELKIE_LINUX_SOCKET_H
#define SELKIE_LINUX_SOCKET_H

#include <selkie/host_io.h>

#include "container/linux/file.h"

enum {
    AF_UNIX = 1,
    AF_INET = 2,
    AF_INET6 = 10,
    SOCK_STREAM = 1,
    SOL_SOCKET = 1,
    SCM_RIGHTS = 1,
    SCM_CREDENTIALS = 2,
    MSG_CTRUNC = 8
};

/* Words of a socket's file. */
enum {
    SOCKET_RECEIVE_TIMEOUT, /* nanoseconds, 0 for ever */
    SOCKET_SEND_TIMEOUT,
    SOCKET_TYPE,       /* 0: not known */
    SOCKET_CREDENTIALS /* credentials.c's */
};

/* 0, -EBADF or -ENOTSOCK. */
long socket_of(const struct thread *thread, uint64_t fd, struct file **file);

/* Wait as long as the socket's options say; then it is -EAGAIN all the same. */
long socket_wait(struct thread *thread, struct file *file, uint64_t events);

/* An address of the program: filled, so that the host can read it. */
long socket_address_ready(uint64_t address, uint64_t size);

/* Where an address goes with its length, as accept(2) has it. */
long socket_address_write(uint64_t to, uint64_t length_at, const void *address, uint64_t length);

/* What the host answers, until the next call: addresses, options. */
extern unsigned char socket_answer[HOST_IO_SMALL];

#endif
