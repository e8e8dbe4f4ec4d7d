/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest processes come and go, hold nothing they should not, and none stays behind.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/timer.h"
#include "tests/check.h"
#include "tests/engine_ptrace/fake_kernel.h"
#include "tests/engine_ptrace/guest.h"

enum {
    MILLISECOND = 1000000,
    CHILDREN_MAX = 600
};

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MILLISECOND}, NULL);
}

/* The living children of a process. */
static unsigned children_of(pid_t parent, pid_t children[CHILDREN_MAX])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "re");
    unsigned count = 0;
    int pid;
    while (file && count < CHILDREN_MAX && fscanf(file, "%d", &pid) == 1)
        children[count++] = pid;
    if (file)
        fclose(file);
    return count;
}

/* Does the process run or wait to run (not: is gone, or waits to be buried)? */
static bool is_alive(pid_t pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    fclose(file);
    return state != 'Z' && state != 'X';
}

static void kick_later(void *world)
{
    (void)world;
    *(volatile bool *)&fake.is_stopped = true;
    engine_ptrace.kick(fake.engine);
}

static void test_probe(void)
{
    struct diag diag = {{0}};
    pid_t children[CHILDREN_MAX];
    CHECK_EQ(engine_ptrace.probe(&diag), 0);
    CHECK_EQ(children_of(getpid(), children), 0);
}

static pid_t only_child(void)
{
    pid_t children[CHILDREN_MAX];
    return children_of(getpid(), children) == 1 ? children[0] : 0;
}

static void kill_guest(void *world)
{
    kill(only_child(), *(int *)world);
}

static void test_killed_while_running(void)
{
    struct host_timer timer;
    int signal_number = SIGKILL;
    fake_open();
    CHECK_EQ(host_timer_open(&timer, kill_guest, &signal_number, NULL), 0);
    CHECK_EQ(host_timer_set(&timer, host_now_ns() + 20 * MILLISECOND, NULL), 0);
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_spin)), ENGINE_HOST_LOST);
    CHECK(strstr(fake.diag.text, "signal 9"));
    host_timer_close(&timer);
    CHECK_EQ(only_child(), 0);
    fake_close();
}

static struct next kill_take(const struct trap *trap)
{
    (void)trap;
    pid_t pid = only_child();
    CHECK(pid > 0);
    kill(pid, SIGKILL);
    return fake.next;
}

static void test_killed_while_stopped(void)
{
    fake_open();
    fake.take = kill_take;
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_syscalls)), ENGINE_HOST_LOST);
    CHECK(strstr(fake.diag.text, "signal 9"));
    CHECK_EQ(only_child(), 0);
    fake_close();
}

/* Any other signal from outside is nothing to a guest. */
static void test_other_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT,  SIGHUP,  SIGSTOP, SIGTSTP,
                                  SIGSEGV, SIGTRAP, SIGUSR1, SIGCONT};
    fake_open();
    fake.can_wake = true;
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct host_timer timer, stop;
        int signal_number = signals[i];
        fake.is_stopped = false;
        struct next next = fake_thread(0, 0, guest_spin);
        CHECK_EQ(host_timer_open(&timer, kill_guest, &signal_number, NULL), 0);
        CHECK_EQ(host_timer_open(&stop, kick_later, NULL, NULL), 0);
        CHECK_EQ(host_timer_set(&timer, host_now_ns() + 10 * MILLISECOND, NULL), 0);
        CHECK_EQ(host_timer_set(&stop, host_now_ns() + 20 * MILLISECOND, NULL), 0);
        CHECK_EQ(fake_run(next), ENGINE_STOPPED);
        CHECK_EQ(fake.trap_count, 0);
        host_timer_close(&timer);
        host_timer_close(&stop);
    }
    fake_close();
}

static struct next tour_thread(unsigned vspace)
{
    struct next next = fake_thread(0, vspace, guest_read);
    next.context->reg[REG_RDI] = FAKE_NOWHERE;
    return next;
}

static struct next tour_take(const struct trap *trap)
{
    CHECK_EQ(trap->kind, TRAP_SYSCALL);
    CHECK_EQ(fake_context(0)->reg[REG_RBX], 0x1000 + (fake.trap_count - 1) % 300);
    return fake.trap_count == 900 ? (struct next){.kind = NEXT_HALT} : tour_thread(fake.trap_count % 300);
}

