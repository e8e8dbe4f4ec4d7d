/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guarded work: signal handlers on a stack of their own, a timer that counts processor time, and a long jump. An idle
 * program is not woken, since the timer stands still then.
 */
#include "host/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    STACK_SIZE = 64 * 1024,
    WORDS_SIZE = 384
};

static const int handled[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM};
enum {
    HANDLED = sizeof(handled) / sizeof(handled[0])
};

static sigjmp_buf way_out;
static volatile sig_atomic_t is_active;
static volatile unsigned alive;
static unsigned seen, stale;
static char words[WORDS_SIZE];

void guard_alive(void)
{
    alive++;
}

void guard_leave(const char *why)
{
    if (!is_active)
        return;
    is_active = 0;
    if (why != words)
        (void)snprintf(words, sizeof(words), "%s", why);
    siglongjmp(way_out, 1);
}

static void take_time(void)
{
    stale = alive == seen ? stale + 1 : 0;
    seen = alive;
    if (stale < GUARD_PATIENCE_S)
        return;
    (void)snprintf(words, sizeof(words), "the monitor ran for %d s without an end in sight", GUARD_PATIENCE_S);
    guard_leave(words);
}

static void handle(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (!is_active)
        return;
    if (number == SIGVTALRM) {
        take_time();
        return;
    }
    (void)snprintf(words, sizeof(words), "the monitor was hit by signal %d (%s) at address %p", number,
                   strsignal(number), info->si_addr);
    guard_leave(words);
}

static void handlers_install(struct sigaction before[HANDLED])
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < HANDLED; i++)
        (void)sigaction(handled[i], &action, &before[i]);
}

static void handlers_restore(const struct sigaction before[HANDLED])
{
    for (unsigned i = 0; i < HANDLED; i++)
        (void)sigaction(handled[i], &before[i], NULL);
}

/* False: this host gives no such timer, and loops stay what they are. */
static bool timer_start(timer_t *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
    const struct itimerspec each_second = {{1, 0}, {1, 0}};
    return timer_create(CLOCK_THREAD_CPUTIME_ID, &event, timer) == 0 &&
           timer_settime(*timer, 0, &each_second, NULL) == 0;
}

/* Apart, so that nothing of it lives in a register across the jump. */
static __attribute__((noinline)) bool work_call(void (*work)(void *world), void *world)
{
    if (sigsetjmp(way_out, 1))
        return false;
    is_active = 1;
    work(world);
    is_active = 0;
    return true;
}

bool guard_call(void (*work)(void *world), void *world, char *why, size_t size)
{
    struct sigaction before[HANDLED];
    stack_t stack = {.ss_size = STACK_SIZE}, stack_before;
    timer_t timer;
    if (is_active) {
        work(world);
        return true;
    }
    void *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_sp = memory;
    bool has_stack = memory != MAP_FAILED && sigaltstack(&stack, &stack_before) == 0;
    seen = stale = 0;
    alive = 1;
    handlers_install(before);
    bool has_timer = timer_start(&timer);
    bool is_done = work_call(work, world);
    if (has_timer)
        (void)timer_delete(timer);
    handlers_restore(before);
    if (has_stack)
        (void)sigaltstack(&stack_before, NULL);
    if (memory != MAP_FAILED)
        (void)munmap(memory, STACK_SIZE);
    if (!is_done)
        (void)snprintf(why, size, "%s", words);
    return is_done;
}
