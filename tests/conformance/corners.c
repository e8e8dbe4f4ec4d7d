/* SPDX-License-Identifier: BSD-2-Clause */
/* Corners between subjects: answers into a read-only IPC buffer, a fault that nobody took, suspending oneself. */
#include "conformance.h"

enum {
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word),
    MARK = 0x11
};

static seL4_TCB idle;
static seL4_CPtr endpoint;
static volatile unsigned before, behind;

static void marks_set(seL4_IPCBuffer *buffer)
{
    for (unsigned i = 4; i < 24; i++) {
        buffer->msg[i] = MARK;
    }
}

static unsigned marks_left(const seL4_IPCBuffer *buffer)
{
    unsigned left = 0;
    for (unsigned i = 4; i < 24; i++) {
        left += buffer->msg[i] == MARK;
    }
    return left;
}

/* Invocations by a thread whose buffer the kernel may only read; the page is mapped writable all the same. */
static void ask(void *argument)
{
    (void)argument;
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    seL4_SetMR(0, 0);
    seL4_SetMR(1, REGISTERS);
    marks_set(buffer);
    seL4_MessageInfo_t info = seL4_Call(idle, seL4_MessageInfo_new(TCBReadRegisters, 0, 0, 2));
    SAY("read registers: label %lu, length %lu, marks left %u\n", seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_length(info), marks_left(buffer));
    seL4_SetMR(0, NO_CAP);
    seL4_SetMR(1, WORD);
    marks_set(buffer);
    info = seL4_Call(CNODE, seL4_MessageInfo_new(CNodeDelete, 0, 0, 2));
    SAY("guard mismatch: label %lu, length %lu, marks left %u\n", seL4_MessageInfo_get_label(info),
        seL4_MessageInfo_get_length(info), marks_left(buffer));
    seL4_SetMR(0, 0);
    seL4_SetMR(1, 4);
    for (int i = 2; i < 6; i++) {
        seL4_SetMR(i, 0x100);
    }
    info = seL4_Call(idle, seL4_MessageInfo_new(TCBWriteRegisters, 0, 0, 6));
    SAY("write registers: label %lu\n", seL4_MessageInfo_get_label(info));
}

static void test_read_only_buffer(void)
{
    static const struct {
        const char *name;
        seL4_CapRights_t rights;
    } buffers[] = {{"read-write", {{3}}}, {"read-only", {{2}}}, {"without rights", {{0}}}};
    for (unsigned i = 0; i < sizeof(buffers) / sizeof(*buffers); i++) {
        section(buffers[i].name);
        struct sel4_util_thread *thread = spawn("asker", ask, NULL, PRIORITY_LOW);
        SEL4_UTIL_CHECK(seL4_TCB_SetIPCBuffer(thread->tcb, (seL4_Word)thread->ipc_buffer,
                                              mint(thread->ipc_frame, buffers[i].rights, 0)));
        let_run();
    }
}

asm(".globl touch, ring\n"
    "touch: movq 0, %rax\n ud2\n"
    "ring: syscall\n ring_end: jmp ring_end\n");
extern const char touch[], ring[];

static void registers_set(struct sel4_util_thread *thread, const char *ip, seL4_CPtr cap)
{
    seL4_UserContext registers = {.rip = (seL4_Word)ip,
                                  .rsp = (seL4_Word)thread->stack_top - 64,
                                  .rflags = 0x202,
                                  .rdx = (seL4_Word)seL4_SysCall,
                                  .rdi = cap,
                                  .rsi = seL4_MessageInfo_new(7, 0, 0, 1).words[0],
                                  .r10 = 0x77};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
    let_run();
}

static void message_show(const char *what)
{
    seL4_Word badge = 0;
    seL4_SetMR(0, 0);
    seL4_MessageInfo_t info = seL4_NBRecv(endpoint, &badge);
    SAY("%s: badge %lx", what, badge);
    if (badge) {
        SAY(", label %lu, length %lu", seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info));
    }
    SAY("\n");
}

/* A fault message that is taken back before anybody has it, and what its thread says next. */
static void test_lost_fault(void)
{
    section("a fault that nobody took");
    seL4_CPtr faults = make(seL4_EndpointObject), handler = mint(faults, seL4_AllRights, 0xfa);
    seL4_CPtr calls = mint(endpoint, seL4_AllRights, 0xca);
    struct sel4_util_thread *thread =
        spawn_faulting("faulter", (void (*)(void *))(seL4_Word)touch, NULL, PRIORITY_LOW, handler);
    let_run();
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    registers_set(thread, ring, calls);
    message_show("suspended, then it calls");
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    let_run();
    message_show("after a reply");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    registers_set(thread, ring, calls);
    message_show("once more");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    registers_set(thread, touch, calls);
    CASE(seL4_CNode_CancelBadgedSends(CNODE, handler, WORD), "cancel");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    registers_set(thread, ring, calls);
    message_show("cancelled, then it calls");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    registers_set(thread, ring, calls);
    message_show("and again");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void suspend_oneself(void *argument)
{
    before++;
    seL4_TCB_Suspend(*(seL4_TCB *)argument);
    behind++;
}

static void test_self_suspend(void)
{
    section("suspending oneself");
    static seL4_TCB own;
    struct sel4_util_thread *thread = spawn("sleeper", suspend_oneself, &own, PRIORITY_LOW);
    own = thread->tcb;
    let_run();
    for (unsigned i = 0; i < 3; i++) {
        SAY("before %u, behind %u\n", before, behind);
        SEL4_UTIL_CHECK(seL4_TCB_Resume(own));
        let_run();
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    idle = make(seL4_TCBObject);
    endpoint = make(seL4_EndpointObject);
    test_read_only_buffer();
    test_lost_fault();
    test_self_suspend();
    close();
    return 0;
}
