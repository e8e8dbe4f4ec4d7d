/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client and the container manager say to each other on the control socket (Unix, SOCK_SEQPACKET). Both
 * sides take what the other says for allegations.
 *
 * A message is text: fields KEY=VALUE, each ended by a zero. The first field's key says what the message is.
 *
 * From the manager:
 *     welcome=CONTROL_VERSION             first of all; a manager that is about to end closes instead
 *     error=TEXT                          the request was refused
 *     started=NAME                        a container runs
 *     unit=NAME state=... ...             one line of a list; processor_us is as of the request before
 *     ended=STATUS                        a container that was waited for: "exit N", "signal N" or "broken"
 *     done=
 * From the client:
 *     give=NAME access=r|w|rw             with one descriptor: something for the container that is to run
 *     do=run name= memory= cpu=PERMILLE arg= env= workdir= mount=NAME:PATH port=ADDRESS:HOST:CONTAINER network=RULES
 *            user=UID:GID restart=no|always|on-failure[:N] detach=1 terminal=1
 *                                         -> started=, and unless detached ended=; a client that goes ends its own
 *     do=exec name= arg= env= workdir= user=UID:GID detach=1 terminal=1
 *                                         -> started=, and unless detached ended=; a process in the container of that
 *                                         name, with the streams that were given; a client that goes ends it
 *     do=list                             -> unit=..., done=
 *     do=kill name= signal=N [terminal=1] -> done=; `terminal`: for the foreground processes of its terminal. Without
 *                                         a name: for what this connection's do=exec started
 *     do=wait name=                       -> ended=
 *     do=end                              -> done=; all containers end, then the manager
 */
#ifndef SELKIE_CONTAINER_CONTROL_H
#define SELKIE_CONTAINER_CONTROL_H

#define CONTROL_VERSION "1"

enum {
    CONTROL_MESSAGE = 128 * 1024, /* bytes of the longest message */
    CONTROL_NAME = 64 /* bytes of a container's name, its zero included: letters, digits and . _ - */
};

#endif
