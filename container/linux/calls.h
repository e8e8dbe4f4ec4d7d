/* SPDX-License-Identifier: BSD-2-Clause */
/* The handlers of system calls: one for each row of syscalls.inc that is not absent. */
#ifndef SELKIE_LINUX_CALLS_H
#define SELKIE_LINUX_CALLS_H

#include "container/linux/thread.h"

#define IMPLEMENTED(number, name, handler) long handler(struct thread *thread, const struct linux_call *call);
#define PARTIAL(number, name, handler, note)                                                                 \
    long handler(struct thread *thread, const struct linux_call *call);
#define ABSENT(number, name)
#include "container/linux/syscalls.inc"
#undef IMPLEMENTED
#undef PARTIAL
#undef ABSENT

#define HANDLER(name) long name(struct thread *thread, const struct linux_call *call)
#define ARG(i)        (call->argument[i])

#endif
