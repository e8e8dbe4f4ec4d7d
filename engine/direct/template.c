/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the template: a child that dies with the monitor, hears nothing from the terminal, keeps four
 * descriptors and becomes a tiny static program, which maps the pad and jumps there (pad/start.c).
 *
 * The child shares our memory until it executes (vfork), so between the two it makes system calls only.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/direct/monitor.h"
#include "host/fd.h"
#include "host/map.h"
#include "host/process.h"

enum {
    PROGRAM_BASE = 0x400000,
    PROGRAM_CODE_SIZE = 256,
    FIRST_FREE_FD = 4
};

/* The program: makes these calls and jumps to `start` with stack pointer `stack` (boot.S). */
struct boot_list {
    struct {
        uint64_t number, argument[6];
    } call[5];
    uint64_t end; /* ~0 */
    uint64_t start, stack;
};

struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segment[2];
    unsigned char code[PROGRAM_CODE_SIZE];
    struct boot_list list;
};

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

extern const unsigned char boot_code[], boot_code_end[];

static struct boot_list boot_list_make(const struct engine *e, uint64_t start)
{
    const uint64_t base = e->core->base, size = e->k->memory_size, shared = MAP_SHARED | MAP_FIXED;
    const uint64_t data = PROT_READ | PROT_WRITE, reserve = MAP_NORESERVE;
    return (struct boot_list){
        .call = {{SYS_mmap, {base, PAD_CORE, PROT_READ | PROT_EXEC, shared, PAD_FD_PAD, 0}},
                 {SYS_mmap, {base + PAD_CORE, PAD_PRIVATE - PAD_CORE, data, shared, PAD_FD_PAD, PAD_CORE}},
                 {SYS_mmap,
                  {base + PAD_PRIVATE, PAD_PRIVATE_SIZE, data, shared, PAD_FD_PAD,
                   PAD_PRIVATE + (uint64_t)PAD_TEMPLATE * PAD_PRIVATE_SIZE}},
                 {SYS_mmap, {base + PAD_ARENA, size, data, shared | reserve, PAD_FD_ARENA, 0}},
                 {SYS_mmap, {base + PAD_ARENA + size, 2 * size, data, shared | reserve, PAD_FD_VECTOR, 0}}},
        .end = UINT64_MAX,
        .start = start,
        .stack = base + PAD_PRIVATE + PRIVATE_STACK_TOP - 8, /* as if start had been called */
    };
}

static int program_make(struct engine *e, uint64_t start)
{
    struct program program = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = PROGRAM_BASE + offsetof(struct program, code),
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
        .list = boot_list_make(e, start),
    };
    memcpy(program.code, boot_code, (size_t)(boot_code_end - boot_code));
    return fd_memory_program("selkie-guest", &program, sizeof(program), e->diag);
}

struct spawn {
    int fd[PAD_FD_DOORBELL + 1], program_fd;
    pid_t monitor;
    const char *volatile failed; /* what the child could not do, and why */
    volatile int error;
};

static _Noreturn void spawn_fail(struct spawn *s, const char *what)
{
    s->error = errno;
    s->failed = what;
    _exit(127);
}

static void spawn_keep_descriptors(struct spawn *s)
{
    int above[PAD_FD_DOORBELL + 1];
    int program = fcntl(s->program_fd, F_DUPFD, 2 * FIRST_FREE_FD);
    for (int i = 0; i <= PAD_FD_DOORBELL; i++)
        above[i] = fcntl(s->fd[i], F_DUPFD, 2 * FIRST_FREE_FD);
    for (int i = 0; i <= PAD_FD_DOORBELL; i++)
        if (above[i] < 0 || dup2(above[i], i) < 0)
            spawn_fail(s, "cannot hand over descriptors");
    if (program < 0 || dup2(program, FIRST_FREE_FD) < 0 || fcntl(FIRST_FREE_FD, F_SETFD, FD_CLOEXEC) < 0)
        spawn_fail(s, "cannot hand over descriptors");
    if (syscall(SYS_close_range, FIRST_FREE_FD + 1, ~0u, 0) < 0)
        spawn_fail(s, "cannot close descriptors");
}

/* Ignoring also discards what is pending and leaves no handler of the monitor's to run in its memory. */
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
    syscall(SYS_execveat, FIRST_FREE_FD, "", name, nothing, AT_EMPTY_PATH);
    spawn_fail(s, "cannot execute the guest's program");
}

static __attribute__((noinline)) pid_t spawn_fork(struct spawn *s)
{
    pid_t pid = vfork();
    if (pid == 0)
        spawn_child(s);
    return pid;
}

static bool has_said_hello(const struct engine *e)
{
    return e->core->entry != 0;
}

int template_start(struct engine *e, uint64_t start)
{
    HOST_FD int program_fd = program_make(e, start);
    if (program_fd < 0)
        return program_fd;
    struct spawn s = {.fd = {e->arena_fd, e->vector_fd, e->pad_fd, e->doorbell_fd},
                      .program_fd = program_fd,
                      .monitor = getpid()};
    sigset_t before;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = spawn_fork(&s);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return diag_errno(e->diag, error, "cannot start a guest process");
    e->template.pid = pid;
    if (s.failed)
        return diag_errno(e->diag, s.error, "a new guest process %s", s.failed);
    error = guest_watch(e, &e->template);
    return error ? error : doorbell_wait(e, has_said_hello);
}
