/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A release build: its debug system calls are unknown ones, so are those of options that it has not, and
 * nobody hears of a fault that finds no handler.
 */
#include "subject.h"

static struct subject subject;
extern const char a_call[];
asm(".globl a_call\n"
    "a_call: syscall\n"
    "    ud2\n");

static void unhandled(void *unused)
{
    (void)unused;
    asm volatile("ud2");
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    section("system calls");
    for (long number = -9; number >= -34; number--) {
        seL4_UserContext registers = subject_registers(&subject, (seL4_Word)a_call);
        registers.rdx = (seL4_Word)number;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%ld:", number);
        subject_fault_print(&fault);
        SAY("\n");
    }
    section("a fault without a handler");
    struct sel4_util_thread *thread = spawn("unhandled", unhandled, NULL, PRIORITY_LOW);
    let_run();
    CASE(discard(thread->tcb), "delete it");
    section("a refused invocation");
    CASE(seL4_TCB_SetPriority(CNODE, SELF, 1), "set the priority of a CNode");
    close();
    return 0;
}
