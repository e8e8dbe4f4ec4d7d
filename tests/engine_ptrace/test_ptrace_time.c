/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time, waiting and stopping: ticks, deadlines, kicks, descriptors, rest.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/timer.h"
#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

enum {
    MILLISECOND = 1000000
};

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MILLISECOND}, NULL);
}

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static uint64_t tick_at_ns[16];

static struct next tick_take(const struct trap *trap)
{
    CHECK_EQ(trap->kind, TRAP_TICK);
    CHECK(!fake.next.context->is_syscall);
    CHECK_EQ(fake.next.context->next_ip, fake.next.context->reg[REG_FAULT_IP]);
    tick_at_ns[fake.trap_count - 1] = host_now_ns();
    if (fake.trap_count == 16)
        return (struct next){.kind = NEXT_HALT};
    struct next next = fake.next; /* the other thread, in the same VSpace or another */
    unsigned other = next.tcb == fake_tcb(0) ? 1 : 0;
    next.tcb = fake_tcb(other);
    next.context = fake_context(other);
    next.vspace = fake_vspace(fake.trap_count > 8 ? other : 0);
    return next;
}

static void test_preemption(void)
{
    fake_open();
    fake.take = tick_take;
    struct next next = fake_thread(0, 0, guest_spin);
    fake_thread(1, 0, guest_spin);
    next.wants_tick = true;
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    CHECK(fake_context(0)->reg[REG_RBX] > 1000);
    CHECK(fake_context(1)->reg[REG_RBX] > 1000);
    uint64_t total = tick_at_ns[15] - tick_at_ns[0];
    CHECK(total >= 28 * MILLISECOND); /* 15 periods of 2 ms; more on a busy machine */
    fake_close();
}

static struct next irq_take(const struct trap *trap)
{
    if (fake.trap_count == 1) {
        CHECK_EQ(trap->kind, TRAP_INTERRUPT);
        CHECK_EQ(trap->irq, 5);
        fake.deadline_ns = host_now_ns() + 5 * MILLISECOND;
        return (struct next){.kind = NEXT_IDLE, .timer_ns = UINT64_MAX};
    }
    CHECK_EQ(trap->kind, TRAP_INTERRUPT);
    fake.can_wake = false;
    return (struct next){.kind = NEXT_IDLE, .timer_ns = UINT64_MAX};
}

/* A deadline interrupts a thread that nothing else would, and then an idle system, which then is at rest. */
static void test_deadline(void)
{
    fake_open();
    fake.take = irq_take;
    fake.irq = 5;
    fake.can_wake = true;
    uint64_t start = host_now_ns();
    fake.deadline_ns = start + 5 * MILLISECOND;
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_spin)), ENGINE_AT_REST);
    CHECK_EQ(fake.trap_count, 2);
    CHECK(host_now_ns() - start >= 10 * MILLISECOND);
    fake_close();
}

static uint64_t budget_at_ns[3];

/* Twice a running thread, then nobody. */
static struct next budget_take(const struct trap *trap)
{
    CHECK_EQ(trap->kind, TRAP_TICK);
    budget_at_ns[fake.trap_count - 1] = host_now_ns();
    struct next next = fake.next;
    next.timer_ns += 3 * MILLISECOND;
    if (fake.trap_count == 2)
        next = (struct next){.kind = NEXT_IDLE, .timer_ns = next.timer_ns};
    return fake.trap_count == 3 ? (struct next){.kind = NEXT_HALT, .timer_ns = UINT64_MAX} : next;
}

/* The kernel's own deadline, of a running thread and of an idle system, which it keeps from being at rest. */
static void test_budget(void)
{
    fake_open();
    fake.take = budget_take;
    struct next next = fake_thread(0, 0, guest_spin);
    uint64_t start = next.timer_ns = host_now_ns() + 3 * MILLISECOND;
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    for (unsigned i = 0; i < 3; i++)
        CHECK(budget_at_ns[i] >= start + i * 3 * MILLISECOND);
    fake_close();
}

static struct next interrupted_take(const struct trap *trap)
{
    if (fake.trap_count == 1) {
        fake.deadline_ns = 0; /* at once: before the system call returns */
        return fake.next;
    }
    const struct context *c = fake.next.context;
    CHECK_EQ(trap->kind, TRAP_INTERRUPT);
    CHECK(!c->is_syscall);
    CHECK_EQ(c->next_ip, fake_address(guest_syscalls) + 2);
    CHECK_EQ(c->reg[REG_FAULT_IP], c->next_ip);
    CHECK_EQ(c->reg[REG_RCX], c->next_ip);
    return (struct next){.kind = NEXT_HALT};
}

