/* SPDX-License-Identifier: BSD-2-Clause */
/* Files in messages of Unix sockets: every kind of them, over fork, in streams and in datagrams; credentials. */
#include "tell.h"

#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum {
    MOST = 300
};

static long send_fds(int socket, const int *fds, unsigned count, const char *text)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MOST * sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(count * sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec data = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    return sendmsg(socket, &message, 0);
}

/* How many came; the message in `text`. */
static int receive_fds(int socket, int *fds, unsigned room, int flags, char text[64])
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MOST * sizeof(int))];
    } control;
    struct iovec data = {.iov_base = text, .iov_len = 63};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = room ? control.bytes : NULL,
                             .msg_controllen = room ? CMSG_SPACE(room * sizeof(int)) : 0};
    ssize_t got = recvmsg(socket, &message, flags);
    memset(text + (got > 0 ? got : 0), 0, 1);
    const struct cmsghdr *header = got >= 0 && room ? CMSG_FIRSTHDR(&message) : NULL;
    int count =
        header && header->cmsg_type == SCM_RIGHTS ? (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    printf("message '%s' with %d, flags %x, control %zu\n", text, count,
           message.msg_flags & ~MSG_CMSG_CLOEXEC, (size_t)(room ? message.msg_controllen : 0));
    fflush(stdout);
    if (count) {
        memcpy(fds, CMSG_DATA(header), (size_t)count * sizeof(int));
    }
    return count;
}

static void show(int fd)
{
    char text[32] = "";
    ssize_t got = read(fd, text, sizeof text - 1);
    printf("read: %zd '%s'\n", got, got > 0 ? text : "");
    fflush(stdout);
}

/* A child receives what its parent sends after the fork, so that it had none of it. */
static void test_kinds(int type)
{
    int pair[2], pipes[2], sockets[2], fds[8], master, slave;
    char text[64];
    TELL(socketpair(AF_UNIX, type, 0, pair));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        int count = receive_fds(pair[1], fds, 8, 0, text);
        for (int i = 0; i < count; i++) {
            printf("%d: cloexec %d, flags %x\n", i, fcntl(fds[i], F_GETFD),
                   fcntl(fds[i], F_GETFL) & (O_ACCMODE | O_APPEND));
        }
        show(fds[0]); /* a file, from where its position is */
        show(fds[1]); /* a pipe */
        TELL(write(fds[2], "from the child", 14));
        char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[3], 0);
        printf("memory: %s\n", shared == MAP_FAILED ? "none" : shared);
        strcpy(shared, "changed");
        uint64_t events = 5;
        TELL(write(fds[4], &events, sizeof events));
        TELL(openat(fds[5], "passed", O_RDONLY) >= 0);
        TELL(write(fds[6], "typed", 5));
        TELL(read(fds[7], text, 1));
        _exit(0);
    }
    close(pair[1]);
    int file = open("passed", O_RDWR | O_CREAT | O_TRUNC, 0600), memory = memfd_create("m", 0);
    TELL(write(file, "0123456789", 10));
    TELL(lseek(file, 4, SEEK_SET));
    TELL(ftruncate(memory, 4096));
    TELL(write(memory, "in memory", 10));
    TELL(pipe(pipes));
    TELL(write(pipes[1], "in the pipe", 11));
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    TELL(openpty(&master, &slave, NULL, NULL, NULL));
    int events = eventfd(0, 0), directory = open(".", O_RDONLY | O_DIRECTORY),
        null = open("/dev/null", O_RDWR);
    int sent[] = {file, pipes[0], sockets[0], memory, events, directory, slave, null};
    long said = send_fds(pair[0], sent, 8, "hello"); /* the child tells its part first */
    close(pipes[0]);
    close(sockets[0]);
    close(slave);
    int status;
    waitpid(child, &status, 0);
    TELL(status);
    TELL(said);
    show(sockets[1]);
    printf("position %ld\n", (long)lseek(file, 0, SEEK_CUR));
    uint64_t value = 0;
    TELL(read(events, &value, sizeof value));
    printf("events %lu\n", (unsigned long)value);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memory, 0);
    printf("memory: %s\n", shared);
    show(master);
    close(sockets[1]);
    close(pipes[1]);
    close(master);
    close(pair[0]);
}

