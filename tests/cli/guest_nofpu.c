/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread without the FPU that does little but system calls, and says how many it made.
 */
#include <sel4_util.h>

enum {
    CALLS = 20000,
    PRIORITY = 100
};

static struct sel4_util_allocator allocator;
static volatile seL4_Word calls;

static void caller(void *unused)
{
    (void)unused;
    while (calls < CALLS) {
        calls++;
        seL4_Yield();
    }
}

int main(seL4_BootInfo *info)
{
    static struct sel4_util_thread thread;
    const struct sel4_util_thread_config config = {.name = "caller", .entry = caller, .priority = PRIORITY};
    sel4_util_allocator_init(&allocator, info);
    SEL4_UTIL_CHECK(sel4_util_thread_start(&thread, &allocator, &config));
    seL4_TCB_SetFlags_t flags = seL4_TCB_SetFlags(thread.tcb, 0, seL4_TCBFlag_fpuDisabled);
    SEL4_UTIL_CHECK(flags.error);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY - 1));
    sel4_util_printf("%lu calls without FPU\n", calls);
    sel4_util_stop(seL4_CapInitThreadTCB);
}
