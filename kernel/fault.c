/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: what a thread did becomes a message to its handler, and the answer
 * decides whether and how the thread goes on.
 * Manual: chapter "Faults".
 */
#include "kernel/cspace.h"
#include "kernel/debug.h"
#include "kernel/ipc.h"
#include "kernel/mcs/mcs.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"
#include "kernel/x86_64/x86.h"

/* Registers in the order of an unknown-syscall message; a user exception's are the last three. */
static const enum context_register SYSCALL_MESSAGE[] = {
    REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,       REG_R9,
    REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_FAULT_IP, REG_RSP, REG_RFLAGS};
static const enum context_register EXCEPTION_MESSAGE[] = {REG_FAULT_IP, REG_RSP, REG_RFLAGS};
/* What the answer to a timeout may set: every register. */
static const enum context_register TIMEOUT_REPLY[] = {
    REG_FAULT_IP, REG_RSP, REG_RFLAGS, REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP,
    REG_R8,       REG_R9,  REG_R10,    REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_FS_BASE};

enum {
    SYSCALL_MESSAGE_REGISTERS = sizeof SYSCALL_MESSAGE / sizeof *SYSCALL_MESSAGE,
    EXCEPTION_MESSAGE_REGISTERS = sizeof EXCEPTION_MESSAGE / sizeof *EXCEPTION_MESSAGE,
    TIMEOUT_REPLY_REGISTERS = sizeof TIMEOUT_REPLY / sizeof *TIMEOUT_REPLY
};

void fault_unhandled(struct kernel *k, struct tcb *tcb, struct fault failure, struct fault original)
{
    debug_print_fault(k, tcb, failure, original);
    thread_set_state(k, tcb, THREAD_INACTIVE);
    k->state->unhandled_fault = arena_paddr(k, tcb);
    k->state->unhandled_detail = original;
}

void fault_raise(struct kernel *k, struct tcb *tcb, struct fault fault)
{
    if (k->abi->config.is_mcs) {
        mcs_fault_raise(k, tcb, fault);
        return;
    }
    struct fault failure = {.type = FAULT_CAP, .address = tcb->fault_handler};
    struct slot *slot;
    if (!cspace_lookup(k, tcb, tcb->fault_handler, &slot, &failure.lookup)) {
        fault_unhandled(k, tcb, failure, fault);
        return;
    }
    struct cap handler = slot->cap;
    if (handler.type != CAP_ENDPOINT || !handler.can_send || !(handler.can_grant || handler.can_grant_reply)) {
        failure.lookup = lookup_missing_capability(0);
        fault_unhandled(k, tcb, failure, fault);
        return;
    }
    tcb->fault = fault;
    endpoint_send(k, tcb, arena_at(k, handler.paddr),
                  (struct endpoint_send){.is_blocking = true,
                                         .is_call = true,
                                         .can_grant = handler.can_grant,
                                         .can_grant_reply = handler.can_grant_reply,
                                         .badge = handler.badge});
}

static unsigned message_set_registers(const struct tcb *sender, struct tcb *receiver, uint64_t *buffer,
                                      const enum context_register *registers, unsigned count)
{
    unsigned length = 0;
    for (unsigned i = 0; i < count; i++)
        length = message_set(receiver, buffer, i, sender->context.reg[registers[i]]);
    return length;
}

static unsigned message_set_words(struct tcb *receiver, uint64_t *buffer, unsigned first, const uint64_t *words,
                                  unsigned count)
{
    unsigned length = first;
    for (unsigned i = 0; i < count; i++)
        length = message_set(receiver, buffer, first + i, words[i]);
    return length;
}

