/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls about other processes: fork(2), execve(2), wait(2), setpgid(2), setsid(2), and who the parent is. */
#include "container/linux/calls.h"
#include "container/linux/path.h"
#include "container/linux/process.h"
#include "container/linux/server.h"
#include "container/linux/space.h"
#include "container/linux/usage.h"
#include "container/linux/vector.h"

enum {
    CLONE_VM = 0x100,
    CLONE_VFORK = 0x4000,
    CLONE_NAMESPACES = 0x7e020080, /* new ones cannot be had */
    P_ALL = 0,
    P_PID,
    P_PGID,
    WNOHANG = 1,
    WUNTRACED = 2,
    WEXITED = 4,
    WCONTINUED = 8,
    WNOWAIT = 0x1000000,
    STATUS_CONTINUED = 0xffff,
    CLD_EXITED = 1,
    CLD_KILLED,
    CLD_DUMPED,
    CLD_STOPPED = 5,
    CLD_CONTINUED,
    RUSAGE_SIZE = 144
};

HANDLER(call_fork)
{
    (void)call;
    long stored = vector_store(thread);
    return stored ? stored : process_fork(thread, 0, 0, 0, 0, 0);
}

HANDLER(call_vfork)
{
    (void)call;
    long stored = vector_store(thread);
    return stored ? stored : process_fork(thread, CLONE_VM | CLONE_VFORK, 0, 0, 0, 0);
}

HANDLER(call_execve)
{
    static char path[PATH_ROOM];
    long length = user_string(path, ARG(0), sizeof path);
    return length < 0 ? length : length == 0 ? -ENOENT : process_exec(thread, path, ARG(1), ARG(2));
}

HANDLER(call_execveat)
{
    static char path[PATH_ROOM];
    long length = user_string(path, ARG(1), sizeof path);
    const struct file *file = file_of(thread->process, ARG(0));
    if (length < 0) {
        return length;
    }
    if (length == 0 && (ARG(4) & AT_EMPTY_PATH)) { /* by the name that Linux gives it */
        format_text(path, sizeof path, "/dev/fd/%d", (int)ARG(0));
        return file ? process_exec(thread, path, ARG(2), ARG(3)) : -EBADF;
    }
    if (length > 0 && path[0] != '/' && (int)ARG(0) != AT_FDCWD) {
        long error = path_read(thread->process, ARG(0), ARG(1), &call_path);
        return error ? error : process_exec(thread, call_path.text, ARG(2), ARG(3));
    }
    return length == 0 ? -ENOENT : process_exec(thread, path, ARG(2), ARG(3));
}

/* A child with news, or a wait for one. */
static long wait_for(struct thread *thread, int selector, uint64_t options, int *status, struct usage *usage)
{
    uint64_t words[] = {(uint64_t)thread->process->id, (uint64_t)selector, options}, answer[3];
    long pid = server_call(SERVER_WAIT, words, 3, answer, 3);
    if (pid == 0 && !(options & WNOHANG)) {
        return thread_wait(thread, WAIT_CHILD, NO_DEADLINE);
    }
    *status = (int)answer[0];
    bool has_ended = (*status & 0xff) != 0x7f && *status != STATUS_CONTINUED;
    *usage = (struct usage){(int64_t)answer[1], (int64_t)answer[2]};
    if (pid > 0 && has_ended && !(options & WNOWAIT)) {
        usage_child(thread->process, usage);
    }
    return pid;
}

HANDLER(call_wait4)
{
    int status = 0;
    struct usage usage;
    if (ARG(2) & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED | 0xe0000000)) {
        return -EINVAL;
    }
    long error = ARG(1) ? space_fill(ARG(1), sizeof status, true) : 0;
    error = !error && ARG(3) ? space_fill(ARG(3), RUSAGE_SIZE, true) : error;
    if (error) {
        return error;
    }
    long pid = wait_for(thread, (int)ARG(0), ARG(2) | WEXITED, &status, &usage);
    if (pid > 0 && ARG(1)) {
        (void)user_write(ARG(1), &status, sizeof status);
    }
    if (pid > 0 && ARG(3)) {
        (void)usage_write(ARG(3), &usage, 0);
    }
    return pid;
}

static void child_info(struct siginfo *info, int pid, int status)
{
    bool is_stop = (status & 0xff) == 0x7f;
    *info = (struct siginfo){.signal = SIGCHLD, .child.pid = pid};
    if (status == STATUS_CONTINUED) {
        info->code = CLD_CONTINUED;
        info->child.status = SIGCONT;
    } else if (is_stop || !(status & 127)) {
        info->code = is_stop ? CLD_STOPPED : CLD_EXITED;
        info->child.status = status >> 8 & 255;
    } else {
        info->code = status & 128 ? CLD_DUMPED : CLD_KILLED;
        info->child.status = status & 127;
    }
}

HANDLER(call_waitid)
{
    int status = 0, id = (int)ARG(1);
    int selector = ARG(0) == P_ALL ? -1 : ARG(0) == P_PID ? id : -id;
    struct siginfo info = {0};
    struct usage usage;
    if (ARG(0) > P_PGID || !(ARG(3) & (WEXITED | WUNTRACED | WCONTINUED)) || (ARG(0) == P_PID && id <= 0)) {
        return -EINVAL;
    }
    long error = ARG(2) ? space_fill(ARG(2), sizeof info, true) : 0;
    error = !error && ARG(4) ? space_fill(ARG(4), RUSAGE_SIZE, true) : error;
    if (error) {
        return error;
    }
    long pid = wait_for(thread, selector, ARG(3), &status, &usage);
    if (pid < 0) {
        return pid;
    }
    if (pid > 0) {
        child_info(&info, (int)pid, status);
        if (ARG(4)) {
            (void)usage_write(ARG(4), &usage, 0);
        }
    }
    return ARG(2) ? user_write(ARG(2), &info, sizeof info) : 0;
}

/* Group, session, parent of a process. */
static long group_get(const struct thread *thread, int pid, uint64_t answer[2])
{
    uint64_t words[] = {(uint64_t)thread->process->id, (uint64_t)pid};
    return server_call(SERVER_GET_GROUP, words, 2, answer, 2);
}

HANDLER(call_getppid)
{
    uint64_t answer[2];
    (void)call;
    return group_get(thread, 0, answer) < 0 ? 0 : (long)answer[1];
}

HANDLER(call_getpgid)
{
    uint64_t answer[2];
    return (int)ARG(0) < 0 ? -ESRCH : group_get(thread, (int)ARG(0), answer);
}

HANDLER(call_getpgrp)
{
    uint64_t answer[2];
    (void)call;
    return group_get(thread, 0, answer);
}

HANDLER(call_getsid)
{
    uint64_t answer[2];
    long group = (int)ARG(0) < 0 ? -ESRCH : group_get(thread, (int)ARG(0), answer);
    return group < 0 ? group : (long)answer[0];
}

HANDLER(call_setpgid)
{
    return SERVER(SERVER_SET_GROUP, (uint64_t)thread->process->id, ARG(0), ARG(1));
}

HANDLER(call_setsid)
{
    (void)call;
    return SERVER(SERVER_NEW_SESSION, (uint64_t)thread->process->id);
}
