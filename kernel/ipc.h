/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: endpoints, notifications, replies, faults.
 * Manual: chapters "Message Passing (IPC)", "Notifications", "Faults".
 */
#ifndef SELKIE_KERNEL_IPC_H
#define SELKIE_KERNEL_IPC_H

#include "kernel/kernel.h"
#include "kernel/slot.h"
#include "kernel/tcb.h"

/* seL4_MessageInfo_t, taken apart. */
struct message_info {
    uint64_t label;
    unsigned caps_unwrapped; /* bit per extra capability */
    unsigned extra_caps;
    unsigned length;
};

static inline struct message_info message_info_from_word(uint64_t word) /* the length is capped at ABI_MESSAGE_WORDS */
{
    unsigned length = word & 0x7f;
    return (struct message_info){
        .label = word >> 12,
        .caps_unwrapped = (word >> 9) & 7,
        .extra_caps = (word >> 7) & 3,
        .length = length > ABI_MESSAGE_WORDS ? ABI_MESSAGE_WORDS : length,
    };
}

static inline uint64_t message_info_to_word(struct message_info info)
{
    return info.label << 12 | (uint64_t)info.caps_unwrapped << 9 | (uint64_t)info.extra_caps << 7 | info.length;
}

enum { BUFFER_MESSAGE = 1 }; /* word of the IPC buffer that message word 0 would have (kernel/message.h has the rest) */

/* The register of message word `i`, below ABI_MESSAGE_REGISTERS. */
static inline enum context_register message_register(unsigned i)
{
    static const uint8_t registers[ABI_MESSAGE_REGISTERS] = {REG_R10, REG_R8, REG_R9, REG_R15};
    return (enum context_register)registers[i];
}

/* Message words of a thread, wherever they lie. Writing beyond the registers without a buffer is ignored. Returns
 * the words that exist up to and including this one. */
static inline unsigned message_set(struct tcb *tcb, uint64_t *buffer, unsigned i, uint64_t value)
{
    if (i < ABI_MESSAGE_REGISTERS)
        tcb->context.reg[message_register(i)] = value;
    else if (buffer)
        buffer[BUFFER_MESSAGE + i] = value;
    else
        return ABI_MESSAGE_REGISTERS;
    return i + 1;
}

static inline uint64_t message_get(const struct tcb *tcb, const uint64_t *buffer, unsigned i)
{
    if (i < ABI_MESSAGE_REGISTERS)
        return tcb->context.reg[message_register(i)];
    return buffer ? buffer[BUFFER_MESSAGE + i] : 0;
}

/* The words of a lookup failure from word `i` on; returns the message length that results. */
unsigned message_set_lookup_failure(struct tcb *tcb, uint64_t *buffer, unsigned i, const struct lookup_failure *f);

/* Endpoints: 16 bytes. The queue's TCBs all send or all receive. */
enum endpoint_state {
    ENDPOINT_IDLE,
    ENDPOINT_SEND,
    ENDPOINT_RECEIVE
};
struct endpoint {
    uint64_t head;           /* TCB */
    uint64_t tail : 62;      /* TCB */
    uint64_t state : 2;      /* enum endpoint_state */
};
_Static_assert(sizeof(struct endpoint) == 16, "an endpoint is 2^4 bytes");

struct endpoint_send {
    bool is_blocking;
    bool is_call;
    bool can_grant;
    bool can_grant_reply;
    bool can_donate; /* MCS: the sender's scheduling context may go with the message */
    uint64_t badge;
};
void endpoint_send(struct kernel *k, struct tcb *sender, struct endpoint *endpoint, struct endpoint_send how);
void endpoint_receive(struct kernel *k, struct tcb *receiver, struct cap cap, bool is_blocking);
/* For other ways of receiving. Take the first waiting sender's message; the caller decides about the sender. */
struct tcb *endpoint_take_sender(struct kernel *k, struct tcb *receiver, struct endpoint *endpoint);
void endpoint_block_receiver(struct kernel *k, struct tcb *receiver, struct endpoint *endpoint, bool can_grant);
void endpoint_reorder(struct kernel *k, struct tcb *tcb); /* the priority of a waiting thread has changed */
void endpoint_cancel_all(struct kernel *k, struct endpoint *endpoint);
void endpoint_cancel_badged(struct kernel *k, struct endpoint *endpoint, uint64_t badge);

