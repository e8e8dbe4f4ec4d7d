/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: making, ending, waiting. clone(2), exit(2), set_tid_address(2). */
#include "container/linux/thread.h"

#include <sel4/sel4.h>

#include "container/linux/clock.h"
#include "container/linux/fast.h"
#include "container/linux/futex.h"
#include "container/linux/object.h"
#include "container/linux/process.h"
#include "container/linux/server.h"
#include "container/linux/space.h"
#include "container/linux/syscall.h"
#include "container/linux/usage.h"
#include "container/linux/vector.h"

enum {
    CLONE_PARENT_SETTID = 0x100000,
    CLONE_SETTLS = 0x80000,
    CLONE_CHILD_CLEARTID = 0x200000,
    CLONE_CHILD_SETTID = 0x1000000,
    FLAGS_START = 0x202,
    SYSCALL_SIZE = 2,
    MSG_NOSIGNAL = 0x4000
};

struct thread *thread_current;
unsigned thread_end;

static struct thread *queue_first, *queue_last;

/* Have the pages up to `end`. */
static bool thread_page(uint64_t end)
{
    static uint64_t mapped = (uint64_t)threads;
    for (; mapped < end; mapped += PAGE_SIZE) {
        bool is_zero;
        uint32_t frame = frame_alloc(&is_zero);
        if (!frame || !frame_map(frame, mapped, true)) {
            return false;
        }
        memset((void *)mapped, 0, PAGE_SIZE);
    }
    return true;
}

static struct thread *thread_free(void)
{
    unsigned i = 0;
    while (i < thread_end && threads[i].id) {
        i++;
    }
    return i < THREADS && thread_page((uint64_t)&threads[i + 1]) ? &threads[i] : NULL;
}

/* A thread in a free place. Its TCB may have served another one. */
static struct thread *thread_new(struct process *process, int id)
{
    struct thread *thread = thread_free();
    if (!thread || !kernel_thread_make(&thread->kernel, (unsigned)(thread - threads))) {
        return NULL;
    }
    vector_drop(thread); /* of one that ended on the way */
    *thread = (struct thread){.id = id,
                              .index = (unsigned)(thread - threads),
                              .process = process,
                              .kernel = thread->kernel,
                              .deadline_ns = NO_DEADLINE};
    thread_end = thread->index < thread_end ? thread_end : thread->index + 1;
    process->thread_count++;
    return thread;
}

struct thread *thread_first(struct process *process, uint64_t ip, uint64_t sp)
{
    struct thread *thread = thread_new(process, process->id);
    if (!thread) {
        broken("not enough memory for a thread");
    }
    kernel_thread_start(&thread->kernel,
                        &(struct user_registers){.rip = ip, .rsp = sp, .rflags = FLAGS_START}, 0);
    return thread;
}

static void settings_inherit(const struct thread *parent, struct thread *thread)
{
    thread->schedule = parent->schedule.is_reset_on_fork ? (struct schedule){0} : parent->schedule;
    thread->timer_slack_ns = parent->timer_slack_ns;
    memcpy(thread->name, parent->id == parent->process->id ? parent->process->name : parent->name,
           sizeof thread->name);
}

long thread_clone(struct thread *parent, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                  uint64_t child_tid, uint64_t tls)
{
    struct thread *thread = thread_new(parent->process, server_thread_id());
    if (!thread) {
        return -EAGAIN;
    }
    thread->signal_mask = parent->signal_mask;
    thread->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? child_tid : 0;
    long error = 0;
    if (flags & CLONE_PARENT_SETTID) {
        error = user_write(parent_tid, &thread->id, sizeof thread->id);
    }
    if (!error && (flags & CLONE_CHILD_SETTID)) {
        error = user_write(child_tid, &thread->id, sizeof thread->id);
    }
    if (error) {
        thread->id = 0;
        parent->process->thread_count--;
        return error;
    }
    thread->registers = parent->registers;
    settings_inherit(parent, thread);
    vector_give(parent, thread);
    thread_start_copy(thread, stack, flags & CLONE_SETTLS ? tls : parent->fs_base);
    return thread->id;
}

struct thread *thread_copy(struct thread *parent, struct process *process, int id)
{
    struct thread *thread = thread_new(process, id);
    if (thread) {
        thread->signal_mask = parent->signal_mask;
        memcpy(thread->alternate_stack, parent->alternate_stack, sizeof thread->alternate_stack);
        thread->registers = parent->registers;
        settings_inherit(parent, thread);
        vector_give(parent, thread);
    }
    return thread;
}

void thread_start_copy(struct thread *thread, uint64_t stack, uint64_t fs_base)
{
    struct user_registers registers = thread->registers;
    registers.rip += SYSCALL_SIZE;
    registers.rcx = registers.rip;
    registers.r11 = registers.rflags;
    registers.rax = 0;
    registers.rsp = stack ? stack : registers.rsp;
    thread->fs_base = fs_base;
    vector_start(thread, &registers, fs_base);
}

