/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unknown system calls, word for word; what a reply to each kind of fault does; which rights a fault endpoint needs.
 *
 * Each stub ends in `ud2` at NAME_end: the user exception there says that the thread went on. Not shown (as "-"): rsp,
 * rcx and r11, which the real kernel does not save when a system call enters it, so that stale values are reported.
 */
#include "conformance.h"

enum {
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word)
};

#define STUB(name, instructions)                                                                             \
    extern const char name[], name##_end[];                                                                  \
    asm(".globl " #name ", " #name "_end\n" #name ":\n" instructions "\n" #name "_end:\n\tud2\n\tud2\n")

STUB(unknown, "syscall");
STUB(divide, "divl %ecx");
STUB(load, "movq (%rax), %rbx");
STUB(send, "syscall");

static struct sel4_util_thread *thread;
static seL4_CPtr fault_endpoint;

/* Run a stub with every register known: rax..r15 hold 0xa00 + their place, but for those given. */
static seL4_MessageInfo_t start(const char *stub, seL4_Word rax, seL4_Word rcx, seL4_Word rdx, seL4_Word rdi)
{
    seL4_UserContext registers;
    for (seL4_Word i = 0; i < REGISTERS; i++) {
        ((seL4_Word *)&registers)[i] = 0xa00 + i;
    }
    registers.rip = (seL4_Word)stub;
    registers.rsp = (seL4_Word)thread->stack_top - 64;
    registers.rax = rax;
    registers.rcx = rcx;
    registers.rdx = rdx;
    registers.rdi = rdi;
    registers.rsi = 0;
    registers.rflags = 0x202;
    registers.fs_base = registers.gs_base = 0;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
    return seL4_Recv(fault_endpoint, NULL);
}

static void registers_show(const char *stub)
{
    seL4_Word words[REGISTERS];
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, REGISTERS, (seL4_UserContext *)words));
    SAY("  registers: ip +%lu, flags %lx:", words[0] - (seL4_Word)stub, words[2] & ~0x10000ul);
    for (int i = 3; i < 18; i++) {
        if (i == 5 || i == 13) { /* rcx, r11 */
            SAY(" -");
        } else {
            SAY(" %lx", words[i]);
        }
    }
    SAY("\n");
}

static void fault_show(const char *name, const char *stub, seL4_MessageInfo_t info)
{
    seL4_Word words[20];
    seL4_Word label = seL4_MessageInfo_get_label(info), length = seL4_MessageInfo_get_length(info);
    for (int i = 0; i < 20; i++) {
        words[i] = seL4_GetMR(i);
    }
    SAY("%s: fault %lx, %lu words", name, label, length);
    if (label != seL4_Fault_UnknownSyscall) {
        SAY(", ip +%lu\n", words[0] - (seL4_Word)stub);
        return;
    }
    SAY(":");
    for (seL4_Word i = 0; i < length; i++) {
        if (i == seL4_UnknownSyscall_SP || i == seL4_UnknownSyscall_RCX || i == seL4_UnknownSyscall_R11) {
            SAY(" -");
        } else if (i == seL4_UnknownSyscall_FaultIP) {
            SAY(" +%lx", words[i] - (seL4_Word)stub);
        } else {
            SAY(" %lx", words[i]);
        }
    }
    SAY("\n");
}

/* What the thread does after a reply: the next fault, or nothing. */
static void outcome_show(const char *stub)
{
    seL4_Word badge = 0;
    let_run();
    seL4_MessageInfo_t info = seL4_NBRecv(fault_endpoint, &badge);
    if (!badge) {
        SAY("  did not go on\n");
    } else {
        fault_show("  then", stub, info);
    }
    registers_show(stub);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void reply(seL4_Word label, seL4_Word length)
{
    seL4_Reply(seL4_MessageInfo_new(label, 0, 0, length));
}

static void test_unknown(void)
{
    section("unknown system calls");
    static const seL4_Word numbers[] = {0,
                                        1,
                                        1000,
                                        39,
                                        0x7fffffffffffffff,
                                        0x8000000000000000,
                                        -15ul,
                                        -16ul,
                                        -17ul,
                                        -18ul,
                                        -22ul,
                                        -26ul,
                                        -27ul,
                                        -28ul,
                                        -29ul,
                                        -30ul,
                                        -31ul,
                                        -32ul,
                                        -100ul,
                                        0xfffffffful,
                                        0xffffffff00000000};
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        fault_show("number", unknown, start(unknown, 0xa03, 0xa05, numbers[i], 0xa08));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
}

static void test_unknown_replies(void)
{
    section("replies to unknown system calls");
    static const seL4_Word lengths[] = {0, 1, 4, 15, 16, 17, 18, 19, 25};
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        start(unknown, 0xa03, 0xa05, 1000, 0xa08);
        for (seL4_Word word = 0; word < 30; word++) {
            seL4_SetMR((int)word, 0xb00 + word);
        }
        seL4_SetMR(seL4_UnknownSyscall_FaultIP, (seL4_Word)unknown_end);
        seL4_SetMR(seL4_UnknownSyscall_SP, (seL4_Word)thread->stack_top - 128);
        seL4_SetMR(seL4_UnknownSyscall_FLAGS, 0x203);
        SAY("reply of %lu words\n", lengths[i]);
        reply(0, lengths[i]);
        outcome_show(unknown);
    }
    start(unknown, 0xa03, 0xa05, 1000, 0xa08);
    seL4_SetMR(0, 0xccc);
    seL4_SetMR(seL4_UnknownSyscall_FaultIP, (seL4_Word)unknown_end);
    SAY("reply with label 1\n");
    reply(1, 16);
    outcome_show(unknown);
    start(unknown, 0xa03, 0xa05, 1000, 0xa08);
    SAY("suspend, then resume\n");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_Resume(thread->tcb));
    outcome_show(unknown);
}

