/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seL4 ABI as data.
 *
 * A running seL4 system was built for one release and one set of switches; both
 * decide the numbers it speaks: invocation labels, system calls, object types,
 * object sizes, fault numbers. `abi_build` turns a configuration into dense
 * tables once, at boot, and everything else switches on the enumerations below,
 * which never change.
 *
 * The truth is in `invocations.tsv`, `syscalls.tsv` and `objects.tsv` beside
 * this file; the enumerations are generated from them (`abi_tables.inc`).
 * Source: the libsel4 headers of seL4 13.0.0 to 16.0.0.
 */
#ifndef SELKIE_ABI_ABI_H
#define SELKIE_ABI_ABI_H

#include <stdbool.h>
#include <stdint.h>

/* OPERATION_UNTYPED_RETYPE ...: one per row of invocations.tsv (OPERATION_INVALID is 0).
 * SYSCALL_CALL ...: one per row of syscalls.tsv (SYSCALL_UNKNOWN is 0). */
#include "abi_enums.h"

/* Object types, by meaning; the number a user passes to Retype is looked up in
 * abi.object_of_type. Manual: section "Object sizes". */
enum object {
    OBJECT_NONE,
    OBJECT_UNTYPED,
    OBJECT_TCB,
    OBJECT_ENDPOINT,
    OBJECT_NOTIFICATION,
    OBJECT_CNODE,
    OBJECT_SCHED_CONTEXT,
    OBJECT_REPLY,
    OBJECT_PDPT,
    OBJECT_PML4,
    OBJECT_HUGE_PAGE,
    OBJECT_SMALL_PAGE,
    OBJECT_LARGE_PAGE,
    OBJECT_PAGE_TABLE,
    OBJECT_PAGE_DIRECTORY,
    OBJECT_HOST, /* Selkie's own (abi/host_io.h): its number is no rank */
    OBJECT_COUNT
};

/* seL4_Error, as it travels in the label of a reply. */
enum abi_error {
    ABI_NO_ERROR,
    ABI_INVALID_ARGUMENT,
    ABI_INVALID_CAPABILITY,
    ABI_ILLEGAL_OPERATION,
    ABI_RANGE_ERROR,
    ABI_ALIGNMENT_ERROR,
    ABI_FAILED_LOOKUP,
    ABI_TRUNCATED_MESSAGE,
    ABI_DELETE_FIRST,
    ABI_REVOKE_FIRST,
    ABI_NOT_ENOUGH_MEMORY
};

/* seL4_LookupFailureType */
enum abi_lookup_failure {
    ABI_LOOKUP_NO_FAILURE,
    ABI_LOOKUP_INVALID_ROOT,
    ABI_LOOKUP_MISSING_CAPABILITY,
    ABI_LOOKUP_DEPTH_MISMATCH,
    ABI_LOOKUP_GUARD_MISMATCH
};

/* Slots of the initial thread's CNode (seL4_RootCNodeCapSlots). */
enum abi_initial_slot {
    ABI_SLOT_NULL = 0,
    ABI_SLOT_TCB = 1,
    ABI_SLOT_CNODE = 2,
    ABI_SLOT_VSPACE = 3,
    ABI_SLOT_IRQ_CONTROL = 4,
    ABI_SLOT_ASID_CONTROL = 5,
    ABI_SLOT_ASID_POOL = 6,
    ABI_SLOT_IO_PORT_CONTROL = 7,
    ABI_SLOT_IO_SPACE = 8,
    ABI_SLOT_BOOT_INFO = 9,
    ABI_SLOT_IPC_BUFFER = 10,
    ABI_SLOT_DOMAIN = 11,
    ABI_SLOT_SCHED_CONTEXT = 14,
    ABI_SLOT_FIRST_FREE = 16
};

/* Constants that no release and no switch changes. Sizes in bits unless said. */
enum {
    ABI_WORD_BITS = 64,
    ABI_SLOT_BITS = 5,
    ABI_ENDPOINT_BITS = 4,
    ABI_REPLY_BITS = 5,
    ABI_TABLE_BITS = 12, /* PML4, PDPT, page directory, page table, ASID pool */
    ABI_SMALL_PAGE_BITS = 12,
    ABI_LARGE_PAGE_BITS = 21,
    ABI_HUGE_PAGE_BITS = 30,
    ABI_MIN_UNTYPED_BITS = 4,
    ABI_MAX_UNTYPED_BITS = 47,
    ABI_MIN_SCHED_CONTEXT_BITS = 7,
    ABI_MESSAGE_REGISTERS = 4,    /* message words that travel in registers */
    ABI_MESSAGE_WORDS = 120,      /* seL4_MsgMaxLength */
    ABI_EXTRA_CAPS = 3,           /* seL4_MsgMaxExtraCaps */
    ABI_IPC_BUFFER_BITS = 10,
    ABI_IPC_BUFFER_WORDS = 128,
    ABI_PRIORITIES = 256,
    ABI_USER_REGISTERS = 20,
    ABI_ASID_POOL_BITS = 9,       /* address spaces in a pool */
    ABI_ASID_HIGH_BITS = 3        /* pools */
};

