/* SPDX-License-Identifier: BSD-2-Clause */
/* poll(2), select(2), epoll(7): level, edge, one-shot, nesting, errors; eventfd(2), timerfd_create(2). */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "tell.h"

static int pair[2], queue;
static struct epoll_event events[8];

static int control(int operation, int fd, unsigned wanted)
{
    struct epoll_event event = {.events = wanted, .data.fd = fd};
    return epoll_ctl(queue, operation, fd, &event);
}

static void show(int timeout)
{
    memset(events, 0, sizeof events);
    int count = epoll_wait(queue, events, 8, timeout);
    printf("epoll: %d", count);
    for (int which = 0; which < 3; which++) { /* in this order, whatever theirs */
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (which == (fd == pair[0] ? 0 : fd == pair[1] ? 1 : 2)) {
                printf(" %x:%s", events[i].events, which == 0 ? "reader" : which == 1 ? "writer" : "other");
            }
        }
    }
    puts("");
}

static void levels(void)
{
    char byte;
    queue = (int)TELL(epoll_create1(EPOLL_CLOEXEC));
    TELL(fcntl(queue, F_GETFD));
    TELL(pipe2(pair, O_NONBLOCK));
    TELL(control(EPOLL_CTL_ADD, pair[0], EPOLLIN));
    TELL(control(EPOLL_CTL_ADD, pair[0], EPOLLIN));
    TELL(control(EPOLL_CTL_MOD, pair[1], EPOLLOUT));
    TELL(control(EPOLL_CTL_DEL, pair[1], 0));
    show(0);
    TELL(write(pair[1], "ab", 2));
    show(0);
    show(0);
    TELL(read(pair[0], &byte, 1));
    show(0);
    TELL(read(pair[0], &byte, 1));
    show(0);
    TELL(control(EPOLL_CTL_ADD, pair[1], EPOLLOUT));
    show(0);
    TELL(control(EPOLL_CTL_MOD, pair[1], 0));
    show(0);
    TELL(write(pair[1], "c", 1));
    TELL(control(EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLET));
    show(0);
    show(0);
    TELL(read(pair[0], &byte, 1));
    TELL(read(pair[0], &byte, 1));
    TELL(write(pair[1], "d", 1));
    show(0);
    show(0);
    TELL(control(EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLET));
    show(0);
    TELL(control(EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLONESHOT));
    show(0);
    show(0);
    TELL(write(pair[1], "e", 1));
    show(0);
    TELL(control(EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLONESHOT));
    show(0);
    TELL(control(EPOLL_CTL_MOD, pair[0], EPOLLIN));
    int copy = dup(pair[0]);
    TELL(control(EPOLL_CTL_ADD, copy, EPOLLIN));
    show(0);
    TELL(control(EPOLL_CTL_DEL, copy, 0));
    TELL(close(copy));
    TELL(close(pair[1]));
    show(0);
    TELL(close(pair[0]));
    show(0);
}

static void *write_later(void *argument)
{
    usleep(20000);
    return (void *)write(*(int *)argument, "later...", 8);
}

static void waiting(void)
{
    pthread_t thread;
    long start = milliseconds();
    show(30);
    TELL(milliseconds() - start >= 29);
    int event = eventfd(0, EFD_NONBLOCK);
    TELL(control(EPOLL_CTL_ADD, event, EPOLLIN | EPOLLET));
    show(0);
    pthread_create(&thread, NULL, write_later, &event);
    show(5000);
    pthread_join(thread, NULL);
    show(0);
    unsigned long value = 1;
    TELL(read(event, &value, 8));
    TELL(read(event, &value, 8));
    value = 1;
    TELL(write(event, &value, 8));
    show(0);
    TELL(read(event, &value, 8));
    TELL(read(event, &value, 8));
    show(0);
    int outer = epoll_create1(0);
    struct epoll_event inner = {.events = EPOLLIN, .data.fd = queue};
    TELL(epoll_ctl(outer, EPOLL_CTL_ADD, queue, &inner));
    TELL(epoll_wait(outer, events, 8, 0));
    value = 5;
    TELL(write(event, &value, 8));
    TELL(epoll_wait(outer, events, 8, 0));
    struct pollfd entry = {.fd = queue, .events = POLLIN};
    TELL(poll(&entry, 1, 0));
    show(0);
    TELL(poll(&entry, 1, 0));
    TELL(epoll_wait(outer, events, 8, 0));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, outer, &inner));
    TELL(close(outer));
    TELL(close(event));
}

