/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message words: the first four in registers, the rest in the IPC buffer.
 * Manual: section "Message Registers"; layout in section "IPC Buffer".
 */
#include "kernel/ipc.h"

#include "kernel/message.h"

static const enum context_register MESSAGE_REGISTER[ABI_MESSAGE_REGISTERS] = {REG_R10, REG_R8, REG_R9, REG_R15};

struct message_info message_info_from_word(uint64_t word)
{
    struct message_info info = {
        .label = word >> 12,
        .caps_unwrapped = (word >> 9) & 7,
        .extra_caps = (word >> 7) & 3,
        .length = word & 0x7f,
    };
    if (info.length > ABI_MESSAGE_WORDS)
        info.length = ABI_MESSAGE_WORDS;
    return info;
}

uint64_t message_info_to_word(struct message_info info)
{
    return info.label << 12 | (uint64_t)info.caps_unwrapped << 9 | (uint64_t)info.extra_caps << 7 | info.length;
}

unsigned message_set(struct tcb *tcb, uint64_t *buffer, unsigned i, uint64_t value)
{
    if (i < ABI_MESSAGE_REGISTERS) {
        tcb->context.reg[MESSAGE_REGISTER[i]] = value;
        return i + 1;
    }
    if (!buffer)
        return ABI_MESSAGE_REGISTERS;
    buffer[BUFFER_MESSAGE + i] = value;
    return i + 1;
}

uint64_t message_get(const struct tcb *tcb, const uint64_t *buffer, unsigned i)
{
    if (i < ABI_MESSAGE_REGISTERS)
        return tcb->context.reg[MESSAGE_REGISTER[i]];
    return buffer ? buffer[BUFFER_MESSAGE + i] : 0;
}

unsigned message_set_lookup_failure(struct tcb *tcb, uint64_t *buffer, unsigned i, const struct lookup_failure *f)
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
        receiver->context.reg[MESSAGE_REGISTER[i]] = sender->context.reg[MESSAGE_REGISTER[i]];
    if (!from || !to)
        return i;
    for (; i < length; i++)
        to[BUFFER_MESSAGE + i] = from[BUFFER_MESSAGE + i];
    return i;
}
