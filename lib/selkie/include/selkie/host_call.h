/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an invocation of a host object is made; what selkie/host.h is built on. Programs include that.
 *
 * Every function answers a `long`: the operation's result, 0 or more; or a negative Linux error number, down to
 * -4095; or, when the invocation failed as seL4 invocations do, -(4096 + seL4_Error). Nothing waits: what is not
 * ready answers -SELKIE_EAGAIN.
 *
 * All is inline and keeps no state, so it works with any configuration of any libsel4. The thread needs an IPC buffer.
 */
#ifndef SELKIE_HOST_CALL_H
#define SELKIE_HOST_CALL_H

#include <stddef.h>

#include <sel4/sel4.h>
#include <selkie/host_io.h>

enum {
    SELKIE_HOST_SEL4_ERROR = 4096, /* what is below -this is an seL4 error */
    SELKIE_HOST_WORDS = 6          /* message words of the longest invocation */
};

static inline long selkie_host_failed(seL4_Error error)
{
    return error == seL4_NoError ? 0 : -((long)SELKIE_HOST_SEL4_ERROR + (long)error);
}

/* The seL4 error in an answer; seL4_NoError for results and for errors of the host. */
static inline seL4_Error selkie_host_sel4_error(long answer)
{
    return answer < -SELKIE_HOST_SEL4_ERROR ? (seL4_Error)(-answer - SELKIE_HOST_SEL4_ERROR) : seL4_NoError;
}

/* Invoke `cap` with `count` words, and `extra` as extra capability unless it is null. `second` gets word 1 of the
 * answer, 0 if it has none; it may be NULL. */
static inline long selkie_host_call(seL4_CPtr cap, enum host_operation operation, seL4_CPtr extra,
                                    const seL4_Word words[SELKIE_HOST_WORDS], unsigned count,
                                    seL4_Word *second)
{
    seL4_Word a = count > 0 ? words[0] : 0;
    seL4_Word b = count > 1 ? words[1] : 0;
    seL4_Word c = count > 2 ? words[2] : 0;
    seL4_Word d = count > 3 ? words[3] : 0;
    for (unsigned i = 4; i < count; i++) {
        seL4_SetMR((int)i, words[i]);
    }
    if (extra) {
        seL4_SetCap(0, extra);
    }
    seL4_MessageInfo_t answer = seL4_CallWithMRs(
        cap, seL4_MessageInfo_new(HOST_IO_LABEL + (seL4_Word)operation, 0, extra ? 1 : 0, count), &a, &b, &c,
        &d);
    if (second) {
        *second = seL4_MessageInfo_get_length(answer) > 1 ? b : 0;
    }
    seL4_Word label = seL4_MessageInfo_get_label(answer);
    return label ? selkie_host_failed((seL4_Error)label) : (long)a;
}

/* The words of an invocation, given one by one. */
#define SELKIE_HOST_INVOKE(cap, operation, extra, second, ...)                                               \
    selkie_host_call((cap), (operation), (extra), (const seL4_Word[SELKIE_HOST_WORDS]){__VA_ARGS__},         \
                     (unsigned)(sizeof((const seL4_Word[]){__VA_ARGS__}) / sizeof(seL4_Word)), (second))

static inline seL4_Word selkie_host_address(const volatile void *memory)
{
    return (seL4_Word)memory;
}

static inline seL4_Word selkie_host_length(const char *text)
{
    return __builtin_strlen(text);
}

#endif
