/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which registers each system call changes, and to what. Every register but rsp is loaded with a known value; those
 * that come back different are shown. rcx and r11 are the instruction's own: they are shown as what they should be.
 */
#include "conformance.h"

enum {
    RAX,
    RBX,
    RCX,
    RDX,
    RSI,
    RDI,
    RBP,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    COUNT
};

static const char *const names[COUNT] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
                                         "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

/* Load all, trap, store all. rsp is kept in memory, for a real kernel returns with another one. One at a time. */
volatile seL4_Word before[COUNT], after[COUNT], after_flags;
extern const char trap_return[];
void trap(void);

asm(".local kept_rsp\n"
    ".comm kept_rsp, 8, 8\n"
    ".globl trap, trap_return\n"
    "trap:\n"
    "    pushq %rbx\n    pushq %rbp\n    pushq %r12\n    pushq %r13\n    pushq %r14\n    pushq %r15\n"
    "    movq %rsp, kept_rsp(%rip)\n"
    "    movq before+0(%rip), %rax\n    movq before+8(%rip), %rbx\n    movq before+16(%rip), %rcx\n"
    "    movq before+24(%rip), %rdx\n    movq before+32(%rip), %rsi\n    movq before+40(%rip), %rdi\n"
    "    movq before+48(%rip), %rbp\n    movq before+56(%rip), %r8\n    movq before+64(%rip), %r9\n"
    "    movq before+72(%rip), %r10\n    movq before+80(%rip), %r11\n    movq before+88(%rip), %r12\n"
    "    movq before+96(%rip), %r13\n    movq before+104(%rip), %r14\n    movq before+112(%rip), %r15\n"
    "    pushq $0x203\n    popfq\n"
    "    syscall\n"
    "trap_return:\n"
    "    movq %rax, after+0(%rip)\n    movq %rbx, after+8(%rip)\n    movq %rcx, after+16(%rip)\n"
    "    movq %rdx, after+24(%rip)\n    movq %rsi, after+32(%rip)\n    movq %rdi, after+40(%rip)\n"
    "    movq %rbp, after+48(%rip)\n    movq %r8, after+56(%rip)\n    movq %r9, after+64(%rip)\n"
    "    movq %r10, after+72(%rip)\n    movq %r11, after+80(%rip)\n    movq %r12, after+88(%rip)\n"
    "    movq %r13, after+96(%rip)\n    movq %r14, after+104(%rip)\n    movq %r15, after+112(%rip)\n"
    "    movq kept_rsp(%rip), %rsp\n"
    "    pushfq\n    popq after_flags(%rip)\n"
    "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbp\n    popq %rbx\n"
    "    ret\n");

/* What MCS calls name besides their first capability. */
static seL4_Word second = 0x1100 + R12, third = 0x1100 + R13;

static void trap_case(const char *name, seL4_Word number, seL4_Word cap, seL4_Word info)
{
    for (seL4_Word i = 0; i < COUNT; i++) {
        before[i] = 0x1100 + i;
    }
    before[RDX] = number;
    before[RDI] = cap;
    before[RSI] = info;
    before[R12] = second;
    before[R13] = third;
    trap();
    SAY("%s:", name);
    for (int i = 0; i < COUNT; i++) {
        if (i != RCX && i != R11 && after[i] != before[i]) {
            SAY(" %s %lx", names[i], after[i]);
        }
    }
    SAY("; carry %lu, rcx is the return address: %d, r11 the flags: %d\n", after_flags & 1,
        after[RCX] == (seL4_Word)trap_return, after[R11] == 0x203);
}

static seL4_CPtr endpoint, badged, notification, signalled;

static seL4_Word tag(seL4_Word label, seL4_Word length)
{
    return seL4_MessageInfo_new(label, 0, 0, length).words[0];
}

static void send(void *length)
{
    for (int i = 0; i < 8; i++) {
        seL4_SetMR(i, 0x20 + (seL4_Word)i);
    }
    seL4_Send(badged, seL4_MessageInfo_new(3, 0, 0, (seL4_Word)length));
}