/* More VSpaces than there may be processes, three times round. Each reads a page of its own. */
static void test_many_vspaces(void)
{
    pid_t children[CHILDREN_MAX];
    fake_open();
    for (unsigned i = 0; i < 300; i++) {
        uint64_t paddr = 0x1000000 + i * 4096ull;
        if (i >= 4)
            fake_furnish(i);
        *(uint64_t *)(void *)(fake.k.arena + paddr) = 0x1000 + i;
        fake_map(i, FAKE_NOWHERE, paddr, 12, true);
    }
    fake.take = tour_take;
    CHECK_EQ(fake_run(tour_thread(0)), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 900);
    unsigned count = children_of(getpid(), children);
    CHECK(count > 0 && count <= 128);
    fake_close();
    CHECK_EQ(children_of(getpid(), children), 0);
}

static struct next forget_take(const struct trap *trap)
{
    CHECK_EQ(trap->kind, fake.trap_count % 2 ? TRAP_SYSCALL : TRAP_VM_FAULT);
    unsigned vspace = fake.trap_count % 2 ? 9 : 1;
    fake.machine.mmu.forget(fake.machine.mmu.world, fake.next.vspace);
    if (fake.trap_count == 20)
        return (struct next){.kind = NEXT_HALT};
    struct next next = fake_thread(0, vspace, guest_read);
    next.context->reg[REG_RDI] = FAKE_DATA;
    return next;
}

/* A forgotten VSpace's process serves the next one and shows it nothing of the former. */
static void test_forget(void)
{
    fake_open();
    fake_map(9, FAKE_CODE, FAKE_CODE_PADDR, 12, false);
    fake.take = forget_take;
    struct next next = fake_thread(0, 1, guest_read);
    next.context->reg[REG_RDI] = FAKE_DATA;
    CHECK_EQ(fake_run(next), ENGINE_HALTED);
    CHECK_EQ(fake.trap_count, 20);
    CHECK_EQ(engine_ptrace.counts(fake.engine).processes, 1);
    fake_close();
}

/* In a process of its own: an engine with two guests, one of them spinning. */
static _Noreturn void monitor_child(int report)
{
    fake_open();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fake_run(fake_thread(0, 0, guest_read));
    struct next next = fake_thread(0, 1, guest_spin);
    if (write(report, "x", 1) != 1)
        _exit(1);
    fake_run(next);
    _exit(1);
}

static void test_no_orphans(void)
{
    int ends[2];
    char byte;
    pid_t guests[CHILDREN_MAX];
    CHECK_EQ(pipe(ends), 0);
    pid_t monitor = fork();
    if (monitor == 0)
        monitor_child(ends[1]);
    CHECK_EQ(read(ends[0], &byte, 1), 1);
    sleep_ms(50);
    unsigned count = children_of(monitor, guests);
    CHECK_EQ(count, 2);
    for (unsigned i = 0; i < count; i++)
        CHECK(is_alive(guests[i]));
    for (unsigned i = 0; i < count; i++)
        CHECK(getsid(guests[i]) == guests[i]); /* the terminal does not reach them */
    kill(monitor, SIGKILL);
    waitpid(monitor, NULL, 0);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned wait_ms = 0; is_alive(guests[i]) && wait_ms < 2000; wait_ms++)
            sleep_ms(1);
        CHECK(!is_alive(guests[i]));
    }
    close(ends[0]);
    close(ends[1]);
}

/* A guest process maps and opens nothing but what it should. */
static struct next inspect_take(const struct trap *trap)
{
    (void)trap;
    char path[64], line[512];
    pid_t pid = only_child();
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    unsigned arena = 0, stubs = 0, other = 0;
    while (file && fgets(line, sizeof(line), file)) {
        arena += strstr(line, "memfd:test") != NULL;
        stubs += strstr(line, "memfd:selkie-stubs") != NULL;
        other += !strstr(line, "memfd:") && !strstr(line, "[vsyscall]");
    }
    if (file)
        fclose(file);
    CHECK_EQ(arena, 1);
    CHECK_EQ(stubs, 2);
    CHECK_EQ(other, 0);
    for (unsigned fd = 0; fd < 64; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%u", (int)pid, fd);
        CHECK((access(path, F_OK) == 0) == (fd < 2));
    }
    return (struct next){.kind = NEXT_HALT};
}

static void test_nothing_else_in_a_guest(void)
{
    fake_open();
    fake.take = inspect_take;
    CHECK_EQ(fake_run(fake_thread(0, 0, guest_syscalls)), ENGINE_HALTED);
    fake_close();
}

CHECK_MAIN(CHECK_TEST(test_probe), CHECK_TEST(test_killed_while_running),
           CHECK_TEST(test_killed_while_stopped), CHECK_TEST(test_other_signals),
           CHECK_TEST(test_many_vspaces), CHECK_TEST(test_forget), CHECK_TEST(test_no_orphans),
           CHECK_TEST(test_nothing_else_in_a_guest))
