/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that wait and signals that come meanwhile: EINTR or a restart, masks for a call, timers, signalfd. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;
static int reader, writer, full, epoll;
static pthread_t main_thread;

static void note(int signal)
{
    count++;
    last = signal;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

static sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void alarm_in(long us)
{
    struct itimerval timer = {.it_value.tv_usec = us};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* After the signal, something for calls that go on. */
static void *end_wait(void *argument)
{
    char drain[4096];
    (void)argument;
    usleep(60000);
    if (write(writer, "x", 1) != 1) {
        return NULL;
    }
    while (read(full, drain, sizeof drain) > 0) {
    }
    return NULL;
}

static long wait_read(void)
{
    char byte;
    return read(reader, &byte, 1);
}

static long wait_poll(void)
{
    struct pollfd entry = {.fd = reader, .events = POLLIN};
    return poll(&entry, 1, 5000);
}

static long wait_ppoll(void)
{
    struct pollfd entry = {.fd = reader, .events = POLLIN};
    struct timespec time = {.tv_sec = 5};
    return ppoll(&entry, 1, &time, NULL);
}

static long wait_select(void)
{
    fd_set set;
    struct timeval time = {.tv_sec = 5};
    FD_ZERO(&set);
    FD_SET(reader, &set);
    return select(reader + 1, &set, NULL, NULL, &time);
}

static long wait_epoll(void)
{
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, 5000);
}

static long wait_nanosleep(void)
{
    struct timespec time = {.tv_sec = 2}, left = {0};
    long result = nanosleep(&time, &left);
    int error = errno;
    printf("[left %d] ", left.tv_sec < 2 && left.tv_sec + left.tv_nsec > 0);
    errno = error;
    return result;
}

static long wait_clock_nanosleep(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 5;
    return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static long wait_pause(void)
{
    return pause();
}

static long wait_suspend(void)
{
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}

static long wait_signal(void)
{
    sigset_t set = set_of(SIGUSR2);
    struct timespec time = {.tv_sec = 5};
    return sigtimedwait(&set, NULL, &time);
}

static uint32_t word;

static long wait_futex(void)
{
    struct timespec time = {.tv_sec = 5};
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
}

static long wait_futex_forever(void)
{
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static long wait_eventfd(void)
{
    static int event = -1;
    uint64_t value;
    event = event < 0 ? eventfd(0, 0) : event;
    struct itimerval now;
    getitimer(ITIMER_REAL, &now);
    return now.it_value.tv_usec > 0 ? read(event, &value, sizeof value) : -2;
}

static const struct {
    const char *name;
    long (*wait)(void);
    int goes_on; /* what ends it when it is restarted */
} WAITS[] = {
    {"read", wait_read, 1},          {"poll", wait_poll, 0},
    {"ppoll", wait_ppoll, 0},        {"select", wait_select, 0},
    {"epoll_wait", wait_epoll, 0},   {"nanosleep", wait_nanosleep, 0},
    {"pause", wait_pause, 0},        {"clock_nanosleep", wait_clock_nanosleep, 0},
    {"sigsuspend", wait_suspend, 0}, {"sigtimedwait", wait_signal, 0},
    {"futex", wait_futex, 0},
};

static void matrix(void)
{
    for (int restart = 0; restart < 2; restart++) {
        handle(SIGALRM, restart ? SA_RESTART : 0);
        for (unsigned i = 0; i < sizeof WAITS / sizeof *WAITS; i++) {
            pthread_t thread;
            int goes_on = restart && WAITS[i].goes_on;
            count = 0;
            if (goes_on) {
                sigset_t set = set_of(SIGALRM);
                pthread_sigmask(SIG_BLOCK, &set, NULL);
                pthread_create(&thread, NULL, end_wait, NULL);
                pthread_sigmask(SIG_UNBLOCK, &set, NULL);
            }
            alarm_in(20000);
            errno = 0;
            long result = WAITS[i].wait();
            printf("%s %s: %ld errno %d signals %d\n", WAITS[i].name, restart ? "restart" : "plain", result,
                   errno, count);
            if (goes_on) {
                pthread_join(thread, NULL);
            }
        }
    }
    handle(SIGALRM, 0);
    alarm_in(20000);
    count = 0;
    long result = wait_futex_forever();
    printf("futex forever: %ld %d %d\n", result, errno, count);
    alarm_in(20000);
    result = wait_eventfd();
    printf("eventfd: %ld %d\n", result, errno);
}

static void partial(void)
{
    static char data[1 << 20];
    int pair[2];
    pthread_t thread;
    if (pipe(pair)) {
        return;
    }
    handle(SIGALRM, SA_RESTART);
    alarm_in(20000);
    long put = write(pair[1], data, sizeof data);
    printf("a write that a signal ends: %d\n", put > 0 && put < (long)sizeof data);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    full = pair[0];
    sigset_t set = set_of(SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, end_wait, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm_in(20000);
    count = 0;
    put = write(pair[1], data, 4096);
    printf("a write that is made again: %ld after %d\n", put, count);
    pthread_join(thread, NULL);
    close(pair[0]);
    handle(SIGPIPE, 0);
    count = 0;
    put = write(pair[1], data, 1);
    printf("broken pipe: %ld %d signal %d\n", put, errno, last);
    signal(SIGPIPE, SIG_IGN);
    put = write(pair[1], data, 1);
    printf("ignored: %ld %d\n", put, errno);
    close(pair[1]);
}

static void masks(void)
{
    sigset_t blocked = set_of(SIGUSR1), none, now;
    struct timespec soon = {.tv_nsec = 1000000}, late = {.tv_sec = 5};
    struct epoll_event event;
    sigemptyset(&none);
    handle(SIGUSR1, SA_RESTART);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    count = 0;
    raise(SIGUSR1);
    int result = ppoll(NULL, 0, &soon, NULL);
    printf("ppoll without mask: %d signals %d\n", result, count);
    result = ppoll(NULL, 0, &late, &none);
    printf("ppoll: %d %d signals %d\n", result, errno, count);
    sigprocmask(SIG_SETMASK, NULL, &now);
    printf("mask is back: %d\n", sigismember(&now, SIGUSR1));
    raise(SIGUSR1);
    result = pselect(0, NULL, NULL, NULL, &late, &none);
    printf("pselect: %d %d signals %d\n", result, errno, count);
    raise(SIGUSR1);
    result = epoll_pwait(epoll, &event, 1, 1000, &none);
    printf("epoll_pwait: %d %d signals %d\n", result, errno, count);
    raise(SIGUSR1);
    result = sigsuspend(&none);
    printf("sigsuspend: %d %d signals %d\n", result, errno, count);
    raise(SIGUSR1);
    siginfo_t info;
    result = sigwaitinfo(&blocked, &info);
    printf("sigwaitinfo: %d code %d signals %d\n", result, info.si_code, count);
    result = sigtimedwait(&blocked, &info, &soon);
    printf("sigtimedwait: %d %d\n", result, errno);
    sigprocmask(SIG_SETMASK, NULL, &now);
    printf("mask is back: %d\n", sigismember(&now, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void *send_later(void *argument)
{
    (void)argument;
    usleep(20000);
    kill(getpid(), SIGUSR1);
    usleep(20000);
    pthread_kill(main_thread, SIGUSR1);
    return NULL;
}

static void waiting(void)
{
    sigset_t set = set_of(SIGUSR1);
    siginfo_t info;
    pthread_t thread;
    sigprocmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, send_later, NULL);
    int first = sigwaitinfo(&set, &info), code = info.si_code;
    int second = sigwaitinfo(&set, &info);
    printf("sigwaitinfo: %d code %d, %d code %d\n", first, code, second, info.si_code);
    pthread_join(thread, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static siginfo_t seen;

static void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    note(signal);
    seen = *info;
}

static void timers(void)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO};
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
    struct itimerspec time = {.it_value.tv_nsec = 10000000}, now;
    timer_t timer;
    sigaction(SIGRTMIN, &action, NULL);
    count = 0;
    printf("timer_create %d", timer_create(CLOCK_MONOTONIC, &event, &timer));
    printf(" settime %d\n", timer_settime(timer, 0, &time, NULL));
    pause();
    printf("timer: code %d value %d count %d\n", seen.si_code, seen.si_value.sival_int, count);
    sigset_t set = set_of(SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    time.it_interval.tv_nsec = 1000000;
    timer_settime(timer, 0, &time, NULL);
    usleep(50000);
    timer_gettime(timer, &now);
    printf("interval %ld runs %d\n", now.it_interval.tv_nsec, now.it_value.tv_nsec > 0);
    time = (struct itimerspec){0};
    siginfo_t info;
    sigwaitinfo(&set, &info);
    timer_settime(timer, 0, &time, NULL);
    printf("overrun %d %d\n", info.si_overrun > 5, timer_getoverrun(timer) >= 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("delete %d", timer_delete(timer));
    printf(" %d", timer_delete(timer));
    printf(" %d\n", errno);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event._sigev_un._tid = (int)syscall(SYS_gettid);
    time = (struct itimerspec){.it_value.tv_nsec = 10000000};
    timer_create(CLOCK_REALTIME, &event, &timer);
    timer_settime(timer, 0, &time, NULL);
    count = 0;
    pause();
    printf("to a thread: count %d code %d\n", count, seen.si_code);
    handle(SIGALRM, 0);
    count = 0;
    printf("alarm %u", alarm(100));
    printf(" %u", alarm(1));
    pause();
    printf(" count %d signal %d\n", count, last);
    struct itimerval interval = {.it_value.tv_usec = 5000, .it_interval.tv_usec = 5000}, none = {0}, old;
    count = 0;
    setitimer(ITIMER_REAL, &interval, NULL);
    while (count < 5) {
        pause();
    }
    setitimer(ITIMER_REAL, &none, &old);
    printf("interval %ld\n", (long)old.it_interval.tv_usec);
}

static void signal_files(void)
{
    sigset_t set = set_of(SIGUSR1);
    struct signalfd_siginfo info;
    struct epoll_event event = {.events = EPOLLIN}, got;
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    printf("signalfd: poll %d", poll(&entry, 1, 0));
    printf(" read %ld", (long)read(fd, &info, sizeof info));
    printf(" %d\n", errno);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 5});
    kill(getpid(), SIGUSR1);
    printf("poll %d", poll(&entry, 1, 0));
    long got_bytes = read(fd, &info, sizeof info);
    printf(" read %ld signal %u code %d\n", got_bytes, info.ssi_signo, info.ssi_code);
    got_bytes = read(fd, &info, sizeof info);
    printf("read %ld value %d\n", got_bytes, info.ssi_int);
    int set_fd = epoll_create1(0);
    epoll_ctl(set_fd, EPOLL_CTL_ADD, fd, &event);
    pthread_t thread;
    pthread_create(&thread, NULL, send_later, NULL);
    printf("epoll %d\n", epoll_wait(set_fd, &got, 1, 5000));
    pthread_join(thread, NULL);
    while (read(fd, &info, sizeof info) > 0) {
    }
    close(fd);
    close(set_fd);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    int pair[2];
    struct epoll_event event = {.events = EPOLLIN};
    setvbuf(stdout, NULL, _IOLBF, 0);
    main_thread = pthread_self();
    if (pipe(pair)) {
        return 1;
    }
    reader = pair[0];
    writer = pair[1];
    full = -1;
    epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, reader, &event);
    matrix();
    partial();
    wait_read(); /* what was written there */
    masks();
    waiting();
    timers();
    signal_files();
    return 0;
}