static void call(void *length)
{
    seL4_Call(badged, seL4_MessageInfo_new(4, 0, 0, (seL4_Word)length));
}

static void receive(void *unused)
{
    (void)unused;
    seL4_Recv(endpoint, NULL);
}

static void serve(void *length)
{
    seL4_Recv(endpoint, NULL);
    for (int i = 0; i < 8; i++) {
        seL4_SetMR(i, 0x30 + (seL4_Word)i);
    }
    seL4_Reply(seL4_MessageInfo_new(5, 0, 0, (seL4_Word)length));
}

static void signal_later(void *unused)
{
    (void)unused;
    seL4_Signal(signalled);
}

static void test_send(void)
{
    section("sending");
    trap_case("yield", (seL4_Word)seL4_SysYield, 0, 0);
    trap_case("nbsend, nobody waits", (seL4_Word)seL4_SysNBSend, endpoint, tag(1, 4));
    spawn("receiver", receive, NULL, PRIORITY_HIGH);
    trap_case("nbsend", (seL4_Word)seL4_SysNBSend, endpoint, tag(1, 4));
    spawn("receiver", receive, NULL, PRIORITY_HIGH);
    trap_case("send", (seL4_Word)seL4_SysSend, endpoint, tag(1, 4));
    trap_case("send a signal", (seL4_Word)seL4_SysSend, signalled, tag(1, 4));
    trap_case("send to an empty slot", (seL4_Word)seL4_SysSend, slot(), tag(1, 4));
    trap_case("nbsend nowhere", (seL4_Word)seL4_SysNBSend, NO_CAP, tag(1, 4));
#ifdef CONFIG_KERNEL_MCS
    second = own_reply();
    trap_case("reply to nobody", (seL4_Word)seL4_SysSend, second, tag(1, 4));
#else
    trap_case("reply to nobody", (seL4_Word)seL4_SysReply, 0x77, tag(1, 4));
#endif
    spawn("caller", call, (void *)3, PRIORITY_HIGH);
    seL4_Recv(endpoint, NULL);
#ifdef CONFIG_KERNEL_MCS
    trap_case("reply", (seL4_Word)seL4_SysSend, second, tag(1, 4));
#else
    trap_case("reply", (seL4_Word)seL4_SysReply, 0x77, tag(1, 4));
#endif
}

static void test_receive(void)
{
    section("receiving");
    trap_case("a signal that is there", (seL4_Word)seL4_SysRecv, notification, 0x5555);
    trap_case("poll, nothing there", (seL4_Word)seL4_SysNBRecv, notification, 0x5555);
    seL4_Signal(signalled);
    trap_case("poll", (seL4_Word)seL4_SysNBRecv, notification, 0x5555);
    spawn("signaller", signal_later, NULL, PRIORITY_LOW);
    trap_case("wait for a signal", (seL4_Word)seL4_SysRecv, notification, 0x5555);
    trap_case("nbrecv, nobody there", (seL4_Word)seL4_SysNBRecv, endpoint, 0x5555);
    for (seL4_Word length = 0; length <= 6; length += 2) {
        spawn("sender", send, (void *)length, PRIORITY_HIGH);
        trap_case("nbrecv", (seL4_Word)seL4_SysNBRecv, endpoint, 0x5555);
        spawn("sender", send, (void *)length, PRIORITY_HIGH);
        trap_case("recv, the sender waits", (seL4_Word)seL4_SysRecv, endpoint, 0x5555);
        spawn("sender", send, (void *)length, PRIORITY_LOW);
        trap_case("recv, the sender comes later", (seL4_Word)seL4_SysRecv, endpoint, 0x5555);
    }
    spawn("sender", send, (void *)3, PRIORITY_LOW);
    trap_case("replyrecv", (seL4_Word)seL4_SysReplyRecv, endpoint, tag(1, 4));
    SEL4_UTIL_CHECK(seL4_TCB_BindNotification(SELF, notification));
    seL4_Signal(signalled);
    trap_case("recv, a bound signal is there", (seL4_Word)seL4_SysRecv, endpoint, 0x5555);
    spawn("signaller", signal_later, NULL, PRIORITY_LOW);
    trap_case("recv, a bound signal comes later", (seL4_Word)seL4_SysRecv, endpoint, 0x5555);
    seL4_Signal(signalled);
    trap_case("nbrecv, a bound signal is there", (seL4_Word)seL4_SysNBRecv, endpoint, 0x5555);
    SEL4_UTIL_CHECK(seL4_TCB_UnbindNotification(SELF));
}

