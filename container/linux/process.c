/* SPDX-License-Identifier: BSD-2-Clause */
/* fork(2), vfork(2), the end of processes, and news from the server. */
#include "container/linux/process.h"

#include "container/linux/entry.h"
#include "container/linux/file.h"
#include "container/linux/futex.h"
#include "container/linux/heap.h"
#include "container/linux/loader.h"
#include "container/linux/page_map.h"
#include "container/linux/question.h"
#include "container/linux/server.h"
#include "container/linux/space.h"
#include "container/linux/usage.h"

enum {
    CLONE_VM = 0x100,
    CLONE_SETTLS = 0x80000,
    CLONE_PARENT_SETTID = 0x100000,
    CLONE_CHILD_CLEARTID = 0x200000,
    CLONE_CHILD_SETTID = 0x1000000,
    SA_NOCLDSTOP = 1,
    SA_NOCLDWAIT = 2,
    CLD_STOPPED = 5,
    WNOHANG = 1,
    WEXITED = 4,
    STATUS_STOPPED = 0x7f,
    STATUS_CONTINUED = 0xffff
};

void *process_loop[5];

/* Signals that were taken and not posted yet: posting one may end a process and not come back. */
static struct server_signal news[SERVER_SIGNALS];
static unsigned news_count;
static bool is_news_expected;

static void ids_write(const struct thread *child, uint64_t flags, uint64_t parent_tid, uint64_t child_tid)
{
    if (flags & CLONE_PARENT_SETTID) {
        (void)user_write(parent_tid, &child->id, sizeof child->id);
    }
    if (flags & CLONE_CHILD_SETTID) {
        (void)user_write(child_tid, &child->id, sizeof child->id);
    }
}

/* The one thread of a copy goes on in the child. */
static void fork_child(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t child_tid,
                       uint64_t tls)
{
    thread_call_over(thread);
    thread->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? child_tid : 0;
    thread->robust_list = 0;
    thread->has_saved_mask = false;
    thread->process->task.death_signal = thread->process->task.is_reaper = 0;
    if (*thread->name) { /* the forking one was not the first thread */
        memcpy(thread->process->name, thread->name, sizeof thread->name);
        memset(thread->name, 0, sizeof thread->name);
    }
    if (thread->schedule.is_reset_on_fork) {
        thread->schedule = (struct schedule){0};
    }
    signal_fork(thread->process, thread);
    ids_write(thread, flags & CLONE_CHILD_SETTID, 0, child_tid);
    thread_start_copy(thread, stack, flags & CLONE_SETTLS ? tls : thread->fs_base);
}

static long fork_copy(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                      uint64_t child_tid, uint64_t tls)
{
    uint64_t gs = kernel_thread_gs(&thread->kernel);
    if (!files_share()) {
        return -ENOMEM;
    }
    long pid = SERVER(SERVER_NEW, (uint64_t)thread->process->id);
    if (pid < 0) {
        return pid;
    }
    long result = personality_copy((int)pid, true);
    if (result == 1) {
        personality_begin(thread->process, thread, (int)pid, true);
        fork_child(thread, flags, stack, child_tid, tls);
        if (gs) {
            kernel_thread_set_gs(&thread->kernel, gs);
        }
        return CALL_WAITS;
    }
    if (result == 0 && (flags & CLONE_PARENT_SETTID)) {
        int id = (int)pid;
        (void)user_write(parent_tid, &id, sizeof id);
    }
    return result ? result : pid;
}

static void process_free(struct process *process)
{
    if (process->files) {
        file_table_drop(process->files);
    }
    heap_free(process->files, sizeof *process->files);
    heap_free(process->directory, PATH_ROOM);
    if (process->program) {
        file_release(process->program);
    }
    heap_free(process, sizeof *process);
}

/* A process struct with the same files, which it does not share. */
static struct process *process_duplicate(const struct process *from)
{
    struct process *process = heap_alloc(sizeof *process);
    if (!process) {
        return NULL;
    }
    *process = *from;
    process->pending = (struct signal_set){0};
    process->usage = process->children = (struct usage){0};
    process->task.death_signal = process->task.is_reaper = 0;
    process->thread_count = 0;
    process->files = heap_alloc(sizeof *process->files);
    process->directory = heap_alloc(PATH_ROOM);
    if (process->program) {
        file_hold(process->program);
    }
    if (!process->files || !process->directory || !file_table_copy(process->files, from->files)) {
        heap_free(process->files, sizeof *process->files);
        process->files = NULL;
        process_free(process);
        return NULL;
    }
    memcpy(process->directory, from->directory, PATH_ROOM);
    return process;
}

/* The child runs here, and the caller waits. */
static long fork_hosted(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                        uint64_t child_tid, uint64_t tls)
{
    struct process *process = process_duplicate(thread->process);
    if (!process) {
        return -ENOMEM;
    }
    long pid = SERVER(SERVER_NEW, (uint64_t)thread->process->id);
    struct thread *child = pid < 0 ? NULL : thread_copy(thread, process, (int)pid);
    if (!child) {
        if (pid > 0) {
            (void)SERVER(SERVER_EXIT, (uint64_t)pid, SIGKILL);
        }
        process_free(process);
        return pid < 0 ? pid : -EAGAIN;
    }
    process->id = (int)pid;
    process->is_hosted = true;
    process->vfork_thread = thread;
    ids_write(child, flags, parent_tid, child_tid);
    child->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? child_tid : 0;
    entry_forget(); /* getpid(2) has another answer for some threads from now on */
    thread_start_copy(child, stack, flags & CLONE_SETTLS ? tls : thread->fs_base);
    return thread_wait(thread, WAIT_VFORK, NO_DEADLINE);
}

