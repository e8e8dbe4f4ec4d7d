/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: making, ending, waiting. clone(2), exit(2), set_tid_address(2). */
#include "container/linux/thread.h"

#include <sel4/sel4.h>

#include "container/linux/clock.h"
#include "container/linux/futex.h"
#include "container/linux/heap.h"
#include "container/linux/space.h"
#include "container/linux/syscall.h"

enum {
    CLONE_PARENT_SETTID = 0x100000,
    CLONE_SETTLS = 0x80000,
    CLONE_CHILD_CLEARTID = 0x200000,
    CLONE_CHILD_SETTID = 0x1000000,
    FLAGS_START = 0x202
};

struct thread threads[THREADS];
unsigned thread_end;

static struct thread *queue_first, *queue_last;
static int next_id = 1;

static struct thread *thread_free(void)
{
    for (unsigned i = 0; i < THREADS; i++) {
        if (!threads[i].id) {
            return &threads[i];
        }
    }
    return NULL;
}

/* A thread in a free place. Its TCB may have served another one. */
static struct thread *thread_new(struct process *process)
{
    struct thread *thread = thread_free();
    if (!thread || !kernel_thread_make(&thread->kernel, (unsigned)(thread - threads))) {
        return NULL;
    }
    *thread = (struct thread){.id = next_id++,
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
    struct thread *thread = thread_new(process);
    if (!thread) {
        broken("not enough memory for a thread");
    }
    process->id = thread->id;
    kernel_thread_start(&thread->kernel,
                        &(struct user_registers){.rip = ip, .rsp = sp, .rflags = FLAGS_START}, 0);
    return thread;
}

long thread_clone(struct thread *parent, uint64_t flags, uint64_t stack, uint64_t parent_tid,
                  uint64_t child_tid, uint64_t tls)
{
    struct thread *thread = thread_new(parent->process);
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
    struct user_registers registers = parent->registers;
    registers.rip += 2; /* behind the `syscall` */
    registers.rcx = registers.rip;
    registers.r11 = registers.rflags;
    registers.rax = 0;
    registers.rsp = stack ? stack : registers.rsp;
    thread->fs_base = flags & CLONE_SETTLS ? tls : parent->fs_base;
    kernel_thread_start(&thread->kernel, &registers, thread->fs_base);
    return thread->id;
}

void thread_exit(struct thread *thread, int status)
{
    struct process *process = thread->process;
    kernel_thread_stop(&thread->kernel);
    thread->kernel.is_reply_kept = false;
    futex_thread_end(thread);
    thread->wait = WAIT_NOTHING;
    thread->has_ended = true;
    thread->id = 0;
    if (--process->thread_count == 0) {
        process_exit((status & 255) << 8);
    }
}

_Noreturn void process_exit(int wait_status)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id) {
            kernel_thread_stop(&threads[i].kernel);
        }
    }
    for (;;) {
        seL4_SetMR(0, (seL4_Word)wait_status);
        seL4_Call(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(CONTAINER_EXITED, 0, 0, 1));
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

static void thread_call_over(struct thread *thread)
{
    thread->wait = WAIT_NOTHING;
    thread->wait_file = NULL;
    thread->deadline_ns = NO_DEADLINE;
    thread->is_repeated = thread->is_expired = false;
    thread->progress = 0;
}

void thread_answer(struct thread *thread, long result)
{
    thread_call_over(thread);
    thread->registers.rax = (uint64_t)result;
    kernel_reply_registers(&thread->kernel, &thread->registers);
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

void thread_serve(struct thread *thread)
{
    long result = linux_syscall(thread, &thread->call);
    if (result != CALL_WAITS && thread->id && !thread->has_ended) {
        thread_answer(thread, result);
    }
}

void thread_run_queue(void)
{
    while (queue_first) {
        struct thread *thread = queue_first;
        queue_first = thread->queue_next;
        queue_last = queue_first ? queue_last : NULL;
        thread->is_queued = false;
        if (thread->id && thread->wait != WAIT_NOTHING) {
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
