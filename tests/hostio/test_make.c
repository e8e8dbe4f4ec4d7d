/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes, socket pairs, events, terminals, duplicates, and descriptors that come with data.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "fixture.h"

enum {
    NOBODY = 12345, /* an empty object has no handle */
    PIPE_HOLDS = 65536
};

static int64_t write_text(uint32_t handle, const char *text)
{
    memcpy(fixture.arena, text, strlen(text));
    pieces_set(1, strlen(text), 0);
    return CALL(HOST_FILE_WRITE, handle, NULL, NULL, 0, strlen(text), UINT64_MAX, 0);
}

static bool reads_text(uint32_t handle, const char *text)
{
    memset(fixture.arena, 0, 64);
    pieces_set(1, 64, 0);
    int64_t got = CALL(HOST_FILE_READ, handle, NULL, NULL, 0, 64, UINT64_MAX, 0);
    return got == (int64_t)strlen(text) && memcmp(fixture.arena, text, strlen(text)) == 0;
}

static void test_pipe(void)
{
    fixture_begin();
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_PIPE, NOBODY, NULL, NULL, 0), 0);
    uint32_t reader = fixture.call.own_handle, writer = fixture.call.new_handle;
    CHECK_EQ(fixture.call.own_kind, HOST_FILE);
    CHECK_EQ(fixture.call.own_access, HOST_READ);
    CHECK_EQ(fixture.call.new_access, HOST_WRITE);
    CHECK(!reads_text(reader, ""));
    CHECK_EQ(CALL(HOST_FILE_READ, reader, NULL, NULL, 0, 64, UINT64_MAX, 0), -EAGAIN);
    CHECK_EQ(write_text(writer, "through"), 7);
    CHECK(reads_text(reader, "through"));
    CHECK_EQ(CALL(HOST_FILE_PIPE_SIZE, writer, NULL, NULL, 0), PIPE_HOLDS);
    CHECK_EQ(CALL(HOST_FILE_PIPE_SIZE, reader, NULL, NULL, 2 << 20), -EPERM);
    CHECK_EQ(CALL(HOST_FILE_PIPE_SIZE, reader, NULL, NULL, 4096), 4096);
    /* A write of up to 4096 bytes happens as a whole or not at all. */
    pieces_set(1, 4000, 0);
    CHECK_EQ(CALL(HOST_FILE_WRITE, writer, NULL, NULL, 0, 4000, UINT64_MAX, 0), 4000);
    CHECK_EQ(CALL(HOST_FILE_WRITE, writer, NULL, NULL, 0, 4000, UINT64_MAX, 0), -EAGAIN);
    hostio_close(fixture.h, reader);
    CHECK_EQ(write_text(writer, "x"), -EPIPE); /* and no signal */
    CHECK_EQ(CALL(HOST_FILE_PIPE_SIZE, ROOT, NULL, NULL, 0), -EBADF);
    fixture_end();
}

static void test_socket_pair(void)
{
    fixture_begin();
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_SOCKET_PAIR, NOBODY, NULL, NULL, SOCK_RAW), -ESOCKTNOSUPPORT);
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_SOCKET_PAIR, NOBODY, NULL, NULL, SOCK_DGRAM), 0);
    uint32_t first = fixture.call.own_handle, second = fixture.call.new_handle;
    CHECK_EQ(fixture.call.own_kind, HOST_SOCKET);
    CHECK_EQ(fixture.call.new_kind, HOST_SOCKET);
    CHECK_EQ(write_text(first, "one"), 3);
    CHECK_EQ(write_text(first, "two"), 3);
    CHECK(reads_text(second, "one"));
    CHECK(reads_text(second, "two"));
    /* It came from no network, so it reaches nobody else. */
    const struct sockaddr address = {.sa_family = AF_UNIX, .sa_data = "/x"};
    small_set(&address, sizeof(address));
    CHECK_EQ(CALL(HOST_SOCKET_CONNECT, first, NULL, NULL, 0, sizeof(address)), -EACCES);
    CHECK_EQ(CALL(HOST_SOCKET_BIND, first, NULL, NULL, 0, sizeof(address)), -EACCES);
    pieces_set(1, 1, 0);
    CHECK_EQ(CALL(HOST_SOCKET_SEND, first, NULL, NULL, 0, 1, 0, 0, sizeof(address)), -EACCES);
    fixture_end();
}

