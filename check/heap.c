/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding every slot of a heap.
 *
 * The kernel keeps no list of its objects. The search starts at what it does
 * keep (the initial CNode, the list of threads, the interrupts' slots) and goes
 * through every capability to a CNode or thread and every link of the derivation
 * lists. A link may lead to a slot of a CNode that is only named from
 * within itself; once all is found, every slot must lie in some object, unless
 * it is adrift (check.h): then in no memory that anybody can name.
 */
#include "check/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "kernel/host/host.h"

/* How much a quick check looks at: some checks compare all capabilities to one object with each other. */
enum {
    QUICK_SLOTS_MAX = 1 << 22,
    QUICK_CAPS_MAX = 1 << 14
};

/* A quick check: where its words go, and the way out of it. */
static struct {
    bool is_under_way;
    bool is_sound; /* nothing was broken, there was only too much of it */
    uint64_t slots;
    char *why;
    size_t size;
    jmp_buf end;
} quick;

void check_failed(const char *invariant, const char *format, ...)
{
    va_list arguments;
    if (quick.is_under_way) {
        int used = snprintf(quick.why, quick.size, "\"%s\" is broken: ", invariant);
        va_start(arguments, format);
        if (used > 0 && (size_t)used < quick.size)
            (void)vsnprintf(quick.why + used, quick.size - (size_t)used, format, arguments);
        va_end(arguments);
        longjmp(quick.end, 1);
    }
    fprintf(stderr, "kernel_check: \"%s\" is broken: ", invariant);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    kernel_assert_failed(invariant, "kernel_check", 0);
}

void *array_grow(void *array, uint32_t *room, uint32_t count, size_t element_size)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 64;
    void *grown = realloc(array, *room * element_size);
    if (!grown)
        abort();
    return grown;
}

/* Reading memory that nobody used takes memory from the host. */
static void quick_count(const struct heap *heap, uint64_t slots)
{
    quick.slots += slots < QUICK_SLOTS_MAX ? slots : QUICK_SLOTS_MAX;
    if (!quick.is_under_way || (quick.slots <= QUICK_SLOTS_MAX && heap->count < QUICK_CAPS_MAX))
        return;
    quick.is_sound = true;
    longjmp(quick.end, 1);
}

static uint32_t paddr_hash(uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32);
}

uint32_t paddr_map_get(const struct paddr_map *map, uint64_t key)
{
    if (map->capacity == 0)
        return NOT_FOUND;
    for (uint32_t i = paddr_hash(key);; i++) {
        uint32_t at = i & (map->capacity - 1);
        if (map->keys[at] == key)
            return map->values[at];
        if (map->keys[at] == 0)
            return NOT_FOUND;
    }
}

static void paddr_map_grow(struct paddr_map *map)
{
    struct paddr_map old = *map;
    map->capacity = old.capacity ? 2 * old.capacity : 256;
    map->count = 0;
    map->keys = calloc(map->capacity, sizeof *map->keys);
    map->values = calloc(map->capacity, sizeof *map->values);
    if (!map->keys || !map->values)
        abort();
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.keys[i])
            paddr_map_put(map, old.keys[i], old.values[i]);
    }
    free(old.keys);
    free(old.values);
}

void paddr_map_put(struct paddr_map *map, uint64_t key, uint32_t value)
{
    if (2 * map->count >= map->capacity)
        paddr_map_grow(map);
    uint32_t at = paddr_hash(key) & (map->capacity - 1);
    while (map->keys[at] && map->keys[at] != key)
        at = (at + 1) & (map->capacity - 1);
    if (map->keys[at] == 0)
        map->count++;
    map->keys[at] = key;
    map->values[at] = value;
}

static void paddr_map_clear(struct paddr_map *map)
{
    if (map->capacity)
        memset(map->keys, 0, map->capacity * sizeof *map->keys);
    map->count = 0;
}

static void heap_clear(struct heap *heap, const struct kernel *k)
{
    heap->k = k;
    heap->is_whole = true;
    heap->count = heap->container_count = heap->physical_count = heap->thread_count = 0;
    paddr_map_clear(&heap->slot_of);
    paddr_map_clear(&heap->container_of);
    paddr_map_clear(&heap->thread_of);
}

static const struct slot *heap_slot_at(const struct heap *heap, uint64_t paddr)
{
    CHECK_THAT("reachable",
               paddr % sizeof(struct slot) == 0 && paddr + sizeof(struct slot) <= heap->k->memory_size,
               "0x%lx is no address of a slot", paddr);
    return arena_at(heap->k, paddr);
}

