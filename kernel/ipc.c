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

bool message_extra_caps(const struct kernel *k, const struct tcb *sender, const uint64_t *buffer, unsigned count,
                        struct extra_caps *extra)
{
    *extra = (struct extra_caps){.failed_cptr = 0};
    if (!buffer)
        return true;
    for (unsigned i = 0; i < count && i < ABI_EXTRA_CAPS; i++) {
        uint64_t cptr = buffer[BUFFER_CAPS_OR_BADGES + i];
        struct slot_lookup found = cspace_lookup(k, sender, cptr);
        if (!found.slot) {
            *extra = (struct extra_caps){.failed_cptr = cptr, .failure = found.failure};
            return false;
        }
        extra->slot[i] = found.slot;
    }
    return true;
}

/* The empty slot a receiver offers for one capability; NULL if it offers none. */
static struct slot *receive_slot(const struct kernel *k, const struct tcb *receiver, const uint64_t *buffer)
{
    struct slot_lookup root = cspace_lookup(k, receiver, buffer[BUFFER_RECEIVE_CNODE]);
    if (!root.slot)
        return NULL;
    struct slot *slot;
    struct result found = cspace_lookup_target(k, root.slot->cap, buffer[BUFFER_RECEIVE_INDEX],
                                               buffer[BUFFER_RECEIVE_DEPTH], CSPACE_DESTINATION, &slot);
    return found.kind == RESULT_OK && slot_is_empty(slot) ? slot : NULL;
}

/* Hand over the extra capabilities: those to the endpoint itself are unwrapped to their badges, one other is copied. */
static struct message_info ipc_transfer_caps(struct kernel *k, struct message_info info, const struct extra_caps *extra,
                                             uint64_t endpoint, const struct tcb *receiver, uint64_t *buffer)
{
    info.extra_caps = 0;
    info.caps_unwrapped = 0;
    if (!extra->slot[0] || !buffer)
        return info;

    struct slot *destination = receive_slot(k, receiver, buffer);
    unsigned i;
    for (i = 0; i < ABI_EXTRA_CAPS && extra->slot[i]; i++) {
        struct slot *slot = extra->slot[i];
        if (slot->cap.type == CAP_ENDPOINT && endpoint != 0 && slot->cap.paddr == endpoint) {
            buffer[BUFFER_CAPS_OR_BADGES + i] = slot->cap.badge;
            info.caps_unwrapped |= 1u << i;
            continue;
        }
        struct cap derived;
        if (!destination || cap_derive(k, slot, slot->cap, &derived).kind != RESULT_OK || derived.type == CAP_NULL)
            break;
        slot_insert(k, destination, derived, slot);
        destination = NULL;
    }
    info.extra_caps = i;
    return info;
}

static void ipc_transfer_message(struct kernel *k, struct tcb *sender, uint64_t endpoint, bool can_grant,
                                 struct tcb *receiver, uint64_t *to)
{
    const uint64_t *from = thread_ipc_buffer(k, sender, false);
    struct message_info info = message_info_from_word(sender->context.reg[REG_RSI]);
    struct extra_caps extra = {.failed_cptr = 0};

    if (can_grant && !message_extra_caps(k, sender, from, info.extra_caps, &extra))
        extra = (struct extra_caps){.failed_cptr = 0};
    unsigned length = message_copy(sender, from, receiver, to, info.length);
    info = ipc_transfer_caps(k, info, &extra, endpoint, receiver, to);
    info.length = length;
    receiver->context.reg[REG_RSI] = message_info_to_word(info);
}

void ipc_transfer(struct kernel *k, struct tcb *sender, uint64_t endpoint, uint64_t badge, bool can_grant,
                  struct tcb *receiver)
{
    uint64_t *to = thread_ipc_buffer(k, receiver, true);
    if (sender->fault.type == FAULT_NONE) {
        ipc_transfer_message(k, sender, endpoint, can_grant, receiver, to);
    } else {
        struct message_info info = {.label = 0};
        info.length = fault_message(k, sender, receiver, to, &info.label);
        receiver->context.reg[REG_RSI] = message_info_to_word(info);
    }
    receiver->context.reg[REG_RDI] = badge;
}