static void test_event(void)
{
    uint64_t count = 0;
    fixture_begin();
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_EVENT, NOBODY, NULL, NULL, 3, EFD_CLOEXEC), -EINVAL);
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_EVENT, NOBODY, NULL, NULL, 3, 0), 0);
    uint32_t event = fixture.call.own_handle;
    pieces_set(1, 8, 0);
    CHECK_EQ(CALL(HOST_FILE_READ, event, NULL, NULL, 0, 8, UINT64_MAX, 0), 8);
    memcpy(&count, fixture.arena, sizeof(count));
    CHECK_EQ(count, 3);
    CHECK_EQ(CALL(HOST_FILE_READ, event, NULL, NULL, 0, 8, UINT64_MAX, 0), -EAGAIN);
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_EVENT, NOBODY, NULL, NULL, 3, EFD_SEMAPHORE), 0);
    CHECK_EQ(CALL(HOST_FILE_READ, fixture.call.own_handle, NULL, NULL, 0, 8, UINT64_MAX, 0), 8);
    memcpy(&count, fixture.arena, sizeof(count));
    CHECK_EQ(count, 1);
    fixture_end();
}

static int64_t epoll_change(uint32_t epoll, uint64_t operation, uint32_t handle, uint64_t events, uint64_t data)
{
    fixture.call.other = handle;
    return CALL(HOST_EPOLL_CONTROL, epoll, NULL, NULL, operation, events, data);
}

static int64_t epoll_take(uint32_t epoll, uint64_t size, struct epoll_event *event)
{
    pieces_set(1, size, 0);
    int64_t count = CALL(HOST_EPOLL_TAKE, epoll, NULL, NULL, 0, size);
    memcpy(event, fixture.arena, sizeof(*event));
    return count;
}

static void test_epoll(void)
{
    struct epoll_event event = {0};
    fixture_begin();
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_EPOLL, NOBODY, NULL, NULL, 0), 0);
    uint32_t epoll = fixture.call.own_handle;
    CHECK_EQ(fixture.call.own_kind, HOST_EPOLL);
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_PIPE, NOBODY, NULL, NULL, 0), 0);
    uint32_t reader = fixture.call.own_handle, writer = fixture.call.new_handle;
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_MOD, reader, EPOLLIN, 0), -ENOENT);
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_ADD, NOBODY, EPOLLIN, 0), -EBADF);
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN, 0), -EINVAL);
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_ADD, reader, EPOLLIN | EPOLLET, 0x123456789abcdef0), 0);
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_ADD, reader, EPOLLIN, 0), -EEXIST);
    CHECK_EQ(epoll_take(epoll, 120, &event), 0);
    CHECK_EQ(CALL(HOST_FILE_POLL, epoll, NULL, NULL, EPOLLIN), 0);
    CHECK_EQ(write_text(writer, "x"), 1);
    CHECK_EQ(CALL(HOST_FILE_POLL, epoll, NULL, NULL, EPOLLIN), EPOLLIN);
    CHECK_EQ(epoll_take(epoll, sizeof(event) - 1, &event), -EINVAL); /* no room for one */
    CHECK_EQ(epoll_take(epoll, 120, &event), 1);
    CHECK_EQ(event.events, EPOLLIN);
    CHECK_EQ(event.data.u64, 0x123456789abcdef0);
    CHECK_EQ(epoll_take(epoll, 120, &event), 0); /* once for each edge */
    CHECK_EQ(write_text(writer, "y"), 1);
    CHECK_EQ(epoll_take(epoll, 120, &event), 1);
    CHECK_EQ(CALL(HOST_FILE_READ, epoll, NULL, NULL, 0, 8, UINT64_MAX, 0), -EBADF);
    CHECK_EQ(CALL(HOST_EPOLL_TAKE, reader, NULL, NULL, 0, 120), -EBADF);
    hostio_close(fixture.h, reader);
    CHECK_EQ(epoll_change(epoll, EPOLL_CTL_DEL, reader, 0, 0), -EBADF);
    CHECK_EQ(epoll_take(epoll, 120, &event), 0);
    fixture_end();
}

