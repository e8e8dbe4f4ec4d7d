/* SPDX-License-Identifier: BSD-2-Clause */
/* Controlling terminals, tcsetpgrp(3), and the signals that processes in the background get. ioctl_tty(2),
 * credentials(7). */
#include "container/linux/terminal.h"

#include "container/linux/host.h"
#include "container/linux/process.h"
#include "container/linux/pty.h"
#include "container/linux/space.h"

enum {
    TCSETS = 0x5402,
    TCSETSF = 0x5404,
    TCSBRK = 0x5409,
    TCFLSH = 0x540b,
    TIOCSCTTY = 0x540e,
    TIOCGPGRP = 0x540f,
    TIOCSPGRP = 0x5410,
    TIOCNOTTY = 0x5422,
    TIOCGSID = 0x5429,
    OWN = -1
};

long terminal_ask(const struct process *process, enum server_terminal what, uint64_t id, uint64_t value)
{
    return SERVER(SERVER_TERMINAL, (uint64_t)process->id, what, id, value);
}

static uint64_t id_of(const struct file *file)
{
    return file->word[0] - 1;
}

void terminal_set_own(const struct process *process, struct file *file)
{
    long id = file_host_is_terminal(file) ? terminal_ask(process, TERMINAL_OWN, 0, 0) : -1;
    if (id >= 0) {
        char path[PTY_PATH_SIZE];
        pty_path((uint64_t)id, path);
        file_set_path(file, path);
        file->word[0] = (uint64_t)id + 1;
    }
}

/* 1: the process is in the background; 2: and in a group that nobody could continue. */
static long background_of(const struct process *process, const struct file *file)
{
    return terminal_ask(process, TERMINAL_IS_BACKGROUND, id_of(file), 0);
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

long terminal_read_check(const struct file *file)
{
    const struct thread *thread = thread_current;
    long background = file->word[0] && thread ? background_of(thread->process, file) : 0;
    if (background <= 0) {
        return 0;
    }
    if (background > 1 || is_indifferent(thread, SIGTTIN)) {
        return -EIO;
    }
    group_tell(thread->process, SIGTTIN);
    return -EAGAIN;
}

/* What changes the terminal waits until the process is in the foreground: 0 if it is there, or does not care. */
static long change_check(struct thread *thread, const struct file *file)
{
    long background = background_of(thread->process, file);
    if (background <= 0 || is_indifferent(thread, SIGTTOU)) {
        return 0;
    }
    if (background > 1) {
        return -EIO;
    }
    group_tell(thread->process, SIGTTOU);
    thread->signal_wish = 0;
    return thread_wait(thread, WAIT_SIGNAL, NO_DEADLINE);
}

static long foreground_set(struct thread *thread, const struct file *file, uint64_t argument)
{
    int32_t group;
    long error = change_check(thread, file);
    error = error == -EIO ? -ENOTTY : error; /* this one call says so */
    error = error ? error : user_read(&group, argument, sizeof group);
    return error ? error
                 : terminal_ask(thread->process, TERMINAL_SET_FOREGROUND, id_of(file),
                                (uint64_t)(int64_t)group);
}

/* A group or a session. */
static long number_get(const struct process *process, const struct file *file, enum server_terminal what,
                       bool is_master, uint64_t argument)
{
    int32_t number = (int32_t)terminal_ask(process, what, id_of(file), is_master);
    return number < 0 ? number : user_write(argument, &number, sizeof number);
}

bool terminal_common(const struct file *file, uint64_t request, uint64_t argument, bool is_master,
                     long *result)
{
    struct thread *thread = thread_current;
    if (request >= TCSBRK && request <= TCFLSH) {
        *result = 0;
        return true;
    }
    if (!file->word[0] || !thread) {
        return false;
    }
    switch (request) {
    case TIOCGPGRP:
        *result = number_get(thread->process, file, TERMINAL_GET_FOREGROUND, is_master, argument);
        return true;
    case TIOCGSID:
        *result = number_get(thread->process, file, TERMINAL_GET_SESSION, is_master, argument);
        return true;
    case TIOCSPGRP:
        *result = foreground_set(thread, file, argument);
        return true;
    default:
        return false;
    }
}

bool terminal_control(struct file *file, uint64_t request, uint64_t argument, long *result)
{
    struct thread *thread = thread_current;
    if (terminal_common(file, request, argument, false, result)) {
        return true;
    }
    if (!file->word[0] || !thread) {
        return false;
    }
    if (request >= TCSETS && request <= TCSETSF) {
        *result = change_check(thread, file);
        return *result != 0;
    }
    if (request != TIOCSCTTY && request != TIOCNOTTY) {
        return false;
    }
    *result = terminal_ask(thread->process, request == TIOCSCTTY ? TERMINAL_TAKE : TERMINAL_LEAVE,
                           id_of(file), request == TIOCSCTTY && argument == 1);
    return true;
}

long terminal_open(const struct process *process, int id, unsigned flags, struct file **file)
{
    struct object_box box;
    if (!host_object_make(&box)) {
        return -ENOMEM;
    }
    long result = terminal_ask(process, TERMINAL_OPEN, (uint64_t)(int64_t)id, box.object);
    if (result < 0) {
        host_object_drop(&box);
        return result;
    }
    *file = file_host_make(&box, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND), false);
    if (!*file) {
        return -ENOMEM;
    }
    (*file)->word[0] = (uint64_t)result + 1;
    if (id != OWN && !(flags & O_NOCTTY)) {
        (void)terminal_ask(process, TERMINAL_TAKE, (uint64_t)id, 0);
    }
    return 0;
}
