/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault messages, answers, and the program's TCBs, as both kernels have them. */
#include "container/linux/kernel.h"

#include <sel4/sel4.h>
#include <selkie/host_io.h>

#include "container/linux/entry.h"
#include "container/linux/object.h"
#include "container/linux/sites.h"
#include "container/linux/thread.h"

/* What the linker says of the personality's own code. */
extern const char __executable_start[], etext[];

#define BADGE_HOST   (1ul << 32)
#define BADGE_SERVER (1ul << 33)

enum {
    FLAGS_RESERVED_BIT = 0x2,
    WRITE_FAULT = 2, /* of a page fault's error code */
    SYSCALL_SIZE = 2,
    FAULT_WORDS = offsetof(struct user_registers, rsp) / sizeof(uint64_t)
};

static uint64_t endpoint, notification, host_cap, server_cap;

/* A capability with which somebody signals us, so that we know who. */
static uint64_t notification_mint(uint64_t badge)
{
    uint64_t cap = slot_alloc();
    if (!cap || seL4_CNode_Mint(CONTAINER_SLOT_CNODE, cap, seL4_WordBits, CONTAINER_SLOT_CNODE, notification,
                                seL4_WordBits, seL4_AllRights, badge) != seL4_NoError) {
        return 0;
    }
    return cap;
}

static void prepared_forget(void);

bool kernel_init(void)
{
    prepared_forget();
    kernel_reply_forget();
    endpoint = object_alloc(seL4_EndpointObject, 0);
    notification = object_alloc(seL4_NotificationObject, 0);
    host_cap = notification ? notification_mint(BADGE_HOST) : 0;
    server_cap = notification ? notification_mint(BADGE_SERVER) : 0;
    return endpoint && host_cap && server_cap &&
           seL4_TCB_BindNotification(CONTAINER_SLOT_TCB, notification) == seL4_NoError;
}

uint64_t kernel_host_notification(void)
{
    return host_cap;
}

uint64_t kernel_server_notification(void)
{
    return server_cap;
}

static void message_registers(struct user_registers *registers)
{
    memcpy(registers, seL4_GetIPCBuffer()->msg, sizeof *registers);
}

/* An answer to the last message: words 0 is a fault's. */
static struct {
    bool is_there;
    const struct kernel_thread *thread;
    unsigned words;
    struct user_registers registers;
} prepared;

static void prepared_forget(void)
{
    prepared.is_there = false;
    prepared.thread = NULL;
}

static uint64_t message_set(unsigned words, const struct user_registers *registers)
{
    memcpy(seL4_GetIPCBuffer()->msg, registers, words * sizeof(uint64_t));
    return seL4_MessageInfo_new(0, 0, 0, words).words[0];
}

void kernel_wait(struct kernel_message *message)
{
    uint64_t badge, label;
    if (prepared.is_there) {
        prepared.is_there = false;
        label = kernel_reply_receive(endpoint, message_set(prepared.words, &prepared.registers), &badge);
    } else {
        label = kernel_receive(endpoint, &badge);
    }
    if (badge & (BADGE_HOST | BADGE_SERVER)) {
        message->event = EVENT_SIGNAL;
        message->is_from_host = badge & BADGE_HOST;
        message->is_from_server = badge & BADGE_SERVER;
        return;
    }
    message->thread = (unsigned)badge - 1;
    switch (label) {
    case ENTRY_LABEL:
        message->event = EVENT_SYSCALL;
        entry_message(threads[message->thread].kernel.area, &message->registers);
        break;
    case seL4_Fault_UnknownSyscall:
        message->event = EVENT_SYSCALL;
        message_registers(&message->registers);
        break;
    case seL4_Fault_VMFault:
        message->event = EVENT_MEMORY;
        message->ip = seL4_GetMR(seL4_VMFault_IP);
        message->address = seL4_GetMR(seL4_VMFault_Addr);
        message->error_code = seL4_GetMR(seL4_VMFault_FSR);
        message->is_write = message->error_code & WRITE_FAULT;
        break;
    case seL4_Fault_UserException:
        message->event = EVENT_EXCEPTION;
        message->ip = seL4_GetMR(seL4_UserException_FaultIP);
        message->exception = (unsigned)seL4_GetMR(seL4_UserException_Number);
        message->error_code = seL4_GetMR(seL4_UserException_Code);
        break;
    default:
        message->event = EVENT_OTHER;
        message->ip = seL4_GetMR(0);
        message->exception = (unsigned)label;
        break;
    }
}

static void reply(struct kernel_thread *thread, unsigned words, const struct user_registers *registers)
{
    if (thread->is_reply_kept) {
        thread->is_reply_kept = false;
        seL4_MessageInfo_t info = {.words = {message_set(words, registers)}};
        seL4_Send(thread->reply, info);
        return;
    }
    ASSERT(!prepared.is_there);
    prepared.is_there = true;
    prepared.thread = thread;
    prepared.words = words;
    if (words) {
        prepared.registers = *registers;
    }
}

void kernel_reply_keep(struct kernel_thread *thread)
{
    kernel_reply_move(thread);
    thread->is_reply_kept = true;
}

void kernel_reply_registers(struct kernel_thread *thread, const struct user_registers *registers)
{
    struct user_registers after = *registers;
    after.rip += SYSCALL_SIZE;
    after.rcx = after.rip;
    after.r11 = after.rflags;
    if (!entry_is_served(thread->area)) {
        reply(thread, FAULT_WORDS, &after);
    } else if (entry_answer(thread->area, &after)) {
        reply(thread, 0, &after);
    } else {
        kernel_thread_resume(thread, &after);
    }
}

void kernel_reply_fault(struct kernel_thread *thread)
{
    static const struct user_registers NONE;
    reply(thread, 0, &NONE);
}