void thread_drop(struct thread *thread)
{
    kernel_thread_stop(&thread->kernel);
    thread->kernel.is_reply_kept = false;
    signal_thread_end(thread);
    file_keep_over(thread);
    thread->wait = WAIT_NOTHING;
    thread->has_ended = true;
    thread->id = 0;
    thread->process->thread_count--;
}

void thread_queue_clear(void)
{
    queue_first = queue_last = NULL;
    for (unsigned i = 0; i < thread_end; i++) {
        threads[i].is_queued = false;
    }
}

void thread_exit(struct thread *thread, int status)
{
    struct process *process = thread->process;
    kernel_thread_stop(&thread->kernel);
    thread->kernel.is_reply_kept = false;
    futex_thread_end(thread);
    signal_thread_end(thread);
    file_keep_over(thread);
    thread->wait = WAIT_NOTHING;
    thread->has_ended = true;
    thread->id = 0;
    if (--process->thread_count == 0) {
        process_end(process, (status & 255) << 8);
    }
}

_Noreturn void process_exit(int wait_status)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id) {
            kernel_thread_stop(&threads[i].kernel);
        }
    }
    struct usage usage = usage_at_end(NULL);
    usage_leave();
    for (;;) { /* there is no answer */
        SERVER(SERVER_EXIT, 0, (uint64_t)wait_status, (uint64_t)usage.user_ns, (uint64_t)usage.system_ns);
    }
}

struct thread *thread_find(int id)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id == id && id > 0) {
            return &threads[i];
        }
    }
    return NULL;
}

long thread_wait(struct thread *thread, enum wait_kind kind, int64_t deadline_ns)
{
    thread->wait = kind;
    if (!thread->is_repeated) {
        thread->is_repeated = true;
        thread->deadline_ns = deadline_ns;
        clock_arm(deadline_ns);
    }
    return CALL_WAITS;
}

void thread_call_over(struct thread *thread)
{
    thread->wait = WAIT_NOTHING;
    thread->wait_file = NULL;
    file_keep_over(thread);
    thread->deadline_ns = NO_DEADLINE;
    thread->is_repeated = thread->is_expired = false;
    thread->progress = 0;
}

void thread_answer(struct thread *thread, long result)
{
    thread_call_over(thread);
    signal_mask_give_back(thread);
    thread->registers.rax = (uint64_t)result;
    if (!thread->process->is_stopped && !signal_is_due(thread)) {
        kernel_reply_registers(&thread->kernel, &thread->registers);
        return;
    }
    struct user_registers registers = thread->registers;
    registers.rip += SYSCALL_SIZE;
    registers.rcx = registers.rip;
    registers.r11 = registers.rflags;
    signal_return(thread, &registers);
}

void thread_retry(struct thread *thread)
{
    if (thread->is_queued) {
        return;
    }
    thread->is_queued = true;
    thread->queue_next = NULL;
    if (queue_last) {
        queue_last->queue_next = thread;
    } else {
        queue_first = thread;
    }
    queue_last = thread;
}

/* Was it a write to a pipe or socket that nobody reads, which is told by a signal, too? */
static bool call_breaks_pipe(const struct linux_call *call)
{
    switch (call->number) {
    case 1:   /* write */
    case 18:  /* pwrite64 */
    case 20:  /* writev */
    case 40:  /* sendfile */
    case 275: /* splice */
    case 296: /* pwritev */
    case 328: /* pwritev2 */
        return true;
    case 44:  /* sendto */
    case 307: /* sendmmsg */
        return !(call->argument[3] & MSG_NOSIGNAL);
    case 46: /* sendmsg */
        return !(call->argument[2] & MSG_NOSIGNAL);
    default:
        return false;
    }
}

void thread_serve(struct thread *thread)
{
    thread_current = thread;
    long result = linux_syscall(thread, &thread->call);
    fast_learn(thread);
    if (result == -EPIPE && call_breaks_pipe(&thread->call)) {
        signal_post_thread(thread,
                           &(struct siginfo){.signal = SIGPIPE, .from.pid = thread->process->id});
    }
    if (result != CALL_WAITS && thread->id && !thread->has_ended) {
        thread_answer(thread, result);
    }
    thread_current = NULL;
    if (result == CALL_WAITS && thread->id && thread->wait != WAIT_NOTHING && signal_is_due(thread) &&
        !thread->process->is_stopped) {
        signal_interrupt(thread);
    }
}

void thread_run_queue(void)
{
    while (queue_first) {
        struct thread *thread = queue_first;
        queue_first = thread->queue_next;
        queue_last = queue_first ? queue_last : NULL;
        thread->is_queued = false;
        if (thread->id && thread->wait != WAIT_NOTHING && !thread->process->is_stopped) {
            thread->wait = WAIT_NOTHING;
            thread_serve(thread);
        }
    }
}

void threads_wake(struct file *file)
{
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        if (thread->id &&
            (thread->wait == WAIT_ANY || (thread->wait == WAIT_FILE && thread->wait_file == file))) {
            thread_retry(thread);
        }
    }
}
