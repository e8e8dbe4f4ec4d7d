/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults with MCS: their messages, what an answer does, timeout faults, and a fault that nobody handles. */
#include "subject.h"

#include "mcs.h"

static seL4_CPtr faults, timeouts, reply;

static void fault_vm(void *unused)
{
    (void)unused;
    *(volatile int *)0x123456 = 1;
    note("resumed");
}

static void fault_exception(void *unused)
{
    (void)unused;
    asm volatile("ud2");
    note("resumed");
}

static void fault_syscall(void *unused)
{
    (void)unused;
    seL4_Word a = 0x11, b = 0x22;
    asm volatile("syscall" : "+D"(a), "+S"(b) : "d"(0x1234) : "rcx", "r11", "memory");
    note("resumed");
}

static void fault_send(void *unused)
{
    (void)unused;
    seL4_Send(NO_CAP, seL4_MessageInfo_new(0, 0, 0, 0));
    note("resumed");
}

static void fault_receive(void *unused)
{
    (void)unused;
    seL4_Recv(NO_CAP, NULL, reply);
    note("resumed");
}

static void fault_reply(void *endpoint)
{
    seL4_Recv((seL4_CPtr)endpoint, NULL, NO_CAP);
    note("resumed");
}

static const struct {
    const char *name;
    void (*entry)(void *);
} kinds[] = {{"VM fault", fault_vm}, {"exception", fault_exception}, {"unknown system call", fault_syscall},
             {"send", fault_send},   {"receive", fault_receive},     {"reply capability", fault_reply}};
enum {
    KINDS = sizeof(kinds) / sizeof(*kinds)
};

static void fault_show(const char *name, seL4_MessageInfo_t info, seL4_Word badge)
{
    SAY("%s: badge %lx, label %lx, %lx words, %lx capabilities\n", name, badge,
        seL4_MessageInfo_get_label(info), (seL4_Word)seL4_MessageInfo_get_length(info),
        (seL4_Word)seL4_MessageInfo_get_extraCaps(info));
}

static void test_messages(void)
{
    section("messages and answers");
    seL4_CPtr endpoint = make(seL4_EndpointObject);
    for (unsigned i = 0; i < KINDS; i++) {
        for (unsigned handled = 0; handled < 2; handled++) {
            seL4_Word badge = 0;
            struct sel4_util_thread *thread =
                thread_make(kinds[i].name, kinds[i].entry, (void *)endpoint, PRIORITY_HIGH, context_make(),
                            mint(faults, seL4_AllRights, 0x70 + i));
            seL4_MessageInfo_t info = seL4_Recv(faults, &badge, reply);
            fault_show(kinds[i].name, info, badge);
            if (handled) {
                seL4_Send(reply, seL4_MessageInfo_new(1, 0, 0, 0));
                notes_print("  answered with label 1");
                CASE(seL4_TCB_Resume(thread->tcb), "  resume");
                badge = 0;
                (void)seL4_NBRecv(faults, &badge, reply);
                SAY("  it faults again: %lx\n", badge);
            } else {
                seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
                badge = 0;
                (void)seL4_NBRecv(faults, &badge, reply);
                SAY("  answered with label 0, it faults again: %lx\n", badge);
                notes_print("  notes");
            }
            SEL4_UTIL_CHECK(discard(thread->tcb));
        }
    }
}

/* Handlers of which faults can be sent but not answered, or not at all. */
static void test_rights(void)
{
    section("rights of the handler");
    for (unsigned i = 0; i < 2; i++) {
        seL4_Word badge = 0;
        seL4_CPtr handler = mint(faults, seL4_CapRights_new(i, !i, 0, 1), 0x21);
        struct sel4_util_thread *thread =
            thread_make("f", fault_exception, NULL, PRIORITY_HIGH, context_make(), handler);
        SEL4_UTIL_CHECK(discard(handler));
        fault_show(i ? "grant reply" : "grant", seL4_Recv(faults, &badge, reply), badge);
        seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
        SAY("then: %lx\n", seL4_MessageInfo_get_label(seL4_NBRecv(faults, &badge, reply)));
        SEL4_UTIL_CHECK(discard(thread->tcb));
    }
}

