/* SPDX-License-Identifier: BSD-2-Clause */
/* From number to handler; what is not there is named once, by each process that wants it. */
#include "container/linux/syscall.h"

#include "container/linux/calls.h"

enum {
    NUMBERS = 512
};

typedef long handler_function(struct thread *thread, const struct linux_call *call);

#define IMPLEMENTED(number, name, handler)   [number] = handler,
#define PARTIAL(number, name, handler, note) [number] = handler,
#define ABSENT(number, name)
static handler_function *const HANDLERS[NUMBERS] = {
#include "container/linux/syscalls.inc"
};
#undef IMPLEMENTED
#undef PARTIAL
#undef ABSENT

#define IMPLEMENTED(number, name, handler)   [number] = #name,
#define PARTIAL(number, name, handler, note) [number] = #name,
#define ABSENT(number, name)                 [number] = #name,
static const char *const NAMES[NUMBERS] = {
#include "container/linux/syscalls.inc"
};

static long call_absent(uint64_t number)
{
    static bool is_said[NUMBERS];
    bool is_known = number < NUMBERS;
    if (!is_known || !is_said[number]) {
        log_line("no system call %ld%s%s", (long)number, is_known && NAMES[number] ? ": " : "",
                 is_known && NAMES[number] ? NAMES[number] : "");
    }
    if (is_known) {
        is_said[number] = true;
    }
    return -ENOSYS;
}

long linux_syscall(struct thread *thread, const struct linux_call *call)
{
    handler_function *handler = call->number < NUMBERS ? HANDLERS[call->number] : NULL;
    return handler ? handler(thread, call) : call_absent(call->number);
}
