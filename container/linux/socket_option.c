/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of sockets: setsockopt(2), getsockopt(2). They are the host's, but for the credentials that a Unix socket
 * passes (credentials.c), and the timeouts, which are ours: the host is never waited for.
 */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/credentials.h"
#include "container/linux/host.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"

enum {
    SO_RCVTIMEO = 20,
    SO_SNDTIMEO = 21
};

long socket_wait(struct thread *thread, struct file *file, uint64_t events)
{
    uint64_t timeout_ns = file->word[events & POLL_IN ? SOCKET_RECEIVE_TIMEOUT : SOCKET_SEND_TIMEOUT];
    if (!timeout_ns) {
        return file_wait(thread, file, events);
    }
    if (thread->is_expired) {
        return -EAGAIN;
    }
    file_watch(file, events);
    thread->wait_file = file;
    return thread_wait(thread, WAIT_FILE, thread->is_repeated ? NO_DEADLINE : clock_deadline((int64_t)timeout_ns));
}

static long timeout_set(struct file *file, unsigned which, uint64_t at, uint64_t size)
{
    int64_t time[2];
    long error = size < sizeof time ? -EINVAL : user_read(time, at, sizeof time);
    if (!error) {
        bool is_long = time[0] > 1000000000 || time[0] < 0;
        file->word[which] = is_long ? 0 : (uint64_t)(time[0] * SECOND_NS + time[1] * 1000);
    }
    return error;
}

HANDLER(call_setsockopt)
{
    struct file *file;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : socket_address_ready(ARG(3), ARG(4));
    if (!error && ARG(1) == SOL_SOCKET && (ARG(2) == SO_RCVTIMEO || ARG(2) == SO_SNDTIMEO)) {
        error = timeout_set(file, ARG(2) == SO_RCVTIMEO ? SOCKET_RECEIVE_TIMEOUT : SOCKET_SEND_TIMEOUT,
                            ARG(3), ARG(4));
    }
    long result;
    if (!error && credentials_option_set(file, ARG(1), ARG(2), ARG(3), ARG(4), &result)) {
        return result;
    }
    return error ? error
                 : HOST(file->box.object, HOST_SOCKET_SET_OPTION, 0, NULL, ARG(1), ARG(2), ARG(3), ARG(4));
}

HANDLER(call_getsockopt)
{
    struct file *file;
    uint32_t room;
    uint64_t length = 0;
    long error = socket_of(thread, ARG(0), &file);
    error = error ? error : user_read(&room, ARG(4), sizeof room);
    if (error) {
        return error;
    }
    if (credentials_option_get(file, ARG(1), ARG(2), socket_answer, &length)) {
        return socket_address_write(ARG(3), ARG(4), socket_answer, length);
    }
    uint64_t size = room < sizeof socket_answer ? room : sizeof socket_answer;
    error = HOST(file->box.object, HOST_SOCKET_GET_OPTION, 0, &length, ARG(1), ARG(2),
                 (uint64_t)socket_answer, size);
    return error < 0 ? error : socket_address_write(ARG(3), ARG(4), socket_answer, length);
}
