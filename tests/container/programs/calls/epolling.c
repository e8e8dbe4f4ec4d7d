/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll(7), further: edges between reads, several descriptors of one file, many kinds of files at once, forks. */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tell.h"

enum {
    ROOM = 16
};

static struct epoll_event events[ROOM];

static int control(int queue, int operation, int fd, unsigned wanted, uint64_t data)
{
    struct epoll_event event = {.events = wanted, .data.u64 = data};
    return epoll_ctl(queue, operation, fd, &event);
}

/* In the order of their data, whatever theirs. */
static int by_data(const void *a, const void *b)
{
    const struct epoll_event *one = a, *other = b;
    return (one->data.u64 > other->data.u64) - (one->data.u64 < other->data.u64);
}

static int show(int queue, int timeout)
{
    int count = epoll_wait(queue, events, ROOM, timeout);
    qsort(events, count < 0 ? 0 : (size_t)count, sizeof *events, by_data);
    printf("epoll: %d", count);
    for (int i = 0; i < count; i++) {
        printf(" %x:%llx", events[i].events, (unsigned long long)events[i].data.u64);
    }
    puts("");
    return count;
}

/* New data is a new edge, whether the old was read or not. */
static void edges(void)
{
    int queue = epoll_create1(0), pair[2];
    char bytes[8];
    TELL(pipe2(pair, O_NONBLOCK));
    TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLET, 0xfedcba9876543210));
    show(queue, 0);
    TELL(write(pair[1], "ab", 2));
    show(queue, -1);
    show(queue, 0);
    TELL(write(pair[1], "c", 1));
    show(queue, -1);
    TELL(read(pair[0], bytes, 1));
    show(queue, 0);
    TELL(read(pair[0], bytes, 8));
    show(queue, 0);
    TELL(write(pair[1], "d", 1));
    TELL(read(pair[0], bytes, 8));
    show(queue, 0); /* it is over */
    TELL(write(pair[1], "e", 1));
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLET, 5));
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLONESHOT, 6));
    show(queue, 0);
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLONESHOT, 7));
    show(queue, 0);
    TELL(close(pair[1]));
    show(queue, 0); /* one-shot: nothing, not even this */
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], 0, 8));
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_DEL, pair[0], 0, 0));
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], EPOLLIN, 0));
    show(queue, 0);
    TELL(close(pair[0]));
    TELL(close(queue));
}

/* Each descriptor is an entry of its own; they are there as long as the open file is. */
static void descriptors(void)
{
    int queue = epoll_create1(0), pair[2];
    TELL(pipe2(pair, O_NONBLOCK));
    int other = dup(pair[0]);
    TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN, 1));
    TELL(control(queue, EPOLL_CTL_ADD, other, EPOLLIN, 2));
    TELL(control(queue, EPOLL_CTL_ADD, other, EPOLLIN, 2));
    TELL(control(queue, EPOLL_CTL_ADD, pair[1], EPOLLOUT, 3));
    show(queue, 0);
    TELL(write(pair[1], "x", 1));
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_MOD, other, EPOLLIN | EPOLLET, 4));
    show(queue, 0);
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_DEL, pair[0], 0, 0));
    TELL(control(queue, EPOLL_CTL_DEL, pair[0], 0, 0));
    show(queue, 0);
    TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN, 5));
    TELL(close(other));
    show(queue, 0);
    TELL(close(pair[0]));
    TELL(close(pair[1]));
    show(queue, 0);
    TELL(close(queue));
}

/* Files of the host, counters and instances in one instance; room for one at a time passes over none. */
static void kinds(void)
{
    int queue = epoll_create1(0), inner = epoll_create1(0), pair[2], counter = eventfd(1, EFD_NONBLOCK);
    unsigned seen = 0;
    TELL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLRDHUP, 1));
    TELL(control(queue, EPOLL_CTL_ADD, pair[1], EPOLLOUT, 2));
    TELL(control(queue, EPOLL_CTL_ADD, counter, EPOLLIN, 4));
    TELL(control(queue, EPOLL_CTL_ADD, inner, EPOLLIN, 8));
    show(queue, 0);
    TELL(control(inner, EPOLL_CTL_ADD, pair[1], EPOLLOUT | EPOLLET, 1));
    show(queue, 0);
    TELL(write(pair[1], "x", 1));
    for (int i = 0; i < 40; i++) {
        seen |= epoll_wait(queue, events, 1, 0) == 1 ? (unsigned)events[0].data.u64 : 0;
    }
    TELL(seen);
    show(inner, 0);
    show(queue, 0);
    TELL(shutdown(pair[1], SHUT_WR));
    show(queue, 0);
    TELL(close(pair[1]));
    show(queue, 0);
    struct pollfd polled = {.fd = queue, .events = POLLIN};
    TELL(poll(&polled, 1, -1));
    TELL(polled.revents);
    TELL(epoll_wait(queue, NOWHERE, 4, 0));
    TELL(control(queue, EPOLL_CTL_ADD, open("/dev/null", O_RDONLY), EPOLLIN, 0));
    TELL(control(queue, EPOLL_CTL_MOD, counter, EPOLLIN | EPOLLEXCLUSIVE, 0));
    TELL(control(queue, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
    TELL(close(queue));
    TELL(close(inner));
}

static int woken[2];

static void *later(void *queue)
{
    usleep(30000);
    if (write(woken[1], "x", 1) != 1 || control((int)(intptr_t)queue, EPOLL_CTL_ADD, woken[1], EPOLLOUT, 2) < 0) {
        perror("later");
    }
    return NULL;
}

/* Who waits hears of what happens, and of what is added, meanwhile. */
static void waits(void)
{
    int queue = epoll_create1(0), empty = epoll_create1(0);
    pthread_t thread;
    long before = milliseconds();
    TELL(pipe2(woken, O_NONBLOCK));
    TELL(control(queue, EPOLL_CTL_ADD, woken[0], EPOLLIN, 1));
    show(queue, 20);
    show(empty, 20);
    TELL(milliseconds() - before >= 40);
    TELL(pthread_create(&thread, NULL, later, (void *)(intptr_t)queue));
    TELL(epoll_wait(queue, events, ROOM, 5000) >= 1);
    TELL(pthread_join(thread, NULL));
    show(queue, 0);
    char byte;
    TELL(read(woken[0], &byte, 1));
    TELL(control(queue, EPOLL_CTL_DEL, woken[1], 0, 0));
    TELL(pthread_create(&thread, NULL, later, (void *)(intptr_t)empty));
    TELL(epoll_wait(empty, events, ROOM, 5000));
    TELL(pthread_join(thread, NULL));
    TELL(close(queue));
    TELL(close(empty));
}

/* The child goes on with the files that it has, in its own instance and in the one it got. */
static void forks(void)
{
    int queue = epoll_create1(0), pair[2], status;
    char byte;
    TELL(pipe2(pair, O_NONBLOCK));
    TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN, 1));
    show(queue, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        show(queue, 0);
        TELL(write(pair[1], "x", 1));
        show(queue, -1);
        TELL(control(queue, EPOLL_CTL_ADD, pair[0], EPOLLIN, 1));
        fflush(stdout);
        _exit(7);
    }
    TELL(waitpid(child, &status, 0) == child);
    TELL(WEXITSTATUS(status));
    show(queue, -1);
    TELL(read(pair[0], &byte, 1));
    show(queue, 0);
    TELL(close(queue));
}

int main(void)
{
    edges();
    descriptors();
    kinds();
    waits();
    forks();
    return 0;
}
