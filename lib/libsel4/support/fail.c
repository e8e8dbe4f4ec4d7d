/* SPDX-License-Identifier: BSD-2-Clause */
/* How a program ends that cannot go on. */
#include "internal.h"

const char *sel4_util_error_name(seL4_Word error)
{
    static const char *const names[] = {
        [seL4_NoError] = "seL4_NoError",
        [seL4_InvalidArgument] = "seL4_InvalidArgument",
        [seL4_InvalidCapability] = "seL4_InvalidCapability",
        [seL4_IllegalOperation] = "seL4_IllegalOperation",
        [seL4_RangeError] = "seL4_RangeError",
        [seL4_AlignmentError] = "seL4_AlignmentError",
        [seL4_FailedLookup] = "seL4_FailedLookup",
        [seL4_TruncatedMessage] = "seL4_TruncatedMessage",
        [seL4_DeleteFirst] = "seL4_DeleteFirst",
        [seL4_RevokeFirst] = "seL4_RevokeFirst",
        [seL4_NotEnoughMemory] = "seL4_NotEnoughMemory",
    };
    return error < seL4_NumErrors ? names[error] : "unknown error";
}

_Noreturn void sel4_util_stop(seL4_TCB tcb)
{
    seL4_TCB_Suspend(tcb);
    /* Still here: the capability was none. A fault ends the thread just as well. */
    for (;;) {
        asm volatile("ud2");
    }
}

_Noreturn void sel4_util_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sel4_util_vprintf(format, arguments);
    va_end(arguments);
    /* The initial thread and components alike have their own TCB in slot 1; threads that were started here
     * stop the one that started them, which is as good a place to stop as any. */
    sel4_util_stop(seL4_CapInitThreadTCB);
}

/* What seL4_Assert calls. */
void __assert_fail(const char *str, const char *file, int line, const char *function)
{
    sel4_util_panic("%s:%d: %s: assertion failed: %s\n", file, line, function, str);
}
