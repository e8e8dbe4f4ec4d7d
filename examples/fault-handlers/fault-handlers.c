/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault handlers: when a thread cannot go on, the kernel sends a message in its
 * name, and the answer lets it go on. So whoever holds the endpoint can mend the
 * thread, emulate what it tried, or leave it where it is. One worker does all that
 * may go wrong, and the main thread mends it. Manual: section "Faults".
 */
#include <sel4_util.h>

enum {
    WORKER_PRIORITY = 100,
    WORKER_BADGE = 0x31,
    QUITTER_BADGE = 0x32,
    ADD_SYSCALL = 1000, /* the kernel has no such call; we make it one */
    SYSCALL_LENGTH = 2, /* bytes of the instruction */
    UD2_LENGTH = 2,
    FSR_WRITE = 2,
    DONE_LABEL = 100, /* no fault has this one */
    DIVIDE_ERROR = 0,
    GIVE_UP = 1 /* any label but 0 */
};

static const seL4_Word MISSING_VADDR = 0x30000000;

static struct sel4_util_allocator allocator;
static const seL4_CNode root = seL4_CapInitThreadCNode;
static seL4_CPtr handler; /* the endpoint where all faults arrive */
static seL4_CPtr talk;    /* what the worker wants to receive from */
static seL4_CPtr hole;    /* a slot with nothing in it, which the worker uses all the same */

/* --- the worker --- */

/* The divisor is in rcx, where the handler will look for it. */
static seL4_Word divide(seL4_Word a, seL4_Word b)
{
    seL4_Word quotient;
    seL4_Word remainder;
    asm volatile("divq %%rcx" : "=a"(quotient), "=d"(remainder) : "a"(a), "d"(0ul), "c"(b) : "cc");
    return quotient;
}

/* A system call of our own invention: the number in rdx as for all, operands in rdi and rsi, answer in rax.
 * The kernel does not keep rsp across a system call, so rbx does. */
static seL4_Word add(seL4_Word a, seL4_Word b)
{
    seL4_Word sum;
    asm volatile("movq %%rsp, %%rbx\n\tsyscall\n\tmovq %%rbx, %%rsp"
                 : "=a"(sum)
                 : "d"((seL4_Word)ADD_SYSCALL), "D"(a), "S"(b)
                 : "rbx", "rcx", "r11", "memory");
    return sum;
}

/* The argument is the endpoint to which this thread's faults go, too. */
static void worker(void *argument)
{
    sel4_util_printf("  worker: writing to memory that is not there\n");
    *(volatile seL4_Word *)MISSING_VADDR = 17;
    sel4_util_printf("  worker: it holds %lu\n", *(volatile seL4_Word *)MISSING_VADDR);

    sel4_util_printf("  worker: receiving from an empty slot\n");
    seL4_MessageInfo_t message = seL4_Recv(hole, NULL);
    sel4_util_printf("  worker: received a message with label %lu\n", seL4_MessageInfo_get_label(message));

    sel4_util_printf("  worker: system call number %d with 40 and 2\n", ADD_SYSCALL);
    sel4_util_printf("  worker: the answer is %lu\n", add(40, 2));

    sel4_util_printf("  worker: an invalid instruction\n");
    asm volatile("ud2");
    sel4_util_printf("  worker: behind it\n");

    sel4_util_printf("  worker: 100 divided by 0\n");
    sel4_util_printf("  worker: is %lu\n", divide(100, 0));
    seL4_Send((seL4_CPtr)argument, seL4_MessageInfo_new(DONE_LABEL, 0, 0, 0));
}

/* This one meets a handler without mercy. */
static void quitter(void *argument)
{
    (void)argument;
    sel4_util_printf("  quitter: an invalid instruction\n");
    asm volatile("ud2");
    sel4_util_printf("  quitter: still here\n");
}

/* --- the handler --- */

/* An answer without words: the thread does again what it did, and this time it works. */
static void restart(void)
{
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
}

static void handle_vm_fault(void)
{
    seL4_Word vaddr = seL4_GetMR(seL4_VMFault_Addr);
    sel4_util_printf("handler: VM fault, %s of address %lx; mapping a frame there\n",
                     seL4_GetMR(seL4_VMFault_FSR) & FSR_WRITE ? "write" : "read", vaddr);
    seL4_CPtr frame = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, frame, vaddr, seL4_ReadWrite));
    restart();
}