static void mistakes(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int file = open("file", O_RDWR | O_CREAT, 0600);
    TELL(epoll_create(0));
    TELL(epoll_create1(12345));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, file, &event));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, queue, &event));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, 99, &event));
    TELL(epoll_ctl(99, EPOLL_CTL_ADD, 0, &event));
    TELL(epoll_ctl(file, EPOLL_CTL_ADD, 1, &event));
    TELL(epoll_ctl(queue, 77, 1, &event));
    TELL(epoll_ctl(queue, EPOLL_CTL_ADD, 1, NOWHERE));
    TELL(epoll_wait(queue, events, 0, 0));
    TELL(epoll_wait(queue, events, odd_count, 0));
    TELL(epoll_wait(99, events, 1, 0));
    TELL(epoll_wait(file, events, 1, 0));
    TELL(read(queue, &event, 8));
    TELL(write(queue, &event, 8));
    close(file);
}

/* A descriptor that is not open is an error only where the table has room for it. A child's table is as large as what
 * is open needs, in powers of two from 64. */
static void table_sizes(fd_set *readers)
{
    const int highest[] = {63, 64, 100, 127, 128, 150, 200};
    for (size_t i = 0; i < sizeof highest / sizeof *highest; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child) {
            waitpid(child, NULL, 0);
            continue;
        }
        closefrom(pair[1] + 1); /* whatever the environment left open */
        int file = dup2(pair[0], highest[i]);
        if (fork() == 0) {
            for (int fd = 60; fd < 1024; fd = fd < 70 ? fd + 1 : fd + 30) {
                struct timeval zero = {0, 0};
                FD_ZERO(readers);
                FD_SET(pair[0], readers);
                FD_SET(fd, readers);
                int ready = select(fd + 1, readers, NULL, NULL, &zero);
                printf("%d %d: %d %s %d\n", file, fd, ready, ready < 0 ? strerrorname_np(errno) : "",
                       FD_ISSET(fd, readers) != 0);
            }
            fflush(stdout);
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    FD_ZERO(readers);
}

static void poll_and_select(void)
{
    struct pollfd entries[3];
    fd_set readers, writers;
    struct timeval time = {0, 20000};
    struct timespec pause = {0, 20000000};
    TELL(pipe(pair));
    entries[0] = (struct pollfd){pair[0], POLLIN, 77};
    entries[1] = (struct pollfd){pair[1], POLLOUT | POLLIN, 77};
    entries[2] = (struct pollfd){99, POLLIN, 77};
    TELL(poll(entries, 3, 0));
    printf("%x %x %x\n", entries[0].revents, entries[1].revents, entries[2].revents);
    entries[2].fd = -5;
    TELL(poll(entries, 3, -1));
    printf("%x %x %x\n", entries[0].revents, entries[1].revents, entries[2].revents);
    TELL(poll(NULL, 0, 10));
    TELL(poll(NOWHERE, 1, 0));
    TELL(poll(entries, (nfds_t)odd_count & 1 << 30, 0));
    TELL(ppoll(entries, 1, &pause, NULL));
    TELL(ppoll(entries, 1, &(struct timespec){-1, 0}, NULL));
    TELL(ppoll(entries, 1, &(struct timespec){0, 1000000000}, NULL));
    FD_ZERO(&readers);
    FD_ZERO(&writers);
    FD_SET(pair[0], &readers);
    FD_SET(pair[1], &writers);
    TELL(select(pair[1] + 1, &readers, &writers, NULL, &time));
    TELL(FD_ISSET(pair[0], &readers) * 2 + FD_ISSET(pair[1], &writers));
    FD_SET(pair[0], &readers);
    TELL(select(pair[0] + 1, &readers, NULL, NULL, &time));
    TELL(FD_ISSET(pair[0], &readers));
    TELL(time.tv_sec == 0 && time.tv_usec == 0);
    TELL(write(pair[1], "x", 1));
    FD_SET(pair[0], &readers);
    TELL(select(pair[0] + 1, &readers, NULL, NULL, NULL));
    TELL(select(-1, NULL, NULL, NULL, &time));
    table_sizes(&readers);
    TELL(select(0, NULL, NULL, NULL, &time));
    time.tv_usec = -1;
    TELL(select(0, NULL, NULL, NULL, &time));
    TELL(pselect(0, NULL, NULL, NULL, &pause, NULL));
    close(pair[0]);
    close(pair[1]);
    int file = open("file", O_RDWR);
    entries[0] = (struct pollfd){file, POLLIN | POLLOUT | POLLPRI, 0};
    TELL(poll(entries, 1, -1));
    TELL(entries[0].revents);
    close(file);
}

static void counters(void)
{
    unsigned long value = 0, many[20];
    int event = (int)TELL(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
    TELL(eventfd(0, 12345));
    TELL(read(event, &value, 4));
    TELL(read(event, &value, 8));
    TELL(value);
    TELL(read(event, &value, 8));
    value = ~0ul;
    TELL(write(event, &value, 8));
    value = ~0ul - 1;
    TELL(write(event, &value, 8));
    value = 1;
    TELL(write(event, &value, 8));
    TELL(write(event, &value, 4));
    struct pollfd entry = {event, POLLIN | POLLOUT, 0};
    TELL(poll(&entry, 1, 0));
    TELL(entry.revents);
    TELL(read(event, many, 100));
    TELL(many[0] == ~0ul - 1);
    close(event);
    event = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    TELL(read(event, &value, 8));
    TELL(value);
    TELL(read(event, &value, 8));
    TELL(read(event, &value, 8));
    close(event);
}

static void timers(void)
{
    struct itimerspec time = {{0, 0}, {0, 10000000}}, old;
    unsigned long count = 0;
    int timer = (int)TELL(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    TELL(timerfd_create(77, 0));
    TELL(timerfd_create(CLOCK_MONOTONIC, 12345));
    TELL(read(timer, &count, 8));
    TELL(timerfd_settime(timer, 0, &time, NULL));
    TELL(timerfd_gettime(timer, &old));
    TELL(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 10000000);
    TELL(read(timer, &count, 8));
    struct pollfd entry = {timer, POLLIN, 0};
    TELL(poll(&entry, 1, 5000));
    TELL(read(timer, &count, 4));
    TELL(read(timer, &count, 8));
    TELL(count);
    TELL(read(timer, &count, 8));
    time.it_interval.tv_nsec = 5000000;
    TELL(timerfd_settime(timer, 0, &time, &old));
    TELL(old.it_value.tv_nsec);
    usleep(40000);
    TELL(read(timer, &count, 8));
    TELL(count >= 4);
    TELL(poll(&entry, 1, 5000));
    time = (struct itimerspec){{0, 0}, {0, 0}};
    TELL(timerfd_settime(timer, 0, &time, &old));
    TELL(old.it_interval.tv_nsec);
    TELL(read(timer, &count, 8));
    time.it_value.tv_sec = 1;
    TELL(timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL));
    TELL(poll(&entry, 1, 1000));
    time.it_value.tv_nsec = 1000000000;
    TELL(timerfd_settime(timer, 0, &time, NULL));
    TELL(timerfd_settime(timer, 12345, &time, NULL));
    TELL(timerfd_settime(99, 0, &old, NULL));
    TELL(timerfd_settime(1, 0, &(struct itimerspec){0}, NULL));
    TELL(timerfd_gettime(99, &old));
    TELL(write(timer, &count, 8));
    close(timer);
    timer = timerfd_create(CLOCK_REALTIME, 0);
    clock_gettime(CLOCK_REALTIME, &time.it_value);
    time.it_value.tv_sec += 0;
    TELL(timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL));
    TELL(read(timer, &count, 8));
    TELL(count);
    close(timer);
}

/* A timer is its children's, too. */
static void common_timer(void)
{
    struct itimerspec time = {{0, 0}, {0, 30000000}};
    unsigned long count = 0;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK),
        other = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct pollfd entry = {timer, POLLIN, 0};
    TELL(timerfd_settime(timer, 0, &time, NULL));
    fflush(stdout);
    if (fork() == 0) {
        TELL(poll(&entry, 1, 5000));
        TELL(read(timer, &count, 8));
        TELL(count);
        time.it_interval.tv_nsec = 5000000;
        TELL(timerfd_settime(other, 0, &time, NULL));
        TELL(write(timer, &count, 8));
        _exit(0);
    }
    wait(NULL);
    TELL(read(timer, &count, 8));
    entry.fd = other;
    TELL(poll(&entry, 1, 5000));
    usleep(20000);
    TELL(read(other, &count, 8));
    TELL(count >= 3);
    TELL(timerfd_settime(timer, 0, &time, NULL));
    TELL(timerfd_gettime(timer, &time));
    TELL(time.it_interval.tv_nsec);
    TELL(time.it_value.tv_nsec <= 30000000);
    if (fork() == 0) { /* what nobody has read yet stays to be read */
        usleep(60000);
        TELL(read(timer, &count, 8));
        TELL(count >= 4);
        _exit(0);
    }
    wait(NULL);
    close(timer);
    close(other);
}

int main(void)
{
    levels();
    waiting();
    mistakes();
    poll_and_select();
    counters();
    timers();
    common_timer();
    return 0;
}