static void test_terminal(void)
{
    fixture_begin();
    int64_t result = CALL(HOST_OBJECT_MAKE_TERMINAL, NOBODY, NULL, NULL, 0);
    if (result == -ENOENT || result == -EACCES) { /* a host without terminals */
        fixture_end();
        return;
    }
    CHECK_EQ(result, 0);
    uint32_t master = fixture.call.own_handle, slave = fixture.call.new_handle;
    struct winsize size = {.ws_row = 33, .ws_col = 77};
    small_set(&size, sizeof(size));
    CHECK_EQ(CALL(HOST_FILE_CONTROL, master, NULL, NULL, TIOCSWINSZ, 0), 0);
    memset(fixture.small, 0, sizeof(fixture.small));
    CHECK_EQ(CALL(HOST_FILE_CONTROL, slave, NULL, NULL, TIOCGWINSZ, 0), 0);
    CHECK_EQ(fixture.small[0], 33);
    CHECK_EQ(write_text(slave, "out\n"), 4);
    CHECK(reads_text(master, "out\r\n"));
    CHECK_EQ(write_text(master, "line\r"), 5);
    CHECK(reads_text(slave, "line\n"));
    CHECK_EQ(CALL(HOST_FILE_PEER, slave, NULL, NULL, 0), -EIO);
    CHECK_EQ(CALL(HOST_FILE_PEER, master, NULL, NULL, 0), 0);
    uint32_t again = fixture.call.new_handle;
    hostio_close(fixture.h, slave);
    (void)reads_text(master, "line\r\n"); /* the echo */
    CHECK_EQ(write_text(again, "again"), 5);
    CHECK(reads_text(master, "again"));
    hostio_close(fixture.h, again);
    CHECK_EQ(CALL(HOST_FILE_READ, master, NULL, NULL, 0, 64, UINT64_MAX, 0), -EIO);
    fixture_end();
}

/* Position and open file are shared, watches are not, and each is closed by itself. */
static void test_duplicate(void)
{
    fixture_begin();
    int64_t file = open_in(ROOT, "file", O_RDONLY);
    CHECK_EQ(call_with(HOST_READ, HOST_OBJECT_DUPLICATE, (uint32_t)file, NULL, NULL, (const uint64_t[6]){0}),
             0);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK_EQ(fixture.call.new_kind, HOST_FILE);
    uint32_t other = fixture.call.new_handle;
    pieces_set(1, 4, 0);
    CHECK_EQ(CALL(HOST_FILE_READ, (uint32_t)file, NULL, NULL, 0, 4, UINT64_MAX, 0), 4);
    hostio_close(fixture.h, (uint32_t)file);
    CHECK(reads_text(other, "456789"));
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_PIPE, NOBODY, NULL, NULL, 0), 0);
    uint32_t reader = fixture.call.own_handle, writer = fixture.call.new_handle;
    CHECK_EQ(CALL(HOST_OBJECT_DUPLICATE, reader, NULL, NULL, 0), 0);
    uint32_t second = fixture.call.new_handle;
    CHECK_EQ(hostio_watch(fixture.h, reader, EPOLLIN, 0x100), 0);
    CHECK_EQ(hostio_watch(fixture.h, second, EPOLLIN, 0x200), 0);
    CHECK_EQ(write_text(writer, "x"), 1);
    CHECK_EQ(event_take() + event_take(), 0x300);
    CHECK_EQ(CALL(HOST_OBJECT_DUPLICATE, CLOCK, NULL, NULL, 0), 0);
    CHECK_EQ(CALL(HOST_CLOCK_READ, fixture.call.new_handle, NULL, NULL, 1) >= 0, true);
    CHECK_EQ(CALL(HOST_OBJECT_DUPLICATE, 999, NULL, NULL, 0), -EBADF);
    fixture_end();
}

static int64_t window(uint8_t access, uint32_t file, uint64_t offset, uint64_t size)
{
    return call_with(access, HOST_FILE_WINDOW, file, NULL, NULL, (const uint64_t[6]){offset, size});
}

