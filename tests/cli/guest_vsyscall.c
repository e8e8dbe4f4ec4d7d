/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps to the entries of the host's legacy vsyscall page, which lies beyond what a user program can have mapped, and
 * says what came of it.
 */
#include <sel4_util.h>

enum {
    PRIORITY = 100,
    SCRATCH = 4096
};

static struct sel4_util_allocator allocator;
/* For what the host's calls write, and as a stack with a null return address. */
static unsigned char scratch[SCRATCH] __attribute__((aligned(16)));

static void jump(seL4_TCB tcb, seL4_CPtr faults, seL4_Word to)
{
    seL4_UserContext registers = {.rip = to, .rflags = 0x202, .rsp = (seL4_Word)scratch + SCRATCH / 2};
    registers.rdi = registers.rsi = registers.rdx = (seL4_Word)scratch;
    memset(scratch, 0, sizeof(scratch));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    seL4_MessageInfo_t message = seL4_Recv(faults, NULL);
    seL4_Word label = seL4_MessageInfo_get_label(message);
    if (label == seL4_Fault_VMFault) {
        sel4_util_printf("%lx: VM fault at %lx, address %lx, status %lx\n", to, seL4_GetMR(seL4_VMFault_IP),
                         seL4_GetMR(seL4_VMFault_Addr), seL4_GetMR(seL4_VMFault_FSR));
    } else {
        sel4_util_printf("%lx: fault %lu\n", to, label);
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(tcb));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    seL4_TCB tcb = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    seL4_CPtr faults = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, faults, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0,
                                       0, seL4_CapNull));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, PRIORITY, PRIORITY));
    for (seL4_Word offset = 0; offset < 0xc00; offset += 0x400) {
        jump(tcb, faults, 0xffffffffff600000 + offset);
    }
    sel4_util_puts("all jumped\n");
    return 0;
}