/* A `syscall` of the program is the personality's whatever the registers hold. */
static bool syscall_range_set(uint64_t tcb)
{
    seL4_SetMR(0, (uint64_t)__executable_start);
    seL4_SetMR(1, (uint64_t)etext);
    seL4_MessageInfo_t answer =
        seL4_Call(tcb, seL4_MessageInfo_new(HOST_IO_LABEL + TCB_SYSCALL_RANGE, 0, 0, 2));
    return seL4_MessageInfo_get_label(answer) == seL4_NoError;
}

bool kernel_thread_make(struct kernel_thread *thread, unsigned index)
{
    if (thread->tcb) {
        return true;
    }
    struct kernel_thread made = {.tcb = object_alloc(seL4_TCBObject, 0), .fault_endpoint = slot_alloc()};
    if (!made.tcb || !made.fault_endpoint ||
        seL4_CNode_Mint(CONTAINER_SLOT_CNODE, made.fault_endpoint, seL4_WordBits, CONTAINER_SLOT_CNODE,
                        endpoint, seL4_WordBits, seL4_AllRights, index + 1) != seL4_NoError ||
        !kernel_thread_configure(&made) || !(made.area = entry_area_make(made.fault_endpoint))) {
        return false;
    }
    if (!syscall_range_set(made.tcb)) {
        static bool is_said;
        if (!is_said) {
            log_line("the kernel does not know TCB_SYSCALL_RANGE: some system calls may be taken for seL4's");
            is_said = true;
        }
    }
    *thread = made;
    return true;
}

#define EACH_REGISTER(step)                                                                                  \
    step(rip) step(rsp) step(rflags) step(rax) step(rbx) step(rcx) step(rdx) step(rsi) step(rdi) step(rbp)   \
        step(r8) step(r9) step(r10) step(r11) step(r12) step(r13) step(r14) step(r15)
#define FROM(name) .name = from->name,

static seL4_UserContext context_of(const struct user_registers *from, uint64_t fs_base)
{
    seL4_UserContext context = {EACH_REGISTER(FROM).fs_base = fs_base};
    context.rflags |= FLAGS_RESERVED_BIT;
    return context;
}

void kernel_thread_start(const struct kernel_thread *thread, const struct user_registers *from,
                         uint64_t fs_base)
{
    seL4_UserContext context = context_of(from, fs_base);
    entry_area_reset(thread->area);
    context.gs_base = sites_are_disabled() ? 0 : (uint64_t)thread->area;
    seL4_TCB_WriteRegisters(thread->tcb, 1, 0, sizeof context / sizeof(seL4_Word), &context);
}

void kernel_thread_stop(const struct kernel_thread *thread)
{
    seL4_TCB_Suspend(thread->tcb);
}

void kernel_thread_set_fs(const struct kernel_thread *thread, uint64_t base)
{
    seL4_TCB_SetTLSBase(thread->tcb, base);
}

static bool context_read(const struct kernel_thread *thread, seL4_UserContext *context)
{
    return seL4_TCB_ReadRegisters(thread->tcb, 0, 0, sizeof *context / sizeof(seL4_Word), context) ==
           seL4_NoError;
}

static void registers_of(const seL4_UserContext *from, struct user_registers *registers)
{
    *registers = (struct user_registers){EACH_REGISTER(FROM)};
}

bool kernel_thread_read(const struct kernel_thread *thread, struct user_registers *registers)
{
    seL4_UserContext from;
    if (!context_read(thread, &from)) {
        return false;
    }
    registers_of(&from, registers);
    entry_settle(thread->area, registers);
    sites_settle(registers);
    return true;
}

void kernel_thread_settle(struct kernel_thread *thread)
{
    seL4_UserContext now;
    struct user_registers registers;
    if (context_read(thread, &now) && now.rip - (uint64_t)__executable_start < (uint64_t)(etext - __executable_start)) {
        registers_of(&now, &registers);
        entry_settle(thread->area, &registers);
        kernel_thread_resume(thread, &registers);
    }
}

/* What the program has there. */
static uint64_t program_gs(const struct kernel_thread *thread, const seL4_UserContext *context)
{
    return context->gs_base == (uint64_t)thread->area ? 0 : context->gs_base;
}

void kernel_thread_resume(struct kernel_thread *thread, const struct user_registers *registers)
{
    seL4_UserContext now;
    if (!context_read(thread, &now)) {
        broken("a thread cannot be read");
    }
    seL4_UserContext context = context_of(registers, now.fs_base);
    context.gs_base = sites_are_disabled() ? program_gs(thread, &now) : now.gs_base;
    entry_area_leave(thread->area);
    thread->is_reply_kept = false;
    if (prepared.thread == thread) {
        prepared.is_there = false;
    }
    seL4_TCB_WriteRegisters(thread->tcb, 1, 0, sizeof context / sizeof(seL4_Word), &context);
}

bool kernel_reply_take(struct kernel_thread *thread, struct user_registers *registers)
{
    if (!prepared.is_there || prepared.thread != thread) {
        return false;
    }
    prepared.is_there = false;
    if (!prepared.words) {
        return kernel_thread_read(thread, registers);
    }
    *registers = prepared.registers;
    return true;
}

void kernel_thread_set_gs(const struct kernel_thread *thread, uint64_t base)
{
    seL4_UserContext context;
    if (context_read(thread, &context)) {
        context.gs_base = base;
        seL4_TCB_WriteRegisters(thread->tcb, 0, 0, sizeof context / sizeof(seL4_Word), &context);
    }
}

uint64_t kernel_thread_gs(const struct kernel_thread *thread)
{
    seL4_UserContext context;
    return context_read(thread, &context) ? program_gs(thread, &context) : 0;
}
