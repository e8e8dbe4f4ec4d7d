/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes to measure in. What a child found out comes back through a shared page;
 * that page, not the exit status, says whether it got there, since a caller that ignores
 * SIGCHLD never sees a status.
 */
#define _GNU_SOURCE
#include "bench/floor/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/floor/sample.h"
#include "host/cpu.h"
#include "host/fd.h"
#include "host/map.h"
#include "host/process.h"
#include "host/timer.h"

#define PATIENCE_NS UINT64_C(5000000000)

struct child_report {
    struct sample sample;
    int error;
    bool is_done;
};

pid_t child_fork(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    /* A parent that died before the request took effect has already been replaced by another. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    return 0;
}

static int measure_pinned(int (*measure)(struct sample *sample), int cpu, struct sample *sample)
{
    struct cpu_pin pin = {.cpu = cpu};
    sigset_t none;
    sigemptyset(&none);
    cpu_pin(&pin);
    if (!pin.is_pinned)
        return -EPERM;
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return -errno;
    return measure(sample);
}

static _Noreturn void child_run(int (*measure)(struct sample *sample), int cpu, struct child_report *report)
{
    report->error = measure_pinned(measure, cpu, &report->sample);
    report->is_done = true;
    _exit(0);
}

/* Returns whether the child ended in time. */
static bool child_await(pid_t pid)
{
    HOST_FD int watch = process_watch(pid);
    if (watch < 0) {
        int status;
        process_wait(pid, &status);
        return true;
    }
    uint64_t end_ns = host_now_ns() + PATIENCE_NS;
    for (uint64_t now_ns = host_now_ns(); now_ns < end_ns; now_ns = host_now_ns()) {
        struct pollfd ready = {.fd = watch, .events = POLLIN};
        if (fd_wait(&ready, 1, end_ns - now_ns) != 0)
            return true;
    }
    return false;
}

int child_measure(int (*measure)(struct sample *sample), int cpu, struct sample *sample)
{
    struct child_report *report =
        mmap(NULL, HOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return -errno;
    pid_t pid = child_fork();
    if (pid == 0)
        child_run(measure, cpu, report);
    int error = pid < 0 ? pid : 0;
    if (!error) {
        bool is_in_time = child_await(pid);
        process_end(pid);
        error = report->is_done ? report->error : is_in_time ? -ECHILD : -ETIMEDOUT;
    }
    if (!error)
        *sample = report->sample;
    map_release(report, HOST_PAGE);
    return error;
}