/* Record a filled slot; if it was met by a link before, now it is known where it lies. */
static void heap_add_slot(struct heap *heap, uint64_t paddr, enum slot_place place, uint64_t owner,
                          unsigned index)
{
    uint32_t known = paddr_map_get(&heap->slot_of, paddr);
    if (known != NOT_FOUND) {
        struct heap_slot *slot = &heap->slots[known];
        CHECK_THAT("reachable", place == PLACE_NOWHERE || slot->place == PLACE_NOWHERE,
                   "slot 0x%lx lies in two objects", paddr);
        if (place != PLACE_NOWHERE) {
            slot->place = place;
            slot->owner = owner;
            slot->index = index;
        }
        return;
    }
    quick_count(heap, 0);
    heap->slots = array_grow(heap->slots, &heap->room, heap->count, sizeof *heap->slots);
    heap->slots[heap->count] = (struct heap_slot){
        .slot = heap_slot_at(heap, paddr), .paddr = paddr, .place = place, .owner = owner, .index = index};
    paddr_map_put(&heap->slot_of, paddr, heap->count);
    heap->count++;
}

static void slot_check_empty(const struct slot *slot, uint64_t paddr)
{
    const uint64_t *words = (const uint64_t *)(const void *)slot;
    CHECK_THAT("derivation", !words[0] && !words[1] && !words[2] && !words[3],
               "the empty slot 0x%lx is not all zeros", paddr);
}

static void heap_add_slots(struct heap *heap, uint64_t paddr, uint64_t count, enum slot_place place)
{
    quick_count(heap, count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = paddr + (i << ABI_SLOT_BITS);
        const struct slot *slot = heap_slot_at(heap, at);
        if (slot_is_empty(slot))
            slot_check_empty(slot, at);
        else
            heap_add_slot(heap, at, place, paddr, (unsigned)i);
    }
}

static void heap_add_container(struct heap *heap, uint64_t paddr, uint64_t slots, bool is_tcb)
{
    uint32_t known = paddr_map_get(&heap->container_of, paddr);
    if (known != NOT_FOUND) {
        const struct container *container = &heap->containers[known];
        CHECK_THAT("reachable", container->slots == slots && container->is_tcb == is_tcb,
                   "0x%lx has two shapes: %lu and %lu slots", paddr, container->slots, slots);
        return;
    }
    heap->containers =
        array_grow(heap->containers, &heap->container_room, heap->container_count, sizeof *heap->containers);
    heap->containers[heap->container_count] = (struct container){paddr, slots, is_tcb};
    paddr_map_put(&heap->container_of, paddr, heap->container_count);
    heap->container_count++;
    heap_add_slots(heap, paddr, slots, is_tcb ? PLACE_TCB : PLACE_CNODE);
}

static void heap_add_thread(struct heap *heap, uint64_t tcb, uint32_t slot)
{
    if (paddr_map_get(&heap->thread_of, tcb) != NOT_FOUND)
        return;
    heap->threads = array_grow(heap->threads, &heap->thread_room, heap->thread_count, sizeof *heap->threads);
    heap->threads[heap->thread_count] = slot;
    paddr_map_put(&heap->thread_of, tcb, heap->thread_count);
    heap->thread_count++;
}

/* Every host object has room for one capability. */
static void heap_add_host(struct heap *heap, uint64_t paddr)
{
    uint64_t at = paddr + offsetof(struct host_object, slot);
    const struct slot *slot = heap_slot_at(heap, at);
    uint32_t known = paddr_map_get(&heap->slot_of, at);
    if (slot_is_empty(slot))
        slot_check_empty(heap_slot_at(heap, at), at);
    else if (known == NOT_FOUND || heap->slots[known].place != PLACE_HOST)
        heap_add_slot(heap, at, PLACE_HOST, paddr, 0);
}

/* What one slot leads to. */
static void heap_follow(struct heap *heap, uint32_t i)
{
    const struct slot *slot = heap->slots[i].slot;
    struct cap cap = slot->cap;

    if (slot->prev)
        heap_add_slot(heap, slot->prev, PLACE_NOWHERE, 0, 0);
    if (slot->next)
        heap_add_slot(heap, slot->next, PLACE_NOWHERE, 0, 0);
    if (cap.type == CAP_CNODE)
        heap_add_container(heap, cap.paddr, 1ull << cap.radix, false);
    else if (cap.type == CAP_ZOMBIE)
        heap_add_container(heap, cap.paddr, cap.zombie_is_tcb ? TCB_SLOTS : 1ull << cap.zombie_radix,
                           cap.zombie_is_tcb);
    else if (cap.type == CAP_THREAD) {
        heap_add_container(heap, cap.paddr, TCB_SLOTS, true);
        heap_add_thread(heap, cap.paddr, i);
    } else if (cap.type == CAP_HOST)
        heap_add_host(heap, cap.paddr);
    if (cap_is_physical(cap)) {
        heap->physical =
            array_grow(heap->physical, &heap->physical_room, heap->physical_count, sizeof *heap->physical);
        heap->physical[heap->physical_count++] = i;
    }
}

