/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The beginning of guest processes. The template is the program that the monitor starts; it gives up
 * everything but Selkie's own mappings, and clones itself when asked. A clone is the monitor's child and
 * shares the template's descriptors; it arms everything that must be armed before any guest instruction runs,
 * and waits for the baton.
 */
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"
#include "engine/direct/tlb.h"

enum {
    SIGEV_SIGNAL_KIND = 0,
    EXIT_FAILED = 127
};

void pad_text_copy(char *to, size_t size, const char *text)
{
    size_t i = 0;
    for (; size > 0 && i < size - 1 && text[i]; i++)
        to[i] = text[i];
    if (size > 0)
        to[i] = '\0';
}

static void check(int64_t result)
{
    if (result < 0)
        host_call3(__NR_exit_group, EXIT_FAILED, 0, 0);
}

/* Die with the monitor, even if it died before this was said. */
static void bind_life(void)
{
    check(host_call4(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0));
    if (host_call3(__NR_getppid, 0, 0, 0) != pad_core.monitor_pid)
        check(-1);
}

static void signal_stack_install(void)
{
    const struct {
        uint64_t base, flags, size;
    } stack = {(uint64_t)pad_private.signal_stack, 0, sizeof(pad_private.signal_stack)};
    check(host_call3(__NR_sigaltstack, (uint64_t)&stack, 0, 0));
}

static void timer_make(void)
{
    const struct {
        uint64_t value;
        int32_t number, kind;
        uint64_t unused[6];
    } event = {.number = SIGALRM, .kind = SIGEV_SIGNAL_KIND};
    check(host_call3(__NR_timer_create, CLOCK_MONOTONIC, (uint64_t)&event, (uint64_t)&pad_private.timer));
    pad_private.armed_ns = UINT64_MAX;
}

/* From here on every system call from outside the pad is a signal. */
static void dispatch_arm(void)
{
    check(host_call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, pad_core.base, PAD_CORE, 0,
                    0));
}

struct pad_way pad_child(void);
struct pad_way pad_child(void)
{
    pad_private.index = pad_core.spawn_index;
    pad_private.pid = (int32_t)host_call3(__NR_getpid, 0, 0, 0);
    bind_life();
    signal_stack_install();
    timer_make();
    if (pad_core.kernel.virtual_clock)
        check(host_call4(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0));
    __asm__("rdfsbase %0" : "=r"(pad_private.fs));
    __asm__("rdgsbase %0" : "=r"(pad_private.gs));
    dispatch_arm();
    filter_install();
    baton_wait();
    return pad_resume();
}

_Noreturn void pad_start(void);
_Noreturn void pad_start(void)
{
    const uint64_t one = 1;
    check(host_call3(__NR_munmap, 0, pad_core.base, 0));
    check(host_call3(__NR_munmap, pad_core.end, ABI_USER_TOP - pad_core.end, 0));
    machine_install();
    pad_signals_install();
    pad_core.entry = (uint64_t)pad_entry;
    for (;;) {
        check(host_call3(__NR_write, PAD_FD_DOORBELL, (uint64_t)&one, sizeof(one)));
        while (atomic_load(&pad_core.spawn_turn) == 0)
            host_call4(__NR_futex, (uint64_t)&pad_core.spawn_turn, FUTEX_WAIT, 0, 0);
        pad_core.spawn_result = pad_spawn(CLONE_FILES | CLONE_PARENT | SIGCHLD,
                                          PAD_PRIVATE + (uint64_t)pad_core.spawn_index * PAD_PRIVATE_SIZE);
        atomic_store(&pad_core.spawn_turn, 0);
    }
}
