/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the personality hears of its threads and lets them go on: the part that differs between the classic and the
 * MCS kernel (kernel_classic.c, kernel_mcs.c), and what they share (kernel.c).
 */
#ifndef SELKIE_LINUX_KERNEL_H
#define SELKIE_LINUX_KERNEL_H

#include "container/linux/base.h"

/* In the order of an unknown-syscall message. */
struct user_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rsp, rflags;
};

struct entry_area;

struct kernel_thread {
    uint64_t tcb;
    uint64_t fault_endpoint; /* with the thread's badge */
    uint64_t reply; /* classic: a free slot; MCS: a reply object. For an answer that is given later. */
    bool is_reply_kept;
    struct entry_area *area; /* entry.h */
};

enum kernel_event {
    EVENT_SYSCALL,
    EVENT_MEMORY,    /* address, is_write */
    EVENT_EXCEPTION, /* number */
    EVENT_SIGNAL,    /* the notification */
    EVENT_OTHER
};

struct kernel_message {
    enum kernel_event event;
    bool is_from_host, is_from_server; /* of EVENT_SIGNAL: who signalled, or both */
    unsigned thread;                   /* index */
    uint64_t address, ip;
    bool is_write;
    unsigned exception;  /* number, as the processor counts them */
    uint64_t error_code; /* of the fault */
    struct user_registers registers;
};

/* At the start, and again in a copy of the personality, which has none of these objects. False: no memory. */
bool kernel_init(void);

/* Capabilities of the notification that makes kernel_wait return EVENT_SIGNAL, for who shall signal. */
uint64_t kernel_host_notification(void);
uint64_t kernel_server_notification(void);

/* Give the answer that was prepared, if there is one, and wait for the next message. */
void kernel_wait(struct kernel_message *message);

/* Keep the answer to the last message for later. Must be called before the next kernel_wait if at all. */
void kernel_reply_keep(struct kernel_thread *thread);

/* Let a thread go on behind its system call with these registers, or again at its fault: at once if its reply was
 * kept, else it is the one whose message came last, and the next kernel_wait does it. */
void kernel_reply_registers(struct kernel_thread *thread, const struct user_registers *registers);
void kernel_reply_fault(struct kernel_thread *thread);

/* All registers of a thread, also while it computes; in code of the personality's own, they are those of the place in
 * the program that it comes from or goes to. False: none to be had. */
bool kernel_thread_read(const struct kernel_thread *thread, struct user_registers *registers);

/* Let a thread go on with these registers, wherever it is now: an answer that it waits for is no more due. */
void kernel_thread_resume(struct kernel_thread *thread, const struct user_registers *registers);

/* Was an answer to this thread prepared that is not given yet? Then it is not given, and the thread is as if it had
 * been: `registers` are how it would go on. */
bool kernel_reply_take(struct kernel_thread *thread, struct user_registers *registers);

/* If a thread that computes is in code of the personality's own, put it in front of its call, or behind. */
void kernel_thread_settle(struct kernel_thread *thread);

/* Suspend; kernel_thread_resume lets it go on. */
void kernel_thread_stop(const struct kernel_thread *thread);

/* A thread's objects; `index` becomes its badge. False: no memory. Objects of a thread that ended are used again. */
bool kernel_thread_make(struct kernel_thread *thread, unsigned index);
void kernel_thread_start(const struct kernel_thread *thread, const struct user_registers *registers,
                         uint64_t fs_base);
void kernel_thread_set_fs(const struct kernel_thread *thread, uint64_t base);
void kernel_thread_set_gs(const struct kernel_thread *thread, uint64_t base);
uint64_t kernel_thread_gs(const struct kernel_thread *thread);

/* The parts of the two kernels. */
bool kernel_thread_configure(struct kernel_thread *thread);
uint64_t kernel_receive(uint64_t endpoint, uint64_t *badge);
uint64_t kernel_reply_receive(uint64_t endpoint, uint64_t message_info, uint64_t *badge);
void kernel_reply_move(struct kernel_thread *thread);
void kernel_reply_forget(void);
void kernel_give_way(void); /* to programs of all containers, once; our turn begins anew. Where nothing is half done */

#endif
