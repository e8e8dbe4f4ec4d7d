/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a guest process: a child that is traced, dies with the monitor, hears
 * nothing from the terminal, keeps two descriptors and becomes the tiny program
 * that engine_create made.
 *
 * The child shares our memory until it executes (vfork), so between the two it
 * makes system calls only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/ptrace/state.h"
#include "host/process.h"

struct spawn {
    int arena_fd, stubs_fd, program_fd;
    pid_t monitor;
    const char *volatile failed; /* what the child could not do, and why */
    volatile int error;
};

#define FIRST_FREE_FD 3

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static _Noreturn void spawn_fail(struct spawn *s, const char *what)
{
    s->error = errno;
    s->failed = what;
    _exit(127);
}

/* Descriptors 0 and 1 become the arena and the stubs, 2 the program; the rest goes. */
static void spawn_keep_descriptors(struct spawn *s)
{
    int arena = fcntl(s->arena_fd, F_DUPFD, FIRST_FREE_FD);
    int stubs = fcntl(s->stubs_fd, F_DUPFD, FIRST_FREE_FD);
    int program = fcntl(s->program_fd, F_DUPFD, FIRST_FREE_FD);
    if (arena < 0 || stubs < 0 || program < 0 || dup2(arena, STUB_FD_ARENA) < 0 ||
        dup2(stubs, STUB_FD_STUBS) < 0 || dup2(program, 2) < 0 || fcntl(2, F_SETFD, FD_CLOEXEC) < 0)
        spawn_fail(s, "cannot hand over descriptors");
    if (syscall(SYS_close_range, FIRST_FREE_FD, ~0u, 0) < 0)
        spawn_fail(s, "cannot close descriptors");
}

/* Ignoring also discards what is pending and leaves no handler of the monitor's to run in its memory; a
 * traced process reports ignored signals to its tracer all the same. */
static void spawn_ignore_signals(struct spawn *s)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof(ignore));
    ignore.sa_handler = SIG_IGN;
    for (int number = 1; number < 65; number++)
        sigaction(number, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        spawn_fail(s, "cannot unblock signals");
}

static _Noreturn void spawn_child(struct spawn *s)
{
    static char *const nothing[] = {NULL};
    static char *const name[] = {(char *)"selkie-guest", NULL};
    struct rlimit no_core = {0, 0};
    if (setsid() < 0)
        spawn_fail(s, "cannot leave the session");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        spawn_fail(s, "cannot ask to die with the monitor");
    if (getppid() != s->monitor)
        _exit(127); /* it died before we could ask */
    spawn_keep_descriptors(s);
    spawn_ignore_signals(s);
    setrlimit(RLIMIT_CORE, &no_core);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        spawn_fail(s, "cannot be traced");
    syscall(SYS_execveat, 2, "", name, nothing, AT_EMPTY_PATH);
    spawn_fail(s, "cannot execute the guest's program");
}

static __attribute__((noinline)) pid_t spawn_fork(struct spawn *s)
{
    pid_t pid = vfork();
    if (pid == 0)
        spawn_child(s);
    return pid;
}

pid_t spawn_tracee(struct engine *e)
{
    struct spawn s = {
        .arena_fd = e->arena_fd, .stubs_fd = e->stubs_fd, .program_fd = e->program_fd, .monitor = getpid()};
    sigset_t before;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = spawn_fork(&s);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return diag_errno(e->diag, error, "cannot start a guest process");

    int status = 0;
    error = process_wait(pid, &status);
    if (error)
        return diag_errno(e->diag, error, "cannot wait for a new guest process");
    if (!WIFSTOPPED(status)) {
        if (s.failed)
            return diag_errno(e->diag, s.error, "a new guest process %s", s.failed);
        process_describe(e->diag, pid, status);
        diag_add(e->diag, "a new guest process did not start");
        return -EOWNERDEAD;
    }
    if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) < 0) {
        error = diag_errno(e->diag, errno, "cannot trace a guest process");
        process_end(pid);
        return error;
    }
    return pid;
}
