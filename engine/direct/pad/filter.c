/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest process may ask of the host: what the pad does, and nothing else. A guest that jumps to one of
 * the pad's `syscall` instructions with registers of its own could otherwise make processes that outlive the
 * run, or end others. In a system with host objects it may make all the calls that these need; which of its
 * threads have a capability cannot be seen here.
 *
 * Calls that need no look at their arguments are passed by the host without running the filter, so their order
 * costs nothing. Any other call ends the process; so does a new call of the pad's that is not in the lists here.
 */
#include <asm/ioctls.h>
#include <asm-generic/mman-common.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"

#define LOAD(field)         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what)        BPF_STMT(BPF_RET | BPF_K, (what))
#define SKIP_UNLESS(is, n)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (is), 0, (n))
#define SKIP_UNLESS_BITS(b) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (b), 0, 1)
#define ALLOW(number)       SKIP_UNLESS(number, 1), RETURN(SECCOMP_RET_ALLOW)
#define TRAP(number)        SKIP_UNLESS(number, 1), RETURN(SECCOMP_RET_TRAP)
#define REFUSE              RETURN(SECCOMP_RET_KILL_PROCESS)

/* The low half of an argument. */
#define ARGUMENT(index) LOAD(args[index])

enum {
    FILTER_SIZE = 256
};

struct filter {
    unsigned length;
    struct sock_filter code[FILTER_SIZE];
};

static void filter_add(struct filter *filter, const struct sock_filter *code, unsigned count)
{
    for (unsigned i = 0; i < count && filter->length < FILTER_SIZE; i++)
        filter->code[filter->length++] = code[i];
}

#define ADD(filter, ...)                                                                                     \
    do {                                                                                                     \
        const struct sock_filter code_[] = {__VA_ARGS__};                                                    \
        filter_add((filter), code_, sizeof(code_) / sizeof(code_[0]));                                       \
    } while (0)

static void add_pad_plain(struct filter *f)
{
    ADD(f, LOAD(arch), SKIP_UNLESS(AUDIT_ARCH_X86_64, 1), BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), REFUSE,
        LOAD(nr), ALLOW(__NR_futex), ALLOW(__NR_sched_yield), ALLOW(__NR_timer_settime),
        ALLOW(__NR_clock_gettime), ALLOW(__NR_munmap), ALLOW(__NR_rt_sigreturn), ALLOW(__NR_getpid));
}

/* A call whose second argument is one of some. */
static void add_requests(struct filter *f, uint32_t number, const uint32_t *requests, unsigned count)
{
    ADD(f, SKIP_UNLESS(number, (uint8_t)(2 * count + 2)), ARGUMENT(1));
    for (unsigned i = 0; i < count; i++)
        ADD(f, ALLOW(requests[i]));
    ADD(f, REFUSE);
}

/* HOST_FILE_CONTROL, terminals; others, such as TIOCSTI, reach further than the descriptor. */
static void add_ioctl(struct filter *f)
{
    static const uint32_t requests[] = {TCGETS,   TCSETS, TCSETSW, TCSETSF,    TIOCGWINSZ, TIOCSWINSZ,
                                        FIONREAD, TCFLSH, FIONBIO, TIOCSPTLCK, TIOCGPTPEER};
    add_requests(f, __NR_ioctl, requests, sizeof(requests) / sizeof(requests[0]));
}

/* Duplicates, pipes, locks; others choose who gets signals. */
static void add_fcntl(struct filter *f)
{
    static const uint32_t requests[] = {F_DUPFD_CLOEXEC, F_GETFL,     F_GETPIPE_SZ,
                                        F_SETPIPE_SZ,    F_OFD_SETLK, F_OFD_GETLK};
    add_requests(f, __NR_fcntl, requests, sizeof(requests) / sizeof(requests[0]));
}

static void add_host_objects(struct filter *f)
{
    for (unsigned i = 0; i < hostio_system_call_count; i++) {
        if (hostio_system_calls[i] == __NR_ioctl)
            add_ioctl(f);
        else if (hostio_system_calls[i] == __NR_fcntl)
            add_fcntl(f);
        else
            ADD(f, ALLOW(hostio_system_calls[i]));
    }
}

static void add_pad_checked(struct filter *f)
{
    ADD(f, SKIP_UNLESS(__NR_mmap, 4), /* of what there is, nothing new */
        ARGUMENT(3), SKIP_UNLESS_BITS(MAP_ANONYMOUS), REFUSE, RETURN(SECCOMP_RET_ALLOW));
    ADD(f, SKIP_UNLESS(__NR_write, 4), ARGUMENT(0), SKIP_UNLESS(PAD_FD_DOORBELL, 1),
        RETURN(SECCOMP_RET_ALLOW), REFUSE);
    ADD(f, SKIP_UNLESS(__NR_fallocate, 4), /* memory is only given back */
        ARGUMENT(1), SKIP_UNLESS(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 1), RETURN(SECCOMP_RET_ALLOW),
        REFUSE);
    ADD(f, SKIP_UNLESS(__NR_lseek, 4), /* to see which memory there is; nobody uses the file's position */
        ARGUMENT(0), SKIP_UNLESS(PAD_FD_ARENA, 1), RETURN(SECCOMP_RET_ALLOW), REFUSE);
}

void filter_install(void)
{
    struct filter filter;
    filter.length = 0;
    add_pad_plain(&filter);
    if (pad_core.machine.host.call)
        add_host_objects(&filter);
    add_pad_checked(&filter);
    /* The host's vsyscall page, which signal.c takes for what it is to seL4. */
    ADD(&filter, TRAP(__NR_gettimeofday), TRAP(__NR_time), TRAP(__NR_getcpu), REFUSE);
    const struct sock_fprog program = {(unsigned short)filter.length, filter.code};
    /* Without it (a host that has none, or refuses) all works as well, but for guests that look for trouble. */
    if (host_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) == 0)
        host_call3(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (uint64_t)&program);
}
