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
    DIVIDE_ERROR = 0,
    INVALID_OPCODE = 6
};

static const seL4_Word MISSING_VADDR = 0x30000000;

static struct sel4_util_allocator allocator;
static const seL4_CNode root = seL4_CapInitThreadCNode;
static seL4_CPtr handler;   /* the endpoint where all faults arrive */
static seL4_CPtr talk;      /* what the worker wants to receive from */
static seL4_CPtr hole;      /* a slot with nothing in it, which the worker uses all the same */

/* --- the worker --- */

static seL4_Word divide(seL4_Word a, seL4_Word b)
{
    seL4_Word quotient;
    seL4_Word remainder;
    asm volatile("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(a), "d"(0ul), "r"(b) : "cc");
    return quotient;
}

/* A system call of our own invention: the number in rdx as for all, operands in rdi and rsi, answer in rax. */
static seL4_Word add(seL4_Word a, seL4_Word b)
{
    seL4_Word sum;
    asm volatile("syscall"
                 : "=a"(sum)
                 : "d"((seL4_Word)ADD_SYSCALL), "D"(a), "S"(b)
                 : "rcx", "r11", "memory");
    return sum;
}

static void worker(void *argument)
{
    (void)argument;
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
    sel4_util_printf("handler: cap fault in the %s phase, address %s, failure %s; filling the slot\n",
                     seL4_GetMR(seL4_CapFault_InRecvPhase) ? "receive" : "send",
                     seL4_GetMR(seL4_CapFault_Addr) == hole ? "of the hole" : "unknown",
                     seL4_GetMR(seL4_CapFault_LookupFailureType) == seL4_MissingCapability ? "missing capability"
                                                                                             : "other");
    SEL4_UTIL_CHECK(
        seL4_CNode_Copy(root, hole, seL4_WordBits, root, talk, seL4_WordBits, seL4_AllRights));
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

/* Exceptions tell little; for more than the instruction pointer the thread's registers have to be asked for. */
static void handle_exception(seL4_TCB tcb)
{
    seL4_Word number = seL4_GetMR(seL4_UserException_Number);
    if (number == DIVIDE_ERROR) {
        sel4_util_printf("handler: exception %lu; dividing by 5 instead\n", number);
        seL4_UserContext registers;
        const seL4_Word count = sizeof(registers) / sizeof(seL4_Word);
        SEL4_UTIL_CHECK(seL4_CNode_SaveCaller(root, hole, seL4_WordBits)); /* the question uses our IPC buffer */
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, count, &registers));
        /* The compiler chose the divisor's register; of all that are 0, more than one may be changed only here,
         * where nothing else is kept in them. */
        registers.rip = registers.rip;
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 0, 0, count, &registers));
        return;
    }
    sel4_util_printf("handler: exception %lu; stepping over it\n", number);
    seL4_SetMR(seL4_UserException_FaultIP, seL4_GetMR(seL4_UserException_FaultIP) + UD2_LENGTH);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
}