long process_fork(struct thread *thread, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                  uint64_t child_tid, uint64_t tls)
{
    return flags & CLONE_VM ? fork_hosted(thread, flags, stack, parent_tid, child_tid, tls)
                            : fork_copy(thread, flags, stack, parent_tid, child_tid, tls);
}

void process_unhost(struct process *process)
{
    struct thread *waiting = process->vfork_thread;
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && threads[i].process == process) {
            thread_drop(&threads[i]);
        }
    }
    int pid = process->id;
    process_free(process);
    if (waiting && waiting->id && waiting->wait == WAIT_VFORK) {
        thread_answer(waiting, pid);
    }
}

_Noreturn void process_end(struct process *process, int wait_status)
{
    if (!process->is_hosted) {
        process_exit(wait_status);
    }
    struct usage usage = usage_at_end(process);
    (void)SERVER(SERVER_EXIT, (uint64_t)process->id, (uint64_t)wait_status, (uint64_t)usage.user_ns,
                 (uint64_t)usage.system_ns);
    process_unhost(process);
    thread_current = NULL;
    __builtin_longjmp(process_loop, 1);
}

void process_stopped(const struct process *process, int signal)
{
    (void)SERVER(SERVER_STOPPED, (uint64_t)process->id,
                 signal ? (uint64_t)(signal << 8 | STATUS_STOPPED) : STATUS_CONTINUED);
}

bool process_is_orphaned(const struct process *process)
{
    const uint64_t words[] = {(uint64_t)process->id, 0};
    uint64_t answer[3] = {0};
    return server_call(SERVER_GET_GROUP, words, 2, answer, 3) >= 0 && answer[2];
}

static struct process *process_of(int pid)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && threads[i].process->id == pid) {
            return threads[i].process;
        }
    }
    return NULL;
}

/* A child has news: who waits for one looks again; nobody else hears of it if that is what the process asked for. */
static bool child_news(struct process *process, const struct server_signal *signal)
{
    const struct signal_action *action = &process->action[SIGCHLD];
    if (signal->code < CLD_STOPPED && (action->handler == SIG_IGN || (action->flags & SA_NOCLDWAIT))) {
        (void)SERVER(SERVER_WAIT, (uint64_t)process->id, (uint64_t)signal->sender, WEXITED | WNOHANG);
    }
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && threads[i].process == process && threads[i].wait == WAIT_CHILD) {
            thread_retry(&threads[i]);
        }
    }
    return signal->code < CLD_STOPPED || !(action->flags & SA_NOCLDSTOP);
}

static void signal_arrived(const struct server_signal *signal)
{
    struct process *process = process_of(signal->pid);
    if (!process) {
        return;
    }
    struct siginfo info = {.signal = signal->signal, .code = signal->code};
    if (signal->signal == SIGCHLD && signal->code > 0) {
        if (!child_news(process, signal)) {
            return;
        }
        int status = (int)signal->value;
        info.child.pid = signal->sender;
        info.child.status = signal->code == 1            ? status >> 8 & 255
                            : signal->code < CLD_STOPPED ? status & 127
                            : status == STATUS_CONTINUED ? SIGCONT
                                                         : status >> 8 & 255;
    } else {
        info.from.pid = signal->sender;
        info.from.value = signal->value;
    }
    signal_post(process, &info);
}

static void title_tell(void)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && !threads[i].process->is_hosted) {
            process_title_tell(threads[i].process);
            return;
        }
    }
}

void process_events(void)
{
    uint64_t answer[1 + SERVER_SIGNALS * sizeof(struct server_signal) / sizeof(uint64_t)];
    is_news_expected = false;
    entry_forget(); /* there may be another parent */
    do {
        while (news_count > 0) {
            struct server_signal signal = news[0];
            news_count--;
            memmove(news, news + 1, news_count * sizeof *news);
            signal_arrived(&signal);
        }
        uint64_t nothing = 0;
        long count = server_call(SERVER_TAKE, &nothing, 1, answer, sizeof answer / sizeof *answer);
        if (count < 0) {
            return;
        }
        if ((answer[0] & SERVER_IS_ALONE) && !pages_are_alone()) {
            pages_alone(true);
        }
        if (answer[0] & SERVER_FUTEXES) {
            futex_look_again();
        }
        if (answer[0] & SERVER_TELL_NAME) {
            title_tell();
        }
        if (answer[0] & SERVER_QUESTIONED) {
            question_answer();
        }
        news_count = (unsigned)count;
        memcpy(news, answer + 1, news_count * sizeof *news);
    } while (news_count > 0);
}

bool process_has_news(void)
{
    return news_count > 0 || is_news_expected;
}

void process_expect_news(void)
{
    is_news_expected = true;
}
