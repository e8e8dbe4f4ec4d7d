/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telling releases and switches apart by enumerators.
 *
 * 14 brought TCBSetFlags, 15 the domain schedule; 16 put a system call in the
 * middle of the debug calls, so those behind it are one further from zero.
 */
#include "run/abi_dwarf.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "run/debuginfo.h"

enum teller {
    TELLS_LABELS,
    TELLS_ARCH_LABELS,
    TELLS_SYSCALLS,
    TELLS_14,
    TELLS_15,
    TELLS_MCS,
    TELLS_SMP,
    TELLS_HARDWARE_DEBUG,
    TELLS_VTX,
    TELLS_VTX_64,
    TELLS_IOMMU,
    TELLS_PRINTING,
    TELLS_DEBUG,
    TELLS_BENCHMARKS,
    TELLS_UTILISATION,
    TELLS_MSR,
    TELLS_TLS_BASE
};

static const struct {
    const char *name;
    enum teller teller;
} tellers[] = {
    {"InvalidInvocation", TELLS_LABELS},
    {"nArchInvocationLabels", TELLS_ARCH_LABELS},
    {"seL4_SysCall", TELLS_SYSCALLS},
    {"TCBSetFlags", TELLS_14},
    {"DomainScheduleConfigure", TELLS_15},
    {"SchedContextBind", TELLS_MCS},
    {"TCBSetAffinity", TELLS_SMP},
    {"seL4_SysDebugGetThreadAffinity", TELLS_SMP},
    {"TCBSetBreakpoint", TELLS_HARDWARE_DEBUG},
    {"TCBSetEPTRoot", TELLS_VTX},
    {"X86PageMapEPT", TELLS_VTX},
    {"X86VCPUReadMSR", TELLS_VTX_64},
    {"X86IOPageTableMap", TELLS_IOMMU},
    {"seL4_SysDebugPutChar", TELLS_PRINTING},
    {"seL4_SysDebugHalt", TELLS_DEBUG},
    {"seL4_SysBenchmarkResetLog", TELLS_BENCHMARKS},
    {"seL4_SysBenchmarkGetThreadUtilisation", TELLS_UTILISATION},
    {"seL4_SysX86DangerousWRMSR", TELLS_MSR},
    {"seL4_SysSetTLSBase", TELLS_TLS_BASE},
};