static void test_exception_replies(void)
{
    section("replies to user exceptions");
    for (seL4_Word length = 0; length <= 5; length++) {
        start(divide, 0, 0, 0, 0);
        seL4_SetMR(0, (seL4_Word)divide_end);
        seL4_SetMR(1, (seL4_Word)thread->stack_top - 128);
        seL4_SetMR(2, 0x8d5);
        seL4_SetMR(3, 77);
        seL4_SetMR(4, 78);
        SAY("reply of %lu words\n", length);
        reply(0, length);
        outcome_show(divide);
    }
    start(divide, 0, 0, 0, 0);
    seL4_SetMR(0, (seL4_Word)divide_end);
    SAY("reply with label 5\n");
    reply(5, 1);
    outcome_show(divide);
    start(divide, 0, 0, 0, 0);
    seL4_SetMR(0, 0xdead000000000000);
    SAY("reply with an ip that is no address\n");
    reply(0, 1);
    let_run();
    seL4_MessageInfo_t info = seL4_Recv(fault_endpoint, NULL);
    SAY("  then fault %lx, ip %lx, number %lx\n", seL4_MessageInfo_get_label(info), seL4_GetMR(0),
        seL4_GetMR(3));
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_vm_replies(void)
{
    section("replies to VM faults");
    for (seL4_Word label = 0; label < 2; label++) {
        start(load, 0x9000000000, 0, 0, 0);
        seL4_SetMR(0, (seL4_Word)load_end);
        SAY("label %lx, nothing mapped\n", label);
        reply(label, 4);
        outcome_show(load);
    }
    start(load, 0x9000000000, 0, 0, 0);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, make(seL4_X86_4K), 0x9000000000, seL4_ReadWrite));
    SAY("mapped\n");
    reply(0, 0);
    outcome_show(load);
}

static void test_cap_replies(void)
{
    section("replies to cap faults");
    for (seL4_Word label = 0; label < 2; label++) {
        fault_show("send", send, start(send, 0, 0, (seL4_Word)seL4_SysSend, NO_CAP));
        SAY("label %lx\n", label);
        reply(label, 0);
        outcome_show(send);
        fault_show("receive", send, start(send, 0, 0, (seL4_Word)seL4_SysRecv, NO_CAP));
        SAY("label %lx\n", label);
        reply(label, 3);
        outcome_show(send);
    }
    start(send, 0, 0, (seL4_Word)seL4_SysCall, NO_CAP);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, REGISTERS, &registers));
    registers.rdi = SELF;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
    SAY("made a call of the own TCB, with label 0\n");
    outcome_show(send);
}

static void test_endpoints(void)
{
    section("rights of the fault endpoint");
    for (seL4_Word rights = 0; rights < 16; rights++) {
        seL4_CPtr cap = 4000 + rights; /* its address is shown when the kernel reports the fault itself */
        SEL4_UTIL_CHECK(
            seL4_CNode_Copy(CNODE, cap, WORD, CNODE, fault_endpoint, WORD, (seL4_CapRights_t){{rights}}));
        SAY("rights %lx\n", rights);
        SEL4_UTIL_CHECK(seL4_TCB_SetSpace(thread->tcb, cap, CNODE, 0, VSPACE, 0));
        seL4_UserContext registers = {.rip = (seL4_Word)divide, .rsp = (seL4_Word)thread->stack_top - 64};
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
        let_run();
        seL4_Word badge = 0;
        seL4_NBRecv(fault_endpoint, &badge);
        SAY("  badge %lx\n", badge);
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    }
    static const seL4_CPtr others[] = {SELF, CNODE, 3999};
    for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++) {
        SEL4_UTIL_CHECK(seL4_TCB_SetSpace(thread->tcb, others[i], CNODE, 0, VSPACE, 0));
        seL4_UserContext registers = {.rip = (seL4_Word)load, .rax = 0xdead0000};
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
        let_run();
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    /* Received through an unbadged capability of all rights; faults arrive with badge 0xfa. */
    seL4_CPtr endpoint = make(seL4_EndpointObject);
    fault_endpoint = mint(endpoint, seL4_AllRights, 0xfa);
    thread =
        spawn_faulting("faulter", (void (*)(void *))(seL4_Word)divide, NULL, PRIORITY_LOW, fault_endpoint);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    test_unknown();
    test_unknown_replies();
    test_exception_replies();
    test_vm_replies();
    test_cap_replies();
    test_endpoints();
    close();
    return 0;
}