/* Which file shows where, for as long as the window is there. */
static void test_windows(void)
{
    enum {
        BOTH = HOST_READ | HOST_WRITE
    };
    uint64_t offset = 0;
    fixture_begin();
    int64_t file = open_in(ROOT, "file", O_RDWR);
    CHECK_EQ(window(BOTH, (uint32_t)file, 4095, 1), -EINVAL);
    CHECK_EQ(window(BOTH, (uint32_t)file, 0, 0), -EINVAL);
    CHECK_EQ(window(BOTH, (uint32_t)file, UINT64_MAX << 12, 1), -EINVAL);
    CHECK_EQ(window(BOTH, (uint32_t)file, 0, UINT64_MAX), -EFBIG);
    CHECK_EQ(window(BOTH, (uint32_t)file, 0, (1ull << HOST_IO_WINDOW_BITS) + 1), -EFBIG);
    CHECK_EQ(window(BOTH, (uint32_t)file, INT64_MAX >> 12 << 12, 1), -EFBIG);
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_EVENT, NOBODY, NULL, NULL, 0, 0), 0);
    CHECK_EQ(window(BOTH, fixture.call.own_handle, 0, 1), -ENODEV);
    CHECK_EQ(window(BOTH, (uint32_t)file, 8192, 4097), 0);
    uint32_t first = fixture.call.new_handle;
    uint64_t at = fixture.call.window;
    CHECK_EQ(fixture.call.new_kind, HOST_WINDOW);
    CHECK_EQ(fixture.call.window_bits, 13);
    CHECK(machine_is_window(at) && at < MACHINE_WINDOWS_READ_ONLY && at % 8192 == 0);
    CHECK_EQ(hostio_window_find(fixture.h, at + 4096, 4096, &offset), fixture.h->entry[first].fd);
    CHECK_EQ(offset, 12288);
    CHECK_EQ(hostio_window_find(fixture.h, at + 4096, 8192, &offset), -1);
    CHECK_EQ(hostio_window_find(fixture.h, at + 8192, 4096, &offset), -1);
    CHECK_EQ(hostio_window_find(fixture.h, 0, 4096, &offset), -1);
    CHECK_EQ(window(HOST_READ, (uint32_t)file, 0, 1ull << 31), 0);
    uint32_t second = fixture.call.new_handle;
    uint64_t large = fixture.call.window;
    CHECK(large >= MACHINE_WINDOWS_READ_ONLY && large % (1ull << 31) == 0);
    CHECK_EQ(hostio_window_find(fixture.h, large + (1ull << 31) - 4096, 4096, &offset),
             fixture.h->entry[second].fd);
    CHECK_EQ(offset, (1ull << 31) - 4096);
    hostio_close(fixture.h, (uint32_t)file); /* which the windows do not need */
    CHECK_EQ(hostio_window_find(fixture.h, at, 4096, &offset), fixture.h->entry[first].fd);
    hostio_close(fixture.h, first);
    CHECK_EQ(hostio_window_find(fixture.h, at, 4096, &offset), -1);
    fixture_end();
}

/* --- descriptors that come with data --- */

static void send_with(int socket, const char *text, const int *fds, unsigned count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(count * sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    if (count)
        memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    struct iovec vector = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = count ? &control : NULL,
                             .msg_controllen = count ? CMSG_SPACE(count * sizeof(int)) : 0};
    CHECK_EQ(sendmsg(socket, &message, 0), (ssize_t)strlen(text));
}

static int peer; /* of the fixture's socket */
static uint32_t receiver;

static void receiver_make(void)
{
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_SOCKET_PAIR, NOBODY, NULL, NULL, SOCK_STREAM), 0);
    receiver = fixture.call.own_handle;
    peer = fixture.h->entry[fixture.call.new_handle].fd;
}

static int64_t receive(void)
{
    pieces_set(1, 64, 0);
    fixture.call.new_kind = HOST_EMPTY;
    return CALL(HOST_SOCKET_RECEIVE_OBJECT, receiver, NULL, NULL, 0, 64, 0, 0, 0);
}

/* What arrives of this descriptor, which is closed here. */
static int64_t pass(int fd)
{
    send_with(peer, "x", &fd, 1);
    (void)close(fd);
    return receive();
}

static void test_receive_kinds(void)
{
    int pipes[2], pair[2];
    fixture_begin();
    receiver_make();
    CHECK_EQ(receive(), -EAGAIN);
    send_with(peer, "plain", NULL, 0);
    CHECK_EQ(receive(), 5);
    CHECK_EQ(fixture.call.second, 0);
    CHECK_EQ(fixture.call.new_kind, HOST_EMPTY);
    CHECK_EQ(pass(open(outside("in"), O_RDONLY | O_DIRECTORY)), 1);
    CHECK_EQ(fixture.call.second, 1);
    CHECK_EQ(fixture.call.new_kind, HOST_DIRECTORY);
    CHECK(reads(fixture.call.new_handle, "file", "0123456789"));
    CHECK_EQ(pass(open(outside("in/file"), O_RDONLY)), 1);
    CHECK_EQ(fixture.call.new_kind, HOST_FILE);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK(reads_text(fixture.call.new_handle, "0123456789"));
    CHECK_EQ(pass(open(outside("in/file"), O_WRONLY)), 1);
    CHECK_EQ(fixture.call.new_access, HOST_WRITE);
    /* The sender's end of a pipe still blocks, ours does not. */
    CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
    CHECK_EQ(pass(dup(pipes[0])), 1);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK_EQ(CALL(HOST_FILE_READ, fixture.call.new_handle, NULL, NULL, 0, 64, UINT64_MAX, 0), -EAGAIN);
    CHECK(!(fcntl(pipes[0], F_GETFL) & O_NONBLOCK));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    CHECK_EQ(pass(pair[0]), 1);
    CHECK_EQ(fixture.call.new_kind, HOST_SOCKET);
    CHECK_EQ(CALL(HOST_FILE_READ, fixture.call.new_handle, NULL, NULL, 0, 64, UINT64_MAX, 0), -EAGAIN);
    (void)close(pair[1]);
    fixture_end();
}

