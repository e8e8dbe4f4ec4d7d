/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call number with capabilities that are wrong in each register: who faults, in which phase, at which
 * address. What calls do to registers is syscall_registers' subject.
 */
#include "mcs.h"

static seL4_CPtr endpoint, notification, faults, reply, own_reply_object;

struct trap {
    seL4_Word number, rdi, r12, r13, info;
    seL4_Word badge;
};
static struct trap next;

static void trap(void *unused)
{
    (void)unused;
    seL4_Word rdi = next.rdi, rsi = next.info;
    register seL4_Word r12 asm("r12") = next.r12;
    register seL4_Word r13 asm("r13") = next.r13;
    asm volatile("movq %%rsp, %%rbx\n\tsyscall\n\tmovq %%rbx, %%rsp"
                 : "+D"(rdi), "+S"(rsi), "+r"(r12), "+r"(r13)
                 : "d"(next.number)
                 : "rbx", "rcx", "r8", "r9", "r10", "r11", "r15", "memory");
    next.badge = rdi;
    note("returned");
}

static const char *name_of(seL4_Word cap)
{
    return cap == NO_CAP         ? "no slot"
           : cap == seL4_CapNull ? "nothing"
           : cap == endpoint     ? "endpoint"
           : cap == notification ? "notification"
           : cap == SELF         ? "TCB"
                                 : "reply";
}

/* The thread that makes the calls, and its registers at its start. */
static seL4_TCB trapper;
static seL4_UserContext registers;
enum {
    REGISTERS = sizeof(registers) / sizeof(seL4_Word)
};

/* What the thread does: it faults, returns or waits. */
static void outcome(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(faults, &badge, reply);
    seL4_Word label = seL4_MessageInfo_get_label(info);
    if (!badge) {
        notes_print(" no fault");
    } else if (label == seL4_Fault_CapFault) {
        SAY(" cap fault, %s phase, %s, failure %lx\n",
            seL4_GetMR(seL4_CapFault_InRecvPhase) ? "receive" : "send",
            name_of(seL4_GetMR(seL4_CapFault_Addr)), seL4_GetMR(seL4_CapFault_LookupFailureType));
    } else {
        SAY(" fault %lx, number %ld\n", label, (long)seL4_GetMR(seL4_UnknownSyscall_Syscall));
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(trapper));
}

/* The thread starts over, makes the call, and faults, returns or waits. */
static void start(struct trap wanted)
{
    next = wanted;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(trapper, 1, 0, REGISTERS, &registers));
}

static void run(struct trap wanted)
{
    start(wanted);
    outcome();
}

static void test_numbers(void)
{
    section("numbers, through no slot");
    for (seL4_Word i = 0; i < 80; i++) {
        seL4_Word number = (seL4_Word)4 - i;
        if ((long)number <= (long)seL4_SysYield && (long)number > (long)seL4_SysSetTLSBase) {
            number = number == (seL4_Word)seL4_SysYield ? number : 0;
        }
        if (!number && i != 4) {
            continue; /* the calls for debugging */
        }
        SAY("%ld:", (long)number);
        run((struct trap){number, NO_CAP, NO_CAP, NO_CAP, 0, 0});
    }
    static const seL4_Word numbers[] = {0x7fffffffffffffff, 0x8000000000000000, 0xffffffff, 0xfffffffe,
                                        0x80000000};
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        SAY("%lx:", numbers[i]);
        run((struct trap){numbers[i], NO_CAP, NO_CAP, NO_CAP, 0, 0});
    }
}

static void test_capabilities(void)
{
    static const struct {
        const char *name;
        seL4_Word number;
    } calls[] = {{"call", (seL4_Word)seL4_SysCall},
                 {"replyrecv", (seL4_Word)seL4_SysReplyRecv},
                 {"nbsendrecv", (seL4_Word)seL4_SysNBSendRecv},
                 {"nbsendwait", (seL4_Word)seL4_SysNBSendWait},
                 {"send", (seL4_Word)seL4_SysSend},
                 {"nbsend", (seL4_Word)seL4_SysNBSend},
                 {"recv", (seL4_Word)seL4_SysRecv},
                 {"nbrecv", (seL4_Word)seL4_SysNBRecv},
                 {"wait", (seL4_Word)seL4_SysWait},
                 {"nbwait", (seL4_Word)seL4_SysNBWait}};
    const seL4_CPtr caps[] = {NO_CAP, seL4_CapNull, endpoint, notification, SELF, own_reply_object};
    enum {
        CAPS = sizeof(caps) / sizeof(*caps)
    };
    for (unsigned c = 0; c < sizeof(calls) / sizeof(*calls); c++) {
        section(calls[c].name);
        bool has_two = calls[c].number == (seL4_Word)seL4_SysReplyRecv ||
                       calls[c].number == (seL4_Word)seL4_SysNBSendWait ||
                       calls[c].number == (seL4_Word)seL4_SysRecv ||
                       calls[c].number == (seL4_Word)seL4_SysNBRecv;
        bool has_three = calls[c].number == (seL4_Word)seL4_SysNBSendRecv;
        for (unsigned a = 0; a < CAPS; a++) {
            for (unsigned b = 0; b < (has_two || has_three ? CAPS : 1); b++) {
                for (unsigned d = 0; d < (has_three ? CAPS : 1); d++) {
                    SAY("rdi %s, r12 %s, r13 %s:", name_of(caps[a]), name_of(caps[b]), name_of(caps[d]));
                    run((struct trap){calls[c].number, caps[a], caps[b], caps[d], 0, 0});
                    (void)seL4_NBWait(notification, NULL);
                }
            }
        }
    }
}

