/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the heap check knows of one heap: every filled slot, in several orders.
 * Private to check/.
 */
#ifndef SELKIE_CHECK_HEAP_H
#define SELKIE_CHECK_HEAP_H

#include "kernel/slot.h"
#include "kernel/state.h"
#include "kernel/tcb.h"

enum slot_place {
    PLACE_NOWHERE, /* only met by following a link */
    PLACE_CNODE,
    PLACE_TCB,
    PLACE_IRQ,
    PLACE_HOST
};

/* A filled slot. */
struct heap_slot {
    const struct slot *slot;
    uint64_t paddr;
    enum slot_place place;
    uint64_t owner;    /* PLACE_TCB, PLACE_CNODE: its paddr; PLACE_IRQ: the interrupt; PLACE_HOST: the ready set */
    unsigned index;    /* within the owner */
    uint32_t list;     /* which derivation list */
    uint32_t position; /* in that list */
    uint32_t end;      /* position behind the last descendant */
    uint32_t depth;    /* ancestors */
};

/* Open addressing from a physical address to an index. */
struct paddr_map {
    uint64_t *keys; /* 0 is free */
    uint32_t *values;
    uint32_t capacity; /* a power of two */
    uint32_t count;
};

#define NOT_FOUND UINT32_MAX

uint32_t paddr_map_get(const struct paddr_map *map, uint64_t key);
void paddr_map_put(struct paddr_map *map, uint64_t key, uint32_t value);

struct container {
    uint64_t paddr;
    uint64_t slots;
    bool is_tcb;
};

struct heap {
    const struct kernel *k;
    struct heap_slot *slots;
    uint32_t count, room;
    struct paddr_map slot_of; /* paddr of a slot */
    struct container *containers;
    uint32_t container_count, container_room;
    struct paddr_map container_of; /* paddr of a CNode or TCB */
    uint32_t *physical;            /* indices of slots with memory, by address, the largest first */
    uint32_t physical_count, physical_room;
    uint32_t *threads; /* a slot with a capability to each living thread */
    uint32_t thread_count, thread_room;
    struct paddr_map thread_of; /* paddr of a TCB, to its place in `threads` */
    bool is_whole;              /* nothing adrift was met (check.h) */
};

/* Find every slot, from the roots on. Checks "reachable". */
void heap_collect(struct heap *heap, const struct kernel *k);
/* The first of `heap->physical` whose address is at least `paddr`. */
uint32_t heap_physical_find(const struct heap *heap, uint64_t paddr);
/* Does a capability of this type to the object at `paddr` exist? */
bool heap_has_object(const struct heap *heap, enum cap_type type, uint64_t paddr);

/* Each asserts the invariants it is named after; derivation comes first, others rely on its order. */
void check_derivation(struct heap *heap);
void check_untyped(struct heap *heap, bool is_sampled, uint64_t salt);
void check_threads(struct heap *heap);
void check_replies(struct heap *heap);
void check_queues(struct heap *heap);        /* run queues, current, endpoint and notification queues */
void check_mcs(struct heap *heap); /* refills, scheduling contexts, release queue, reply stacks, time */
void check_vspaces(struct heap *heap);       /* asid, page tables */
void check_devices(const struct heap *heap); /* irq, ports */
void check_host(struct heap *heap);          /* host objects */

/* The object at `paddr` is in use, but no capability to it was found: is it adrift? Then the heap is not
 * whole. */
bool heap_is_adrift(struct heap *heap, uint64_t paddr);

_Noreturn void check_failed(const char *invariant, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define CHECK_THAT(invariant, condition, ...)                                                                \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            check_failed((invariant), __VA_ARGS__);                                                          \
    } while (0)

/* The same for what may be adrift with the object at `paddr`. */
#define CHECK_NAMED(invariant, heap, paddr, condition, ...)                                                  \
    do {                                                                                                     \
        if (!(condition) && !heap_is_adrift((heap), (paddr)))                                                \
            check_failed((invariant), __VA_ARGS__);                                                          \
    } while (0)

/* An array that keeps its memory from one check to the next. */
void *array_grow(void *array, uint32_t *room, uint32_t count, size_t element_size);

#endif
