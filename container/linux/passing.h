/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in messages of Unix sockets (unix(7), cmsg(3)).
 *
 * The files themselves wait at the process server in a parcel (messages.h). What goes along with the message, as a
 * descriptor of the host's, is the end of a pipe that holds the parcel's token and what else the receiver must know.
 */
#ifndef SELKIE_LINUX_PASSING_H
#define SELKIE_LINUX_PASSING_H

#include "container/linux/credentials.h"
#include "container/linux/file.h"

/* What goes along with one message; the box is empty if nothing does. */
struct parcel {
    struct object_box pipe;
    bool is_there;
    uint64_t token;
};

/* From a message's control data. -EINVAL, -EBADF, -EPERM, -EOPNOTSUPP, -ETOOMANYREFS, ... */
long parcel_pack(struct thread *thread, const struct file *socket, uint64_t control, uint64_t size,
                 struct parcel *parcel);

/* It was sent; or it was not, and will not be. */
void parcel_sent(const struct parcel *parcel, bool is_sent);

/* What came along, if anything did; takes the box. */
void parcel_unpack(struct thread *thread, const struct file *socket, const struct object_box *box,
                   bool has_object, bool is_close_on_exec, struct control_room *room);

#endif
