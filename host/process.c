/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes. __WALL finds traced children too, whatever their exit signal.
 */
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/fd.h"

int process_wait(pid_t pid, int *status)
{
    while (waitpid(pid, status, __WALL) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

void process_end(pid_t pid)
{
    int status = 0;
    if (pid <= 0 || kill(pid, SIGKILL) < 0)
        return;
    /* A traced child may have stops to report before its end. */
    while (process_wait(pid, &status) == 0 && !WIFEXITED(status) && !WIFSIGNALED(status))
        ;
}

int process_watch(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

char process_state(pid_t pid)
{
    char path[32], text[128];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    HOST_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *behind_name = strrchr(text, ')');
    return behind_name && behind_name[1] == ' ' ? behind_name[2] : 0;
}

uint64_t process_cpu_ns(pid_t pid)
{
    /* What clock_getcpuclockid says, which asks the host each time. */
    clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2);
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void process_describe(struct diag *diag, pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        diag_add(diag, "process %d was killed by signal %d (%s)", (int)pid, WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WIFEXITED(status))
        diag_add(diag, "process %d exited with status %d", (int)pid, WEXITSTATUS(status));
    else
        diag_add(diag, "process %d reported 0x%x", (int)pid, (unsigned)status);
}
