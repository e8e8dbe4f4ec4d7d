/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a call returns that a signal handler interrupts: what it did so far, EINTR, or nothing, because it is made
 * again behind the handler. signal(7), "Interruption of system calls".
 */
#include "container/linux/clock.h"
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"

enum {
    SYSCALL_SIZE = 2,
    TIMER_ABSTIME = 1,
    TIMEOUT = 3 /* argument of futex */
};

enum {
    RESTARTS = 1,   /* if the handler has SA_RESTART */
    PROGRESSES = 2, /* thread->progress is its result, if not 0 */
    LASTS = 4,      /* no signal interrupts it */
    REMAINS = 8,    /* argument [kind / 16] is where it says how much time is left */
    ARGUMENT = 16
};

static unsigned interruption_of(const struct linux_call *call)
{
    switch (call->number) {
    case 0:   /* read */
    case 2:   /* open */
    case 16:  /* ioctl */
    case 17:  /* pread64 */
    case 19:  /* readv */
    case 42:  /* connect */
    case 43:  /* accept */
    case 45:  /* recvfrom */
    case 46:  /* sendmsg */
    case 47:  /* recvmsg */
    case 61:  /* wait4 */
    case 72:  /* fcntl */
    case 73:  /* flock */
    case 85:  /* creat */
    case 247: /* waitid */
    case 257: /* openat */
    case 275: /* splice */
    case 276: /* tee */
    case 288: /* accept4 */
    case 295: /* preadv */
    case 299: /* recvmmsg */
    case 307: /* sendmmsg */
    case 327: /* preadv2 */
        return RESTARTS;
    case 1:   /* write */
    case 18:  /* pwrite64 */
    case 20:  /* writev */
    case 44:  /* sendto */
    case 40:  /* sendfile */
    case 296: /* pwritev */
    case 328: /* pwritev2 */
        return RESTARTS | PROGRESSES;
    case 202: /* futex */
        return call->argument[TIMEOUT] ? 0 : RESTARTS;
    case 35: /* nanosleep */
        return REMAINS | 1 * ARGUMENT;
    case 230: /* clock_nanosleep */
        return call->argument[1] & TIMER_ABSTIME ? 0 : REMAINS | 3 * ARGUMENT;
    case 23:  /* select */
    case 270: /* pselect6 */
        return REMAINS | 4 * ARGUMENT;
    case 271: /* ppoll */
        return REMAINS | 2 * ARGUMENT;
    case 56:  /* clone */
    case 57:  /* fork */
    case 58:  /* vfork */
    case 59:  /* execve */
    case 322: /* execveat */
    case 435: /* clone3 */
        return LASTS;
    default:
        return 0;
    }
}

/* Is a signal due that ends the process? */
static bool is_ended(const struct thread *thread)
{
    uint64_t due = signal_pending(thread) & ~thread->signal_mask;
    for (int signal = 1; signal < SIGNALS; signal++) {
        if (due & signal_bit(signal) && thread->process->action[signal].handler == SIG_DFL &&
            signal_default_of(signal) == DEFAULT_END) {
            return true;
        }
    }
    return false;
}

bool signal_call_lasts(const struct thread *thread)
{
    return thread->wait == WAIT_WORK ? !is_ended(thread) : interruption_of(&thread->call) & LASTS;
}

static void remainder_write(const struct thread *thread, uint64_t to)
{
    int64_t left = thread->deadline_ns - clock_now(CLOCK_MONOTONIC);
    int64_t unit_ns = thread->call.number == 23 ? 1000 : 1; /* select has a struct timeval */
    struct timespec64 time = {.seconds = left > 0 ? left / SECOND_NS : 0,
                              .nanoseconds = left > 0 ? left % SECOND_NS / unit_ns : 0};
    if (to && thread->deadline_ns != NO_DEADLINE) {
        (void)user_write(to, &time, sizeof time);
    }
}

void signal_call_interrupted(struct thread *thread, bool may_restart, struct user_registers *registers)
{
    unsigned kind = interruption_of(&thread->call);
    bool has_result = kind & PROGRESSES && thread->progress;
    if (!has_result && may_restart && kind & RESTARTS) {
        return; /* the registers are those of the call */
    }
    if (kind & REMAINS) {
        remainder_write(thread, thread->call.argument[kind / ARGUMENT]);
    }
    registers->rax = has_result ? thread->progress : (uint64_t)-EINTR;
    registers->rip += SYSCALL_SIZE;
    registers->rcx = registers->rip;
    registers->r11 = registers->rflags;
}
