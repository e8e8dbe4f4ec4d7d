/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that does what a test says: threads, mappings and a function that gets
 * each trap. It implements the part of kernel/kernel.h that an engine calls.
 */
#ifndef SELKIE_TESTS_FAKE_KERNEL_H
#define SELKIE_TESTS_FAKE_KERNEL_H

#include "engine/engine.h"

enum {
    FAKE_MEMORY = 64 << 20,
    FAKE_CODE = 0x400000, /* where guest code is mapped, in every VSpace */
    FAKE_DATA = 0x600000, /* a writable page, and one that is only readable behind it */
    FAKE_CONST = 0x601000,
    FAKE_NOWHERE = 0x700000,
    FAKE_REVERSED = 0x20000000,
    FAKE_CODE_PADDR = 0x200000,
    FAKE_DATA_PADDR = 0x210000, /* VSpace n has its data at + n * 2 pages */
    FAKE_TRAPS = 64
};

struct fake {
    struct kernel k;
    struct abi abi;
    struct machine machine;
    struct engine *engine;
    int arena_fd, vector_fd;
    struct diag diag;

    struct next next;
    struct next (*take)(const struct trap *trap); /* NULL: halt */
    struct trap trap[FAKE_TRAPS];                 /* the first traps of a run */
    unsigned trap_count;

    uint64_t
        reversed_pages; /* at FAKE_REVERSED in VSpace 0: small pages of the arena's upper half, backwards */

    /* what the engine is told */
    uint64_t deadline_ns; /* on the host's clock */
    int irq;
    bool is_stopped, can_wake;
    int watch_fd; /* -1: none */
};
extern struct fake fake;

/* A new world: an open engine, nothing mapped but code, data and constants in VSpaces 0 to 3. */
void fake_open(void);
void fake_close(void);

/* PML4 and TCB addresses by number. */
uint64_t fake_vspace(unsigned number);
uint64_t fake_tcb(unsigned number);

void fake_map(unsigned vspace, uint64_t vaddr, uint64_t paddr, unsigned size_bits, bool is_writable);
void fake_map_device(unsigned vspace, uint64_t vaddr);
void fake_map_forbidden(unsigned vspace, uint64_t vaddr); /* without any right */
void fake_unmap(unsigned vspace, uint64_t vaddr, bool tell_engine);
void fake_furnish(unsigned vspace); /* code, data and constants */

/* Make thread `number` about to run guest code in a VSpace, with fresh vector state. */
struct next fake_thread(unsigned number, unsigned vspace, const unsigned char *code);
struct context *fake_context(unsigned number);

/* Run from `next` until the engine stops. */
enum engine_stop fake_run(struct next next);
/* Run a piece of guest code until its first trap, which is returned. */
struct trap fake_trap_of(const unsigned char *code);
/* The same with values for %rdi, %rsi and %rbx. */
struct trap fake_access(const unsigned char *code, uint64_t rdi, uint64_t rsi, uint64_t rbx);

uint64_t *fake_data(unsigned vspace);
uint64_t fake_address(const unsigned char *code); /* where a piece of guest code lies */

#endif
