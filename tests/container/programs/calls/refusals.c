/* SPDX-License-Identifier: BSD-2-Clause */
/* Which error it is where more than one would do; and signals of instructions that ask for them. */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tell.h"

static volatile sig_atomic_t code;

static void trapped(int signal, siginfo_t *info, void *context)
{
    greg_t *ip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    (void)signal;
    code = info->si_code;
    *ip += *(const unsigned char *)*ip == 0xf1; /* some processors are still there */
}

static void memory(void)
{
    TELL((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, 0, -1, 0));
    TELL((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0));
    TELL((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0));
    TELL((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 1));
    TELL((long)mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0));
    TELL((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void root(void)
{
    TELL(rmdir("/"));
    TELL(unlink("/"));
    TELL(mkdir("/", 0700));
    TELL(rename("/", "/new"));
    TELL(open("/", O_RDWR));
    TELL(open("/", O_WRONLY));
    TELL(open("/", O_RDONLY | O_CREAT, 0600));
}

static void clocks(void)
{
    struct timespec time;
    TELL(syscall(SYS_clock_gettime, 10, &time));
    TELL(syscall(SYS_clock_getres, 10, &time));
    TELL(syscall(SYS_clock_gettime, 11, &time));
    TELL(syscall(SYS_clock_gettime, 12, &time));
    TELL(clock_gettime(10, &time));
}

static void traps(void)
{
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    __asm__ volatile(".byte 0xf1");
    TELL(code);
    __asm__ volatile("int3");
    TELL(code);
}

int main(void)
{
    memory();
    root();
    clocks();
    traps();
    return 0;
}
