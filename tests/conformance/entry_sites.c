/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a thread is: instruction pointers at and right behind system calls, as faults, ReadRegisters and
 * preemption show them, and going on at each of them. Sites at the end of a page and across two pages.
 */
#include "subject.h"

enum {
    REPEATS = 3,
    SAMPLES = 60
};

#define CODE    0x8000200000ul /* two pages of code made by hand */
#define MISSING "0x8000900000" /* never mapped */

static struct subject subject;
static seL4_CPtr nobody, notification, badged_notification, endpoint, badged_endpoint;
static seL4_Word cell __attribute__((used));

static seL4_UserContext call_registers(seL4_Word rip, seL4_Word number, seL4_CPtr cap)
{
    seL4_UserContext registers = subject_registers(&subject, rip);
    registers.rdx = number;
    registers.rdi = cap;
    registers.rsi = seL4_MessageInfo_new(7, 0, 0, 2).words[0];
    return registers;
}

static seL4_UserContext yield_registers(seL4_Word rip)
{
    return call_registers(rip, (seL4_Word)seL4_SysYield, NO_CAP);
}

/* " +N" from a label, if it is near; else the address. */
static void address_print(seL4_Word address, seL4_Word from)
{
    if (address - from < 64) {
        SAY(" +%lu", address - from);
    } else {
        SAY(" %lx", address);
    }
}

/*
 * Faults right behind a system call.
 */
#define FOLLOWER(name, text)                                                                                 \
    extern const char name[], name##_next[], name##_end[];                                                   \
    asm(".balign 16\n.globl " #name ", " #name "_next, " #name "_end\n" #name ": syscall\n" #name            \
        "_next: " text "\n" #name "_end: ud2\n")

FOLLOWER(undefined, "");
FOLLOWER(undefined_second, "nop");
FOLLOWER(undefined_third, "nop\nnop");
FOLLOWER(breakpoint, "int3");
FOLLOWER(breakpoint_second, "nop\nint3\nnop");
FOLLOWER(breakpoint_third, "nop\nnop\nint3");
FOLLOWER(read_missing, "movq (%r15), %rbp");
FOLLOWER(read_missing_second, "nop\nmovq (%r15), %rbp");
FOLLOWER(read_missing_third, "nop\nnop\nmovq (%r15), %rbp");
FOLLOWER(read_missing_fourth, "nop\nnop\nnop\nmovq (%r15), %rbp");
FOLLOWER(write_missing, "movq %rbp, (%r15)");
FOLLOWER(write_missing_second, "incl %ebp\nmovq %rbp, (%r15)");
FOLLOWER(divide, "divl %r15d");
FOLLOWER(divide_second, "nop\ndivl %r15d");
FOLLOWER(halt, "hlt");
FOLLOWER(halt_second, "nop\nhlt");
FOLLOWER(port, "inb $0x80, %al");
FOLLOWER(interrupt, "int $0x20");
FOLLOWER(jump_missing, "jmp *%r15");
FOLLOWER(unknown_call, "movl $100, %edx\nsyscall");

static const struct follower {
    const char *name, *start, *next, *end;
    seL4_Word r15;
} followers[] = {
#define ROW(name, r15)                                                                                       \
    {                                                                                                        \
#name, name, name##_next, name##_end, r15                                                            \
    }
    ROW(undefined, 0),
    ROW(undefined_second, 0),
    ROW(undefined_third, 0),
    ROW(breakpoint, 0),
    ROW(breakpoint_second, 0),
    ROW(breakpoint_third, 0),
    ROW(read_missing, 0x8000900008),
    ROW(read_missing_second, 0x8000900008),
    ROW(read_missing_third, 0x8000900008),
    ROW(read_missing_fourth, 0x8000900008),
    ROW(write_missing, 0x8000900008),
    ROW(write_missing_second, 0x8000900008),
    ROW(divide, 0),
    ROW(divide_second, 0),
    ROW(halt, 0),
    ROW(halt_second, 0),
    ROW(port, 0),
    ROW(interrupt, 0),
    ROW(jump_missing, 0x8000900008),
    ROW(unknown_call, 0),
};

/* Let the fault be mended, where it can be, and the thread go on at the ip that was told. */
static void follower_resume(const struct follower *follower, seL4_UserContext *registers)
{
    registers->rsp = (seL4_Word)subject.stack + SUBJECT_STACK / 2;
    registers->r15 = follower->start == jump_missing ? (seL4_Word)follower->end : (seL4_Word)&cell;
    if (follower->start == divide || follower->start == divide_second) {
        registers->rdx = 0;
    }
    struct subject_fault fault = subject_run(&subject, registers);
    if (follower->start == interrupt) {
        fault.code = 0;
    }
    SAY("  went on:");
    subject_fault_print(&fault);
    SAY(", ip");
    address_print(fault.ip, (seL4_Word)follower->next);
    SAY("\n");
}

static void test_followers(void)
{
    section("faults behind a system call");
    for (unsigned i = 0; i < sizeof(followers) / sizeof(*followers); i++) {
        const struct follower *follower = &followers[i];
        for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
            seL4_UserContext registers = yield_registers((seL4_Word)follower->start);
            registers.r15 = follower->r15;
            struct subject_fault fault = subject_run(&subject, &registers);
            if (follower->start == interrupt) {
                fault.code = 0; /* hardware and QEMU differ */
            }
            SAY("%s:", follower->name);
            subject_fault_print(&fault);
            SAY(", ip");
            address_print(fault.ip, (seL4_Word)follower->next);
            SAY(", in the registers");
            address_print(registers.rip, (seL4_Word)follower->next);
            if (follower->start != unknown_call) { /* there the real kernel shows a stale one */
                SAY(", rcx");
                address_print(registers.rcx, (seL4_Word)follower->next);
            }
            SAY("\n");
            follower_resume(follower, &registers);
        }
    }
}

