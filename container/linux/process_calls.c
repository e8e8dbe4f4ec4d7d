/* SPDX-License-Identifier: BSD-2-Clause */
/* Who a program is and what it runs on: ids, limits, names; and threads: clone(2), exit(2), arch_prctl(2). */
#include "container/linux/calls.h"
#include "container/linux/clock.h"
#include "container/linux/entry.h"
#include "container/linux/file.h"
#include "container/linux/futex.h"
#include "container/linux/page_map.h"
#include "container/linux/process.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"
#include "container/linux/vector.h"

enum {
    CLONE_VM = 0x100,
    CLONE_FS = 0x200,
    CLONE_FILES = 0x400,
    CLONE_SIGHAND = 0x800,
    CLONE_PIDFD = 0x1000,
    CLONE_THREAD = 0x10000,
    CLONE_NEWNS = 0x20000,
    CLONE_SPACES = 0x7e020000, /* namespaces */
    ARCH_SET_GS = 0x1001,
    ARCH_SET_FS,
    ARCH_GET_FS,
    ARCH_GET_GS,
    GRND_ALL = 7,
    GRND_KINDS = 6, /* random or insecure, not both */
    SCHED_IDLE = 5,
    NAME_FIELD = 65,
    ROBUST_HEAD = 24
};

HANDLER(call_exit)
{
    thread_exit(thread, (int)ARG(0));
    return CALL_WAITS;
}

HANDLER(call_exit_group)
{
    process_end(thread->process, (int)(ARG(0) & 255) << 8);
}

/* What there is no way to do is refused, and named once. */
static long flags_check(uint64_t flags)
{
    static uint64_t said;
    bool is_wrong = ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) ||
                    ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) ||
                    ((flags & CLONE_FS) && (flags & CLONE_NEWNS));
    uint64_t missing = flags & (CLONE_SPACES | CLONE_PIDFD);
    if (!(flags & CLONE_THREAD)) {
        missing |= flags & (CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
    }
    if (!is_wrong && missing & ~said) {
        log_line("clone: processes cannot have or share this: flags 0x%lx", missing);
        said |= missing;
    }
    return is_wrong ? -EINVAL : missing & CLONE_SPACES ? -EPERM : missing ? -EINVAL : 0;
}

static long clone_thread(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                         uint64_t child_tid, uint64_t tls)
{
    long error = flags_check(flags);
    error = error ? error : vector_store(thread);
    if (error) {
        return error;
    }
    if (!(flags & CLONE_THREAD)) {
        return process_fork(thread, flags, stack, parent_tid, child_tid, tls);
    }
    return thread_clone(thread, flags, stack, parent_tid, child_tid, tls);
}

HANDLER(call_clone)
{
    return clone_thread(thread, ARG(0), ARG(1), ARG(2), ARG(3), ARG(4));
}

