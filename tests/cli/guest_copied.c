/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies code that has run, byte by byte and from where it ran, and runs the copy at the same address in another
 * VSpace: whatever an engine did to the system calls in it, they still work there.
 */
#include <sel4_util.h>

enum {
    CALLS = 20000,
    PAGE = 4096,
    LOOP = 0, /* places in the code page */
    SINGLE = 0x800,
    FIRST_TIMES = 4, /* runs that make an engine take notice */
    PRIORITY = 100
};
#define CODE  0x8000400000ul
#define ALIAS 0x8000600000ul

static struct sel4_util_allocator allocator;
static seL4_CPtr endpoint, faults;

/* 1: syscall; add $1, %ebp; dec %ebx; jnz 1b; ud2 */
static const unsigned char loop[] = {0x0f, 0x05, 0x83, 0xc5, 0x01, 0xff, 0xcb, 0x75, 0xf7, 0x0f, 0x0b};
/* syscall; add $1, %ebp; ud2 */
static const unsigned char single[] = {0x0f, 0x05, 0x83, 0xc5, 0x01, 0x0f, 0x0b};

static seL4_CPtr make(seL4_Word type)
{
    return sel4_util_object_alloc(&allocator, type, 0);
}

static seL4_CPtr frame_map(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr)
{
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, vspace, frame, vaddr, seL4_AllRights));
    return frame;
}

static seL4_CPtr second(seL4_CPtr cap)
{
    return sel4_util_cap_mint(&allocator, cap, seL4_AllRights, 0);
}

static seL4_TCB thread_make(seL4_CPtr vspace)
{
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, faults, seL4_CapInitThreadCNode, 0, vspace, 0, 0, seL4_CapNull));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, PRIORITY, PRIORITY));
    return tcb;
}

static void start(seL4_TCB tcb, seL4_Word at, seL4_Word calls, seL4_Word number)
{
    seL4_UserContext registers = {
        .rip = CODE + at, .rflags = 0x202, .rdx = number, .rdi = endpoint, .rbx = calls};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
}

static void finish(seL4_TCB tcb, const char *what, seL4_Word end, seL4_Word calls)
{
    seL4_UserContext registers;
    seL4_MessageInfo_t message = seL4_Recv(faults, NULL);
    seL4_Word ip = seL4_GetMR(0), label = seL4_MessageInfo_get_label(message);
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    if (label != seL4_Fault_UserException || ip != CODE + end || registers.rbp != calls) {
        sel4_util_panic("%s: fault %lu at %lx, after %lu calls\n", what, label, ip, registers.rbp);
    }
    sel4_util_printf("%s: right\n", what);
}

static void run(seL4_TCB tcb, const char *what, seL4_Word at, seL4_Word calls)
{
    start(tcb, at, calls, (seL4_Word)seL4_SysYield);
    finish(tcb, what, at == LOOP ? sizeof(loop) - 2 : SINGLE + sizeof(single) - 2, calls);
}

/* The page that the copied jump goes to, if it is one. */
static seL4_Word jump_page(const volatile unsigned char *at)
{
    seL4_Uint32 displacement = 0;
    for (unsigned i = 4; i >= 1; i--) {
        displacement = displacement << 8 | at[i];
    }
    if (at[0] != 0xe9) {
        return 0;
    }
    return (CODE + SINGLE + 5 + (seL4_Word)(seL4_Int64)(seL4_Int32)displacement) & ~(seL4_Word)(PAGE - 1);
}

/* While the thread waits in its system call, the VSpace has something else where the jump goes, for a while. */
static void run_waiting(seL4_TCB tcb, seL4_CPtr vspace, seL4_Word page)
{
    start(tcb, SINGLE, 1, (seL4_Word)seL4_SysRecv);
    seL4_Yield();
    if (page) {
        seL4_CPtr frame = frame_map(vspace, make(seL4_X86_4K), page);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
    }
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    finish(tcb, "copy, waiting", SINGLE + sizeof(single) - 2, 1);
}

/* With a page of its own there, the jump leads to the page. */
static void run_taken(seL4_TCB tcb, seL4_CPtr vspace, seL4_Word page)
{
    seL4_CPtr frame = frame_map(vspace, make(seL4_X86_4K), page);
    start(tcb, SINGLE, 1, (seL4_Word)seL4_SysYield);
    seL4_Recv(faults, NULL);
    seL4_Word ip = seL4_GetMR(0);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(tcb));
    if (ip - page >= PAGE) {
        sel4_util_panic("taken over: fault at %lx\n", ip);
    }
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
    /* Nothing jumps into nowhere and comes back. */
    seL4_UserContext registers = {.rip = page + 64 + 20, .rflags = 0x202};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    seL4_MessageInfo_t message = seL4_Recv(faults, NULL);
    if (seL4_MessageInfo_get_label(message) != seL4_Fault_VMFault || seL4_GetMR(1) != page + 64 + 20) {
        sel4_util_panic("nowhere: fault at %lx\n", seL4_GetMR(0));
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(tcb));
    run(tcb, "copy, the page is free again", SINGLE, 1);
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    endpoint = make(seL4_EndpointObject);
    faults = make(seL4_EndpointObject);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY));

    seL4_CPtr vspace = make(seL4_X64_PML4Object);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    seL4_TCB here = thread_make(seL4_CapInitThreadVSpace), there = thread_make(vspace);
    frame_map(seL4_CapInitThreadVSpace, make(seL4_X86_4K), CODE);
    memcpy((void *)(CODE + LOOP), loop, sizeof(loop));
    memcpy((void *)(CODE + SINGLE), single, sizeof(single));
    for (unsigned i = 0; i < FIRST_TIMES; i++) {
        run(here, "original", SINGLE, 1);
    }
    run(here, "original, many calls", LOOP, CALLS);

    seL4_CPtr copied = frame_map(seL4_CapInitThreadVSpace, make(seL4_X86_4K), ALIAS);
    memcpy((void *)ALIAS, (const void *)CODE, PAGE);
    seL4_Word page = jump_page((const volatile unsigned char *)(ALIAS + SINGLE));
    frame_map(vspace, second(copied), CODE);
    run(there, "copy", SINGLE, 1);
    run(there, "copy, many calls", LOOP, CALLS);
    run(here, "original again", LOOP, CALLS);
    run_waiting(there, vspace, page);
    if (page) {
        run_taken(there, vspace, page);
    }
    run(there, "copy again", LOOP, CALLS);
    sel4_util_printf("all right, %s\n", page ? "with a jump" : "as it was written");
    return 0;
}
