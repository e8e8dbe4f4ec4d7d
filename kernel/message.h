/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of the IPC buffer (seL4_IPCBuffer), in words, and what of a
 * message only the kernel's own files use.
 */
#ifndef SELKIE_KERNEL_MESSAGE_H
#define SELKIE_KERNEL_MESSAGE_H

#include "kernel/ipc.h"
#include "kernel/tcb.h"

enum buffer_word {
    BUFFER_TAG = 0,
    BUFFER_USER_DATA = 121,
    BUFFER_CAPS_OR_BADGES = 122,
    BUFFER_RECEIVE_CNODE = 125,
    BUFFER_RECEIVE_INDEX = 126,
    BUFFER_RECEIVE_DEPTH = 127
};

/* Four at a time, because a long message is nothing but this. Both may be the same, but do not overlap otherwise. */
static inline void words_copy(uint64_t *to, const uint64_t *from, unsigned count)
{
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        uint64_t word0 = from[0], word1 = from[1], word2 = from[2], word3 = from[3];
        to[0] = word0;
        to[1] = word1;
        to[2] = word2;
        to[3] = word3;
    }
    for (unsigned i = 0; i < count; i++)
        to[i] = from[i];
}

/* Write at least ABI_MESSAGE_REGISTERS words; returns how many there was room for. */
static inline unsigned message_set_many(struct tcb *tcb, uint64_t *buffer, const uint64_t *words,
                                        unsigned count)
{
    uint64_t *reg = tcb->context.reg;
    reg[REG_R10] = words[0];
    reg[REG_R8] = words[1];
    reg[REG_R9] = words[2];
    reg[REG_R15] = words[3];
    if (!buffer)
        return ABI_MESSAGE_REGISTERS;
    words_copy(buffer + BUFFER_MESSAGE + ABI_MESSAGE_REGISTERS, words + ABI_MESSAGE_REGISTERS,
               count - ABI_MESSAGE_REGISTERS);
    return count;
}

/* Copy `length` words; returns how many there was room for on both sides. */
unsigned message_copy(const struct tcb *sender, const uint64_t *from, struct tcb *receiver, uint64_t *to,
                      unsigned length);

/* The capabilities a message carries: slots in the sender's CSpace, NULL behind the last. None without a buffer.
 * When one does not resolve: false, and `*failed` says which and why; the first slot is NULL then. */
struct failed_cap {
    uint64_t cptr;
    struct lookup_failure failure;
};
bool message_extra_caps(const struct kernel *k, const struct tcb *sender, const uint64_t *buffer,
                        unsigned count, struct slot *slots[ABI_EXTRA_CAPS], struct failed_cap *failed);

/* Is any of a message in the IPC buffer? */
static inline bool message_needs_buffer(struct message_info info)
{
    return info.length > ABI_MESSAGE_REGISTERS || info.extra_caps != 0;
}

#endif
