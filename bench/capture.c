/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run in a child process, its console a pipe. See capture.h.
 */
#include "bench/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/cpu.h"
#include "host/fd.h"
#include "host/process.h"
#include "run/run.h"
#include "run/say.h"

#define TIMEOUT_NS 120000000000ull

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Go there, free to leave: an engine that keeps to one processor then chooses this one. */
static void cpu_prefer(int cpu)
{
    struct cpu_pin pin = {.cpu = cpu};
    cpu_pin(&pin);
    cpu_unpin(&pin);
}

static _Noreturn void child_run(pid_t parent, int image, int console, int messages,
                                const struct run_options *chosen, int cpu)
{
    char path[64];
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a run that nobody reads has to end */
    if (getppid() != parent) {
        _exit(RUN_HOST);
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(messages, STDERR_FILENO) < 0 ||
        dup2(console, STDOUT_FILENO) < 0) {
        _exit(RUN_HOST);
    }
    (void)close(console);
    cpu_prefer(cpu);
    struct run_options options = *chosen;
    options.image = path;
    options.timeout_ns = TIMEOUT_NS;
    _exit(run_image(&options));
}

/* Until the child and what it made have closed the pipe. */
static void console_read(struct capture *capture, int console, uint64_t start_ns)
{
    char bytes[1024];
    for (;;) {
        ssize_t count = read(console, bytes, sizeof(bytes));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return;
        }
        if (!capture->first_output_ns) {
            capture->first_output_ns = now_ns() - start_ns;
        }
        size_t room = sizeof(capture->text) - 1 - capture->length;
        size_t kept = (size_t)count < room ? (size_t)count : room;
        memcpy(capture->text + capture->length, bytes, kept);
        capture->length += kept;
    }
}

static int child_wait(pid_t child)
{
    int status;
    if (process_wait(child, &status) != 0) {
        return RUN_HOST;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : RUN_SIGNAL + WTERMSIG(status);
}

/* What the run said; and if it could not say anything, how it ended. */
static void messages_pass_on(int messages, const struct capture *capture)
{
    char bytes[1024];
    off_t at = 0;
    ssize_t count;
    while ((count = pread(messages, bytes, sizeof(bytes), at)) > 0) {
        (void)fwrite(bytes, 1, (size_t)count, stderr);
        at += count;
    }
    if (capture->status > RUN_SIGNAL) {
        say("the run was ended by signal %d (%s)", capture->status - RUN_SIGNAL,
            strsignal(capture->status - RUN_SIGNAL));
    } else if (at == 0) {
        say("the run ended with status %d and said nothing", capture->status);
    }
}

int capture_run(struct capture *capture, const void *image, size_t size, const struct run_options *options,
                int cpu, struct diag *diag)
{
    int pipe_ends[2];
    *capture = (struct capture){0};
    HOST_FD int program = fd_memory_program("selkie-bench", image, size, diag);
    if (program < 0) {
        return program;
    }
    HOST_FD int messages = fd_memory("selkie-bench-messages", 0, diag);
    if (messages < 0) {
        return messages;
    }
    if (pipe(pipe_ends) != 0) {
        return diag_errno(diag, errno, "cannot make a pipe");
    }
    (void)fcntl(pipe_ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pipe_ends[1], F_SETFD, FD_CLOEXEC);
    HOST_FD int reader = pipe_ends[0];
    HOST_FD int writer = pipe_ends[1];
    (void)fflush(NULL); /* or the child would have it, too */
    uint64_t start_ns = now_ns();
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
        return diag_errno(diag, errno, "cannot make a process");
    }
    if (child == 0) {
        child_run(parent, program, writer, messages, options, cpu);
    }
    fd_close_at(&writer);
    console_read(capture, reader, start_ns);
    capture->status = child_wait(child);
    if (capture->status) {
        messages_pass_on(messages, capture);
    }
    return 0;
}
