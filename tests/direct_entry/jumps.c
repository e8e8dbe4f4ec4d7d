/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jump into the kernel itself: stepped through with the trap flag, and resumed where the `syscall` beside it has
 * meanwhile been executed often enough to be patched. Run on any kernel, jump or no jump, it prints the same.
 */
#include "subject.h"

enum {
    STEPS_MAX = 64,
    ROUNDS = 4,
    WAITERS = 3,
    RESTARTS = 6,
    FLAG_TRAP = 0x100
};

static seL4_CPtr called;

/* Not inlined, so that there is one stub. The code of this file is not instrumented, so nothing lies below rsp. */
static __attribute__((noinline)) void call(void)
{
    seL4_Signal(called);
}

static void stepped(void)
{
    asm volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq" : : : "memory", "cc");
    call();
    asm volatile("pushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\tnop\n\tud2" : : : "memory", "cc");
}

extern const char __ehdr_start[], _end[];

struct stepping {
    unsigned outside; /* steps that ended elsewhere than in the program */
    unsigned at_call; /* that ended at a `syscall` instruction */
    unsigned behind;  /* and the next right behind it */
    unsigned unflagged;
    bool was_at_call;
    seL4_Word last_ip;
};

static void step_take(struct stepping *s, seL4_Word ip, seL4_Word flags)
{
    bool is_inside = ip >= (seL4_Word)__ehdr_start && ip < (seL4_Word)_end;
    bool is_call = is_inside && memcmp((const char *)ip, "\x0f\x05", 2) == 0;
    s->outside += !is_inside;
    s->at_call += is_call;
    s->behind += s->was_at_call && ip == s->last_ip + 2;
    s->unflagged += !(flags & FLAG_TRAP);
    s->was_at_call = is_call;
    s->last_ip = ip;
}

static void test_step(const struct subject *subject)
{
    struct stepping s = {0};
    seL4_Word badge = 0, number = EXCEPTION_DEBUG;
    seL4_UserContext registers = subject_registers(subject, (seL4_Word)stepped);
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject->tcb, 1, 0, SUBJECT_REGISTERS, &registers));
    for (unsigned i = 0; i < STEPS_MAX && number == EXCEPTION_DEBUG; i++) {
        (void)seL4_Recv(subject->faults, NULL);
        number = seL4_GetMR(seL4_UserException_Number);
        if (number == EXCEPTION_DEBUG) {
            step_take(&s, seL4_GetMR(seL4_UserException_FaultIP), seL4_GetMR(seL4_UserException_FLAGS));
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        }
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject->tcb));
    seL4_Poll(called, &badge);
    SAY("  ended by exception %lu; called: %lu; ", number, badge);
    SAY("%u steps to a syscall, %u behind it, %u outside, %u without the flag\n", s.at_call, s.behind,
        s.outside, s.unflagged);
}

static void test_steps(void)
{
    struct subject subject;
    section("single steps");
    subject_make(&subject, "stepped");
    called = mint(make(seL4_NotificationObject), seL4_AllRights, 1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        test_step(&subject);
    }
}

struct waiter {
    seL4_CPtr notification;
    seL4_Word count, badges;
    struct sel4_util_thread *thread;
};

static __attribute__((noinline)) seL4_Word wait(seL4_CPtr notification)
{
    seL4_Word badge;
    seL4_Wait(notification, &badge);
    return badge;
}

static void waiter_run(void *argument)
{
    struct waiter *waiter = argument;
    for (;;) {
        waiter->badges += wait(waiter->notification);
        waiter->count++;
    }
}

static void waiters_show(const struct waiter *waiters, const char *when)
{
    SAY("  %s:", when);
    for (unsigned i = 0; i < WAITERS; i++) {
        SAY(" %lu/%lu", waiters[i].count, waiters[i].badges);
    }
    SAY("\n");
}

static void test_restarts(void)
{
    static struct waiter waiters[WAITERS];
    section("restarts");
    for (unsigned i = 0; i < WAITERS; i++) {
        waiters[i].notification = mint(make(seL4_NotificationObject), seL4_AllRights, 1 + i);
        waiters[i].thread = spawn("waiter", waiter_run, &waiters[i], PRIORITY_LOW);
    }
    let_run();
    waiters_show(waiters, "waiting");
    for (unsigned i = 0; i < RESTARTS; i++) {
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(waiters[1].thread->tcb));
        SEL4_UTIL_CHECK(seL4_TCB_Resume(waiters[1].thread->tcb));
        let_run();
    }
    waiters_show(waiters, "one was restarted");
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < WAITERS; i++) {
            seL4_Signal(waiters[i].notification);
        }
        let_run();
        waiters_show(waiters, "signalled");
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    test_steps();
    test_restarts();
    close();
    return 0;
}
