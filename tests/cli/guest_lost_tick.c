/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three threads of one priority: this one, a server in another VSpace, and one that counts. After many calls to the
 * server it waits for the counting, which takes a preemption: each round has one. To be run without a timeout or
 * anything else with a deadline, for that would be a clock that goes off instead.
 */
#include <sel4_util.h>

enum {
    ROUNDS = 200,
    PRIORITY = 100
};
#define CODE         0x8000400000ul
#define CALLS_CYCLES 30000000ul    /* a time slice or two */
#define LIMIT_CYCLES 20000000000ul /* some seconds */

static struct sel4_util_allocator allocator;
static volatile seL4_Word counter;

/* 1: mov %r12, %rdi; xor %esi, %esi; mov %r13, %rdx; syscall; jmp 1b */
static const unsigned char server[] = {0x4c, 0x89, 0xe7, 0x31, 0xf6, 0x4c,
                                       0x89, 0xea, 0x0f, 0x05, 0xeb, 0xf4};

static unsigned long cycles(void)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

static void count(void *unused)
{
    (void)unused;
    for (;;) {
        counter++;
    }
}

static void server_start(seL4_CPtr endpoint)
{
    const seL4_CPtr cnode = seL4_CapInitThreadCNode;
    seL4_CPtr vspace = sel4_util_object_alloc(&allocator, seL4_X64_PML4Object, 0);
    seL4_CPtr frame = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    seL4_CPtr twin = sel4_util_cap_mint(&allocator, frame, seL4_AllRights, 0);
    seL4_TCB tcb = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, twin, CODE, seL4_AllRights));
    memcpy((void *)CODE, server, sizeof(server));
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, vspace, frame, CODE, seL4_CanRead));
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, seL4_CapNull, cnode, 0, vspace, 0, 0, seL4_CapNull));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, PRIORITY, PRIORITY));
    seL4_UserContext registers = {.rip = CODE,
                                  .rflags = 0x202,
                                  .rdx = (seL4_Word)seL4_SysRecv,
                                  .r12 = endpoint,
                                  .r13 = (seL4_Word)seL4_SysReplyRecv};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    seL4_Yield();
}

static bool is_preempted(void)
{
    seL4_Word before = counter;
    unsigned long start = cycles();
    while (counter == before) {
        if (cycles() - start > LIMIT_CYCLES) {
            return false;
        }
    }
    return true;
}

int main(seL4_BootInfo *info)
{
    static struct sel4_util_thread counting;
    const struct sel4_util_thread_config config = {.name = "count", .entry = count, .priority = PRIORITY};
    sel4_util_allocator_init(&allocator, info);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY));
    seL4_CPtr endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    server_start(endpoint);
    SEL4_UTIL_CHECK(sel4_util_thread_start(&counting, &allocator, &config));
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned long start = cycles();
        while (cycles() - start < CALLS_CYCLES) {
            seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        }
        if (!is_preempted()) {
            SEL4_UTIL_CHECK(seL4_TCB_Suspend(counting.tcb));
            sel4_util_panic("round %u: no preemption\n", round);
        }
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(counting.tcb));
    sel4_util_puts("all were preempted\n");
    return 0;
}
