/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes, socket pairs and eventfds within one process: what they answer, line by line. With "fork", between two. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char bytes[300000], back[300000];

/* What is done on the way to what is looked at. */
#define DO(call)                                                                                             \
    do {                                                                                                     \
        if ((call) < 0) {                                                                                    \
            printf("%s: %s\n", #call, strerror(errno));                                                      \
        }                                                                                                    \
    } while (0)

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static long ready(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void test_pipe(void)
{
    int fd[2];
    struct stat status;
    int waiting = 0;
    say("pipe2 flags", pipe2(fd, O_RDWR | 0x1000));
    say("pipe2", pipe2(fd, O_NONBLOCK | O_CLOEXEC));
    say("cloexec", fcntl(fd[0], F_GETFD));
    say("flags", fcntl(fd[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    say("kind", fstat(fd[0], &status) < 0 ? -1 : (long)(status.st_mode & S_IFMT));
    say("size", fcntl(fd[0], F_GETPIPE_SZ));
    say("read", read(fd[0], back, 10));
    say("ready", ready(fd[0], POLLIN) * 100 + ready(fd[1], POLLOUT));
    say("write", write(fd[1], "words", 5));
    say("FIONREAD", ioctl(fd[0], FIONREAD, &waiting) < 0 ? -1 : waiting);
    say("read wrong end", read(fd[1], back, 10));
    say("write wrong end", write(fd[0], back, 10));
    say("seek", lseek(fd[0], 0, SEEK_CUR));
    say("pread", pread(fd[0], back, 1, 0));
    say("fill", write(fd[1], bytes, 65536 - 5));
    say("full", write(fd[1], "x", 1));
    say("ready", ready(fd[1], POLLOUT));
    say("read", read(fd[0], back, 4096));
    say("whole or nothing", write(fd[1], bytes, 4096));
    say("a part", write(fd[1], bytes, 100000));
    say("read all", read(fd[0], back, sizeof back));
    say("resize", fcntl(fd[1], F_SETPIPE_SZ, 8192));
    say("size", fcntl(fd[0], F_GETPIPE_SZ));
    say("send", send(fd[1], "x", 1, 0));
    close(fd[0]);
    say("hang-up", ready(fd[1], POLLOUT));
    say("broken", write(fd[1], "x", 1));
    close(fd[1]);
    DO(pipe(fd));
    close(fd[1]);
    say("end", read(fd[0], back, 1));
    say("hang-up", ready(fd[0], POLLIN));
    close(fd[0]);
}

static void *writer(void *argument)
{
    int fd = *(int *)argument;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
    struct iovec parts[] = {{bytes, 100001}, {bytes + 100001, sizeof bytes - 100001}};
    say("writer", writev(fd, parts, 2));
    close(fd);
    return NULL;
}

/* More than fits, between threads that wait for each other. */
static void test_blocking(void)
{
    int fd[2];
    pthread_t thread;
    size_t done = 0;
    DO(pipe(fd));
    pthread_create(&thread, NULL, writer, &fd[1]);
    for (long got; (got = read(fd[0], back + done, sizeof back - done)) > 0;) {
        done += (size_t)got;
    }
    pthread_join(thread, NULL);
    say("through", (long)done);
    say("the same", memcmp(bytes, back, sizeof back) == 0);
    close(fd[0]);
}

static void test_socket_pairs(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int fd[2];
    say("inet", socketpair(AF_INET, SOCK_STREAM, 0, fd));
    for (unsigned i = 0; i < 3; i++) {
        int type = 0;
        socklen_t size = sizeof type;
        printf("socketpair of type %d\n", types[i]);
        say("pair", socketpair(AF_UNIX, types[i] | SOCK_NONBLOCK, 0, fd));
        say("SO_TYPE", getsockopt(fd[0], SOL_SOCKET, SO_TYPE, &type, &size) < 0 ? -1 : type);
        say("recv", recv(fd[0], back, 10, 0));
        say("send", send(fd[0], "one", 3, 0));
        say("write", write(fd[0], "three", 5));
        say("peek", recv(fd[1], back, 100, MSG_PEEK));
        say("recv", recv(fd[1], back, 2, 0));
        say("read", read(fd[1], back, 100));
        say("other way", write(fd[1], "x", 1));
        say("ready", ready(fd[0], POLLIN | POLLOUT));
        say("shutdown", shutdown(fd[0], SHUT_WR));
        say("send", send(fd[0], "x", 1, MSG_NOSIGNAL));
        close(fd[1]);
        say("rest", read(fd[0], back, 10));
        say("end", read(fd[0], back, 10));
        close(fd[0]);
    }
}

static void *adder(void *argument)
{
    uint64_t value = 5;
    DO(write(*(int *)argument, &value, sizeof value));
    return NULL;
}

static void test_events(void)
{
    uint64_t value = 0;
    pthread_t thread;
    int event = eventfd(0, 0), semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    pthread_create(&thread, NULL, adder, &event);
    say("read", read(event, &value, sizeof value));
    say("value", (long)value);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 3; i++) {
        say("down", read(semaphore, &value, sizeof value));
    }
    close(event);
    close(semaphore);
}

static void test_edges(void)
{
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLET}, got;
    int fd[2], epoll = epoll_create1(0);
    DO(pipe2(fd, O_NONBLOCK));
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd[0], &wanted);
    say("nothing", epoll_wait(epoll, &got, 1, 0));
    DO(write(fd[1], "12", 2));
    say("edge", epoll_wait(epoll, &got, 1, 1000));
    say("no edge", epoll_wait(epoll, &got, 1, 0));
    say("read", read(fd[0], back, 10));
    DO(write(fd[1], "3", 1));
    say("edge", epoll_wait(epoll, &got, 1, 1000));
    close(fd[1]);
    close(fd[0]);
    close(epoll);
}

/* A child sends back what it was sent, and says how it ended. */
static void test_fork(void)
{
    int down[2], up[2], pair[2], event = eventfd(1, 0);
    uint64_t value = 0;
    DO(pipe(down));
    DO(pipe(up));
    DO(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        for (long got; (got = read(down[0], back, sizeof back)) > 0;) {
            DO(write(up[1], back, (size_t)got));
        }
        DO(read(event, &value, sizeof value));
        value += 10;
        DO(write(event, &value, sizeof value));
        long got = recv(pair[1], back, 100, 0);
        DO(send(pair[1], back, (size_t)got, 0));
        _exit(3);
    }
    close(down[0]);
    close(up[1]);
    say("write", write(down[1], "to and fro", 10));
    say("read", read(up[0], back, 10));
    say("the same", memcmp(back, "to and fro", 10) == 0);
    say("send", send(pair[0], "packet", 6, 0));
    close(down[1]);
    say("end", read(up[0], back, 10));
    say("recv", recv(pair[0], back, 100, 0));
    int status = 0;
    say("wait", waitpid(child, &status, 0) == child);
    say("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    say("event", read(event, &value, sizeof value));
    say("value", (long)value);
}

/* The pipe ends with the process that had it open, though a child of that process is there, which has closed it. */
static void test_left_behind(void)
{
    int fd[2], go[2];
    DO(pipe(fd));
    DO(pipe(go));
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            close(fd[1]);
            close(go[1]);
            DO(read(go[0], back, 1));
            _exit(0);
        }
        _exit(0);
    }
    close(fd[1]);
    close(go[0]);
    say("wait", waitpid(child, NULL, 0) == child);
    struct pollfd end = {.fd = fd[0], .events = POLLIN};
    say("its end", poll(&end, 1, 10000));
    say("write", write(go[1], "!", 1));
}

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_IGN);
    if (count > 1 && strcmp(words[1], "fork") == 0) {
        test_fork();
        test_left_behind();
        return 0;
    }
    test_pipe();
    test_blocking();
    test_socket_pairs();
    test_events();
    test_edges();
    return 0;
}