static void handle_cap_fault(void)
{
    sel4_util_printf("handler: cap fault in the %s phase, at %s, %s; filling the slot\n",
                     seL4_GetMR(seL4_CapFault_InRecvPhase) ? "receive" : "send",
                     seL4_GetMR(seL4_CapFault_Addr) == hole ? "the empty slot" : "an unknown address",
                     seL4_GetMR(seL4_CapFault_LookupFailureType) == seL4_MissingCapability
                         ? "missing capability"
                         : "other failure");
    SEL4_UTIL_CHECK(seL4_CNode_Copy(root, hole, seL4_WordBits, root, talk, seL4_WordBits, seL4_AllRights));
    restart();
    seL4_Send(talk, seL4_MessageInfo_new(5, 0, 0, 0)); /* waits until the worker receives */
}

/* The message holds all registers, and what the answer holds is put back into them. */
static void handle_unknown_syscall(void)
{
    seL4_Word a = seL4_GetMR(seL4_UnknownSyscall_RDI);
    seL4_Word b = seL4_GetMR(seL4_UnknownSyscall_RSI);
    sel4_util_printf("handler: unknown system call %lu with %lu and %lu; answering in rax\n",
                     seL4_GetMR(seL4_UnknownSyscall_Syscall), a, b);
    seL4_SetMR(seL4_UnknownSyscall_RAX, a + b);
    seL4_SetMR(seL4_UnknownSyscall_FaultIP, seL4_GetMR(seL4_UnknownSyscall_FaultIP) + SYSCALL_LENGTH);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, seL4_UnknownSyscall_Syscall));
}

/* The message tells little, so ask for the registers. Writing them and resuming is an answer, too. */
static void handle_divide_error(seL4_TCB tcb)
{
    seL4_UserContext registers;
    const seL4_Word count = sizeof(registers) / sizeof(seL4_Word);
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, count, &registers));
    sel4_util_printf("handler: division of %lu by %lu; make that 5\n", registers.rax, registers.rcx);
    registers.rcx = 5;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, count, &registers));
}

static void handle_exception(seL4_TCB tcb, seL4_Word badge)
{
    seL4_Word number = seL4_GetMR(seL4_UserException_Number);
    if (number == DIVIDE_ERROR) {
        handle_divide_error(tcb);
    } else if (badge == QUITTER_BADGE) {
        sel4_util_printf("handler: exception %lu from badge %lx; it stays where it is\n", number, badge);
        seL4_Reply(seL4_MessageInfo_new(GIVE_UP, 0, 0, 0));
    } else {
        sel4_util_printf("handler: exception %lu from badge %lx; stepping over the instruction\n", number,
                         badge);
        seL4_SetMR(seL4_UserException_FaultIP, seL4_GetMR(seL4_UserException_FaultIP) + UD2_LENGTH);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
    }
}

/* Handle what arrives until a thread says that it is done, or is given up. */
static void faults_handle(seL4_TCB tcb)
{
    for (;;) {
        seL4_Word badge;
        seL4_MessageInfo_t message = seL4_Recv(handler, &badge);
        switch (seL4_MessageInfo_get_label(message)) {
        case seL4_Fault_VMFault:
            handle_vm_fault();
            break;
        case seL4_Fault_CapFault:
            handle_cap_fault();
            break;
        case seL4_Fault_UnknownSyscall:
            handle_unknown_syscall();
            break;
        case seL4_Fault_UserException:
            handle_exception(tcb, badge);
            break;
        default:
            return;
        }
        if (badge == QUITTER_BADGE) {
            return;
        }
    }
}

static seL4_TCB thread_start(void (*entry)(void *), const char *name, seL4_Word badge)
{
    seL4_CPtr endpoint = sel4_util_cap_mint(&allocator, handler, seL4_AllRights, badge);
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(sel4_util_thread_start(&thread, &allocator,
                                           &(struct sel4_util_thread_config){.name = name,
                                                                             .entry = entry,
                                                                             .argument = (void *)endpoint,
                                                                             .priority = WORKER_PRIORITY,
                                                                             .fault_endpoint = endpoint}));
    return thread.tcb;
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("fault-handlers: what a thread cannot do, another one does for it\n\n");
    handler = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    talk = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    hole = sel4_util_slot_alloc(&allocator);

    faults_handle(thread_start(worker, "worker", WORKER_BADGE));
    sel4_util_printf("handler: the worker is done, and knows nothing of all this\n\n");
    faults_handle(thread_start(quitter, "quitter", QUITTER_BADGE));
    sel4_util_printf("\nfault-handlers: done\n");
    return 0;
}