struct clone_arguments { /* clone3 */
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

HANDLER(call_clone3)
{
    struct clone_arguments arguments;
    if (ARG(1) < sizeof arguments) {
        return -EINVAL;
    }
    long error = user_read(&arguments, ARG(0), sizeof arguments);
    return error ? error
                 : clone_thread(thread, arguments.flags, arguments.stack + arguments.stack_size,
                                arguments.parent_tid, arguments.child_tid, arguments.tls);
}

HANDLER(call_set_tid_address)
{
    thread->clear_child_tid = ARG(0);
    return thread->id;
}

HANDLER(call_set_robust_list)
{
    if (ARG(1) != ROBUST_HEAD) {
        return -EINVAL;
    }
    thread->robust_list = ARG(0);
    return 0;
}

HANDLER(call_get_robust_list)
{
    const struct thread *other = ARG(0) ? thread_find((int)ARG(0)) : thread;
    uint64_t size = ROBUST_HEAD;
    if (!other) {
        return -ESRCH;
    }
    long error = user_write(ARG(1), &other->robust_list, sizeof other->robust_list);
    return error ? error : user_write(ARG(2), &size, sizeof size);
}

HANDLER(call_futex)
{
    return futex_call(thread, call);
}

HANDLER(call_arch_prctl)
{
    uint64_t gs;
    switch (ARG(0)) {
    case ARCH_SET_FS:
        if (ARG(1) >= CONTAINER_END) {
            return -EPERM;
        }
        thread->fs_base = ARG(1);
        kernel_thread_set_fs(&thread->kernel, ARG(1));
        return 0;
    case ARCH_GET_FS:
        return user_write(ARG(1), &thread->fs_base, sizeof thread->fs_base);
    case ARCH_SET_GS:
        if (ARG(1) >= CONTAINER_END) {
            return -EPERM;
        }
        entry_give_up(thread);
        kernel_thread_set_gs(&thread->kernel, ARG(1));
        return 0;
    case ARCH_GET_GS:
        gs = kernel_thread_gs(&thread->kernel);
        return user_write(ARG(1), &gs, sizeof gs);
    default:
        return -EINVAL;
    }
}

HANDLER(call_getpid)
{
    (void)call;
    return thread->process->id;
}

HANDLER(call_gettid)
{
    (void)call;
    return thread->id;
}

/* Everything that is 0 here. */
HANDLER(call_zero)
{
    (void)thread;
    (void)call;
    return 0;
}

HANDLER(call_sched_yield)
{
    (void)thread;
    (void)call;
    return 0; /* the answer puts the thread behind its equals */
}

HANDLER(call_sched_getaffinity)
{
    uint64_t mask = 1;
    (void)thread;
    if (ARG(1) < sizeof mask) {
        return -EINVAL;
    }
    long error = user_write(ARG(2), &mask, sizeof mask);
    return error ? error : (long)sizeof mask;
}

/* Real-time policies are FIFO and round robin. */
HANDLER(call_sched_get_priority_max)
{
    (void)thread;
    return ARG(0) > SCHED_IDLE ? -EINVAL : ARG(0) == 1 || ARG(0) == 2 ? 99 : 0;
}

HANDLER(call_sched_get_priority_min)
{
    (void)thread;
    return ARG(0) > SCHED_IDLE ? -EINVAL : ARG(0) == 1 || ARG(0) == 2;
}

HANDLER(call_getcpu)
{
    uint32_t zero = 0;
    (void)thread;
    long error = ARG(0) ? user_write(ARG(0), &zero, sizeof zero) : 0;
    return !error && ARG(1) ? user_write(ARG(1), &zero, sizeof zero) : error;
}

HANDLER(call_uname)
{
    static const char *const FIELDS[] = {"Linux", "selkie", "6.1.0-selkie", "#1 Selkie", "x86_64", "(none)"};
    char name[sizeof FIELDS / sizeof *FIELDS][NAME_FIELD] = {0};
    (void)thread;
    for (unsigned i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        memcpy(name[i], FIELDS[i], strlen(FIELDS[i]));
    }
    return user_write(ARG(0), name, sizeof name);
}

struct sysinfo {
    int64_t uptime;
    uint64_t loads[3], total, free, shared, buffer, total_swap, free_swap;
    uint16_t processes, padding;
    uint64_t total_high, free_high;
    uint32_t unit, rest;
};

HANDLER(call_sysinfo)
{
    struct sysinfo info = {
        .uptime = clock_now(CLOCK_MONOTONIC) / SECOND_NS,
        .total = object_total_bytes(),
        .free = object_free_bytes(),
        .processes = (uint16_t)thread->process->thread_count,
        .unit = 1,
    };
    return user_write(ARG(0), &info, sizeof info);
}

HANDLER(call_getrandom)
{
    (void)thread;
    uint64_t size = ARG(1) < 1u << 25 ? ARG(1) : 1u << 25;
    bool is_wrong = ARG(2) & ~(uint64_t)GRND_ALL || (ARG(2) & GRND_KINDS) == GRND_KINDS;
    long error = is_wrong ? -EINVAL : space_fill(ARG(0), size, true);
    if (!error) {
        random_fill((void *)ARG(0), size);
    }
    return error ? error : (long)size;
}

/* What the kernel may have been built without, so that programs ask whether it is there. */
HANDLER(call_not_built)
{
    (void)thread;
    (void)call;
    return -ENOSYS;
}