static void handle_passively(void *unused)
{
    (void)unused;
    seL4_Word badge = 0;
    (void)seL4_Recv(faults, &badge, reply);
    for (;;) {
        note("handled %lx", badge);
        (void)seL4_ReplyRecv(faults, seL4_MessageInfo_new(1, 0, 0, 0), &badge, reply);
    }
}

static void test_passive_handler(void)
{
    section("a passive handler");
    struct sel4_util_thread *handler = passive_make("handler", handle_passively, NULL, PRIORITY_HIGH);
    for (unsigned i = 1; i <= 2; i++) { /* the kinds that are not tried again after label 1 */
        (void)thread_make(kinds[i].name, kinds[i].entry, (void *)faults, PRIORITY_HIGH, context_make(),
                          mint(faults, seL4_AllRights, 0x90 + i));
        notes_print(kinds[i].name);
    }
    SEL4_UTIL_CHECK(discard(handler->tcb));
}

static volatile int spins;

static void spin(void *unused)
{
    (void)unused;
    for (;;) {
        spins++;
    }
}

static void test_timeout(void)
{
    section("timeouts");
    seL4_CPtr context = context_make_periodic(5000, 20000, 0x77);
    struct sel4_util_thread *thread = thread_make("spin", spin, NULL, PRIORITY_LOW, context, faults);
    CASE(seL4_TCB_SetTimeoutEndpoint(thread->tcb, mint(timeouts, seL4_AllRights, 0x99)),
         "a timeout endpoint");
    for (int i = 0; i < 3; i++) {
        seL4_Word badge = 0;
        seL4_MessageInfo_t info = seL4_Recv(timeouts, &badge, reply);
        fault_show("timeout", info, badge);
        SAY("  data %lx, consumed %s\n", seL4_GetMR(seL4_Timeout_Data),
            seL4_GetMR(seL4_Timeout_Consumed) > 0 ? "some" : "nothing");
        seL4_Send(reply, seL4_MessageInfo_new(0, 0, 0, 0));
    }
    seL4_Word badge = 0;
    (void)seL4_Recv(timeouts, &badge, reply);
    CASE(seL4_SchedControl_ConfigureFlags(sched_control, context, LONG_US, LONG_US, 0, 0x78, 0), "more time");
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    registers.rip = (seL4_Word)fault_exception;
    seL4_Send(reply, seL4_TimeoutReply_new(1, registers, seL4_TimeoutReply_Length));
    fault_show("answered with registers", seL4_Recv(faults, &badge, reply), badge);
    SEL4_UTIL_CHECK(discard(thread->tcb));

    thread = thread_make("spin", spin, NULL, PRIORITY_LOW, context_make_periodic(5000, 20000, 0x79), faults);
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(thread->tcb, timeouts));
    fault_show("another", seL4_Recv(timeouts, &badge, reply), badge);
    SAY("  data %lx\n", seL4_GetMR(seL4_Timeout_Data));
    seL4_Send(reply, seL4_MessageInfo_new(1, 0, 0, 0));
    badge = 0x5a;
    SEL4_UTIL_CHECK(seL4_TCB_SetTimeoutEndpoint(thread->tcb, seL4_CapNull));
    int before = spins;
    let_run();
    SAY("answered with label 1: it %s\n", before == spins ? "stands still" : "runs");
    SEL4_UTIL_CHECK(discard(thread->tcb));
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    faults = make(seL4_EndpointObject);
    timeouts = make(seL4_EndpointObject);
    reply = make(seL4_ReplyObject);
    test_messages();
    test_rights();
    test_passive_handler();
    test_timeout();
    section("nobody handles it");
    for (unsigned i = 0; i < KINDS; i++) {
        struct sel4_util_thread *thread =
            thread_make(kinds[i].name, kinds[i].entry, (void *)faults, PRIORITY_HIGH, context_make(), 0);
        CASE(seL4_TCB_Resume(thread->tcb), "resume after %s", kinds[i].name);
        CASE(seL4_TCB_Suspend(thread->tcb), "suspend after %s", kinds[i].name);
    }
    close();
    return 0;
}
