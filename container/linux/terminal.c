/* SPDX-License-Identifier: BSD-2-Clause */
/* tcsetpgrp(3), tcgetpgrp(3), and the signals that processes in the background get. termios(3), credentials(7). */
#include "container/linux/terminal.h"

#include "container/linux/host.h"
#include "container/linux/process.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum {
    TCSETS = 0x5402,
    TCSETSF = 0x5404,
    TCSBRK = 0x5409,
    TCXONC = 0x540a,
    TCFLSH = 0x540b,
    TIOCSCTTY = 0x540e,
    TIOCGPGRP = 0x540f,
    TIOCSPGRP = 0x5410,
    TIOCNOTTY = 0x5422,
    TIOCGSID = 0x5429,
    FIRST_SESSION = 1
};

static bool is_there;

void terminal_init(const struct container_order *order)
{
    is_there = order->is_terminal;
}

struct membership {
    int group, session;
};

static struct membership membership_of(const struct process *process)
{
    uint64_t words[] = {(uint64_t)process->id, 0}, answer[2];
    long group = server_call(SERVER_GET_GROUP, words, 2, answer, 2);
    return (struct membership){.group = (int)group, .session = (int)answer[0]};
}

static long foreground(const struct process *process, int group)
{
    return SERVER(SERVER_FOREGROUND, (uint64_t)process->id, (uint64_t)group);
}

/* Does the process have this terminal, without being in its foreground? */
static bool is_background(const struct process *process)
{
    struct membership membership = membership_of(process);
    return is_there && membership.session == FIRST_SESSION && membership.group > 0 &&
           membership.group != foreground(process, 0);
}

static bool is_indifferent(const struct thread *thread, int signal)
{
    return thread->signal_mask & signal_bit(signal) || thread->process->action[signal].handler == SIG_IGN;
}

/* The whole group is told that one of it wanted the terminal. */
static void group_tell(const struct process *process, int signal)
{
    (void)SERVER(SERVER_KILL, (uint64_t)process->id, 0, (uint64_t)signal, SI_KERNEL, 0);
    process_expect_news(); /* it is one of them */
}

long terminal_read_check(void)
{
    const struct thread *thread = thread_current;
    if (!is_there || !thread || !is_background(thread->process)) {
        return 0;
    }
    if (is_indifferent(thread, SIGTTIN)) {
        return -EIO;
    }
    group_tell(thread->process, SIGTTIN);
    return -EAGAIN;
}

static long foreground_set(struct thread *thread, uint64_t argument)
{
    int32_t group;
    long error = user_read(&group, argument, sizeof group);
    long result = error ? error : group <= 0 ? -EINVAL : foreground(thread->process, group);
    return result > 0 ? 0 : result;
}

static long foreground_get(struct thread *thread, uint64_t argument)
{
    int32_t group = (int32_t)foreground(thread->process, 0);
    return group < 0 ? group : user_write(argument, &group, sizeof group);
}

/* What changes the terminal waits until the process is in the foreground. */
static bool must_wait(const struct thread *thread)
{
    if (!is_background(thread->process) || is_indifferent(thread, SIGTTOU)) {
        return false;
    }
    group_tell(thread->process, SIGTTOU);
    return true;
}

static long job_control(struct thread *thread, uint64_t request, uint64_t argument)
{
    int32_t session = FIRST_SESSION;
    if (membership_of(thread->process).session != FIRST_SESSION) {
        return request == TIOCSCTTY ? -EPERM : -ENOTTY;
    }
    switch (request) {
    case TIOCGPGRP:
        return foreground_get(thread, argument);
    case TIOCGSID:
        return user_write(argument, &session, sizeof session);
    case TIOCSPGRP:
        if (must_wait(thread)) {
            thread->signal_wish = 0;
            return thread_wait(thread, WAIT_SIGNAL, NO_DEADLINE);
        }
        return foreground_set(thread, argument);
    default:
        return 0;
    }
}

bool terminal_control(uint64_t request, uint64_t argument, long *result)
{
    struct thread *thread = thread_current;
    if (request >= TCSBRK && request <= TCFLSH) {
        *result = 0;
        return true;
    }
    if (!is_there || !thread) {
        return false;
    }
    if (request >= TCSETS && request <= TCSETSF && must_wait(thread)) {
        thread->signal_wish = 0;
        *result = thread_wait(thread, WAIT_SIGNAL, NO_DEADLINE);
        return true;
    }
    if (request != TIOCGPGRP && request != TIOCSPGRP && request != TIOCGSID && request != TIOCSCTTY &&
        request != TIOCNOTTY) {
        return false;
    }
    *result = job_control(thread, request, argument);
    return true;
}

struct file *terminal_open(unsigned flags)
{
    struct object_box box;
    cap_address from = host_find("stdin");
    if (!is_there || !from || !host_object_make(&box)) {
        return NULL;
    }
    if (HOST(from, HOST_OBJECT_DUPLICATE, box.object, NULL, 0) < 0) {
        host_object_drop(&box);
        return NULL;
    }
    return file_host_make(&box, flags, false);
}