/* What would make a call wait, and what is more than was asked for. */
static void test_receive_refused(void)
{
    int two[2];
    fixture_begin();
    receiver_make();
    unsigned before = descriptors_open();
    CHECK_EQ(pass(eventfd(0, EFD_CLOEXEC)), -EOPNOTSUPP);
    CHECK_EQ(pass(epoll_create1(EPOLL_CLOEXEC)), -EOPNOTSUPP);
    CHECK_EQ(pass(open(outside("in/file"), O_PATH)), -EOPNOTSUPP);
    CHECK_EQ(pass(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0)), -EOPNOTSUPP);
    CHECK_EQ(descriptors_open(), before);
    two[0] = open(outside("in/file"), O_RDONLY | O_CLOEXEC);
    two[1] = open(outside("secret"), O_RDONLY | O_CLOEXEC);
    send_with(peer, "xy", two, 2);
    (void)close(two[0]);
    (void)close(two[1]);
    CHECK_EQ(receive(), 2);
    CHECK(reads_text(fixture.call.new_handle, "0123456789"));
    CHECK_EQ(descriptors_open(), before + 1);
    /* Reading as usual lets none through. */
    two[0] = open(outside("in/file"), O_RDONLY | O_CLOEXEC);
    send_with(peer, "z", two, 1);
    (void)close(two[0]);
    CHECK(reads_text(receiver, "z"));
    CHECK_EQ(descriptors_open(), before + 1);
    fixture_end();
}

/* What one sends another gets, with the access that it was sent with, and no other way. */
static void test_send(void)
{
    fixture_begin();
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_SOCKET_PAIR, NOBODY, NULL, NULL, SOCK_STREAM), 0);
    receiver = fixture.call.own_handle;
    uint32_t sender = fixture.call.new_handle;
    CHECK_EQ(CALL(HOST_OBJECT_MAKE_PIPE, NOBODY, NULL, NULL, 0), 0);
    uint32_t reader = fixture.call.own_handle, writer = fixture.call.new_handle;
    CHECK_EQ(write_text(writer, "in the pipe"), 11);
    fixture.call.small_size = 0;
    fixture.call.other = reader;
    fixture.call.other_access = HOST_READ;
    pieces_set(1, 64, 0);
    CHECK_EQ(CALL(HOST_SOCKET_SEND_OBJECT, sender, NULL, NULL, 0, 64, 0, 0, 0), 64);
    hostio_close(fixture.h, reader);
    CHECK_EQ(receive(), 64);
    CHECK_EQ(fixture.call.second, 1);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK(reads_text(fixture.call.new_handle, "in the pipe"));
    fixture.call.other = writer;
    fixture.call.other_access = HOST_READ; /* a capability that allows less than the descriptor */
    CHECK_EQ(CALL(HOST_SOCKET_SEND_OBJECT, sender, NULL, NULL, 0, 64, 0, 0, 0), -EPERM);
    fixture.call.other = sender;
    CHECK_EQ(CALL(HOST_SOCKET_SEND_OBJECT, sender, NULL, NULL, 0, 64, 0, 0, 0), -EBADF);
    fixture.call.other = ROOT;
    CHECK_EQ(CALL(HOST_SOCKET_SEND_OBJECT, sender, NULL, NULL, 0, 64, 0, 0, 0), -EBADF);
    fixture_end();
}

CHECK_MAIN(CHECK_TEST(test_pipe), CHECK_TEST(test_socket_pair), CHECK_TEST(test_event),
           CHECK_TEST(test_epoll), CHECK_TEST(test_terminal), CHECK_TEST(test_duplicate),
           CHECK_TEST(test_windows), CHECK_TEST(test_receive_kinds), CHECK_TEST(test_receive_refused),
           CHECK_TEST(test_send))
