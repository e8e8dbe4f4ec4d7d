/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process is and may be: prctl(2), personality(2), capget(2), unshare(2), and what nobody may do here. */
#include "container/linux/calls.h"
#include "container/linux/identity.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum {
    PR_SET_PDEATHSIG = 1,
    PR_GET_PDEATHSIG = 2,
    PR_GET_DUMPABLE = 3,
    PR_SET_DUMPABLE = 4,
    PR_GET_KEEPCAPS = 7,
    PR_SET_KEEPCAPS = 8,
    PR_SET_NAME = 15,
    PR_GET_NAME = 16,
    PR_GET_SECCOMP = 21,
    PR_CAPBSET_READ = 23,
    PR_SET_TIMERSLACK = 29,
    PR_GET_TIMERSLACK = 30,
    PR_SET_CHILD_SUBREAPER = 36,
    PR_GET_CHILD_SUBREAPER = 37,
    PR_SET_NO_NEW_PRIVS = 38,
    PR_GET_NO_NEW_PRIVS = 39,
    PR_SET_THP_DISABLE = 41,
    PR_GET_THP_DISABLE = 42,
    PR_SET_VMA = 0x53564d41,
    SLACK_NS = 50000,
    CAPABILITIES = 41,
    CAPABILITY_1 = 0x19980330,
    CAPABILITY_2 = 0x20071026,
    CAPABILITY_3 = 0x20080522,
    PERSONALITY_ASK = 0xffffffff,
    UNSHARE_OWN = 0x40600,     /* files, directories, semaphores: nobody shares them */
    UNSHARE_THREADS = 0x10900, /* threads, signal handlers, memory */
    UNSHARE_SPACES = 0x7e020080
};

/* The first thread's name is the process'. */
static char *name_of(struct thread *thread)
{
    return thread->id == thread->process->id ? thread->process->name : thread->name;
}

static long name_set(struct thread *thread, uint64_t at)
{
    char name[16] = {0};
    for (unsigned i = 0; i < sizeof name - 1; i++) {
        if (user_read(&name[i], at + i, 1)) {
            return -EFAULT;
        }
        if (!name[i]) {
            break;
        }
    }
    memcpy(name_of(thread), name, sizeof name);
    return 0;
}

static long number_write(uint64_t at, int number)
{
    return user_write(at, &number, sizeof number);
}

/* What the server must know. */
static long told(const struct thread *thread, enum server_setting setting, uint64_t value)
{
    return SERVER(SERVER_SET, (uint64_t)thread->process->id, setting, value);
}

static bool rest_is_zero(const struct linux_call *call, unsigned first)
{
    uint64_t any = 0;
    for (unsigned i = first; i < 5; i++) {
        any |= ARG(i);
    }
    return !any;
}

/* A bit that can be set. */
static long flag_set(uint8_t *flag, uint64_t value)
{
    if (value > 1) {
        return -EINVAL;
    }
    *flag = (uint8_t)value;
    return 0;
}

HANDLER(call_prctl)
{
    struct task *task = &thread->process->task;
    long error;
    switch ((int)ARG(0)) {
    case PR_SET_NAME:
        return name_set(thread, ARG(1));
    case PR_GET_NAME:
        return user_write(ARG(1), name_of(thread), sizeof thread->name);
    case PR_SET_PDEATHSIG:
        error = ARG(1) >= SIGNALS ? -EINVAL : told(thread, SERVER_SET_DEATH_SIGNAL, ARG(1));
        task->death_signal = error ? task->death_signal : (uint8_t)ARG(1);
        return error;
    case PR_GET_PDEATHSIG:
        return number_write(ARG(1), task->death_signal);
    case PR_SET_CHILD_SUBREAPER:
        task->is_reaper = ARG(1) != 0;
        return told(thread, SERVER_SET_REAPER, task->is_reaper);
    case PR_GET_CHILD_SUBREAPER:
        return number_write(ARG(1), task->is_reaper);
    case PR_GET_DUMPABLE:
        return !task->is_not_dumpable;
    case PR_SET_DUMPABLE:
        task->is_not_dumpable = ARG(1) > 1 ? task->is_not_dumpable : !ARG(1);
        return ARG(1) > 1 ? -EINVAL : 0;
    case PR_GET_KEEPCAPS:
        return task->keeps_capabilities;
    case PR_SET_KEEPCAPS:
        return flag_set(&task->keeps_capabilities, ARG(1));
    case PR_SET_TIMERSLACK:
        thread->timer_slack_ns = (int64_t)ARG(1) > 0 ? ARG(1) : 0;
        return 0;
    case PR_GET_TIMERSLACK:
        return thread->timer_slack_ns ? (long)thread->timer_slack_ns : SLACK_NS;
    case PR_SET_NO_NEW_PRIVS:
        if (ARG(1) != 1 || !rest_is_zero(call, 2)) {
            return -EINVAL;
        }
        task->has_no_new_privileges = 1;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return rest_is_zero(call, 1) ? task->has_no_new_privileges : -EINVAL;
    case PR_SET_THP_DISABLE:
        task->has_no_huge_pages = ARG(1) != 0;
        return rest_is_zero(call, 2) ? 0 : -EINVAL;
    case PR_GET_THP_DISABLE:
        return rest_is_zero(call, 1) ? task->has_no_huge_pages : -EINVAL;
    case PR_GET_SECCOMP:
    case PR_SET_VMA: /* names of memory are not kept */
        return 0;
    case PR_CAPBSET_READ:
        return ARG(1) < CAPABILITIES ? 1 : -EINVAL;
    default:
        return -EINVAL;
    }
}