/* Receiving without the right to, or from a notification that is another's. */
static void test_rights(void)
{
    section("rights");
    static const struct {
        const char *name;
        seL4_Word number;
    } calls[] = {{"recv", (seL4_Word)seL4_SysRecv}, {"nbrecv", (seL4_Word)seL4_SysNBRecv},
                 {"wait", (seL4_Word)seL4_SysWait}, {"nbwait", (seL4_Word)seL4_SysNBWait},
                 {"send", (seL4_Word)seL4_SysSend}, {"call", (seL4_Word)seL4_SysCall}};
    seL4_CPtr write_only = mint(endpoint, seL4_CanWrite, 0), read_only = mint(endpoint, seL4_CanRead, 0);
    seL4_CPtr signal_only = mint(notification, seL4_CanWrite, 0),
              wait_only = mint(notification, seL4_CanRead, 0);
    seL4_CPtr bound = make(seL4_NotificationObject);
    SEL4_UTIL_CHECK(seL4_TCB_BindNotification(SELF, bound));
    const struct {
        const char *name;
        seL4_CPtr cap;
    } caps[] = {{"endpoint to write", write_only},
                {"endpoint to read", read_only},
                {"notification to write", signal_only},
                {"notification to read", wait_only},
                {"another's notification", bound}};
    for (unsigned c = 0; c < sizeof(calls) / sizeof(*calls); c++) {
        for (unsigned i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
            SAY("%s, %s:", calls[c].name, caps[i].name);
            start((struct trap){calls[c].number, caps[i].cap, own_reply_object, 0, 0, 0});
            seL4_Word badge = 0;
            seL4_MessageInfo_t info = seL4_NBRecv(faults, &badge, reply);
            if (badge == 0xff) {
                SAY(" fault %lx, %s phase\n", seL4_MessageInfo_get_label(info),
                    seL4_GetMR(seL4_CapFault_InRecvPhase) ? "receive" : "send");
            } else {
                notes_print(" no fault");
            }
            SEL4_UTIL_CHECK(seL4_TCB_Suspend(trapper));
            (void)seL4_NBWait(notification, NULL);
        }
    }
    (void)seL4_NBWait(bound, NULL);
    SEL4_UTIL_CHECK(seL4_TCB_UnbindNotification(SELF));
}

static void test_tls_base(void)
{
    section("SetTLSBase");
    static const seL4_Word bases[] = {0, 0x1000, 0x7fffffffe000, 0x7fffffffffff, 0xffff800000000000};
    seL4_Word own;
    asm volatile("movq %%fs:0, %0" : "=r"(own));
    for (unsigned i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
        seL4_TCB tcb = make(seL4_TCBObject);
        CASE(seL4_TCB_SetTLSBase(tcb, bases[i]), "base %lx", bases[i]);
        seL4_UserContext read;
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, REGISTERS, &read));
        SAY("  it is %lx\n", read.fs_base);
    }
    seL4_SetTLSBase(own);
    seL4_Word now;
    asm volatile("movq %%fs:0, %0" : "=r"(now));
    SAY("one's own: %s\n", own == now ? "set" : "not set");
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    faults = make(seL4_EndpointObject);
    reply = make(seL4_ReplyObject);
    own_reply_object = make(seL4_ReplyObject);
    trapper =
        thread_make("trap", trap, NULL, PRIORITY_HIGH, seL4_CapNull, mint(faults, seL4_AllRights, 0xff))->tcb;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(trapper, 1, 0, REGISTERS, &registers));
    SEL4_UTIL_CHECK(seL4_SchedContext_Bind(context_make(), trapper));
    test_numbers();
    test_capabilities();
    test_rights();
    test_tls_base();
    close();
    return 0;
}