/* Notifications: 32 bytes. */
enum notification_state {
    NOTIFICATION_IDLE,
    NOTIFICATION_WAITING,
    NOTIFICATION_ACTIVE
};
struct notification {
    uint64_t badge; /* accumulated, while active */
    uint64_t head;  /* TCB, while waiting */
    uint64_t tail : 62;
    uint64_t state : 2;
    uint64_t bound; /* TCB */
};
_Static_assert(sizeof(struct notification) == 32, "a notification is 2^5 bytes");
void notification_signal(struct kernel *k, struct notification *notification, uint64_t badge);
void notification_receive(struct kernel *k, struct tcb *receiver, struct cap cap, bool is_blocking);
/* If the notification is active, deliver its badge to `tcb` and empty it. */
void notification_complete(struct kernel *k, struct notification *notification, struct tcb *tcb);
void notification_cancel_all(struct kernel *k, struct notification *notification);
void notification_reorder(struct kernel *k, struct tcb *tcb); /* as endpoint_reorder */
void notification_leave(struct kernel *k, struct tcb *tcb); /* the thread stops waiting; INACTIVE */
void notification_bind(struct kernel *k, struct tcb *tcb, struct notification *notification);
void notification_unbind(struct kernel *k, struct tcb *tcb);              /* from the thread's side */
void notification_unbind_any(struct kernel *k, struct notification *notification); /* from the other */

/* Take a thread out of whatever IPC it is in; it becomes INACTIVE. */
void ipc_cancel(struct kernel *k, struct tcb *tcb);

/* Copy a message, with capabilities if `can_grant`, or a fault if the sender has one. */
void ipc_transfer(struct kernel *k, struct tcb *sender, uint64_t endpoint, uint64_t badge, bool can_grant,
                  struct tcb *receiver);

/* Replies of the classic kernel (classic/reply.c). A thread that may call has a master reply capability in its TCB_REPLY slot. */
void reply_setup_master(struct kernel *k, struct tcb *tcb);
/* The caller slot of `receiver` gets a child of the sender's master reply capability. */
void reply_setup_caller(struct kernel *k, struct tcb *sender, struct tcb *receiver, bool can_grant);
void reply_delete_caller(struct kernel *k, struct tcb *tcb);
void reply_cancel(struct kernel *k, struct tcb *tcb); /* nobody may answer this thread any more */
/* Answer `receiver`, which waits for `sender`'s reply through the reply capability in `slot`; the slot is emptied. */
void reply_transfer(struct kernel *k, struct tcb *sender, struct tcb *receiver, struct slot *slot, bool can_grant);

/* Faults (fault.c). Send a fault message to the thread's handler; without one the thread stops and the kernel says so. */
void fault_raise(struct kernel *k, struct tcb *tcb, struct fault fault);
/* The second half of that; `failure` is what was wrong with the handler's address, FAULT_NONE if there was none. */
void fault_unhandled(struct kernel *k, struct tcb *tcb, struct fault failure, struct fault original);
/* Write the fault message of `sender` into the registers and buffer of `receiver`; sets *label, returns its length. */
unsigned fault_message(struct kernel *k, struct tcb *sender, struct tcb *receiver, uint64_t *buffer, uint64_t *label);
/* Take the answer to a fault: true if the thread is to run again. The registers the message names are set. */
bool fault_answer(struct kernel *k, struct tcb *receiver, struct tcb *sender);

#endif