/* What is left of a dying object counts its slots down: those above are empty. */
static void zombie_check(const struct heap *heap, const struct heap_slot *at)
{
    struct cap cap = at->slot->cap;
    uint64_t slots = cap.zombie_is_tcb ? TCB_SLOTS : 1ull << cap.zombie_radix;
    CHECK_THAT("reachable", cap.zombie_left <= slots,
               "zombie in slot 0x%lx of 0x%lx has %lu slots left of %lu", at->paddr, (uint64_t)cap.paddr,
               cap.zombie_left, slots);
    const struct slot *slot = arena_at(heap->k, cap.paddr);
    for (uint64_t i = cap.zombie_left; i < slots; i++)
        CHECK_THAT("reachable", slot_is_empty(&slot[i]),
                   "slot %lu of zombie 0x%lx is full, only %lu should be", i, (uint64_t)cap.paddr,
                   cap.zombie_left);
}

static void heap_add_roots(struct heap *heap)
{
    const struct kernel *k = heap->k;
    const struct kernel_state *s = k->state;
    uint64_t threads = 0;

    heap_add_container(heap, s->root_cnode, 1ull << k->abi->config.root_cnode_bits, false);
    for (uint64_t tcb = s->threads; tcb; tcb = tcb_at(k, tcb)->all_next) {
        CHECK_THAT("threads", tcb < k->memory_size && ++threads < k->memory_size >> 11,
                   "the list of all threads does not end");
        heap_add_container(heap, tcb, TCB_SLOTS, true);
    }
    for (unsigned irq = 0; irq < KERNEL_IRQS; irq++) {
        uint64_t paddr = arena_paddr(k, &s->irq_slot[irq]);
        if (slot_is_empty(&s->irq_slot[irq]))
            slot_check_empty(&s->irq_slot[irq], paddr);
        else
            heap_add_slot(heap, paddr, PLACE_IRQ, irq, 0);
    }
}

void heap_collect(struct heap *heap, const struct kernel *k)
{
    heap_clear(heap, k);
    heap_add_roots(heap);
    for (uint32_t i = 0; i < heap->count; i++)
        heap_follow(heap, i);
    for (uint32_t i = 0; i < heap->count; i++) {
        const struct heap_slot *at = &heap->slots[i];
        CHECK_NAMED("reachable", heap, at->paddr, at->place != PLACE_NOWHERE,
                    "no object holds the slot 0x%lx", at->paddr);
        CHECK_THAT("reachable", !slot_is_empty(at->slot), "a link leads to the empty slot 0x%lx", at->paddr);
        if (at->slot->cap.type == CAP_ZOMBIE)
            zombie_check(heap, at);
    }
}

bool heap_is_adrift(struct heap *heap, uint64_t paddr)
{
    for (uint32_t i = 0; i < heap->physical_count; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (paddr >= cap.paddr && paddr - cap.paddr < 1ull << cap_size_bits(heap->k, cap))
            return false;
    }
    heap->is_whole = false;
    return true;
}

uint32_t heap_physical_find(const struct heap *heap, uint64_t paddr)
{
    uint32_t low = 0;
    uint32_t high = heap->physical_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (heap->slots[heap->physical[middle]].slot->cap.paddr < paddr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool heap_has_object(const struct heap *heap, enum cap_type type, uint64_t paddr)
{
    for (uint32_t i = heap_physical_find(heap, paddr); i < heap->physical_count; i++) {
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.paddr != paddr)
            return false;
        if (cap.type == type)
            return true;
    }
    return false;
}

static bool check_all(const struct kernel *k, bool is_sampled, uint64_t salt)
{
    static struct heap heap; /* keeps its arrays */

    heap_collect(&heap, k);
    check_derivation(&heap);
    check_untyped(&heap, is_sampled, salt);
    check_threads(&heap);
    check_replies(&heap);
    check_queues(&heap);
    check_mcs(&heap);
    check_vspaces(&heap);
    check_devices(&heap);
    check_host(&heap);
    return heap.is_whole;
}

bool kernel_check(const struct kernel *k)
{
    return check_all(k, false, 0);
}

bool kernel_check_sampled(const struct kernel *k, uint64_t salt)
{
    return check_all(k, true, salt);
}

bool kernel_check_quick(const struct kernel *k, uint64_t salt, char *why, size_t size)
{
    quick.why = why;
    quick.size = size;
    quick.slots = 0;
    quick.is_sound = false;
    if (setjmp(quick.end)) {
        quick.is_under_way = false;
        return quick.is_sound;
    }
    quick.is_under_way = true;
    check_all(k, true, salt);
    quick.is_under_way = false;
    return true;
}
