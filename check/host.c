/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "host objects": what they are, and who watches whom.
 */
#include "check/heap.h"
#include "kernel/host/host.h"

static const char INVARIANT[] = "host objects";

static const struct host_object *object_named(struct heap *heap, uint64_t paddr)
{
    CHECK_THAT(INVARIANT, paddr % (1u << HOST_IO_BITS) == 0 && paddr < heap->k->memory_size,
               "0x%lx is no address of an object", paddr);
    CHECK_NAMED(INVARIANT, heap, paddr, heap_has_object(heap, CAP_HOST, paddr),
                "0x%lx is named, but there is no such object", paddr);
    return host_at(heap->k, paddr);
}

static const struct queue *list_of(const struct host_object *set, unsigned watch)
{
    return watch == HOST_ARMED ? &set->armed : &set->reported;
}

/* The file's own idea of its place; that lists end, the sets say. */
static void file_check(struct heap *heap, uint64_t paddr, const struct host_object *file)
{
    if (file->watch == HOST_IDLE) {
        CHECK_THAT(INVARIANT, !file->set && !file->prev && !file->next && !file->token && !file->events,
                   "0x%lx is not watched, but in the list of 0x%lx", paddr, file->set);
        return;
    }
    CHECK_THAT(INVARIANT, file->watch <= HOST_REPORTED && host_kind_is_watched(file->kind),
               "0x%lx is of kind %u and watched (%u)", paddr, file->kind, file->watch);
    CHECK_THAT(INVARIANT, file->watch == HOST_REPORTED || file->events == 0, "0x%lx is armed and has events",
               paddr);
    const struct host_object *set = object_named(heap, file->set);
    CHECK_THAT(INVARIANT, set->kind == HOST_READY_SET, "0x%lx is watched by 0x%lx, which is no ready set",
               paddr, file->set);
    const struct queue *list = list_of(set, file->watch);
    if (file->prev)
        CHECK_THAT(INVARIANT, object_named(heap, file->prev)->next == paddr,
                   "0x%lx says 0x%lx is before it, which does not say so", paddr, file->prev);
    else
        CHECK_THAT(INVARIANT, list->head == paddr, "0x%lx says it begins a list of 0x%lx", paddr, file->set);
    if (file->next)
        CHECK_THAT(INVARIANT, object_named(heap, file->next)->prev == paddr,
                   "0x%lx says 0x%lx is behind it, which does not say so", paddr, file->next);
    else
        CHECK_THAT(INVARIANT, list->tail == paddr, "0x%lx says it ends a list of 0x%lx", paddr, file->set);
}

/* How many there are; each says the same of itself. */
static uint64_t list_check(struct heap *heap, uint64_t paddr, const struct host_object *set, unsigned watch)
{
    const struct queue *list = list_of(set, watch);
    uint64_t count = 0;
    uint64_t last = 0;
    for (uint64_t at = list->head; at; at = host_at(heap->k, at)->next) {
        const struct host_object *file = object_named(heap, at);
        CHECK_THAT(INVARIANT, ++count <= heap->k->memory_size >> HOST_IO_BITS, "a list of 0x%lx does not end",
                   paddr);
        CHECK_THAT(INVARIANT, file->set == paddr && file->watch == watch && file->prev == last,
                   "0x%lx is in list %u of 0x%lx and does not know", at, watch, paddr);
        last = at;
    }
    CHECK_THAT(INVARIANT, list->tail == last, "list %u of 0x%lx does not end where it says", watch, paddr);
    return count;
}

static uint64_t set_check(struct heap *heap, uint64_t paddr, const struct host_object *set)
{
    const struct cap *cap = &set->slot.cap;
    CHECK_THAT(INVARIANT, slot_is_empty(&set->slot) || (cap->type == CAP_NOTIFICATION && cap->can_send),
               "ready set 0x%lx signals through a capability of type %u", paddr, (unsigned)cap->type);
    return list_check(heap, paddr, set, HOST_ARMED) + list_check(heap, paddr, set, HOST_REPORTED);
}

static void window_check(uint64_t paddr, struct cap cap)
{
    CHECK_THAT(INVARIANT,
               cap.type == CAP_UNTYPED && cap.is_device && machine_is_window(cap.paddr) &&
                   cap.paddr + (1ull << cap.untyped_bits) <= MACHINE_WINDOWS_END,
               "window 0x%lx has 0x%lx, which is no memory for windows", paddr, (uint64_t)cap.paddr);
}

static void object_check(struct heap *heap, uint64_t paddr, uint64_t *watched, uint64_t *listed)
{
    const struct host_object *object = host_at(heap->k, paddr);
    CHECK_THAT(INVARIANT, object->kind <= HOST_EPOLL, "0x%lx is of kind %u", paddr, object->kind);
    CHECK_THAT(INVARIANT, object->access <= (HOST_READ | HOST_WRITE), "0x%lx has access %u", paddr,
               object->access);
    file_check(heap, paddr, object);
    *watched += object->watch != HOST_IDLE;
    if (object->kind == HOST_READY_SET) {
        *listed += set_check(heap, paddr, object);
        return;
    }
    CHECK_THAT(INVARIANT,
               !object->armed.head && !object->armed.tail && !object->reported.head && !object->reported.tail,
               "0x%lx is of kind %u and has the lists of a ready set", paddr, object->kind);
    CHECK_THAT(INVARIANT, slot_is_empty(&object->slot) != (object->kind == HOST_WINDOW),
               "0x%lx is of kind %u and has what only windows have, or has not", paddr, object->kind);
    if (object->kind == HOST_WINDOW)
        window_check(paddr, object->slot.cap);
    CHECK_THAT(INVARIANT, object->kind != HOST_EMPTY || (object->access == 0 && object->handle == 0),
               "0x%lx is empty and has access %u", paddr, object->access);
}

void check_host(struct heap *heap)
{
    uint64_t watched = 0;
    uint64_t listed = 0;
    uint64_t last = 0;
    for (uint32_t i = 0; i < heap->physical_count; i++) { /* by address */
        struct cap cap = heap->slots[heap->physical[i]].slot->cap;
        if (cap.type != CAP_HOST || cap.paddr == last)
            continue;
        last = cap.paddr;
        object_check(heap, cap.paddr, &watched, &listed);
    }
    CHECK_THAT(INVARIANT, watched == listed || !heap->is_whole, "%lu objects are watched, %lu are in lists",
               watched, listed);
}