/*
 * Starting at each byte from the site on. From the second byte the site reads `add $0x93979295, %eax`.
 */
extern const char exchanges[], enter_loop[], enter_loop_2[], enter_loop_4[];
asm(".balign 16\n"
    "exchanges:\n"
    "    syscall\n"
    "    xchgl %eax, %ebp\n    xchgl %eax, %edx\n    xchgl %eax, %edi\n    xchgl %eax, %ebx\n"
    "    ud2\n"
    ".balign 16\n"
    ".globl enter_loop, enter_loop_2, enter_loop_4\n"
    "enter_loop:   7: syscall\n"
    "enter_loop_2: incl %ebp\n"
    "enter_loop_4: cmpl $0xa10, %ebp\n"
    "    jb 7b\n"
    "    ud2\n");

static void test_entering(void)
{
    section("starting behind a system call");
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        for (seL4_Word at = 0; at <= 6; at++) {
            seL4_UserContext registers = yield_registers((seL4_Word)exchanges + at);
            registers.rdx = (seL4_Word)seL4_SysYield;
            struct subject_fault fault = subject_run(&subject, &registers);
            SAY("at +%lu:", at);
            subject_fault_print(&fault);
            SAY(", ip +%lu, rax %lx rbp %lx rdx %lx rdi %lx rbx %lx\n", fault.ip - (seL4_Word)exchanges,
                registers.rax, registers.rbp, registers.rdx, registers.rdi, registers.rbx);
        }
    }
    static const char *const entries[] = {enter_loop, enter_loop_2, enter_loop_4};
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        for (unsigned i = 0; i < 3; i++) {
            seL4_UserContext registers = yield_registers((seL4_Word)entries[i]);
            registers.rbp = 0xa00;
            struct subject_fault fault = subject_run(&subject, &registers);
            SAY("loop entered at +%ld: rbp %lx, ip", (long)(entries[i] - enter_loop), registers.rbp);
            address_print(fault.ip, (seL4_Word)enter_loop);
            SAY(", rcx +%ld\n", (long)(registers.rcx - (seL4_Word)enter_loop));
        }
    }
}

/*
 * Pages. The code is `syscall` and eight times `inc %ebp`, then `ud2`; another second page has `dec %ebp`.
 */
static void code_write(seL4_Word at, unsigned char modrm)
{
    unsigned char *to = (unsigned char *)at;
    *to++ = 0x0f;
    *to++ = 0x05;
    for (int i = 0; i < 8; i++) {
        *to++ = 0xff;
        *to++ = modrm;
    }
    *to++ = 0x0f;
    *to = 0x0b;
}

static void page_run(const char *what, seL4_Word at)
{
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        seL4_UserContext registers = yield_registers(at);
        registers.rbp = 0x100;
        registers.rcx = 0;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("  %s:", what);
        subject_fault_print(&fault);
        SAY(", ip +%ld, rbp %lx, called: %d\n", (long)(fault.ip - at), registers.rbp,
            registers.rcx == at + 2);
    }
}

