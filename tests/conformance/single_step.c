/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps: the trap flag set by WriteRegisters, which drops it, and by popf. At each exception the
 * thread is let go on by a reply. A system call that returns with the flag set traps before the next
 * instruction.
 */
#include "subject.h"

enum {
    STEPS = 24
};

static struct subject subject;
static seL4_Word data[16] __attribute__((used));

extern const char steps[], steps_end[], steps_own[], steps_own_end[];
asm(".balign 16\n.globl steps, steps_end, steps_own, steps_own_end\n"
    "steps:\n"
    "    nop\n"
    "    incl %ebp\n"
    "    movl $3, %ecx\n"
    "    leaq data(%rip), %rdi\n"
    "    addq $64, %rdi\n"
    "    cld\n"
    "    rep stosb\n"
    "    jmp 1f\n"
    "    ud2\n"
    "1:  pushfq\n"
    "    popq %rbx\n"
    "    movq %rbx, %r12\n"
    "    nop\n"
    "steps_end: ud2\n"
    "steps_own:\n"
    "    pushfq\n"
    "    orl $0x100, (%rsp)\n"
    "    popfq\n"
    "    incl %ebp\n"
    "    incl %ebp\n"
    "    pushfq\n"
    "    andl $~0x100, (%rsp)\n"
    "    popfq\n"
    "    incl %ebp\n"
    "    incl %ebp\n"
    "steps_own_end: ud2\n");
/* A system call with the flag on, at every distance from where it was set. */
extern const char steps_call[], steps_call_end[];
asm(".balign 16\n.globl steps_call, steps_call_end\n"
    "steps_call:\n"
    "    movq %rsp, %rbx\n"
    "    pushfq\n"
    "    orl $0x100, (%rsp)\n"
    "    popfq\n"
    "    nop\n"
    "    nop\n"
    "    syscall\n"
    "    incl %ebp\n"
    "    movq %rbx, %rsp\n"
    "    syscall\n"
    "    movq %rbx, %rsp\n"
    "    pushfq\n"
    "    andl $~0x100, (%rsp)\n"
    "    popfq\n"
    "    incl %ebp\n"
    "    incl %ebp\n"
    "steps_call_end: ud2\n");

static void steps_run(const char *what, const char *start, const char *end, seL4_Word flags)
{
    SAY("%s\n", what);
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)start);
    registers.rflags = flags;
    registers.rdx = (seL4_Word)seL4_SysYield;
    CASE(seL4_TCB_WriteRegisters(subject.tcb, 1, 0, SUBJECT_REGISTERS, &registers), "start");
    for (unsigned i = 0; i < STEPS; i++) {
        seL4_MessageInfo_t info = seL4_Recv(subject.faults, NULL);
        seL4_Word ip = seL4_GetMR(0), number = seL4_GetMR(3), seen = seL4_GetMR(2), code = seL4_GetMR(4);
        SAY("  fault %lx, number %ld, code %lx, ip +%ld, TF %lu\n", seL4_MessageInfo_get_label(info),
            (long)number, code, (long)(ip - (seL4_Word)start), seen >> 8 & 1);
        if (ip == (seL4_Word)end) {
            break;
        }
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    }
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 1, 0, SUBJECT_REGISTERS, &registers));
    SAY("  rbp %lx, TF %lu\n", registers.rbp, registers.rflags >> 8 & 1);
}

static void test_steps(void)
{
    section("single steps");
    steps_run("flag written", steps, steps_end, 0x302);
    steps_run("set by the thread", steps_own, steps_own_end, 0x202);
    steps_run("over a system call", steps_call, steps_call_end, 0x202);
    steps_run("again", steps_call, steps_call_end, 0x202);
    steps_run("and again", steps_call, steps_call_end, 0x202);
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    test_steps();
    close();
    return 0;
}
