/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the container manager and a personality agree on: where things lie in a container's address space, which
 * capabilities its CSpace starts with, the order that says what to run, and the messages between the two.
 *
 * A container's CSpace has two levels: a root of 2^CONTAINER_ROOT_BITS slots, each for a leaf of
 * 2^CONTAINER_LEAF_BITS. The manager makes the root and leaf 0, which holds what is listed here; the personality
 * makes the other leaves from the container's own memory as it needs them.
 */
#ifndef SELKIE_CONTAINER_INTERFACE_H
#define SELKIE_CONTAINER_INTERFACE_H

#include <stdint.h>

/* Addresses. Programs live below CONTAINER_PERSONALITY; everything from there up to CONTAINER_END is the
 * personality's, and programs cannot map anything there. */
#define CONTAINER_PERSONALITY 0x7d0000000000ul /* its image */
#define CONTAINER_ORDER       0x7d0100000000ul /* struct container_order, read-only */
#define CONTAINER_IPC_BUFFER  0x7d0200000000ul
#define CONTAINER_STACK_TOP   0x7d0300000000ul
#define CONTAINER_HEAP        0x7d1000000000ul /* the personality's own memory grows from here */
#define CONTAINER_END         0x7e0000000000ul

enum {
    CONTAINER_ROOT_BITS = 11,
    CONTAINER_LEAF_BITS = 10,
    CONTAINER_GUARD_BITS = 64 - CONTAINER_ROOT_BITS - CONTAINER_LEAF_BITS,
    CONTAINER_STACK_PAGES = 16,
    CONTAINER_ORDER_PAGES = 33,
    CONTAINER_UNTYPEDS = 64,
    CONTAINER_HOSTS = 32,
    CONTAINER_PRIORITY = 100 /* of the program's threads; the personality's thread has one more */
};

/* Leaf 0. */
enum container_slot {
    CONTAINER_SLOT_NULL,
    CONTAINER_SLOT_TCB,   /* the personality's first thread */
    CONTAINER_SLOT_CNODE, /* the root of the CSpace, its guard included */
    CONTAINER_SLOT_VSPACE,
    CONTAINER_SLOT_CONTROL,       /* endpoint of the manager: enum container_message */
    CONTAINER_SLOT_SCHED_CONTROL, /* MCS */
    CONTAINER_SLOT_HOST = 16,     /* container_order.host_count of them */
    CONTAINER_SLOT_UNTYPED = CONTAINER_SLOT_HOST + CONTAINER_HOSTS, /* container_order.untyped_count */
    CONTAINER_SLOT_FREE = CONTAINER_SLOT_UNTYPED + CONTAINER_UNTYPEDS
};

/* Labels of calls on the control endpoint. */
enum container_message {
    CONTAINER_EXITED = 0x100, /* (status as of wait(2)): the program ended; there is no answer */
    CONTAINER_BROKEN          /* (): the personality cannot go on and has said why */
};

struct container_host {
    uint32_t kind, access; /* abi/host_io.h */
    char name[48];
};

/* Strings lie in `text`, each with its zero: the arguments, then the environment, then the working directory. */
struct container_order {
    uint64_t untyped_count;
    uint8_t untyped_bits[CONTAINER_UNTYPEDS];
    uint64_t host_count;
    struct container_host host[CONTAINER_HOSTS];
    uint64_t program,
        program_size; /* address of an ELF image in memory that is run if there is no root directory */
    uint32_t argument_count, environment_count;
    uint32_t text_size;
    char text[];
};

#define CONTAINER_ORDER_SIZE (CONTAINER_ORDER_PAGES * 4096ul)
#define CONTAINER_TEXT_SIZE  (CONTAINER_ORDER_SIZE - sizeof(struct container_order))

#endif
