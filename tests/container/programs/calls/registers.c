/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector registers and floating-point control of a thread or process that is made: its maker's. fork(2), rounding. */
#include <pthread.h>
#include <sys/wait.h>

#include "tell.h"

static const double eight[8] = {1.5, -2.25, 3e300, 4, 5, 6, 7, 8.125};
static double before[8], after[8];

enum {
    DOWN = 1 << 13, /* of the control word of vector registers */
    UP = 2 << 13,
    ROUNDING = 3 << 13
};

static int rounding(void)
{
    return (int)__builtin_ia32_stmxcsr() & ROUNDING;
}

static void round_to(unsigned where)
{
    __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~(unsigned)ROUNDING) | where);
}

/* A system call between two moments in which all of xmm0 to xmm7 is known; the registers must be the same. */
#define CALL_KEEPS(number, first)                                                                            \
    ({                                                                                                       \
        long result_ = (number);                                                                             \
        asm volatile("movsd 0(%[from]), %%xmm0; movsd 8(%[from]), %%xmm1; movsd 16(%[from]), %%xmm2;"        \
                     "movsd 24(%[from]), %%xmm3; movsd 32(%[from]), %%xmm4; movsd 40(%[from]), %%xmm5;"      \
                     "movsd 48(%[from]), %%xmm6; movsd 56(%[from]), %%xmm15; fldpi; syscall;"                \
                     "movsd %%xmm0, 0(%[to]); movsd %%xmm1, 8(%[to]); movsd %%xmm2, 16(%[to]);"              \
                     "movsd %%xmm3, 24(%[to]); movsd %%xmm4, 32(%[to]); movsd %%xmm5, 40(%[to]);"            \
                     "movsd %%xmm6, 48(%[to]); movsd %%xmm15, 56(%[to]); fstpl (%[pi])"                      \
                     : "+a"(result_)                                                                         \
                     : "D"(first), "S"(0), "d"(0), [from] "r"(eight), [to] "r"(after), [pi] "r"(&before[0])  \
                     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",       \
                       "xmm15");                                                                             \
        result_;                                                                                             \
    })

static void show(const char *who)
{
    printf("%s: %s, pi %.5f, rounds %s\n", who, memcmp(eight, after, sizeof after) ? "others" : "the same",
           before[0], rounding() == UP ? "up" : "otherwise");
    fflush(stdout);
}

static void *thread_main(void *argument)
{
    printf("thread: rounds %s\n", rounding() == DOWN ? "down" : "otherwise");
    return argument;
}

static void made(const char *parent, const char *child, long number, long flags)
{
    fflush(stdout);
    round_to(UP);
    memset(after, 0, sizeof after);
    long pid = CALL_KEEPS(number, flags);
    if (pid == 0) {
        show(child);
        _exit(0);
    }
    waitpid((pid_t)pid, NULL, 0);
    show(parent);
}

int main(void)
{
    made("parent", "child", SYS_fork, 0);
    made("cloner", "clone", SYS_clone, 17);
    for (int i = 0; i < 50; i++) {
        if (CALL_KEEPS(SYS_fork, 0) == 0) {
            _exit(memcmp(eight, after, sizeof after) != 0);
        }
        int status;
        if (wait(&status) < 0 || status) {
            puts("lost");
        }
    }
    pthread_t thread;
    round_to(DOWN);
    pthread_create(&thread, NULL, thread_main, NULL);
    pthread_join(thread, NULL);
    return 0;
}