/* An interrupt between a system call and its return finds the thread behind the instruction. */
static void test_interrupt_on_return(void)
{
    fake_open();
    fake.take = interrupted_take;
    fake.irq = 1;
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_syscalls)), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 2);
    fake_close();
}

static void kick_later(void *world)
{
    (void)world;
    *(volatile bool *)&fake.is_stopped = true;
    engine_ptrace.kick(fake.engine);
}

static void run_until_kicked(struct next next)
{
    struct host_timer timer;
    fake_open();
    fake.can_wake = true;
    if (next.kind == NEXT_RUN)
        next = fake_thread(0, 0, guest_spin);
    CHECK_EQ(host_timer_open(&timer, kick_later, NULL, NULL), 0);
    CHECK_EQ(host_timer_set(&timer, host_now_ns() + 50 * MILLISECOND, NULL), 0);
    uint64_t start = host_now_ns(), used = cpu_ns();
    CHECK_EQ(fake_run(next), ENGINE_STOPPED);
    CHECK(host_now_ns() - start >= 50 * MILLISECOND);
    CHECK(cpu_ns() - used < 20 * MILLISECOND); /* the monitor waits, it does not turn */
    host_timer_close(&timer);
    fake_close();
}

static void test_kick_running(void)
{
    run_until_kicked((struct next){.kind = NEXT_RUN, .timer_ns = UINT64_MAX});
}

static void test_kick_idle(void)
{
    run_until_kicked((struct next){.kind = NEXT_IDLE, .timer_ns = UINT64_MAX});
}

/* Kicks at every moment of a busy run: none is lost, none hurts. */
static void kick_again(void *world)
{
    struct host_timer *timer = world;
    static unsigned count;
    if (++count % 500 == 0)
        *(volatile bool *)&fake.is_stopped = true;
    engine_ptrace.kick(fake.engine);
    host_timer_set(timer, host_now_ns() + 20000 + count * 37 % 60000, NULL);
}

static struct next churn_take(const struct trap *trap)
{
    static unsigned turn;
    struct next next = fake.next;
    CHECK_EQ(trap->kind, TRAP_SYSCALL);
    turn++;
    if (turn % 7 == 0)
        fake.machine.mmu.invalidate(fake.machine.mmu.world, next.vspace, FAKE_CODE, 4096);
    next.vspace = fake_vspace(turn % 3);
    next.tcb = fake_tcb(turn % 4);
    next.context = fake_context(turn % 4);
    return next;
}

static void test_kick_storm(void)
{
    struct host_timer timer;
    fake_open();
    fake.take = churn_take;
    for (unsigned i = 1; i < 4; i++)
        fake_thread(i, 0, guest_syscalls);
    struct next next = fake_thread(0, 0, guest_syscalls);
    CHECK_EQ(host_timer_open(&timer, kick_again, &timer, NULL), 0);
    CHECK_EQ(host_timer_set(&timer, host_now_ns(), NULL), 0);
    for (unsigned i = 0; i < 4; i++) {
        fake.is_stopped = false;
        CHECK_EQ(fake_run(next), ENGINE_STOPPED);
        next = fake.next;
    }
    host_timer_close(&timer);
    fake_close();
}

/* Something to read ends a wait, and is noticed soon while a guest spins. */
static void test_descriptors(void)
{
    int ends[2];
    fake_open();
    CHECK_EQ(pipe(ends), 0);
    fake.watch_fd = ends[0];
    fake.can_wake = true;
    if (fork() == 0) {
        sleep_ms(30);
        _exit(write(ends[1], "x", 1) != 1);
    }
    CHECK_EQ(fake_run((struct next){.kind = NEXT_IDLE, .timer_ns = UINT64_MAX}), ENGINE_STOPPED);
    char byte;
    CHECK_EQ(read(ends[0], &byte, 1), 1);
    wait(NULL);
    if (fork() == 0) {
        sleep_ms(30);
        _exit(write(ends[1], "x", 1) != 1);
    }
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_spin)), ENGINE_STOPPED);
    fake_close();
    wait(NULL);
    close(ends[0]);
    close(ends[1]);
}

static void test_at_rest(void)
{
    fake_open();
    CHECK_EQ(fake_run((struct next){.kind = NEXT_IDLE, .timer_ns = UINT64_MAX}), ENGINE_AT_REST);
    fake_close();
}

CHECK_MAIN(CHECK_TEST(test_preemption), CHECK_TEST(test_deadline), CHECK_TEST(test_budget), CHECK_TEST(test_interrupt_on_return),
           CHECK_TEST(test_kick_running), CHECK_TEST(test_kick_idle), CHECK_TEST(test_kick_storm),
           CHECK_TEST(test_descriptors), CHECK_TEST(test_at_rest))
