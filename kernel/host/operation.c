/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of host objects, as a table: who answers them, what a caller
 * must hold, and which of the message words are addresses. What they mean is in
 * abi/host_io.h.
 */
#include "kernel/host/host.h"

#define AT(word)   ((word) + 1)
#define KIND(kind) (1u << HOST_##kind)
#define FILES      (KIND(FILE) | KIND(SOCKET) | KIND(TIMER))
#define READY      (FILES | KIND(EPOLL))
#define OPEN       (READY | KIND(DIRECTORY) | KIND(NETWORK) | KIND(CLOCK))
#define BOTH       (HOST_READ | HOST_WRITE)

enum {
    SIZE_STATX = 256,
    SIZE_TIMES = 32,
    ANY_KIND = 0xffff
};

static const struct host_rule RULES[HOST_OPERATIONS] = {
    [HOST_OBJECT_KIND] = {.kinds = ANY_KIND},
    [HOST_OBJECT_DUPLICATE] = {.kinds = OPEN, .extra = HOST_EXTRA_OBJECT},
    [HOST_OBJECT_MAKE_READY_SET] = {.kinds = KIND(EMPTY), .access = BOTH},
    [HOST_OBJECT_MAKE_PIPE] = {.kinds = KIND(EMPTY), .access = BOTH, .extra = HOST_EXTRA_OBJECT},
    [HOST_OBJECT_MAKE_SOCKET_PAIR] = {.kinds = KIND(EMPTY),
                                      .access = BOTH,
                                      .words = 1,
                                      .extra = HOST_EXTRA_OBJECT},
    [HOST_OBJECT_MAKE_EVENT] = {.kinds = KIND(EMPTY), .access = BOTH, .words = 2},
    [HOST_OBJECT_MAKE_TERMINAL] = {.kinds = KIND(EMPTY), .access = BOTH, .extra = HOST_EXTRA_OBJECT},
    [HOST_OBJECT_MAKE_EPOLL] = {.kinds = KIND(EMPTY), .access = BOTH},
    [HOST_READY_BIND] = {.kinds = KIND(READY_SET), .access = HOST_READ, .extra = HOST_EXTRA_NOTIFICATION},
    [HOST_READY_TAKE] = {.kinds = KIND(READY_SET), .access = HOST_READ, .words = 2},

    [HOST_FILE_WATCH] = {.kinds = READY, .words = 2, .extra = HOST_EXTRA_SET},
    [HOST_FILE_POLL] = {.kinds = READY, .words = 1},
    [HOST_FILE_READ] = {.kinds = FILES, .access = HOST_READ, .words = 4, .data_in = AT(0)},
    [HOST_FILE_WRITE] = {.kinds = FILES, .access = HOST_WRITE, .words = 4, .data_out = AT(0)},
    [HOST_FILE_SEEK] = {.kinds = FILES, .words = 2},
    [HOST_FILE_STAT] = {.kinds = FILES, .words = 1, .small_out = AT(0), .small_size = SIZE_STATX},
    [HOST_FILE_SET_SIZE] = {.kinds = FILES, .access = HOST_WRITE, .words = 1},
    [HOST_FILE_ALLOCATE] = {.kinds = FILES, .access = HOST_WRITE, .words = 3},
    [HOST_FILE_SYNC] = {.kinds = FILES | KIND(DIRECTORY), .words = 1},
    [HOST_FILE_SET_MODE] = {.kinds = FILES, .access = HOST_WRITE, .words = 1},
    [HOST_FILE_SET_TIMES] =
        {.kinds = FILES, .access = HOST_WRITE, .words = 1, .small_in = AT(0), .small_size = SIZE_TIMES},
    [HOST_FILE_CONTROL] = {.kinds = FILES, .words = 2}, /* the request decides about the memory */
    [HOST_FILE_PIPE_SIZE] = {.kinds = FILES, .words = 1},
    [HOST_FILE_LOCK] = {.kinds = KIND(FILE), .words = 4},
    [HOST_FILE_PEER] = {.kinds = KIND(FILE), .access = BOTH, .extra = HOST_EXTRA_OBJECT},
    [HOST_FILE_WINDOW] = {.kinds = KIND(FILE), .access = HOST_READ, .words = 2, .extra = HOST_EXTRA_OBJECT},

    [HOST_WINDOW_TAKE] = {.kinds = KIND(WINDOW), .access = HOST_READ, .words = 2, .extra = HOST_EXTRA_CNODE},

    [HOST_DIRECTORY_OPEN] = {.kinds = KIND(DIRECTORY), .words = 4, .extra = HOST_EXTRA_OBJECT, .path = AT(0)},
    [HOST_DIRECTORY_LIST] = {.kinds = KIND(DIRECTORY), .access = HOST_READ, .words = 2, .data_in = AT(0)},
    [HOST_DIRECTORY_REWIND] = {.kinds = KIND(DIRECTORY), .access = HOST_READ, .words = 1},
    [HOST_DIRECTORY_STAT] = {.kinds = KIND(DIRECTORY),
                             .access = HOST_READ,
                             .words = 4,
                             .path = AT(0),
                             .small_out = AT(3),
                             .small_size = SIZE_STATX},
    [HOST_DIRECTORY_READ_LINK] =
        {.kinds = KIND(DIRECTORY), .access = HOST_READ, .words = 4, .path = AT(0), .data_in = AT(2)},
    [HOST_DIRECTORY_MAKE] = {.kinds = KIND(DIRECTORY), .access = HOST_WRITE, .words = 3, .path = AT(0)},
    [HOST_DIRECTORY_MAKE_NODE] = {.kinds = KIND(DIRECTORY), .access = HOST_WRITE, .words = 3, .path = AT(0)},
    [HOST_DIRECTORY_REMOVE] = {.kinds = KIND(DIRECTORY), .access = HOST_WRITE, .words = 3, .path = AT(0)},
    [HOST_DIRECTORY_RENAME] = {.kinds = KIND(DIRECTORY),
                               .access = HOST_WRITE,
                               .words = 5,
                               .extra = HOST_EXTRA_DIRECTORY,
                               .path = AT(0),
                               .new_path = AT(2)},
    [HOST_DIRECTORY_LINK] = {.kinds = KIND(DIRECTORY),
                             .access = HOST_WRITE,
                             .words = 4,
                             .extra = HOST_EXTRA_DIRECTORY,
                             .path = AT(0),
                             .new_path = AT(2)},
    [HOST_DIRECTORY_SYMLINK] =
        {.kinds = KIND(DIRECTORY), .access = HOST_WRITE, .words = 4, .path = AT(0), .new_path = AT(2)},
    [HOST_DIRECTORY_SET_MODE] = {.kinds = KIND(DIRECTORY), .access = HOST_WRITE, .words = 3, .path = AT(0)},
    [HOST_DIRECTORY_SET_TIMES] = {.kinds = KIND(DIRECTORY),
                                  .access = HOST_WRITE,
                                  .words = 4,
                                  .path = AT(0),
                                  .small_in = AT(3),
                                  .small_size = SIZE_TIMES},

    [HOST_NETWORK_SOCKET] = {.kinds = KIND(NETWORK), .words = 3, .extra = HOST_EXTRA_OBJECT},
    [HOST_NETWORK_RESTRICT] = {.kinds = KIND(NETWORK), .words = 2, .extra = HOST_EXTRA_OBJECT, .path = AT(0)},

    [HOST_SOCKET_BIND] = {.kinds = KIND(SOCKET), .access = HOST_WRITE, .words = 2, .small_in = AT(0)},
    [HOST_SOCKET_CONNECT] = {.kinds = KIND(SOCKET), .access = HOST_WRITE, .words = 2, .small_in = AT(0)},
    [HOST_SOCKET_LISTEN] = {.kinds = KIND(SOCKET), .access = HOST_WRITE, .words = 1},
    [HOST_SOCKET_ACCEPT] = {.kinds = KIND(SOCKET),
                            .access = HOST_READ,
                            .words = 2,
                            .extra = HOST_EXTRA_OBJECT,
                            .small_out = AT(0)},
    [HOST_SOCKET_SEND] =
        {.kinds = KIND(SOCKET), .access = HOST_WRITE, .words = 5, .small_in = AT(3), .data_out = AT(0)},
    [HOST_SOCKET_RECEIVE] =
        {.kinds = KIND(SOCKET), .access = HOST_READ, .words = 5, .small_out = AT(3), .data_in = AT(0)},
    [HOST_SOCKET_RECEIVE_OBJECT] = {.kinds = KIND(SOCKET),
                                    .access = HOST_READ,
                                    .words = 5,
                                    .extra = HOST_EXTRA_OBJECT,
                                    .small_out = AT(3),
                                    .data_in = AT(0)},
    [HOST_SOCKET_SEND_OBJECT] = {.kinds = KIND(SOCKET),
                                 .access = HOST_WRITE,
                                 .words = 5,
                                 .extra = HOST_EXTRA_FILE,
                                 .small_in = AT(3),
                                 .data_out = AT(0)},
    [HOST_SOCKET_SHUTDOWN] = {.kinds = KIND(SOCKET), .words = 1},
    [HOST_SOCKET_GET_OPTION] = {.kinds = KIND(SOCKET), .words = 4, .small_out = AT(2)},
    [HOST_SOCKET_SET_OPTION] = {.kinds = KIND(SOCKET), .words = 4, .small_in = AT(2)},
    [HOST_SOCKET_NAME] = {.kinds = KIND(SOCKET), .words = 3, .small_out = AT(1)},

    [HOST_CLOCK_READ] = {.kinds = KIND(CLOCK), .words = 1},
    [HOST_CLOCK_TIMER] = {.kinds = KIND(CLOCK), .words = 1, .extra = HOST_EXTRA_OBJECT},
    [HOST_TIMER_SET] = {.kinds = KIND(TIMER), .access = HOST_WRITE, .words = 3},

    [HOST_EPOLL_CONTROL] = {.kinds = KIND(EPOLL),
                            .access = HOST_WRITE,
                            .words = 3,
                            .extra = HOST_EXTRA_READY},
    [HOST_EPOLL_TAKE] = {.kinds = KIND(EPOLL), .access = HOST_READ, .words = 2, .data_in = AT(0)},
};

const struct host_rule *host_rule_find(uint64_t operation)
{
    return operation < HOST_OPERATIONS ? &RULES[operation] : NULL;
}

bool host_control_find(uint64_t request, struct host_control *control)
{
    enum {
        SIZE_TERMIOS = 36, /* the kernel's struct termios, not the C library's */
        SIZE_WINDOW = 8,
        SIZE_INT = 4
    };
    static const struct host_control CONTROLS[] = {
        {0x5401, 0, SIZE_TERMIOS}, /* TCGETS */
        {0x5402, SIZE_TERMIOS, 0}, /* TCSETS, TCSETSW, TCSETSF */
        {0x5403, SIZE_TERMIOS, 0}, {0x5404, SIZE_TERMIOS, 0}, {0x5413, 0, SIZE_WINDOW}, /* TIOCGWINSZ */
        {0x5414, SIZE_WINDOW, 0},                                                       /* TIOCSWINSZ */
        {0x541b, 0, SIZE_INT},                                                          /* FIONREAD */
    };
    for (unsigned i = 0; i < sizeof CONTROLS / sizeof *CONTROLS; i++) {
        if (CONTROLS[i].request == request) {
            *control = CONTROLS[i];
            return true;
        }
    }
    return false;
}
