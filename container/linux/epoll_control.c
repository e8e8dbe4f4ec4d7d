/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll_ctl(2), and which entries are the host's business. */
#include "container/linux/epoll_parts.h"
#include "container/linux/fast.h"
#include "container/linux/heap.h"
#include "container/linux/space.h"

#define WITH_EXCLUSIVE (POLL_IN | POLL_OUT | ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

static struct epoll_item *item_find(const struct file *epoll, const struct file *file, uint32_t fd)
{
    for (struct epoll_item *item = file->items; item; item = item->of_file) {
        if (item->epoll == epoll && item->fd == fd) {
            return item;
        }
    }
    return NULL;
}

static struct epoll_item *item_add(struct file *epoll, struct file *file, uint32_t fd)
{
    struct epoll_item *item = heap_alloc(sizeof *item);
    if (!item) {
        return NULL;
    }
    *item = (struct epoll_item){.of_file = file->items,
                                .file = file,
                                .epoll = epoll,
                                .fd = fd};
    epoll_item_append(item);
    file->items = item;
    return item;
}

/* Let the host have it, if it knows the file; not twice, since it cannot tell our descriptors of one file. */
static long item_give(struct epoll_item *item)
{
    for (const struct epoll_item *other = item->file->items; other; other = other->of_file) {
        if (other != item && other->epoll == item->epoll && other->is_host) {
            return 0;
        }
    }
    if (!file_host_cap(item->file) || (!epoll_host_is_there(item->epoll) && !epoll_host_make(item->epoll))) {
        return 0;
    }
    long error = epoll_host_control(item, EPOLL_CTL_ADD);
    if (error >= 0) {
        epoll_item_hand_over(item, true);
    }
    return error;
}

/* A new or changed entry gets what it is to wait for. */
static long item_set(struct epoll_item *item, const struct epoll_event *event, bool is_new)
{
    struct epoll_item before = *item;
    long error = 0;
    item->events = event->events;
    item->data = event->data;
    if (is_new) {
        error = item_give(item);
    } else if (epoll_host_has(item)) {
        error = epoll_host_control(item, EPOLL_CTL_MOD);
    }
    if (error < 0) {
        item->events = before.events;
        item->data = before.data;
        return error;
    }
    item->seen = 0;
    item->is_ready = true; /* to be looked at once */
    item->is_disabled = false;
    if (!item->is_host) {
        fast_forget_file(item->file);
        fast_forget_file(item->epoll);
        file_changed(item->epoll);
    }
    return 0;
}

/* Does one instance watch the other, also through others? */
static bool epoll_reaches(const struct file *from, const struct file *to, unsigned depth)
{
    bool is_found = from == to || depth > NESTED_MAX;
    for (const struct epoll_item *item = epoll_items(from); item && !is_found; item = item->next) {
        is_found = item->file->kind == &EPOLL_KIND && epoll_reaches(item->file, to, depth + 1);
    }
    return is_found;
}

static bool can_be_waited_for(const struct file *file)
{
    return !file->is_regular && (file->kind->poll || file->kind->watch || file->kind->is_ready_for_ever);
}

/* Checks in the order of Linux. */
static long control_check(const struct file *epoll, const struct file *file, uint64_t operation, uint32_t events)
{
    if (!epoll || !file || (epoll->flags | file->flags) & O_PATH) {
        return -EBADF;
    }
    if (!can_be_waited_for(file)) {
        return -EPERM;
    }
    if (epoll->kind != &EPOLL_KIND || epoll == file) {
        return -EINVAL;
    }
    if (events & EPOLLEXCLUSIVE &&
        (operation == EPOLL_CTL_MOD || file->kind == &EPOLL_KIND || events & ~WITH_EXCLUSIVE)) {
        return -EINVAL;
    }
    return operation == EPOLL_CTL_ADD && file->kind == &EPOLL_KIND && epoll_reaches(file, epoll, 0) ? -ELOOP : 0;
}

static long entry_add(struct file *epoll, struct file *file, uint32_t fd, const struct epoll_event *event)
{
    struct epoll_item *item = item_add(epoll, file, fd);
    if (!item) {
        return -ENOMEM;
    }
    long error = item_set(item, event, true);
    if (error < 0) {
        epoll_item_remove(item);
    }
    return error;
}

static long entry_drop(struct epoll_item *item)
{
    if (epoll_host_has(item)) {
        (void)epoll_host_control(item, EPOLL_CTL_DEL);
    }
    epoll_item_remove(item);
    return 0;
}

long epoll_control(struct thread *thread, uint64_t epoll_fd, uint64_t operation, uint64_t fd,
                   uint64_t event_at)
{
    struct file *epoll = file_of(thread->process, epoll_fd), *file = file_of(thread->process, fd);
    struct epoll_event event = {0};
    long error = operation == EPOLL_CTL_DEL ? 0 : user_read(&event, event_at, sizeof event);
    error = error ? error : control_check(epoll, file, operation, event.events);
    if (error) {
        return error;
    }
    struct epoll_item *item = item_find(epoll, file, (uint32_t)fd);
    switch (operation) {
    case EPOLL_CTL_ADD:
        return item ? -EEXIST : entry_add(epoll, file, (uint32_t)fd, &event);
    case EPOLL_CTL_MOD:
        return item ? item_set(item, &event, false) : -ENOENT;
    case EPOLL_CTL_DEL:
        return item ? entry_drop(item) : -ENOENT;
    default:
        return -EINVAL;
    }
}
