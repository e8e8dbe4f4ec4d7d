/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The personality's thread: start the program, then serve its calls and faults for ever.
 *
 * This thread runs above the program's threads and serves one call at a time, so nothing here needs a lock.
 */
#include <sel4/sel4.h>

#include "container/linux/clock.h"
#include "container/linux/host.h"
#include "container/linux/loader.h"
#include "container/linux/process.h"
#include "container/linux/space.h"
#include "container/linux/thread.h"
#include "container/linux/turn.h"
#include "container/linux/usage.h"
#include "container/linux/window.h"

_Noreturn void personality_main(const struct container_order *order, const struct container_command *command);

extern seL4_Word selkie_entry; /* of libsel4 */

static void serve_call(struct thread *thread, const struct kernel_message *message)
{
    const struct user_registers *registers = &message->registers;
    thread->registers = *registers;
    thread->call = (struct linux_call){
        .number = registers->rax,
        .argument = {registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8,
                     registers->r9},
    };
    thread_serve(thread);
    if (thread->id && thread->wait != WAIT_NOTHING) {
        kernel_reply_keep(&thread->kernel);
    }
}

static void serve_memory(struct thread *thread, const struct kernel_message *message)
{
    long error = window_is_refused(message->address, message->ip, message->is_write)
                     ? -EFAULT
                     : space_fill(message->address, 1, message->is_write);
    if (error == -ENOMEM) {
        log_line("%s (process %d) ends: the container is out of memory", thread->process->name, thread->process->id);
        process_end(thread->process, SIGKILL);
    }
    if (error) {
        signal_memory_fault(thread, message->address, message->ip, message->is_write);
        return;
    }
    kernel_reply_fault(&thread->kernel);
}

static void serve(const struct kernel_message *message)
{
    struct thread *thread = &threads[message->thread];
    if (message->event != EVENT_MEMORY) {
        window_settle();
    }
    switch (message->event) {
    case EVENT_SYSCALL:
        serve_call(thread, message);
        break;
    case EVENT_MEMORY:
        serve_memory(thread, message);
        break;
    case EVENT_EXCEPTION:
        signal_exception(thread, message->exception, message->error_code, message->ip);
        break;
    default:
        broken("thread %d: fault %u, ip 0x%lx", thread->id, message->exception, message->ip);
    }
}

/* The end of a hosted process comes back here from wherever it was noticed. */
static _Noreturn void loop(void)
{
    struct kernel_message message;
    if (__builtin_setjmp(process_loop)) {
        thread_current = NULL;
        thread_run_queue();
    }
    for (;;) {
        if (process_has_news()) {
            process_events();
            thread_run_queue();
        }
        usage_leave();
        if (turn_end()) {
            usage_skip();
        }
        kernel_wait(&message);
        usage_enter(&message);
        if (message.event == EVENT_SIGNAL) {
            if (message.is_from_server) {
                process_events();
            }
            if (message.is_from_host) {
                host_events();
            }
        } else {
            serve(&message);
        }
        thread_run_queue();
    }
}

_Noreturn void personality_main(const struct container_order *order, const struct container_command *command)
{
    static struct process process;
    selkie_entry = order->entry;
    seL4_SetIPCBuffer((seL4_IPCBuffer *)CONTAINER_IPC_BUFFER);
    object_init();
    usage_begin(&process, true);
    if (!kernel_init()) {
        broken("not enough memory to start");
    }
    host_init(order);
    clock_init();
    long error = program_start(&process, order, command);
    if (error) {
        log_line("%s: cannot be run: %s", command ? command->text : order->text, error_text(error));
        process_exit((error == -ENOENT ? 127 : 126) << 8);
    }
    loop();
}

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    call personality_main\n"
    "    ud2\n"
    ".size _start, . - _start\n");
