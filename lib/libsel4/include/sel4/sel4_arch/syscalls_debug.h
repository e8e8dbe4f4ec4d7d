/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls for debugging, measuring and danger; each exists if the kernel was built with it. */
#pragma once

#include <sel4/sel4_arch/trap.h>

/* A call that takes one word and answers with one. */
LIBSEL4_INLINE_FUNC seL4_Word sel4_trap_query(seL4_Syscall_ID number, seL4_Word argument)
{
    return sel4_trap_exchange(number, argument, 0, (struct sel4_words){{0, 0, 0, 0}},
                              (struct sel4_extra){0, 0})
        .badge;
}

#ifdef CONFIG_PRINTING
/* Write a character to the kernel's console. */
LIBSEL4_INLINE_FUNC void seL4_DebugPutChar(char c)
{
    sel4_trap_query(seL4_SysDebugPutChar, (seL4_Word)c);
}

LIBSEL4_INLINE_FUNC void seL4_DebugPutString(char *str)
{
    for (; *str; str++) {
        seL4_DebugPutChar(*str);
    }
}

/* Write a table of all threads to the kernel's console. */
LIBSEL4_INLINE_FUNC void seL4_DebugDumpScheduler(void)
{
    sel4_trap_query(seL4_SysDebugDumpScheduler, 0);
}
#endif

#ifdef CONFIG_DEBUG_BUILD
/* Stop the machine. */
LIBSEL4_INLINE_FUNC void seL4_DebugHalt(void)
{
    sel4_trap_plain(seL4_SysDebugHalt, 0, 0);
}

/* Write the state of the whole system to the kernel's console. */
LIBSEL4_INLINE_FUNC void seL4_DebugSnapshot(void)
{
    sel4_trap_plain(seL4_SysDebugSnapshot, 0, 0);
}

/* The kernel's number for the type of a capability, 0 for none. */
LIBSEL4_INLINE_FUNC seL4_Uint32 seL4_DebugCapIdentify(seL4_CPtr cap)
{
    return (seL4_Uint32)sel4_trap_query(seL4_SysDebugCapIdentify, cap);
}

/* Name a thread for the kernel's messages. The name travels in the IPC buffer. */
LIBSEL4_INLINE_FUNC void seL4_DebugNameThread(seL4_CPtr tcb, const char *name)
{
    char *target = (char *)seL4_GetIPCBuffer()->msg;
    do {
        *target++ = *name;
    } while (*name++);
    sel4_trap_query(seL4_SysDebugNameThread, tcb);
}

#ifdef CONFIG_ENABLE_SMP_SUPPORT
/* The core a thread runs on. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_DebugGetThreadAffinity(seL4_CPtr tcb)
{
    return sel4_trap_query(seL4_SysDebugGetThreadAffinity, tcb);
}
#endif
#endif

#ifdef CONFIG_DANGEROUS_CODE_INJECTION
/* Run a function of the program in kernel mode. */
LIBSEL4_INLINE_FUNC void seL4_DebugRun(void (*userfn)(void *), void *userarg)
{
    sel4_trap_plain(seL4_SysDebugRun, (seL4_Word)userfn, (seL4_Word)userarg);
}
#endif

#ifdef CONFIG_KERNEL_X86_DANGEROUS_MSR
LIBSEL4_INLINE_FUNC void seL4_X86DangerousWRMSR(seL4_Uint32 msr, seL4_Uint64 value)
{
    sel4_trap_send(seL4_SysX86DangerousWRMSR, msr, 0, (struct sel4_words){{value, 0, 0, 0}});
}

LIBSEL4_INLINE_FUNC seL4_Uint64 seL4_X86DangerousRDMSR(seL4_Uint32 msr)
{
    return sel4_trap_receive(seL4_SysX86DangerousRDMSR, msr, (struct sel4_extra){0, 0}).words.word[0];
}
#endif

#ifdef CONFIG_ENABLE_BENCHMARKS
LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkResetLog(void)
{
    return (seL4_Error)sel4_trap_query(seL4_SysBenchmarkResetLog, 0);
}

LIBSEL4_INLINE_FUNC seL4_Word seL4_BenchmarkFinalizeLog(void)
{
    return sel4_trap_query(seL4_SysBenchmarkFinalizeLog, 0);
}

LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkSetLogBuffer(seL4_Word frame_cptr)
{
    return (seL4_Error)sel4_trap_query(seL4_SysBenchmarkSetLogBuffer, frame_cptr);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkNullSyscall(void)
{
    sel4_trap_plain(seL4_SysBenchmarkNullSyscall, 0, 0);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkFlushCaches(void)
{
    sel4_trap_plain(seL4_SysBenchmarkFlushCaches, 0, 0);
}

#ifdef CONFIG_BENCHMARK_TRACK_UTILISATION
/* The answer lies in the IPC buffer. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkGetThreadUtilisation(seL4_Word tcb_cptr)
{
    sel4_trap_query(seL4_SysBenchmarkGetThreadUtilisation, tcb_cptr);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetThreadUtilisation(seL4_Word tcb_cptr)
{
    sel4_trap_query(seL4_SysBenchmarkResetThreadUtilisation, tcb_cptr);
}

#ifdef CONFIG_DEBUG_BUILD
LIBSEL4_INLINE_FUNC void seL4_BenchmarkDumpAllThreadsUtilisation(void)
{
    sel4_trap_query(seL4_SysBenchmarkDumpAllThreadsUtilisation, 0);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetAllThreadsUtilisation(void)
{
    sel4_trap_query(seL4_SysBenchmarkResetAllThreadsUtilisation, 0);
}
#endif
#endif
#endif