static void test_pages(void)
{
    section("sites at the end of a page");
    enum {
        INCREMENT = 0xc5,
        DECREMENT = 0xcd
    };
    seL4_CPtr first = make(seL4_X86_4K), second = make(seL4_X86_4K), other = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, first, CODE, seL4_AllRights));
    for (seL4_Word before = 1; before <= 6; before++) {
        seL4_Word at = CODE + 4096 - before;
        SAY("%lu bytes before the end\n", before);
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, other, CODE + 4096, seL4_AllRights));
        code_write(at, DECREMENT);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(other));
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, second, CODE + 4096, seL4_AllRights));
        code_write(at, INCREMENT);
        page_run("both pages", at);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(second));
        page_run("second page unmapped", at);
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, other, CODE + 4096, seL4_AllRights));
        page_run("other page", at);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(other));
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, second, CODE + 4096, seL4_AllRights));
        page_run("second page again", at);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(second));
    }
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(first));
}

/*
 * Blocked threads.
 */
extern const char blocked[];
asm(".balign 16\n.globl blocked\nblocked: syscall\n    incl %ebp\n    incl %ebp\n    incl %ebp\n    ud2\n");

static bool is_cap(seL4_Word word)
{
    return word == endpoint || word == notification || word == badged_endpoint;
}

static void position_print(const char *what)
{
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    SAY("  %s: ip +%ld, rbp %lx, rdx %ld, rdi right %d\n", what, (long)(registers.rip - (seL4_Word)blocked),
        registers.rbp, (long)registers.rdx, is_cap(registers.rdi));
}

static void blocked_start(seL4_Word number, seL4_CPtr cap)
{
    seL4_UserContext registers = call_registers((seL4_Word)blocked, number, cap);
    registers.rbp = 0x100;
    subject_start(&subject, &registers);
    let_run();
}

static void blocked_end(void)
{
    seL4_UserContext registers;
    struct subject_fault fault = subject_wait(&subject, &registers);
    SAY("  end:");
    subject_fault_print(&fault);
    SAY(", ip +%ld, rbp %lx, rdi %lx, rsi %lx\n", (long)(fault.ip - (seL4_Word)blocked), registers.rbp,
        is_cap(registers.rdi) ? 0xca9 : registers.rdi, registers.rsi);
}

static void again(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
    position_print("suspended");
    SEL4_UTIL_CHECK(seL4_TCB_Resume(subject.tcb));
    position_print("resumed");
    let_run();
    position_print("blocked again");
}

static void test_blocked(void)
{
    section("blocked threads");
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        SAY("waiting for a signal\n");
        blocked_start((seL4_Word)seL4_SysRecv, notification);
        position_print("blocked");
        again();
        seL4_Signal(badged_notification);
        position_print("signalled");
        blocked_end();

        SAY("receiving\n");
        blocked_start((seL4_Word)seL4_SysRecv, endpoint);
        position_print("blocked");
        again();
        seL4_SetMR(0, 1);
        seL4_Send(badged_endpoint, seL4_MessageInfo_new(3, 0, 0, 1));
        blocked_end();

        SAY("sending\n");
        blocked_start((seL4_Word)seL4_SysSend, badged_endpoint);
        position_print("blocked");
        again();
        seL4_Word badge = 0;
        seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);
        SAY("  received badge %lx, label %lx\n", badge, seL4_MessageInfo_get_label(info));
        blocked_end();

        SAY("calling\n");
        blocked_start((seL4_Word)seL4_SysCall, badged_endpoint);
        position_print("blocked");
        again();
        seL4_Recv(endpoint, &badge);
        position_print("received");
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
        position_print("suspended");
        SEL4_UTIL_CHECK(seL4_TCB_Resume(subject.tcb));
        let_run();
        badge = 0;
        seL4_NBRecv(endpoint, &badge);
        SAY("  the call came again, badge %lx\n", badge);
        seL4_Reply(seL4_MessageInfo_new(9, 0, 0, 1));
        position_print("replied");
        blocked_end();
    }
}

