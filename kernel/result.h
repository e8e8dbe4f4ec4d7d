/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an invocation comes to: done, refused, or interrupted.
 *
 * A refusal is made by one constructor per seL4 error, which takes exactly the
 * payload that this error carries in its reply. Preemption is no error: the
 * caller runs the same system call again.
 *
 * Manual: section "Errors" and the API reference.
 */
#ifndef SELKIE_KERNEL_RESULT_H
#define SELKIE_KERNEL_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"
#include "kernel/hint.h"

enum result_kind {
    RESULT_OK,
    RESULT_FAIL,
    RESULT_PREEMPTED
};

/* Why a capability address did not resolve. The words that are meaningful depend on the kind:
 * missing capability: bits_left; depth mismatch: bits_left, bits_found; guard mismatch: bits_left, guard, guard_bits. */
struct lookup_failure {
    uint8_t kind; /* enum abi_lookup_failure */
    uint8_t bits_left;
    uint8_t bits_found;
    uint8_t guard_bits;
    uint64_t guard;
};

/* Two words, so that it travels in registers. `head` is 0 for RESULT_OK; else its bytes are, from the lowest: the kind,
 * the error, the lower end of a range error's range, and of a failed lookup the side it happened on, and the kind,
 * bits_left, bits_found and guard_bits of its struct lookup_failure. */
struct result {
    uint64_t head;
    union {
        uint64_t index;      /* invalid argument, invalid capability: which one */
        uint64_t range_max;  /* range error */
        uint64_t bytes_left; /* not enough memory */
        uint64_t guard;      /* failed lookup */
    };
};

enum result_byte {
    RESULT_KIND,
    RESULT_ERROR,
    RESULT_RANGE_MIN,
    RESULT_IS_SOURCE,
    RESULT_LOOKUP_KIND,
    RESULT_BITS_LEFT,
    RESULT_BITS_FOUND,
    RESULT_GUARD_BITS
};

static inline uint8_t result_byte(struct result result, enum result_byte byte)
{
    return (uint8_t)(result.head >> (8 * byte));
}

static inline bool result_is_ok(struct result result)
{
    return result.head == 0;
}

static inline enum result_kind result_kind(struct result result)
{
    return (enum result_kind)result_byte(result, RESULT_KIND);
}

/* All below are for RESULT_FAIL. */
static inline enum abi_error result_error(struct result result)
{
    return (enum abi_error)result_byte(result, RESULT_ERROR);
}

/* What a failed lookup was made of. */
static inline struct lookup_failure result_lookup_failure(struct result result)
{
    return (struct lookup_failure){.kind = result_byte(result, RESULT_LOOKUP_KIND),
                                   .bits_left = result_byte(result, RESULT_BITS_LEFT),
                                   .bits_found = result_byte(result, RESULT_BITS_FOUND),
                                   .guard_bits = result_byte(result, RESULT_GUARD_BITS),
                                   .guard = result.guard};
}

#define MUST_USE __attribute__((warn_unused_result))

static inline struct result result_ok(void)
{
    return (struct result){.head = RESULT_OK};
}

static inline struct result result_preempted(void)
{
    return (struct result){.head = RESULT_PREEMPTED};
}

static inline uint64_t result_head(enum abi_error error)
{
    return RESULT_FAIL | (uint64_t)error << (8 * RESULT_ERROR);
}

static inline struct result fail_plain(enum abi_error error)
{
    return (struct result){.head = result_head(error)};
}

static inline struct result fail_invalid_argument(uint64_t index)
{
    return (struct result){.head = result_head(ABI_INVALID_ARGUMENT), .index = index};
}

static inline struct result fail_invalid_capability(uint64_t index)
{
    return (struct result){.head = result_head(ABI_INVALID_CAPABILITY), .index = index};
}

static inline struct result fail_illegal_operation(void)
{
    return fail_plain(ABI_ILLEGAL_OPERATION);
}

static inline struct result fail_range(uint8_t min, uint64_t max)
{
    return (struct result){.head = result_head(ABI_RANGE_ERROR) | (uint64_t)min << (8 * RESULT_RANGE_MIN),
                           .range_max = max};
}

static inline struct result fail_alignment(void)
{
    return fail_plain(ABI_ALIGNMENT_ERROR);
}

static inline struct result fail_lookup(bool is_source, struct lookup_failure failure)
{
    return (struct result){.head = result_head(ABI_FAILED_LOOKUP) |
                                   (uint64_t)is_source << (8 * RESULT_IS_SOURCE) |
                                   (uint64_t)failure.kind << (8 * RESULT_LOOKUP_KIND) |
                                   (uint64_t)failure.bits_left << (8 * RESULT_BITS_LEFT) |
                                   (uint64_t)failure.bits_found << (8 * RESULT_BITS_FOUND) |
                                   (uint64_t)failure.guard_bits << (8 * RESULT_GUARD_BITS),
                           .guard = failure.guard};
}

static inline struct result fail_truncated_message(void)
{
    return fail_plain(ABI_TRUNCATED_MESSAGE);
}

static inline struct result fail_delete_first(void)
{
    return fail_plain(ABI_DELETE_FIRST);
}

static inline struct result fail_revoke_first(void)
{
    return fail_plain(ABI_REVOKE_FIRST);
}

static inline struct result fail_not_enough_memory(uint64_t bytes_left)
{
    return (struct result){.head = result_head(ABI_NOT_ENOUGH_MEMORY), .bytes_left = bytes_left};
}

static inline struct lookup_failure lookup_invalid_root(void)
{
    return (struct lookup_failure){.kind = ABI_LOOKUP_INVALID_ROOT};
}

static inline struct lookup_failure lookup_missing_capability(unsigned bits_left)
{
    return (struct lookup_failure){.kind = ABI_LOOKUP_MISSING_CAPABILITY, .bits_left = (uint8_t)bits_left};
}

static inline struct lookup_failure lookup_depth_mismatch(unsigned bits_found, unsigned bits_left)
{
    return (struct lookup_failure){.kind = ABI_LOOKUP_DEPTH_MISMATCH,
                                   .bits_found = (uint8_t)bits_found,
                                   .bits_left = (uint8_t)bits_left};
}

static inline struct lookup_failure lookup_guard_mismatch(uint64_t guard, unsigned guard_bits,
                                                          unsigned bits_left)
{
    return (struct lookup_failure){.kind = ABI_LOOKUP_GUARD_MISMATCH,
                                   .guard = guard,
                                   .guard_bits = (uint8_t)guard_bits,
                                   .bits_left = (uint8_t)bits_left};
}

#endif
