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

enum result_kind {
    RESULT_OK,
    RESULT_FAIL,
    RESULT_PREEMPTED
};

/* Why a capability address did not resolve. The words that are meaningful depend on the kind:
 * missing capability: bits_left; depth mismatch: bits_left, bits_found; guard mismatch: bits_left, guard, guard_bits. */
struct lookup_failure {
    enum abi_lookup_failure kind;
    uint8_t bits_left;
    uint8_t bits_found;
    uint8_t guard_bits;
    uint64_t guard;
};

struct fail {
    enum abi_error error;
    union {
        uint64_t index; /* invalid argument, invalid capability: which one */
        struct {
            uint64_t min;
            uint64_t max;
        } range;
        struct {
            bool is_source;
            struct lookup_failure failure;
        } lookup;
        uint64_t bytes_left; /* not enough memory */
    };
};

struct result {
    enum result_kind kind;
    struct fail fail; /* RESULT_FAIL only */
};

#define MUST_USE __attribute__((warn_unused_result))

static inline struct result result_ok(void)
{
    return (struct result){.kind = RESULT_OK};
}

static inline struct result result_preempted(void)
{
    return (struct result){.kind = RESULT_PREEMPTED};
}

static inline struct result fail_plain(enum abi_error error)
{
    return (struct result){.kind = RESULT_FAIL, .fail = {.error = error}};
}

static inline struct result fail_invalid_argument(uint64_t index)
{
    return (struct result){.kind = RESULT_FAIL, .fail = {.error = ABI_INVALID_ARGUMENT, .index = index}};
}

static inline struct result fail_invalid_capability(uint64_t index)
{
    return (struct result){.kind = RESULT_FAIL, .fail = {.error = ABI_INVALID_CAPABILITY, .index = index}};
}

static inline struct result fail_illegal_operation(void)
{
    return fail_plain(ABI_ILLEGAL_OPERATION);
}

static inline struct result fail_range(uint64_t min, uint64_t max)
{
    return (struct result){.kind = RESULT_FAIL, .fail = {.error = ABI_RANGE_ERROR, .range = {min, max}}};
}

static inline struct result fail_alignment(void)
{
    return fail_plain(ABI_ALIGNMENT_ERROR);
}

static inline struct result fail_lookup(bool is_source, struct lookup_failure failure)
{
    return (struct result){.kind = RESULT_FAIL,
                           .fail = {.error = ABI_FAILED_LOOKUP, .lookup = {is_source, failure}}};
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
    return (struct result){.kind = RESULT_FAIL,
                           .fail = {.error = ABI_NOT_ENOUGH_MEMORY, .bytes_left = bytes_left}};
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
    return (struct lookup_failure){
        .kind = ABI_LOOKUP_DEPTH_MISMATCH, .bits_found = (uint8_t)bits_found, .bits_left = (uint8_t)bits_left};
}

static inline struct lookup_failure lookup_guard_mismatch(uint64_t guard, unsigned guard_bits, unsigned bits_left)
{
    return (struct lookup_failure){.kind = ABI_LOOKUP_GUARD_MISMATCH,
                                   .guard = guard,
                                   .guard_bits = (uint8_t)guard_bits,
                                   .bits_left = (uint8_t)bits_left};
}

#endif