static void test_call(void)
{
    section("calling");
    for (seL4_Word length = 0; length <= 6; length += 2) {
        spawn("server", serve, (void *)length, PRIORITY_HIGH);
        trap_case("call", (seL4_Word)seL4_SysCall, badged, tag(1, 4));
    }
    trap_case("call a notification", (seL4_Word)seL4_SysCall, signalled, tag(1, 4));
    trap_case("call an empty slot", (seL4_Word)seL4_SysCall, slot(), tag(1, 4));
    trap_case("call a TCB, no such label", (seL4_Word)seL4_SysCall, SELF, tag(0xfff, 4));
    trap_case("call a TCB, truncated", (seL4_Word)seL4_SysCall, SELF, tag(TCBSetPriority, 0));
    seL4_SetCap(0, SELF);
    trap_case("call a TCB, range error", (seL4_Word)seL4_SysCall, SELF,
              seL4_MessageInfo_new(TCBSetPriority, 0, 1, 1).words[0]);
    trap_case("call a TCB, success", (seL4_Word)seL4_SysCall, SELF, tag(TCBResume, 0));
    seL4_TCB tcb = make(seL4_TCBObject);
    trap_case("call a TCB, a word of success", (seL4_Word)seL4_SysCall, tcb, tag(TCBSetFlags, 2));
    trap_case("call a CNode, failed lookup", (seL4_Word)seL4_SysCall, CNODE, tag(CNodeDelete, 2));
    trap_case("send to a TCB, no such label", (seL4_Word)seL4_SysSend, SELF, tag(0xfff, 4));
    trap_case("send to a TCB, success", (seL4_Word)seL4_SysSend, SELF, tag(TCBResume, 0));
    trap_case("nbsend to a TCB, success", (seL4_Word)seL4_SysNBSend, SELF, tag(TCBResume, 0));
}

#ifdef CONFIG_KERNEL_MCS
static void wait(void *unused)
{
    (void)unused;
    (void)seL4_Wait(endpoint, NULL);
}

