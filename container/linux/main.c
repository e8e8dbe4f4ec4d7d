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
#include "container/linux/space.h"
#include "container/linux/thread.h"

enum {
    SIGILL = 4,
    SIGTRAP = 5,
    SIGBUS = 7,
    SIGFPE = 8,
    SIGKILL = 9,
    SIGSEGV = 11
};

_Noreturn void personality_main(const struct container_order *order);

static int exception_signal(unsigned exception)
{
    switch (exception) {
    case 0:
    case 16:
    case 19:
        return SIGFPE;
    case 1:
    case 3:
        return SIGTRAP;
    case 6:
        return SIGILL;
    case 12:
    case 17:
        return SIGBUS;
    default:
        return SIGSEGV;
    }
}

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
    long error = space_fill(message->address, 1, message->is_write);
    if (error) {
        log_line("thread %d: %s at 0x%lx, ip 0x%lx", thread->id,
                 error == -ENOMEM ? "out of memory" : "segmentation fault", message->address, message->ip);
        process_exit(error == -ENOMEM ? SIGKILL : SIGSEGV);
    }
    kernel_reply_fault(&thread->kernel);
}

static void serve(const struct kernel_message *message)
{
    struct thread *thread = &threads[message->thread];
    switch (message->event) {
    case EVENT_SYSCALL:
        serve_call(thread, message);
        break;
    case EVENT_MEMORY:
        serve_memory(thread, message);
        break;
    default:
        log_line("thread %d: exception %u, ip 0x%lx", thread->id, message->exception, message->ip);
        process_exit(exception_signal(message->exception));
    }
}

_Noreturn void personality_main(const struct container_order *order)
{
    static struct process process;
    seL4_SetIPCBuffer((seL4_IPCBuffer *)CONTAINER_IPC_BUFFER);
    object_init(order);
    kernel_init();
    host_init(order);
    clock_init();
    long error = program_start(&process, order);
    if (error) {
        log_line("%s: cannot be run: error %ld", order->text, -error);
        process_exit((error == -ENOENT ? 127 : 126) << 8);
    }
    for (;;) {
        struct kernel_message message;
        kernel_wait(&message);
        if (message.event == EVENT_SIGNAL) {
            host_events();
        } else {
            serve(&message);
        }
        thread_run_queue();
    }
}

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    call personality_main\n"
    "    ud2\n"
    ".size _start, . - _start\n");