unsigned fault_message(struct kernel *k, struct tcb *sender, struct tcb *receiver, uint64_t *buffer, uint64_t *label)
{
    const struct fault *fault = &sender->fault;
    uint64_t restart_ip = sender->context.reg[REG_FAULT_IP];

    switch (fault->type) {
    case FAULT_CAP: {
        uint64_t words[] = {restart_ip, fault->address, fault->is_receive_phase};
        *label = ABI_FAULT_CAP;
        message_set_words(receiver, buffer, 0, words, 3);
        return message_set_lookup_failure(receiver, buffer, 3, &fault->lookup);
    }
    case FAULT_UNKNOWN_SYSCALL:
        *label = ABI_FAULT_UNKNOWN_SYSCALL;
        message_set_registers(sender, receiver, buffer, SYSCALL_MESSAGE, SYSCALL_MESSAGE_REGISTERS);
        return message_set(receiver, buffer, SYSCALL_MESSAGE_REGISTERS, fault->address);
    case FAULT_USER_EXCEPTION: {
        uint64_t words[] = {fault->address, fault->status};
        *label = ABI_FAULT_USER_EXCEPTION;
        message_set_registers(sender, receiver, buffer, EXCEPTION_MESSAGE, EXCEPTION_MESSAGE_REGISTERS);
        return message_set_words(receiver, buffer, EXCEPTION_MESSAGE_REGISTERS, words, 2);
    }
    case FAULT_VM: {
        /* x86 seL4 runs without the NX bit: the processor never tells a fetch from a read. */
        uint64_t words[] = {restart_ip, fault->address, 0, fault->status};
        *label = k->abi->fault_vm;
        return message_set_words(receiver, buffer, 0, words, 4);
    }
    case FAULT_DEBUG: {
        uint64_t words[4];
        *label = k->abi->fault_debug;
        return message_set_words(receiver, buffer, 0, words, breakpoint_message(sender, words));
    }
    case FAULT_TIMEOUT: {
        struct sched_context *sc = sched_context_of(k, sender);
        uint64_t words[] = {fault->address, sc ? sched_context_take_consumed(sc) : 0};
        *label = k->abi->fault_timeout;
        return message_set_words(receiver, buffer, 0, words, 2);
    }
    default:
        ASSERT(fault->type == FAULT_VM); /* the other kinds are never sent */
        return 0;
    }
}

static void message_get_registers(const struct kernel *k, struct tcb *receiver, const struct tcb *sender,
                                  const enum context_register *registers, unsigned count)
{
    struct message_info info = message_info_from_word(sender->context.reg[REG_RSI]);
    const uint64_t *buffer = thread_ipc_buffer(k, sender, false);
    unsigned present = buffer || info.length < ABI_MESSAGE_REGISTERS ? info.length : ABI_MESSAGE_REGISTERS;
    for (unsigned i = 0; i < count && i < present; i++)
        receiver->context.reg[registers[i]] = x86_sanitise_register(registers[i], message_get(sender, buffer, i));
}

bool fault_answer(struct kernel *k, struct tcb *receiver, struct tcb *sender)
{
    bool is_label_zero = message_info_from_word(sender->context.reg[REG_RSI]).label == 0;
    switch (receiver->fault.type) {
    case FAULT_UNKNOWN_SYSCALL:
        message_get_registers(k, receiver, sender, SYSCALL_MESSAGE, SYSCALL_MESSAGE_REGISTERS);
        return is_label_zero;
    case FAULT_USER_EXCEPTION:
        message_get_registers(k, receiver, sender, EXCEPTION_MESSAGE, EXCEPTION_MESSAGE_REGISTERS);
        return is_label_zero;
    case FAULT_TIMEOUT:
        message_get_registers(k, receiver, sender, TIMEOUT_REPLY, TIMEOUT_REPLY_REGISTERS);
        return is_label_zero;
    case FAULT_DEBUG: {
        struct message_info info = message_info_from_word(sender->context.reg[REG_RSI]);
        breakpoint_answer(receiver, info.length, message_get(sender, NULL, 0));
        return is_label_zero;
    }
    default:
        return true;
    }
}

struct fault_report kernel_unhandled_fault(const struct kernel *k)
{
    static const char *const NAMES[] = {
        [FAULT_NONE] = "no fault",
        [FAULT_CAP] = "cap fault",
        [FAULT_UNKNOWN_SYSCALL] = "unknown syscall",
        [FAULT_USER_EXCEPTION] = "user exception",
        [FAULT_VM] = "vm fault",
        [FAULT_DEBUG] = "debug exception",
        [FAULT_TIMEOUT] = "timeout",
    };
    const struct tcb *tcb = tcb_at(k, k->state->unhandled_fault);
    if (!tcb)
        return (struct fault_report){.is_present = false};
    const struct fault *fault = &k->state->unhandled_detail;
    return (struct fault_report){
        .is_present = true,
        .tcb = k->state->unhandled_fault,
        .thread_name = tcb->name,
        .vspace = vspace_of_thread(k, tcb),
        .context = &tcb->context,
        .fault_type = fault->type,
        .fault_name = NAMES[fault->type],
        .address = fault->address,
        .status = fault->type == FAULT_CAP ? fault->is_receive_phase : fault->status,
        .is_instruction = fault->is_instruction,
    };
}