/* The calls that only MCS has. The reply object is `second`; `third` is sent to before receiving. */
static void test_mcs(void)
{
    section("waiting");
    seL4_Word reply = second;
    static const struct {
        const char *name;
        seL4_Word number;
    } waits[] = {{"wait", (seL4_Word)seL4_SysWait}, {"nbwait", (seL4_Word)seL4_SysNBWait}};
    for (unsigned i = 0; i < 2; i++) {
        for (seL4_Word length = 0; length <= 6; length += 3) {
            spawn("sender", send, (void *)length, PRIORITY_HIGH);
            trap_case(waits[i].name, waits[i].number, endpoint, 0x5555);
        }
        seL4_Signal(signalled);
        trap_case(waits[i].name, waits[i].number, notification, 0x5555);
    }
    trap_case("nbwait, nobody there", (seL4_Word)seL4_SysNBWait, endpoint, 0x5555);
    trap_case("nbwait, no signal", (seL4_Word)seL4_SysNBWait, notification, 0x5555);
    spawn("caller", call, (void *)3, PRIORITY_HIGH);
    trap_case("wait, for a call", (seL4_Word)seL4_SysWait, endpoint, 0x5555);

    section("answering and receiving");
    for (seL4_Word length = 0; length <= 6; length += 2) {
        spawn("caller", call, (void *)length, PRIORITY_HIGH);
        seL4_Recv(endpoint, NULL);
        spawn("sender", send, (void *)length, PRIORITY_HIGH);
        trap_case("replyrecv", (seL4_Word)seL4_SysReplyRecv, endpoint, tag(1, 4));
    }
    for (seL4_Word length = 0; length <= 6; length += 3) {
        spawn("caller", call, (void *)length, PRIORITY_HIGH);
        seL4_Recv(endpoint, NULL);
        spawn("sender", send, (void *)length, PRIORITY_HIGH);
        third = reply;
        trap_case("nbsendrecv to a reply object", (seL4_Word)seL4_SysNBSendRecv, endpoint, tag(1, 4));
        third = signalled;
        trap_case("nbsendrecv of a signal", (seL4_Word)seL4_SysNBSendRecv, notification, tag(1, 4));
        spawn("receiver", wait, NULL, PRIORITY_HIGH);
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        third = endpoint;
        trap_case("nbsendrecv to a receiver", (seL4_Word)seL4_SysNBSendRecv, notification, tag(1, 4));
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        trap_case("nbsendrecv to nobody", (seL4_Word)seL4_SysNBSendRecv, notification, tag(1, 4));
        third = SELF;
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        trap_case("nbsendrecv to a TCB", (seL4_Word)seL4_SysNBSendRecv, notification, tag(TCBResume, 0));
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        trap_case("nbsendrecv nowhere", (seL4_Word)seL4_SysNBSendRecv, notification, tag(0xfff, 0));
    }
    section("sending and waiting");
    for (seL4_Word length = 0; length <= 6; length += 3) {
        spawn("caller", call, (void *)length, PRIORITY_HIGH);
        seL4_Recv(endpoint, NULL);
        spawn("sender", send, (void *)length, PRIORITY_HIGH);
        second = reply;
        trap_case("nbsendwait to a reply object", (seL4_Word)seL4_SysNBSendWait, endpoint, tag(1, 4));
        second = signalled;
        trap_case("nbsendwait of a signal", (seL4_Word)seL4_SysNBSendWait, notification, tag(1, 4));
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        second = endpoint;
        trap_case("nbsendwait to nobody", (seL4_Word)seL4_SysNBSendWait, notification, tag(1, 4));
        spawn("signaller", signal_later, NULL, PRIORITY_LOW);
        second = SELF;
        trap_case("nbsendwait to a TCB", (seL4_Word)seL4_SysNBSendWait, notification, tag(TCBResume, 0));
    }
    section("numbers");
    SAY("call %d, replyrecv %d, nbsendrecv %d, nbsendwait %d, send %d, nbsend %d, recv %d, nbrecv %d, wait %d, "
        "nbwait %d, yield %d, putchar %d, settlsbase %d\n",
        (int)seL4_SysCall, (int)seL4_SysReplyRecv, (int)seL4_SysNBSendRecv, (int)seL4_SysNBSendWait,
        (int)seL4_SysSend, (int)seL4_SysNBSend, (int)seL4_SysRecv, (int)seL4_SysNBRecv, (int)seL4_SysWait,
        (int)seL4_SysNBWait, (int)seL4_SysYield, (int)seL4_SysDebugPutChar, (int)seL4_SysSetTLSBase);
}
#endif

static void test_debug(void)
{
    section("debugging");
    trap_case("identify", (seL4_Word)seL4_SysDebugCapIdentify, SELF, 0x5555);
    trap_case("identify nowhere", (seL4_Word)seL4_SysDebugCapIdentify, NO_CAP, 0x5555);
    trap_case(" put a character", (seL4_Word)seL4_SysDebugPutChar, '*', 0x5555);
    trap_case(" put one of 256 and more", (seL4_Word)seL4_SysDebugPutChar, 0x12300 + '+', 0x5555);
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    badged = mint(endpoint, seL4_AllRights, 0xb0000);
    notification = make(seL4_NotificationObject);
    signalled = mint(notification, seL4_AllRights, 0x60000);
    test_send();
    test_receive();
    test_call();
#ifdef CONFIG_KERNEL_MCS
    test_mcs();
#endif
    test_debug();
    close();
    return 0;
}