HANDLER(call_personality)
{
    uint32_t before = thread->process->task.personality;
    if ((uint32_t)ARG(0) != (uint32_t)PERSONALITY_ASK) {
        thread->process->task.personality = (uint32_t)ARG(0);
    }
    return before;
}

struct capability_header {
    uint32_t version;
    int32_t process;
};

/* 1 or 2 parts of 32 bits each; or an error. */
static long capability_parts(uint64_t at, struct capability_header *header)
{
    uint32_t known = CAPABILITY_3;
    long error = user_read(header, at, sizeof *header);
    if (error) {
        return error;
    }
    if (header->version == CAPABILITY_1) {
        return 1;
    }
    if (header->version == CAPABILITY_2 || header->version == CAPABILITY_3) {
        return 2;
    }
    error = user_write(at, &known, sizeof known);
    return error ? error : -EINVAL;
}

/* They say what programs want to see; no right depends on them. */
HANDLER(call_capget)
{
    struct capability_header header;
    uint32_t sets[2][3] = {0}; /* effective, permitted, inheritable */
    long parts = capability_parts(ARG(0), &header);
    if (parts < 0) {
        return parts == -EINVAL && !ARG(1) ? 0 : parts;
    }
    if (header.process < 0) {
        return -EINVAL;
    }
    if (header.process && header.process != thread->process->id && !thread_find(header.process)) {
        uint64_t words[] = {(uint64_t)thread->process->id, (uint32_t)header.process}, answer[2];
        long group = server_call(SERVER_GET_GROUP, words, 2, answer, 2);
        if (group < 0) {
            return group;
        }
    }
    if (identity_user() == 0) {
        sets[0][0] = sets[0][1] = 0xffffffff;
        sets[1][0] = sets[1][1] = (1u << (CAPABILITIES - 32)) - 1;
    }
    return ARG(1) ? user_write(ARG(1), sets, (uint64_t)parts * sizeof sets[0]) : 0;
}

HANDLER(call_capset)
{
    struct capability_header header;
    uint32_t sets[2][3];
    long parts = capability_parts(ARG(0), &header);
    if (parts < 0) {
        return parts;
    }
    if (header.process && header.process != thread->id) {
        return -EPERM;
    }
    long error = user_read(sets, ARG(1), (uint64_t)parts * sizeof sets[0]);
    bool is_more = !error && ((sets[0][0] & ~sets[0][1]) || (parts == 2 && (sets[1][0] & ~sets[1][1])));
    return error ? error : is_more ? -EPERM : 0;
}

HANDLER(call_unshare)
{
    if (ARG(0) & ~(uint64_t)(UNSHARE_OWN | UNSHARE_THREADS | UNSHARE_SPACES)) {
        return -EINVAL;
    }
    if (ARG(0) & UNSHARE_SPACES) {
        return -EPERM;
    }
    return thread->process->thread_count > 1 && ARG(0) ? -EINVAL : 0;
}

/* What only the administrator of a machine may. */
HANDLER(call_not_permitted)
{
    (void)thread;
    (void)call;
    return -EPERM;
}