/* System calls whose number tells 16 from what came before: classic, MCS. */
static const struct {
    const char *name;
    int64_t value[2];
} sixteen[] = {
    {"seL4_SysSetTLSBase", {-30, -33}},        {"seL4_SysVMEnter", {-29, -32}},
    {"seL4_SysX86DangerousWRMSR", {-27, -30}}, {"seL4_SysBenchmarkResetLog", {-19, -22}},
    {"seL4_SysDebugRun", {-17, -20}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool tells(const struct abi_dwarf *dwarf, enum teller teller)
{
    return dwarf->seen >> teller & 1;
}

/* Every number is kept once: each compilation unit that includes libsel4 repeats the enumerations. */
static void number_keep(struct abi_dwarf *dwarf, const char *name, int64_t value, bool is_syscall)
{
    for (unsigned i = 0; i < dwarf->number_count; i++) {
        if (strcmp(dwarf->number[i].name, name) == 0 && dwarf->number[i].is_syscall == is_syscall) {
            return;
        }
    }
    if (dwarf->number_count < ABI_DWARF_NUMBERS && strlen(name) < ABI_DWARF_NAME) {
        struct abi_dwarf_number *number = &dwarf->number[dwarf->number_count++];
        *number = (struct abi_dwarf_number){.value = value, .is_syscall = is_syscall};
        strcpy(number->name, name);
    }
}

static bool operation_is_known(const char *name)
{
    for (int i = OPERATION_INVALID + 1; i < OPERATION_COUNT; i++) {
        if (strcmp(abi_operation_name((enum operation)i), name) == 0) {
            return true;
        }
    }
    return false;
}

static void enumerator_visit(void *world, const char *name, int64_t value)
{
    struct abi_dwarf *dwarf = world;
    for (size_t i = 0; i < COUNT(tellers); i++) {
        if (strcmp(tellers[i].name, name) == 0) {
            dwarf->seen |= 1ull << tellers[i].teller;
        }
    }
    for (size_t i = 0; i < COUNT(sixteen); i++) {
        if (strcmp(sixteen[i].name, name) == 0 &&
            (value == sixteen[i].value[0] || value == sixteen[i].value[1])) {
            dwarf->has_six = true;
        }
    }
    if (strncmp(name, "seL4_Sys", 8) == 0 && value < 0) {
        number_keep(dwarf, name + 8, value, true);
    } else if (value > 0 && value < ABI_MAX_LABELS && operation_is_known(name)) {
        number_keep(dwarf, name, value, false);
    }
}

static bool wants_more(void *world)
{
    const struct abi_dwarf *dwarf = world;
    return !tells(dwarf, TELLS_LABELS) || !tells(dwarf, TELLS_ARCH_LABELS) || !tells(dwarf, TELLS_SYSCALLS);
}

void abi_dwarf_read(struct abi_dwarf *dwarf, Elf *elf)
{
    const struct debuginfo_visitor visitor = {
        .world = dwarf, .enumerator = enumerator_visit, .wants_more = wants_more};
    memset(dwarf, 0, sizeof(*dwarf));
    (void)debuginfo_enumerate(elf, &visitor);
    dwarf->has_labels = tells(dwarf, TELLS_LABELS);
    dwarf->has_arch_labels = tells(dwarf, TELLS_ARCH_LABELS);
    dwarf->has_syscalls = tells(dwarf, TELLS_SYSCALLS);
}

unsigned abi_dwarf_release(const struct abi_dwarf *dwarf)
{
    if (!dwarf->has_labels) {
        return 0;
    }
    if (!tells(dwarf, TELLS_14)) {
        return 13;
    }
    if (!tells(dwarf, TELLS_15)) {
        return 14;
    }
    bool is_told = tells(dwarf, TELLS_TLS_BASE) || tells(dwarf, TELLS_BENCHMARKS) || tells(dwarf, TELLS_MSR);
    return is_told && !dwarf->has_six ? 15 : 16;
}

void abi_dwarf_switches(const struct abi_dwarf *dwarf, struct abi_config *config)
{
    if (dwarf->has_labels) {
        config->is_mcs = tells(dwarf, TELLS_MCS);
        config->has_hardware_debug = tells(dwarf, TELLS_HARDWARE_DEBUG);
    }
    if (dwarf->has_arch_labels) {
        config->has_vtx = tells(dwarf, TELLS_VTX);
        config->has_vtx_64bit_guests = tells(dwarf, TELLS_VTX_64);
        config->has_iommu = tells(dwarf, TELLS_IOMMU);
    }
    if (dwarf->has_syscalls) {
        config->is_printing = tells(dwarf, TELLS_PRINTING);
        config->is_debug = tells(dwarf, TELLS_DEBUG);
        config->has_benchmarks = tells(dwarf, TELLS_BENCHMARKS);
        config->has_benchmark_utilisation = tells(dwarf, TELLS_UTILISATION);
        config->has_dangerous_msr = tells(dwarf, TELLS_MSR);
        config->has_set_tls_base_self = tells(dwarf, TELLS_TLS_BASE);
    }
    if (tells(dwarf, TELLS_SMP)) {
        config->is_smp = true;
        config->max_nodes = config->max_nodes > 1 ? config->max_nodes : 2;
    }
}

bool abi_dwarf_agrees(const struct abi_dwarf *dwarf, const struct abi *abi, const char **name)
{
    for (unsigned i = 0; i < dwarf->number_count; i++) {
        const struct abi_dwarf_number *number = &dwarf->number[i];
        const char *ours = number->is_syscall
                               ? abi_syscall_name(abi_syscall(abi, (uint64_t)number->value))
                               : abi_operation_name(abi_operation(abi, (uint64_t)number->value));
        if (strcmp(ours, number->name) != 0) {
            *name = number->name;
            return false;
        }
    }
    return true;
}
