/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows about system calls that only unusual kernels have, and about what a printing kernel says.
 */
#include <sel4/benchmark_utilisation_types.h>

#include "tests/differences/differences.h"

enum {
    MSR_APIC_BASE = 0x1b /* every processor has it, and it is not 0 */
};

static struct subject subject;
extern const char a_call[];
asm("a_call: syscall\n"
    "    ud2\n");

static bool is_unknown(seL4_Word number)
{
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)a_call);
    registers.rdx = number;
    struct subject_fault fault = subject_run(&subject, &registers);
    return fault.label == seL4_Fault_UnknownSyscall && fault.detail == number;
}

static void test_unknown_calls(void)
{
    section("unknown system calls");
    ROW(is_unknown((seL4_Word)seL4_SysDebugRun), "DebugRun");
    ROW(is_unknown((seL4_Word)seL4_SysBenchmarkSetLogBuffer), "BenchmarkSetLogBuffer");
}

static void test_registers_of_a_model(void)
{
    section("model-specific registers");
    ROW(seL4_X86DangerousRDMSR(MSR_APIC_BASE) == 0, "reading gives 0");
    seL4_X86DangerousWRMSR(MSR_APIC_BASE, 1);
    ROW(seL4_X86DangerousRDMSR(MSR_APIC_BASE) == 0, "writing does nothing");
}

static void test_utilisation(void)
{
    section("utilisation");
    seL4_BenchmarkResetThreadUtilisation(SELF);
    seL4_BenchmarkResetLog();
    for (unsigned i = 0; i < 1000; i++)
        seL4_BenchmarkNullSyscall();
    seL4_BenchmarkFinalizeLog();
    seL4_BenchmarkGetThreadUtilisation(SELF);
    seL4_Word all = seL4_GetMR(BENCHMARK_TCB_UTILISATION), kernel = seL4_GetMR(BENCHMARK_TCB_KERNEL_UTILISATION);
    ROW(seL4_GetMR(BENCHMARK_TCB_NUMBER_KERNEL_ENTRIES) >= 1000, "entries are counted");
    ROW(kernel > 0 && kernel < all, "the kernel's own work is a part of the thread's time");
}

/* Nothing of it may be seen on the console: the run fails at the kernel's mark, <<seL4. */
static void test_refused_invocation(void)
{
    section("text about refused invocations");
    ROW(seL4_TCB_SetPriority(SELF, SELF, 256) != seL4_NoError, "a priority that is none");
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    test_unknown_calls();
    test_registers_of_a_model();
    test_utilisation();
    test_refused_invocation();
    rows_end();
    return 0;
}
