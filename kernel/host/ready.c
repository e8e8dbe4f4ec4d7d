/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watching files, and the sets of those that are ready.
 *
 * A watch is for one event: the machine reports it once, and the file stays in
 * the ready list until it is taken or watched anew. So nothing is lost when the
 * taker is slow, and no file can flood a set.
 */
#include "kernel/host/host.h"

#include "kernel/ipc.h"
#include "kernel/object.h"

enum {
    TAKE_MAX = 256 /* events that one invocation takes */
};

static struct queue *list_of(struct host_object *set, enum host_watch watch)
{
    return watch == HOST_ARMED ? &set->armed : &set->reported;
}

static void file_link(struct kernel *k, struct host_object *file, uint64_t set, enum host_watch watch)
{
    struct queue *list = list_of(host_at(k, set), watch);
    uint64_t self = arena_paddr(k, file);
    file->watch = (uint8_t)watch;
    file->set = set;
    file->prev = list->tail;
    file->next = 0;
    if (list->tail)
        host_at(k, list->tail)->next = self;
    else
        list->head = self;
    list->tail = self;
}

void host_unlink(struct kernel *k, struct host_object *file)
{
    if (file->watch == HOST_IDLE)
        return;
    struct queue *list = list_of(host_at(k, file->set), (enum host_watch)file->watch);
    if (file->prev)
        host_at(k, file->prev)->next = file->next;
    else
        list->head = file->next;
    if (file->next)
        host_at(k, file->next)->prev = file->prev;
    else
        list->tail = file->prev;
    file->watch = HOST_IDLE;
    file->set = file->prev = file->next = 0;
    file->token = file->events = 0;
}

static int64_t machine_watch(struct kernel *k, const struct host_object *file, uint32_t events)
{
    const struct machine_host *host = &k->machine->host;
    return host->watch(host->world, file->handle, events, arena_paddr(k, file));
}

int64_t host_watch(struct kernel *k, struct host_object *file, uint64_t set, uint32_t events, uint64_t token)
{
    bool was_armed = file->watch == HOST_ARMED;
    host_unlink(k, file);
    int64_t result = events ? machine_watch(k, file, events) : 0;
    if (events && result >= 0) {
        file_link(k, file, set, HOST_ARMED);
        file->token = token;
    } else if (was_armed) {
        (void)machine_watch(k, file, 0);
    }
    return result;
}

static void set_signal(struct kernel *k, const struct host_object *set)
{
    struct cap cap = set->slot.cap;
    if (cap.type == CAP_NOTIFICATION)
        notification_signal(k, arena_at(k, cap.paddr), cap.badge);
}

void host_set_bind(struct kernel *k, struct host_object *set, struct slot *notification)
{
    slot_delete_simple(k, &set->slot);
    if (!notification || slot_is_empty(notification))
        return;
    slot_insert(k, &set->slot, notification->cap, notification);
    if (set->reported.head) /* somebody has to be told of those, too */
        set_signal(k, set);
}

/* Is it the paddr of something that could be a host object? */
static bool cookie_is_plausible(const struct kernel *k, uint64_t cookie)
{
    return cookie % (1u << HOST_IO_BITS) == 0 && cookie >= k->state->kernel_end && cookie < k->memory_size;
}

void host_ready(struct kernel *k, uint64_t cookie, uint32_t events)
{
    if (!host_is_available(k) || !cookie_is_plausible(k, cookie))
        return;
    struct host_object *file = host_at(k, cookie);
    if (file->watch != HOST_ARMED)
        return;
    uint64_t set = file->set;
    uint64_t token = file->token;
    host_unlink(k, file);
    file_link(k, file, set, HOST_REPORTED);
    file->token = token;
    file->events = events;
    set_signal(k, host_at(k, set));
}

struct result host_set_take(struct kernel *k, struct invocation *in, struct host_object *set)
{
    uint64_t vaddr = invocation_word(in, 0);
    uint64_t count = invocation_word(in, 1);
    struct host_memory memory;

    count = count < TAKE_MAX ? count : TAKE_MAX;
    if (count > 0 && vaddr >= ABI_USER_TOP)
        return fail_invalid_argument(0);
    host_memory_find(k, in->caller, vaddr, count * sizeof(struct host_event), true, &memory);
    uint64_t room = memory.size / sizeof(struct host_event);
    if (room < 1 && count > 0) {
        host_answer(k, in, -HOST_ERROR_FAULT, 0);
        return result_ok();
    }
    uint64_t taken;
    for (taken = 0; taken < room && set->reported.head; taken++) {
        struct host_object *file = host_at(k, set->reported.head);
        struct host_event event = {.token = file->token, .events = file->events};
        host_memory_fill(k, &memory, taken * sizeof event, &event, sizeof event);
        host_unlink(k, file);
    }
    host_answer(k, in, (int64_t)taken, 0);
    return result_ok();
}
