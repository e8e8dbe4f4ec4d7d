/* SPDX-License-Identifier: BSD-2-Clause */
/* getrlimit(2), setrlimit(2), prlimit(2). Limits are told as they were set; that of open files holds. */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/identity.h"
#include "container/linux/space.h"
#include "container/linux/texts.h"

enum {
    RLIMIT_STACK = 3,
    RLIMIT_CORE = 4,
    RLIMIT_NPROC = 6,
    RLIMIT_NOFILE = 7,
    RLIMIT_MSGQUEUE = 12,
    RLIMIT_NICE = 13,
    RLIMIT_RTPRIO = 14,
    MESSAGES = 819200
};

static struct limit limit_default(unsigned resource)
{
    switch (resource) {
    case RLIMIT_STACK:
        return (struct limit){SPACE_STACK, ~0ul};
    case RLIMIT_NPROC:
        return (struct limit){THREADS, THREADS};
    case RLIMIT_NOFILE:
        return (struct limit){0, FILES_MAX};
    case RLIMIT_MSGQUEUE:
        return (struct limit){MESSAGES, MESSAGES};
    case RLIMIT_CORE:
    case RLIMIT_NICE:
    case RLIMIT_RTPRIO:
        return (struct limit){0, 0};
    default:
        return (struct limit){~0ul, ~0ul};
    }
}

static struct limit limit_of(const struct process *process, unsigned resource)
{
    struct limit limit =
        process->limits_set >> resource & 1 ? process->limit[resource] : limit_default(resource);
    limit.soft = resource == RLIMIT_NOFILE ? process->files->limit : limit.soft;
    return limit;
}

static void limit_set(struct process *process, unsigned resource, const struct limit *wish)
{
    process->limit[resource] = *wish;
    process->limits_set |= 1u << resource;
    if (resource == RLIMIT_NOFILE) {
        process->files->limit = (unsigned)wish->soft; /* no more than `hard` */
    }
}

static long limit_call(struct thread *thread, unsigned resource, uint64_t new, uint64_t old)
{
    struct process *process = thread->process;
    struct limit wish = {0}, limit;
    long error = new ? user_read(&wish, new, sizeof wish) : 0;
    if (error || resource >= LIMITS || wish.soft > wish.hard) {
        return error ? error : -EINVAL;
    }
    limit = limit_of(process, resource);
    if (new && ((resource == RLIMIT_NOFILE && wish.hard > FILES_MAX) ||
                (wish.hard > limit.hard && identity_user() != 0))) {
        return -EPERM;
    }
    if (new) {
        limit_set(process, resource, &wish);
    }
    return old ? user_write(old, &limit, sizeof limit) : 0;
}

HANDLER(call_prlimit64)
{
    const struct thread *named = ARG(0) ? thread_find((int)ARG(0)) : thread;
    if (!named || named->process != thread->process) {
        return -ESRCH;
    }
    return limit_call(thread, (unsigned)ARG(1), ARG(2), ARG(3));
}

HANDLER(call_getrlimit)
{
    struct limit limit;
    if ((uint32_t)ARG(0) >= LIMITS) {
        return -EINVAL;
    }
    limit = limit_of(thread->process, (uint32_t)ARG(0));
    return user_write(ARG(1), &limit, sizeof limit);
}

HANDLER(call_setrlimit)
{
    return ARG(1) ? limit_call(thread, (unsigned)ARG(0), ARG(1), 0) : -EFAULT;
}

static void limit_name(char text[24], uint64_t limit)
{
    if (limit == ~0ul) {
        memcpy(text, "unlimited", sizeof "unlimited");
    } else {
        format_text(text, 24, "%lu", limit);
    }
}

size_t limits_text(const struct process *process, char *text, size_t room)
{
    static const char *const NAMES[LIMITS][2] = {
        {"Max cpu time", "seconds"},    {"Max file size", "bytes"},      {"Max data size", "bytes"},
        {"Max stack size", "bytes"},    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"}, {"Max open files", "files"},     {"Max locked memory", "bytes"},
        {"Max address space", "bytes"}, {"Max file locks", "locks"},     {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"}, {"Max nice priority", ""},       {"Max realtime priority", ""},
        {"Max realtime timeout", "us"},
    };
    char soft[24], hard[24];
    size_t length = (size_t)format_text(text, room, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
                                        "Hard Limit", "Units");
    for (unsigned i = 0; i < LIMITS; i++) {
        struct limit limit = limit_of(process, i);
        limit_name(soft, limit.soft);
        limit_name(hard, limit.hard);
        length += (size_t)format_text(text + length, room - length, "%-25s %-20s %-20s %-10s\n", NAMES[i][0],
                                      soft, hard, NAMES[i][1]);
    }
    return length;
}
