/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of the IPC buffer (seL4_IPCBuffer), in words, and what of a
 * message only the kernel's own files use.
 */
#ifndef SELKIE_KERNEL_MESSAGE_H
#define SELKIE_KERNEL_MESSAGE_H

#include "kernel/tcb.h"

enum buffer_word {
    BUFFER_TAG = 0,
    BUFFER_MESSAGE = 1,
    BUFFER_USER_DATA = 121,
    BUFFER_CAPS_OR_BADGES = 122,
    BUFFER_RECEIVE_CNODE = 125,
    BUFFER_RECEIVE_INDEX = 126,
    BUFFER_RECEIVE_DEPTH = 127
};

/* Copy `length` words; returns how many there was room for on both sides. */
unsigned message_copy(const struct tcb *sender, const uint64_t *from, struct tcb *receiver, uint64_t *to,
                      unsigned length);

/* The capabilities a message carries: slots in the sender's CSpace, NULL behind the last. None without a buffer.
 * When one does not resolve: false, with its address and the failure, and the rest is NULL. */
struct extra_caps {
    struct slot *slot[ABI_EXTRA_CAPS];
    uint64_t failed_cptr;
    struct lookup_failure failure;
};
bool message_extra_caps(const struct kernel *k, const struct tcb *sender, const uint64_t *buffer, unsigned count,
                        struct extra_caps *extra);

#endif
