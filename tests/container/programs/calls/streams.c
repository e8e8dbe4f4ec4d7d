/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams under fire: what is read is what was written, whatever signals come and whoever closes descriptors. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tell.h"

enum {
    NUMBERS = 8000,
    ROUNDS = 600,
    SIGNALS_LEAST = 10
};

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static void interrupt_every(long microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Numbers go round in a circle of two sockets; none is lost, none comes twice. */
static void circle(void)
{
    int pair[2], queue = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, got[4];
    unsigned sent = 0, received = 0, wrong = 0, number;
    TELL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, pair[1], &event));
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    TELL(sigaction(SIGALRM, &action, NULL));
    interrupt_every(2000);
    while (received < NUMBERS || signals < SIGNALS_LEAST) {
        while (sent < NUMBERS && sent - received < 20 && write(pair[0], &sent, sizeof sent) == sizeof sent) {
            sent++;
        }
        int ready = epoll_wait(queue, got, 4, 0);
        for (; ready > 0 && recv(pair[1], &number, sizeof number, 0) == sizeof number; received++) {
            wrong += number != received;
        }
    }
    interrupt_every(0);
    TELL(sent == NUMBERS && received == NUMBERS);
    TELL(wrong);
    TELL(signals >= SIGNALS_LEAST);
    TELL(recv(pair[1], &number, sizeof number, 0));
    TELL(close(pair[0]));
    TELL(recv(pair[1], &number, sizeof number, 0));
    TELL(send(pair[1], &number, sizeof number, MSG_NOSIGNAL));
    TELL(close(pair[1]));
    TELL(close(queue));
}

static int target;
static volatile bool is_over;

static void *reader(void *counts)
{
    volatile unsigned *count = counts;
    char byte;
    while (!is_over) {
        if (read(target, &byte, 1) == 1) {
            count[(unsigned char)byte]++;
        }
    }
    return NULL;
}

static int filled(char with)
{
    int pair[2];
    if (pipe2(pair, O_NONBLOCK) < 0 || write(pair[1], (char[]){with, with, with, with}, 4) != 4) {
        perror("pipe");
    }
    close(pair[1]);
    return pair[0];
}

/* A descriptor means one file after the other; whoever reads it meanwhile sees these and no other. */
static void changes(void)
{
    static volatile unsigned count[256];
    pthread_t thread;
    target = filled('a');
    TELL(pthread_create(&thread, NULL, reader, (void *)count));
    while (!count['a']) {
        sched_yield();
    }
    for (int i = 0; i < ROUNDS; i++) {
        int next = filled('b');
        dup2(next, target);
        close(next);
        int other = filled('z'); /* may well be where the old one was */
        if (i % 8 == 0) {
            sched_yield();
        }
        close(other);
    }
    is_over = true;
    TELL(pthread_join(thread, NULL));
    TELL(count['a']);
    TELL(count['b'] <= 4 * ROUNDS);
    TELL(count['z']);
    TELL(close(target));
}

/* Memory that is not there, or not yet, or only in part. */
static void places(void)
{
    int pair[2];
    char *memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TELL(pipe2(pair, O_NONBLOCK));
    memset(memory, 'm', 4096);
    TELL(munmap(memory + 2 * 4096, 4096));
    for (int i = 0; i < 3; i++) {
        TELL(write(pair[1], memory, 8192)); /* the second page was never touched */
        TELL(read(pair[0], memory + 4096, 4096));
        TELL(read(pair[0], memory + 4096, 4096));
        TELL(read(pair[0], memory + 4096, 4096));
        TELL(memory[4096] == 'm' && memory[8191] == 'm');
        TELL(madvise(memory + 4096, 4096, MADV_DONTNEED));
        TELL(write(pair[1], memory + 8192, 1));
        TELL(read(pair[0], NOWHERE, 1));
        TELL(write(pair[1], "x", 1));
        TELL(read(pair[0], NOWHERE, 1));
        TELL(read(pair[0], memory, 0));
        TELL(read(pair[0], memory, 5));
        TELL(mprotect(memory + 4096, 4096, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ));
        TELL(write(pair[1], "yz", 2));
        TELL(read(pair[0], memory + 4095, 2));
        TELL(read(pair[0], memory, 5));
    }
    TELL(fcntl(pair[1], F_SETFL, 0));
    TELL(fcntl(pair[0], F_SETFL, 0));
    TELL(write(pair[1], "blocking", 8));
    TELL(read(pair[0], memory, 20));
    TELL(read(pair[1], memory, 1));
    TELL(write(pair[0], "x", 1));
    TELL(close(pair[0]));
    TELL(signal(SIGPIPE, on_signal) == SIG_DFL);
    int before = signals;
    TELL(write(pair[1], "x", 1));
    TELL(signals - before);
    TELL(close(pair[1]));
    TELL(write(pair[1], "x", 1));
}

static void *read_one(void *fd)
{
    static char byte;
    errno = 0;
    return read(*(int *)fd, &byte, 1) == 1 ? &byte : NULL;
}

static void *wait_epoll(void *fd)
{
    static struct epoll_event event;
    return epoll_wait(*(int *)fd, &event, 1, 5000) == 1 ? &event.data : NULL;
}

/* A call that waits goes on with its file, whatever becomes of the descriptor. */
static void closed_meanwhile(void)
{
    for (int i = 0; i < 2; i++) {
        int pair[2], other = open("/dev/zero", O_RDONLY);
        pthread_t reader;
        void *result = NULL;
        TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        int fd = pair[0];
        pthread_create(&reader, NULL, read_one, &fd);
        usleep(100000);
        TELL(i ? close(pair[0]) : dup2(other, pair[0]) >= 0);
        usleep(50000);
        TELL(write(pair[1], "k", 1));
        pthread_join(reader, &result);
        TELL(result ? *(char *)result : 0);
        TELL(write(pair[1], "k", 1));
        TELL(i ? 0 : close(pair[0]));
        close(pair[1]);
        close(other);
    }
    int pair[2], epoll = epoll_create1(0);
    pthread_t waiter;
    void *result = NULL;
    TELL(pipe(pair));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
    TELL(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event));
    int fd = epoll;
    pthread_create(&waiter, NULL, wait_epoll, &fd);
    usleep(100000);
    TELL(close(epoll));
    TELL(write(pair[1], "k", 1));
    pthread_join(waiter, &result);
    TELL(result ? *(long *)result : 0);
    TELL(close(pair[0]));
    TELL(close(pair[1]));
}

/* read(2) and write(2) wait no longer than the socket's options say. */
static void timeouts(void)
{
    static char memory[1 << 20];
    int pair[2];
    struct timeval time = {0, 100000};
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    TELL(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    TELL(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    for (int i = 0; i < 2; i++) {
        TELL(read(pair[0], memory, 1));
        TELL(write(pair[1], "12", 2));
        TELL(read(pair[0], memory, 5));
    }
    ssize_t put = write(pair[0], memory, sizeof memory);
    TELL(put > 0 && put < (ssize_t)sizeof memory);
    TELL(write(pair[0], memory, sizeof memory));
    TELL(close(pair[0]));
    TELL(close(pair[1]));
}

int main(void)
{
    circle();
    changes();
    places();
    closed_meanwhile();
    timeouts();
    return 0;
}