static void test_blocked_moved(void)
{
    section("blocked threads, made to go on elsewhere");
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        for (seL4_Word at = 0; at <= 8; at += 2) {
            blocked_start((seL4_Word)seL4_SysRecv, notification);
            seL4_UserContext registers;
            SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
            registers.rip = (seL4_Word)blocked + at;
            subject_start(&subject, &registers);
            SAY("at +%lu\n", at);
            if (at == 0) {
                seL4_Signal(badged_notification);
            }
            blocked_end();
        }
    }
    seL4_Word badge = 0;
    seL4_Signal(badged_notification);
    seL4_Poll(notification, &badge);
    SAY("the signal is still there: %lx\n", badge);
}

/*
 * A thread that makes calls in a loop, looked at whenever its time slice ends: at each ip, the registers are
 * those that belong there. With rsp right or odd.
 */
extern const char spin[], spin_2[], spin_4[], spin_7[], spin_10[];
asm(".balign 16\n"
    ".globl spin, spin_2, spin_4, spin_7, spin_10\n"
    "spin:    7: syscall\n"
    "spin_2:  incl %ebp\n"        /* 2 bytes */
    "spin_4:  incl %r14d\n"       /* 3 bytes */
    "spin_7:  movl %r14d, %ebx\n" /* 3 bytes */
    "spin_10: jmp 7b\n");

/* Which of rbp, r14 and rbx are ahead of the rest. */
static bool consistent(const seL4_UserContext *registers)
{
    seL4_Word rbp = registers->rbp, r14 = registers->r14, rbx = registers->rbx;
    bool kept = registers->rdx == (seL4_Word)seL4_SysNBSend || registers->rdx == (seL4_Word)seL4_SysSend;
    kept = kept && registers->r12 == 0xa0e && registers->r8 == 0xa0a && registers->rax == 0xa03;
    if (registers->rip == (seL4_Word)spin || registers->rip == (seL4_Word)spin_10 ||
        registers->rip == (seL4_Word)spin_2) {
        bool is_behind = registers->rip == (seL4_Word)spin_2;
        return kept && rbp == r14 && r14 == rbx &&
               (!is_behind || (registers->rcx == (seL4_Word)spin_2 && (registers->r11 & 0x202) == 0x202));
    }
    if (registers->rip == (seL4_Word)spin_4) {
        return kept && (seL4_Uint32)(r14 + 1) == rbp && r14 == rbx;
    }
    if (registers->rip == (seL4_Word)spin_7) {
        return kept && r14 == rbp && (seL4_Uint32)(rbx + 1) == rbp;
    }
    return false;
}

static void spin_run(const char *name, seL4_Word number, seL4_CPtr cap, seL4_Word rsp)
{
    seL4_UserContext registers = call_registers((seL4_Word)spin, number, cap);
    registers.rbp = registers.r14 = registers.rbx = 0;
    registers.rsp = rsp ? rsp : registers.rsp;
    subject_start(&subject, &registers);
    unsigned right = 0, moving = 0;
    seL4_Word last = 0;
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    for (unsigned i = 0; i < SAMPLES; i++) {
        seL4_Yield();
        /* Every other time it is stopped and let go on with the registers that were read. */
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, i & 1, 0, SUBJECT_REGISTERS, &registers));
        if (consistent(&registers)) {
            right++;
        } else {
            SAY("  ip");
            address_print(registers.rip, (seL4_Word)spin);
            SAY(" rbp %lx r14 %lx rbx %lx rcx %lx\n", registers.rbp, registers.r14, registers.rbx,
                registers.rcx);
        }
        moving += registers.rbp != last;
        last = registers.rbp;
        if (i & 1) {
            subject_start(&subject, &registers);
        }
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    SAY("%s: right %u of %d, going on %u\n", name, right, SAMPLES, moving);
}

static void test_preempted(void)
{
    section("preempted threads");
    spin_run("sending to nobody", (seL4_Word)seL4_SysNBSend, nobody, 0);
    spin_run("signalling", (seL4_Word)seL4_SysSend, badged_notification, 0);
    spin_run("an odd stack", (seL4_Word)seL4_SysNBSend, nobody, 0xdead000000000000);
    spin_run("no stack", (seL4_Word)seL4_SysNBSend, nobody, 8);
}

int main(seL4_BootInfo *info)
{
    open(info);
    nobody = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    badged_notification = mint(notification, seL4_AllRights, 0x60);
    endpoint = make(seL4_EndpointObject);
    badged_endpoint = mint(endpoint, seL4_AllRights, 0xb0);
    subject_make(&subject, "subject");
    test_followers();
    test_entering();
    test_pages();
    test_blocked();
    test_blocked_moved();
    test_preempted();
    close();
    return 0;
}
