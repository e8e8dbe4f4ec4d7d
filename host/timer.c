/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers on the monotonic clock. The system calls are made directly: the library's
 * timer_create keeps a thread-safe list that we do not need, and its identifier is opaque.
 */
#define _GNU_SOURCE
#include "host/timer.h"

#include <errno.h>
#include <linux/time_types.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMER_SIGNAL (SIGRTMIN + 6)

uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void handle(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    int saved = errno;
    struct host_timer *timer = info->si_value.sival_ptr;
    if (info->si_code == SI_TIMER && timer)
        timer->fire(timer->world);
    errno = saved;
}

int host_timer_open(struct host_timer *timer, void (*fire)(void *world), void *world, struct diag *diag)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    if (sigaction(TIMER_SIGNAL, &action, NULL) < 0)
        return diag_errno(diag, errno, "cannot handle the timer signal");
    struct sigevent event;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = TIMER_SIGNAL;
    event.sigev_value.sival_ptr = timer;
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    *timer = (struct host_timer){.fire = fire, .world = world};
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer->id) < 0)
        return diag_errno(diag, errno, "cannot make a timer");
    timer->is_open = true;
    return 0;
}

int host_timer_set(struct host_timer *timer, uint64_t at_ns, struct diag *diag)
{
    if (at_ns == 0)
        at_ns = 1; /* zero would disarm it */
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)}};
    if (syscall(SYS_timer_settime, timer->id, TIMER_ABSTIME, &when, NULL) < 0)
        return diag_errno(diag, errno, "cannot set a timer");
    return 0;
}

void host_timer_close(struct host_timer *timer)
{
    if (!timer->is_open)
        return;
    timer->is_open = false;
    syscall(SYS_timer_delete, timer->id);
}
