/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor said, in the kernel's words. Freestanding.
 *
 * The status of a page fault is computed from seL4's page tables: present is what
 * they say, write is what the processor said, user is always set, and there is no
 * bit for instructions.
 */
#ifndef SELKIE_ENGINE_X86_64_EXCEPTION_H
#define SELKIE_ENGINE_X86_64_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"

/* Numbers of exceptions. */
enum {
    EXCEPTION_DEBUG = 1,
    EXCEPTION_OVERFLOW = 4,
    EXCEPTION_GENERAL_PROTECTION = 13,
    EXCEPTION_PAGE_FAULT = 14
};

/* Bits of a page fault's error code. */
enum {
    PAGE_FAULT_PRESENT = 1,
    PAGE_FAULT_WRITE = 2,
    PAGE_FAULT_USER = 4,
    PAGE_FAULT_FETCH = 16 /* the host uses NX, so its processor sets it */
};

/* What the processor said: number, error code, and the address of a page fault. */
struct exception {
    uint64_t vector, code, address;
};

/* `status` without the bit for user. */
struct trap trap_vm_fault(uint64_t address, unsigned status, bool is_instruction);

struct trap trap_exception(uint64_t vector, uint64_t code);

/* `int number`, which the host has carried out and seL4 refuses. The context, which stood behind it, goes
 * back to it. */
struct trap trap_refused_int(unsigned number, struct context *context);

/* The trap that an exception is, `tables` being what seL4's tables say about the address if it is a page
 * fault. False: they allow this access, so it is the business of the engine. */
bool trap_of_exception(const struct exception *x, const struct translation *tables, struct context *context,
                       struct trap *trap);

/* The trap behind a system call of the host's, which `int $0x80` is too. The context stands behind the
 * instruction and has neither a restart address nor is_syscall yet. */
struct trap trap_of_syscall(const struct kernel *k, uint64_t vspace, struct context *context);

#endif
