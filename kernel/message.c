/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message words: the first four in registers, the rest in the IPC buffer.
 * Manual: section "Message Registers"; layout in section "IPC Buffer".
 */
#include "kernel/ipc.h"

#include "kernel/message.h"

unsigned message_set_lookup_failure(struct tcb *tcb, uint64_t *buffer, unsigned i,
                                    const struct lookup_failure *f)
{
    unsigned length = message_set(tcb, buffer, i, f->kind);
    switch (f->kind) {
    case ABI_LOOKUP_MISSING_CAPABILITY:
        return message_set(tcb, buffer, i + 1, f->bits_left);
    case ABI_LOOKUP_DEPTH_MISMATCH:
        message_set(tcb, buffer, i + 1, f->bits_left);
        return message_set(tcb, buffer, i + 2, f->bits_found);
    case ABI_LOOKUP_GUARD_MISMATCH:
        message_set(tcb, buffer, i + 1, f->bits_left);
        message_set(tcb, buffer, i + 2, f->guard);
        return message_set(tcb, buffer, i + 3, f->guard_bits);
    default:
        return length;
    }
}

unsigned message_copy(const struct tcb *sender, const uint64_t *from, struct tcb *receiver, uint64_t *to,
                      unsigned length)
{
    unsigned i;
    for (i = 0; i < length && i < ABI_MESSAGE_REGISTERS; i++)
        receiver->context.reg[message_register(i)] = sender->context.reg[message_register(i)];
    if (i == length || !from || !to)
        return i;
    words_copy(to + BUFFER_MESSAGE + i, from + BUFFER_MESSAGE + i, length - i);
    return length;
}
