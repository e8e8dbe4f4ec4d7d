/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving one message from sender to receiver, capabilities included.
 * Manual: sections "Capability Transfer" and "Capability Unwrapping".
 */
#include "kernel/ipc.h"

#include "kernel/cspace.h"
#include "kernel/message.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "kernel/thread.h"

bool message_extra_caps(const struct kernel *k, const struct tcb *sender, const uint64_t *buffer,
                        unsigned count, struct slot *slots[ABI_EXTRA_CAPS], struct failed_cap *failed)
{
    for (unsigned i = 0; i < ABI_EXTRA_CAPS; i++)
        slots[i] = NULL;
    if (!buffer)
        return true;
    for (unsigned i = 0; i < count && i < ABI_EXTRA_CAPS; i++) {
        uint64_t cptr = buffer[BUFFER_CAPS_OR_BADGES + i];
        if (!cspace_lookup(k, sender, cptr, &slots[i], &failed->failure)) {
            failed->cptr = cptr;
            slots[0] = NULL;
            return false;
        }
    }
    return true;
}

/* The empty slot a receiver offers for one capability; NULL if it offers none. */
static struct slot *receive_slot(const struct kernel *k, const struct tcb *receiver, const uint64_t *buffer)
{
    struct lookup_failure failure;
    struct slot *root;
    struct slot *slot;
    if (!cspace_lookup(k, receiver, buffer[BUFFER_RECEIVE_CNODE], &root, &failure))
        return NULL;
    struct result found = cspace_lookup_target(k, &root->cap, buffer[BUFFER_RECEIVE_INDEX],
                                               buffer[BUFFER_RECEIVE_DEPTH], CSPACE_DESTINATION, &slot);
    return result_is_ok(found) && slot_is_empty(slot) ? slot : NULL;
}

/* Hand over the extra capabilities: those to the endpoint itself are unwrapped to their badges, one other is copied. */
static struct message_info ipc_transfer_caps(struct kernel *k, struct message_info info,
                                             struct slot *const *extra, uint64_t endpoint,
                                             const struct tcb *receiver, uint64_t *buffer)
{
    info.extra_caps = 0;
    info.caps_unwrapped = 0;
    if (!extra[0] || !buffer)
        return info;

    struct slot *destination = receive_slot(k, receiver, buffer);
    unsigned i;
    for (i = 0; i < ABI_EXTRA_CAPS && extra[i]; i++) {
        struct slot *slot = extra[i];
        if (slot->cap.type == CAP_ENDPOINT && endpoint != 0 && slot->cap.paddr == endpoint) {
            buffer[BUFFER_CAPS_OR_BADGES + i] = slot->cap.badge;
            info.caps_unwrapped |= 1u << i;
            continue;
        }
        struct cap derived;
        if (!destination || !result_is_ok(cap_derive(k, slot, slot->cap, &derived)) ||
            derived.type == CAP_NULL)
            break;
        slot_insert(k, destination, derived, slot);
        destination = NULL;
    }
    info.extra_caps = i;
    return info;
}

/* A message with more than registers: through both IPC buffers, as far as they are there. */
static struct message_info ipc_transfer_long(struct kernel *k, struct tcb *sender, uint64_t endpoint,
                                             bool can_grant, struct tcb *receiver, struct message_info info)
{
    const uint64_t *from = thread_ipc_buffer(k, sender, false);
    uint64_t *to = thread_ipc_buffer(k, receiver, true);
    struct slot *extra[ABI_EXTRA_CAPS] = {NULL};
    struct failed_cap failed;

    if (can_grant) /* one that does not resolve: none is sent */
        (void)message_extra_caps(k, sender, from, info.extra_caps, extra, &failed);
    info.length = message_copy(sender, from, receiver, to, info.length);
    return ipc_transfer_caps(k, info, extra, endpoint, receiver, to);
}

static void ipc_transfer_message(struct kernel *k, struct tcb *sender, uint64_t endpoint, bool can_grant,
                                 struct tcb *receiver)
{
    struct message_info info = message_info_from_word(sender->context.reg[REG_RSI]);
    if (message_needs_buffer(info)) {
        info = ipc_transfer_long(k, sender, endpoint, can_grant, receiver, info);
    } else {
        message_copy(sender, NULL, receiver, NULL, info.length);
        info.caps_unwrapped = 0;
    }
    receiver->context.reg[REG_RSI] = message_info_to_word(info);
}

static void ipc_transfer_fault(struct kernel *k, struct tcb *sender, struct tcb *receiver)
{
    struct message_info info = {.label = 0};
    info.length = fault_message(k, sender, receiver, thread_ipc_buffer(k, receiver, true), &info.label);
    receiver->context.reg[REG_RSI] = message_info_to_word(info);
}

void ipc_transfer(struct kernel *k, struct tcb *sender, uint64_t endpoint, uint64_t badge, bool can_grant,
                  struct tcb *receiver)
{
    if (sender->fault.type == FAULT_NONE)
        ipc_transfer_message(k, sender, endpoint, can_grant, receiver);
    else
        ipc_transfer_fault(k, sender, receiver);
    receiver->context.reg[REG_RDI] = badge;
}
