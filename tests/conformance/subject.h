/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread to experiment with: it is started with every register known, runs until it faults (a stub ends in
 * `ud2`), and then all its registers and the fault are looked at. Its priority is below the initial thread's.
 *
 * rsp is no result: the real kernel does not keep it over a system call.
 */
#ifndef CONFORMANCE_SUBJECT_H
#define CONFORMANCE_SUBJECT_H

#include "conformance.h"

enum {
    SUBJECT_REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word),
    SUBJECT_STACK = 4096,  /* bytes of stack, above and below the initial rsp together */
    SUBJECT_BADGE = 0xfa17 /* of its fault messages */
};

enum {
    EXCEPTION_DIVIDE = 0,
    EXCEPTION_DEBUG = 1,
    EXCEPTION_BREAKPOINT = 3,
    EXCEPTION_UNDEFINED = 6
};

struct subject {
    seL4_TCB tcb;
    seL4_CPtr faults;
    unsigned char *stack;       /* SUBJECT_STACK bytes; rsp starts in the middle; null in another VSpace */
    seL4_IPCBuffer *ipc_buffer; /* null in another VSpace */
    seL4_CPtr sched_context;    /* MCS, and not in another VSpace */
};

struct subject_fault {
    seL4_Word label, ip, flags;
    seL4_Word detail; /* VM fault: the address; exception: its number; unknown system call: its number */
    seL4_Word code;   /* VM fault: the status; exception: its error code */
};

/* A thread of the initial thread's VSpace with an IPC buffer, or of another VSpace, without. It does not
 * run yet. */
void subject_make(struct subject *subject, const char *name);
void subject_make_in(struct subject *subject, const char *name, seL4_CPtr vspace);

/* MCS: from now on its turns end, as those of a thread in another VSpace and of all threads without MCS do. */
void subject_take_turns(const struct subject *subject);

/* Registers for a start at `rip`: rax..r15 hold 0xa00 + their place in the context. */
seL4_UserContext subject_registers(const struct subject *subject, seL4_Word rip);

/* Let it run with these registers, until it faults or blocks; the caller goes on at once. */
void subject_start(const struct subject *subject, const seL4_UserContext *registers);

/* Wait for its fault; suspend it; its registers are those of the moment of the fault. */
struct subject_fault subject_wait(const struct subject *subject, seL4_UserContext *registers);

/* Both. */
struct subject_fault subject_run(const struct subject *subject, seL4_UserContext *registers);

/* " VM fault, address .., status ..", " exception N, code ..", ...; no ip. */
void subject_fault_print(const struct subject_fault *fault);

/* A new VSpace: empty, or with the program's image (code, data, no stacks) at its addresses. */
seL4_CPtr vspace_make(void);
seL4_CPtr vspace_make_with_image(void);

/* The frame that holds this address of the image. */
seL4_CPtr image_frame(seL4_Word vaddr);

/* What the processor can do, as far as the kernel lets programs use it. */
enum vector_level {
    VECTOR_SSE,
    VECTOR_AVX,
    VECTOR_AVX512
};
enum vector_level processor_vectors(void);

/* QEMU's interpreter, which leaves out what nothing relied on: unmasked SSE exceptions, some exception
 * numbers. */
bool processor_is_interpreted(void);

#endif