static void test_limits(void)
{
    int pair[2], fds[MOST], got[MOST];
    char text[64];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    int file = open("passed", O_RDONLY);
    for (int i = 0; i < MOST; i++) {
        fds[i] = file;
    }
    TELL(send_fds(pair[0], fds, 254, "x"));
    TELL(send_fds(pair[0], fds, 20, "twenty"));
    int count = receive_fds(pair[1], got, 20, MSG_CMSG_CLOEXEC, text);
    TELL(fcntl(got[0], F_GETFD));
    for (int i = 0; i < count; i++) {
        close(got[i]);
    }
    TELL(send_fds(pair[0], fds, 3, "three"));
    count = receive_fds(pair[1], got, 2, 0, text);
    fds[1] = -1;
    TELL(send_fds(pair[0], fds, 2, "bad"));
    fds[1] = 4000;
    TELL(send_fds(pair[0], fds, 2, "bad"));
    /* A stream's messages with files stay apart. */
    TELL(write(pair[0], "plain", 5));
    TELL(send_fds(pair[0], fds, 1, "one"));
    TELL(send_fds(pair[0], fds, 1, "two"));
    TELL(write(pair[0], "rest", 4));
    receive_fds(pair[1], got, 4, 0, text);
    receive_fds(pair[1], got, 4, 0, text);
    receive_fds(pair[1], got, 4, 0, text);
    /* Nobody takes it: it is closed. */
    int pipes[2];
    pipe(pipes);
    TELL(send_fds(pair[0], &pipes[1], 1, "gone"));
    close(pipes[1]);
    close(pair[0]);
    close(pair[1]);
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    TELL(send_fds(pair[0], &file, 1, "next"));
    struct pollfd ready = {.fd = pipes[0], .events = POLLIN};
    TELL(poll(&ready, 1, 1000));
    show(pipes[0]);
    TELL(receive_fds(pair[1], got, 1, 0, text));
    for (int i = 0; i < 200; i++) { /* more than may wait at once */
        if (send_fds(pair[0], &file, 1, "again") != 5 || recv(pair[1], text, 5, 0) != 5) {
            TELL(i);
        }
    }
}

static void test_credentials(void)
{
    int pair[2], on = 1;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    TELL(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    TELL(getsockopt(pair[1], SOL_SOCKET, SO_PEERCRED, &peer, &size));
    printf("peer: %d %d %d, %u\n", peer.pid == getpid(), peer.uid == geteuid(), peer.gid == getegid(), size);
    size = sizeof on;
    TELL(getsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, &size));
    TELL(on);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof peer),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_CREDENTIALS}};
    struct ucred own = {.pid = getpid(), .uid = geteuid(), .gid = getegid()};
    memcpy(CMSG_DATA(&control.header), &own, sizeof own);
    struct iovec data = {.iov_base = (char[]){"me"}, .iov_len = 2};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    TELL(sendmsg(pair[0], &message, 0));
    memset(&control, 0, sizeof control);
    message.msg_controllen = sizeof control.bytes;
    TELL(recvmsg(pair[1], &message, 0));
    TELL(control.header.cmsg_type == SCM_CREDENTIALS);
    memcpy(&peer, CMSG_DATA(&control.header), sizeof peer);
    printf("sender: %d %d %d\n", peer.pid == own.pid, peer.uid == own.uid, peer.gid == own.gid);
}

/* By a name: between processes that have nothing in common. */
static void test_named(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "passing.socket"};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;
    char text[64];
    if (listener < 0) {
        return;
    }
    TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
    TELL(listen(listener, 1));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int peer = socket(AF_UNIX, SOCK_STREAM, 0), file = open("passed", O_RDONLY);
        connect(peer, (struct sockaddr *)&address, sizeof address);
        lseek(file, 7, SEEK_SET);
        send_fds(peer, &file, 1, "named");
        _exit(0);
    }
    int peer = accept(listener, NULL, NULL);
    waitpid(child, NULL, 0); /* what was sent outlives who sent it */
    TELL(receive_fds(peer, &fd, 1, 0, text));
    show(fd);
    unlink(address.sun_path);
}

/* A master that only a message holds: its terminal is there, and its session stays. */
static void test_master(void)
{
    int pair[2], fd, slave;
    char text[64] = "";
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int master = posix_openpt(O_RDWR | O_NOCTTY);
        unlockpt(master);
        send_fds(pair[0], &master, 1, ptsname(master));
        close(master);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    ssize_t got = recv(pair[1], text, sizeof text - 1, MSG_PEEK);
    slave = open(got > 0 ? text : "", O_RDWR | O_NOCTTY);
    printf("terminal %s\n", slave >= 0 ? "is there" : strerrorname_np(errno));
    fd = -1;
    struct iovec data = {.iov_base = text, .iov_len = sizeof text - 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    TELL(recvmsg(pair[1], &message, 0) > 0);
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    TELL(write(slave, "typed", 5));
    show(fd);
    close(slave);
    close(fd);
    slave = open(text, O_RDWR | O_NOCTTY);
    printf("then %s\n", slave >= 0 ? "is there" : strerrorname_np(errno));
}

int main(void)
{
    test_kinds(SOCK_STREAM);
    test_kinds(SOCK_DGRAM);
    test_kinds(SOCK_SEQPACKET);
    test_limits();
    test_credentials();
    test_named();
    test_master();
    return 0;
}
