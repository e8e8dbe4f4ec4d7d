/* SPDX-License-Identifier: BSD-2-Clause */
/* What the server tells processes of themselves and of others: signals, names, families, futexes. */
#include "container/server/terminal.h"

/* The caller, or one that it hosts. */
struct process *call_subject(const struct call *call)
{
    struct process *process = call->word[0] ? process_find((int)call->word[0]) : call->process;
    return process && (process == call->process || process->host == call->process) ? process : NULL;
}

long serve_take(struct call *call)
{
    enum {
        WORDS = sizeof(struct server_signal) / sizeof(uint64_t)
    };
    struct process *process = call->process;
    unsigned count = process->pending_count < SERVER_SIGNALS ? process->pending_count : SERVER_SIGNALS;
    process->pending_count -= count;
    memcpy(&call->word[2], process->pending, count * sizeof *process->pending);
    memmove(process->pending, process->pending + count, process->pending_count * sizeof *process->pending);
    bool is_alone = process_is_alone(process);
    call->word[1] = (is_alone ? SERVER_IS_ALONE : 0u) | (process->pending_count ? SERVER_HAS_MORE : 0u) |
                    (process->must_look_at_futexes ? SERVER_FUTEXES : 0u) |
                    (process->must_tell_name ? SERVER_TELL_NAME : 0u) |
                    (question_is_for(process) ? SERVER_QUESTIONED : 0u);
    process->must_look_at_futexes = false;
    call->count = 2 + count * WORDS;
    return (long)count;
}

long serve_futex_wake(const struct process *process)
{
    for (unsigned i = 0; i < processes_used; i++) {
        struct process *other = &processes[i];
        if (other != process && other->has_futex_waiters && other->state == PROCESS_RUNS) {
            other->has_futex_waiters = false;
            other->must_look_at_futexes = true;
            process_notify(other);
        }
    }
    return 0;
}

long serve_get_group(struct call *call)
{
    const struct process *process = call_subject(call);
    process = process && call->word[1] ? process_find((int)call->word[1]) : process;
    if (!process) {
        return -ESRCH;
    }
    call->word[1] = (uint64_t)process->session;
    call->word[2] = process->parent ? (uint64_t)process->parent->pid : 0;
    call->word[3] = family_is_orphaned(process);
    call->count = 4;
    return process->group;
}

long serve_name(const struct call *call)
{
    enum {
        HEAD = 2 * sizeof(uint64_t) + SERVER_NAME_SIZE
    };
    struct process *process = call_subject(call);
    size_t size = call->count * sizeof(uint64_t);
    if (!process || size < HEAD || call->word[1] > size - HEAD || call->word[1] > SERVER_ARGUMENTS_SIZE) {
        return -EINVAL;
    }
    memcpy(process->name, &call->word[2], SERVER_NAME_SIZE);
    process->name[SERVER_NAME_SIZE - 1] = '\0';
    process->must_tell_name = false;
    process->arguments_size = (unsigned)call->word[1];
    memset(process->arguments, 0, sizeof process->arguments);
    memcpy(process->arguments, (const char *)call->word + HEAD, process->arguments_size);
    return 0;
}

/* Who is hosted has no arguments of its own yet. */
long serve_ask_name(const struct call *call)
{
    struct process *process = process_find((int)call->word[0]);
    if (!process || process->state != PROCESS_RUNS || process == call->process || process->host != process) {
        return -ESRCH;
    }
    process->must_tell_name = true;
    process_notify(process);
    return 0;
}

long serve_set(const struct call *call)
{
    enum {
        SIGNALS = 65
    };
    struct process *process = call_subject(call);
    if (!process) {
        return -ESRCH;
    }
    if (call->word[1] == SERVER_SET_DEATH_SIGNAL && call->word[2] < SIGNALS) {
        process->death_signal = (int)call->word[2];
    } else if (call->word[1] == SERVER_SET_REAPER) {
        process->is_reaper = call->word[2];
    } else if (call->word[1] == SERVER_SET_IDENTITY) {
        process->identity = call->word[2];
    } else {
        return -EINVAL;
    }
    return 0;
}

long serve_adjust(struct call *call)
{
    struct process *process = process_find((int)call->word[0]);
    if (!process) {
        return -ESRCH;
    }
    if (call->word[1]) {
        process->adjustment = (int32_t)call->word[2];
    }
    call->word[1] = (uint64_t)(int64_t)process->adjustment;
    call->count = 2;
    return 0;
}

long serve_info(struct call *call)
{
    enum {
        NAME = 11 /* the word where it begins */
    };
    const struct process *found = NULL;
    for (unsigned i = 0; i < processes_used; i++) {
        const struct process *process = &processes[i];
        if (process->state != PROCESS_FREE && process->state != PROCESS_BUILT &&
            process->pid >= (int)call->word[0] && (!found || process->pid < found->pid)) {
            found = process;
        }
    }
    if (!found) {
        return -ESRCH;
    }
    call->word[1] = found->parent ? (uint64_t)found->parent->pid : 0;
    call->word[2] = (uint64_t)found->group;
    call->word[3] = (uint64_t)found->session;
    call->word[4] = found->state == PROCESS_ZOMBIE ? 'Z' : found->is_stopped ? 'T' : 'S';
    call->word[4] |= found->must_tell_name && found->state == PROCESS_RUNS ? SERVER_NAME_IS_OLD : 0u;
    call->word[5] = found->granted_bytes;
    call->word[6] = found->start_tsc;
    call->word[7] = found->arguments_size;
    terminal_describe(found, &call->word[8]);
    call->word[10] = found->identity >> 32 | found->identity << 32;
    memcpy(&call->word[NAME], found->name, SERVER_NAME_SIZE);
    memcpy(&call->word[NAME + SERVER_NAME_SIZE / 8], found->arguments, SERVER_ARGUMENTS_SIZE);
    call->count = NAME + (SERVER_NAME_SIZE + SERVER_ARGUMENTS_SIZE) / 8;
    return found->pid;
}
