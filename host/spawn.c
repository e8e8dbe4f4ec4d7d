/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The child shares our memory until it executes (vfork), so between the two it makes system calls only.
 */
#include "host/spawn.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/fd.h"
#include "host/map.h"
#include "host/process.h"

struct spawn {
    const struct spawn_plan *plan;
    pid_t parent;
    const char *volatile failed; /* what the child could not do, and why */
    volatile int error;
};

enum {
    PROGRAM_BASE = 0x400000,
    SIGNALS = 64,
    EXIT_FAILED = 127,
    ABOVE = 2 * SPAWN_FDS /* descriptors in the way of nothing */
};

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static _Noreturn void spawn_fail(struct spawn *s, const char *what)
{
    s->error = errno;
    s->failed = what;
    _exit(EXIT_FAILED);
}

/* The program's descriptor follows those it keeps, and goes when it is executed. */
static void keep_descriptors(struct spawn *s)
{
    const struct spawn_plan *plan = s->plan;
    int above[SPAWN_FDS + 1];
    for (int i = 0; i <= plan->fd_count; i++)
        above[i] = fcntl(i < plan->fd_count ? plan->fd[i] : plan->program_fd, F_DUPFD, ABOVE);
    for (int i = 0; i <= plan->fd_count; i++)
        if (above[i] < 0 || dup2(above[i], i) < 0)
            spawn_fail(s, "cannot hand over descriptors");
    if (fcntl(plan->fd_count, F_SETFD, FD_CLOEXEC) < 0)
        spawn_fail(s, "cannot hand over descriptors");
    if (syscall(SYS_close_range, plan->fd_count + 1, ~0u, 0) < 0)
        spawn_fail(s, "cannot close descriptors");
}

/* Ignoring also discards what is pending and leaves no handler of ours to run in our memory; a traced process
 * reports ignored signals to its tracer all the same. */
static void ignore_signals(struct spawn *s)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof(ignore));
    ignore.sa_handler = SIG_IGN;
    for (int number = 1; number <= SIGNALS; number++)
        sigaction(number, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        spawn_fail(s, "cannot unblock signals");
}

static _Noreturn void child(struct spawn *s)
{
    static char *const nothing[] = {NULL};
    static char *const name[] = {(char *)"selkie-guest", NULL};
    const struct rlimit no_core = {0, 0};
    if (setsid() < 0)
        spawn_fail(s, "cannot leave the session");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        spawn_fail(s, "cannot ask to die with the monitor");
    if (getppid() != s->parent)
        _exit(EXIT_FAILED); /* it died before we could ask */
    keep_descriptors(s);
    ignore_signals(s);
    setrlimit(RLIMIT_CORE, &no_core);
    if (s->plan->is_traced && ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        spawn_fail(s, "cannot be traced");
    syscall(SYS_execveat, s->plan->fd_count, "", name, nothing, AT_EMPTY_PATH);
    spawn_fail(s, "cannot execute the guest's program");
}

static __attribute__((noinline)) pid_t fork_child(struct spawn *s)
{
    pid_t pid = vfork();
    if (pid == 0)
        child(s);
    return pid;
}

int spawn_program_make(const void *code, size_t size, struct diag *diag)
{
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment[2];
        unsigned char code[SPAWN_CODE_MAX];
    } program = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segment = {{.p_type = PT_LOAD,
                     .p_flags = PF_R | PF_X,
                     .p_vaddr = PROGRAM_BASE,
                     .p_paddr = PROGRAM_BASE,
                     .p_filesz = sizeof(program),
                     .p_memsz = sizeof(program),
                     .p_align = HOST_PAGE},
                    {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
    };
    if (size > SPAWN_CODE_MAX)
        return diag_errno(diag, E2BIG, "a guest program of %zu bytes", size);
    program.header.e_entry = PROGRAM_BASE + sizeof(program) - SPAWN_CODE_MAX;
    memcpy(program.code, code, size);
    return fd_memory_program("selkie-guest", &program, sizeof(program), diag);
}

pid_t spawn_program(const struct spawn_plan *plan, struct diag *diag)
{
    struct spawn s = {.plan = plan, .parent = getpid()};
    int status;
    sigset_t before;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork_child(&s);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return diag_errno(diag, error, "cannot start a guest process");
    if (!s.failed)
        return pid;
    process_wait(pid, &status);
    return diag_errno(diag, s.error, "a new guest process %s", s.failed);
}