/* First address above user space (seL4_UserTop). */
#define ABI_USER_TOP 0x00007ffffffff000ull

/* One build of seL4: the release and the switches and parameters of its gen_config.json. */
struct abi_config {
    uint8_t release; /* 13 to 16 */
    bool is_mcs;
    bool is_debug;         /* CONFIG_DEBUG_BUILD */
    bool is_printing;      /* CONFIG_PRINTING */
    bool is_smp;           /* CONFIG_ENABLE_SMP_SUPPORT */
    bool has_hardware_debug;
    bool has_vtx;
    bool has_vtx_64bit_guests;
    bool has_iommu;
    bool has_benchmarks;   /* CONFIG_ENABLE_BENCHMARKS */
    bool has_benchmark_utilisation; /* CONFIG_BENCHMARK_TRACK_UTILISATION */
    bool has_dangerous_msr;
    bool has_pic; /* CONFIG_IRQ_PIC: the legacy interrupt controller in the I/O APIC's place */
    bool has_set_tls_base_self; /* CONFIG_SET_TLS_BASE_SELF */
    uint16_t root_cnode_bits;   /* CONFIG_ROOT_CNODE_SIZE_BITS: slots, log2 */
    uint16_t domains;           /* CONFIG_NUM_DOMAINS */
    uint16_t domain_schedules;  /* CONFIG_NUM_DOMAIN_SCHEDULES, entries; 15 and later */
    uint16_t max_nodes;         /* CONFIG_MAX_NUM_NODES */
    uint32_t timer_tick_ms;     /* CONFIG_TIMER_TICK_MS, classic */
    uint32_t time_slice_ticks;  /* CONFIG_TIME_SLICE, classic */
    uint32_t boot_thread_time_slice_us; /* CONFIG_BOOT_THREAD_TIME_SLICE, MCS */
    uint32_t max_boot_untypeds; /* CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS */
    uint32_t retype_fan_out;    /* CONFIG_RETYPE_FAN_OUT_LIMIT */
    uint32_t revoke_work_units; /* CONFIG_MAX_NUM_WORK_UNITS_PER_PREEMPTION */
    uint32_t reset_chunk_bits;  /* CONFIG_RESET_CHUNK_BITS */
    uint32_t xsave_size;        /* CONFIG_XSAVE_SIZE, bytes */
};

enum {
    ABI_MAX_LABELS = 128,
    ABI_MAX_SYSCALLS = 48, /* system calls are numbered -1 downwards; the table is indexed by -number */
    ABI_MAX_TYPES = 16
};

/* The dense tables of one configuration. Read-only once built. */
struct abi {
    struct abi_config config;
    uint8_t operation_of_label[ABI_MAX_LABELS];   /* enum operation */
    uint8_t syscall_of_number[ABI_MAX_SYSCALLS];  /* enum syscall, index is minus the number */
    uint8_t object_of_type[ABI_MAX_TYPES];        /* enum object */
    uint8_t type_of_object[OBJECT_COUNT];         /* 0xff where the configuration has none */
    uint8_t object_bits[OBJECT_COUNT];            /* fixed sizes; 0 for those a user chooses */
    uint32_t label_count;                         /* labels in use, INVALID included */
    uint8_t fault_vm;                             /* fault numbers that move: VM fault 5, MCS 6 */
    uint8_t fault_timeout;                        /* MCS 5, else 0 */
    uint8_t fault_debug;                          /* 4 with the hardware debug API, else 0 */
};

enum {
    ABI_FAULT_NULL = 0,
    ABI_FAULT_CAP = 1,
    ABI_FAULT_UNKNOWN_SYSCALL = 2,
    ABI_FAULT_USER_EXCEPTION = 3
};

/* Fill `config` with what a build of `release` has when nobody changes a switch:
 * pc99, classic, debug with printing. Returns false if the release is unknown. */
bool abi_config_defaults(struct abi_config *config, unsigned release);

/* Build the tables of `config`. Returns false if a number falls outside its table
 * or the release is unknown; `abi` is then unusable. */
bool abi_build(struct abi *abi, const struct abi_config *config);

/* The operation a user's label names, or OPERATION_INVALID. */
static inline enum operation abi_operation(const struct abi *abi, uint64_t label)
{
    return label < ABI_MAX_LABELS ? (enum operation)abi->operation_of_label[label] : OPERATION_INVALID;
}

/* The system call a user's rdx names, or SYSCALL_UNKNOWN. */
static inline enum syscall abi_syscall(const struct abi *abi, uint64_t number)
{
    uint64_t index = 0 - number;
    return index < ABI_MAX_SYSCALLS ? (enum syscall)abi->syscall_of_number[index] : SYSCALL_UNKNOWN;
}

/* The name of an operation or system call as libsel4 spells it: "TCBReadRegisters", "Call". */
const char *abi_operation_name(enum operation operation);
const char *abi_syscall_name(enum syscall syscall);
const char *abi_error_name(enum abi_error error);

#endif
