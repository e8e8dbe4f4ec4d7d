/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the rows of the ABI's tables to the dense arrays of one configuration.
 *
 * A number is never written down: it is a rank. Invocations and object types are
 * ranked among the rows that a configuration enables; system calls among the rows
 * that its personality and release have, so that a call which is switched off
 * keeps its number and means nothing.
 *
 * Freestanding: the kernel library links this file.
 */
#include "abi/abi.h"

#include <stddef.h>
#include <string.h>

/* When a row holds: in these releases, with all of `needed` and none of `forbidden`. */
struct row_condition {
    uint8_t since;
    uint8_t until;
    uint32_t needed;
    uint32_t forbidden;
};

struct invocation_row {
    enum operation operation;
    struct row_condition exists;
};

struct syscall_row {
    enum syscall syscall;
    struct row_condition is_numbered;
    struct row_condition is_enabled;
};

struct object_row {
    enum object object;
    uint8_t bits;
    struct row_condition exists;
};

struct fault_row {
    size_t field; /* offset of the number in struct abi */
    uint8_t number;
    struct row_condition exists;
};

#include "abi_tables.inc"

enum {
    RELEASE_FIRST = 13,
    RELEASE_LAST = 16,
    TYPE_NONE = 0xff
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static bool release_is_known(unsigned release)
{
    return release >= RELEASE_FIRST && release <= RELEASE_LAST;
}

static bool condition_holds(const struct row_condition *condition, const struct abi_config *config)
{
    uint32_t on = switches_of(config);
    return condition->since <= config->release && config->release <= condition->until &&
           (on & condition->needed) == condition->needed && (on & condition->forbidden) == 0;
}

bool abi_config_defaults(struct abi_config *config, unsigned release)
{
    if (!release_is_known(release)) {
        return false;
    }
    *config = (struct abi_config){
        .release = (uint8_t)release,
        .is_debug = true,
        .is_printing = true,
        .has_set_tls_base_self = true,
        .root_cnode_bits = 12,
        .domains = 1,
        .domain_schedules = 2,
        .max_nodes = 1,
        .timer_tick_ms = 2,
        .time_slice_ticks = 5,
        .boot_thread_time_slice_us = 5000,
        .max_boot_untypeds = 230,
        .retype_fan_out = 256,
        .revoke_work_units = 100,
        .reset_chunk_bits = 8,
        .xsave_size = 576,
    };
    return true;
}

static bool invocations_build(struct abi *abi)
{
    uint32_t label = 1; /* 0 is the invalid invocation */
    for (size_t i = 0; i < ROWS(invocation_rows); i++) {
        if (!condition_holds(&invocation_rows[i].exists, &abi->config)) {
            continue;
        }
        if (label >= ABI_MAX_LABELS) {
            return false;
        }
        abi->operation_of_label[label++] = (uint8_t)invocation_rows[i].operation;
    }
    abi->label_count = label;
    return true;
}

static bool syscalls_build(struct abi *abi)
{
    uint32_t number = 1; /* negated; a call numbered 0 does not exist */
    for (size_t i = 0; i < ROWS(syscall_rows); i++) {
        const struct syscall_row *row = &syscall_rows[i];
        if (!condition_holds(&row->is_numbered, &abi->config)) {
            continue;
        }
        if (number >= ABI_MAX_SYSCALLS) {
            return false;
        }
        bool is_enabled = condition_holds(&row->is_enabled, &abi->config);
        abi->syscall_of_number[number++] = (uint8_t)(is_enabled ? row->syscall : SYSCALL_UNKNOWN);
    }
    return true;
}

static bool objects_build(struct abi *abi)
{
    uint32_t type = 0;
    memset(abi->type_of_object, TYPE_NONE, sizeof(abi->type_of_object));
    for (size_t i = 0; i < ROWS(object_rows); i++) {
        const struct object_row *row = &object_rows[i];
        if (!condition_holds(&row->exists, &abi->config)) {
            continue;
        }
        if (row->object != OBJECT_NONE) {
            if (type >= ABI_MAX_TYPES) {
                return false;
            }
            abi->object_of_type[type] = (uint8_t)row->object;
            abi->type_of_object[row->object] = (uint8_t)type;
            abi->object_bits[row->object] = row->bits;
        }
        type++; /* types we do not have still take their numbers; they come last */
    }
    return true;
}

static void faults_build(struct abi *abi)
{
    for (size_t i = 0; i < ROWS(fault_rows); i++) {
        if (condition_holds(&fault_rows[i].exists, &abi->config)) {
            *((uint8_t *)abi + fault_rows[i].field) = fault_rows[i].number;
        }
    }
}

bool abi_build(struct abi *abi, const struct abi_config *config)
{
    memset(abi, 0, sizeof(*abi));
    abi->config = *config;
    if (!release_is_known(config->release)) {
        return false;
    }
    faults_build(abi);
    return invocations_build(abi) && syscalls_build(abi) && objects_build(abi);
}

const char *abi_operation_name(enum operation operation)
{
    return operation_names[(unsigned)operation < OPERATION_COUNT ? operation : OPERATION_INVALID];
}

const char *abi_syscall_name(enum syscall syscall)
{
    return syscall_names[(unsigned)syscall < SYSCALL_COUNT ? syscall : SYSCALL_UNKNOWN];
}

const char *abi_error_name(enum abi_error error)
{
    static const char *const names[] = {
        [ABI_NO_ERROR] = "NoError",
        [ABI_INVALID_ARGUMENT] = "InvalidArgument",
        [ABI_INVALID_CAPABILITY] = "InvalidCapability",
        [ABI_ILLEGAL_OPERATION] = "IllegalOperation",
        [ABI_RANGE_ERROR] = "RangeError",
        [ABI_ALIGNMENT_ERROR] = "AlignmentError",
        [ABI_FAILED_LOOKUP] = "FailedLookup",
        [ABI_TRUNCATED_MESSAGE] = "TruncatedMessage",
        [ABI_DELETE_FIRST] = "DeleteFirst",
        [ABI_REVOKE_FIRST] = "RevokeFirst",
        [ABI_NOT_ENOUGH_MEMORY] = "NotEnoughMemory",
    };
    return (unsigned)error < ROWS(names) ? names[error] : "unknown error";
}
