/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll(7): entries stand in two lists, that of their file and that of their epoll instance. */
#include "container/linux/epoll_parts.h"
#include "container/linux/fast.h"

#include "container/linux/heap.h"

uint64_t epoll_wanted(const struct file *file)
{
    uint64_t wanted = 0;
    for (const struct epoll_item *item = file->items; item; item = item->of_file) {
        wanted |= item->is_host ? 0 : epoll_item_wanted(item);
    }
    return wanted;
}

/* The host's instance, for entries of host files: file->box. In the child of a fork it is to be made anew (word[2]);
 * unlike on Linux, what either side changes then is its own. */
bool epoll_host_make(struct file *epoll)
{
    if (!host_object_make(&epoll->box)) {
        epoll->box = (struct object_box){0};
        return false;
    }
    if (HOST(epoll->box.object, HOST_OBJECT_MAKE_EPOLL, 0, NULL, 0) < 0) {
        host_object_drop(&epoll->box);
        epoll->box = (struct object_box){0};
        return false;
    }
    return true;
}

long epoll_host_control(const struct epoll_item *item, uint64_t operation)
{
    return HOST(item->epoll->box.object, HOST_EPOLL_CONTROL, file_host_cap(item->file), NULL, operation, item->events,
                item->data);
}

/* What the host cannot look after any more, we do. */
static void items_make_anew(struct file *epoll)
{
    bool is_made = epoll_host_make(epoll);
    for (struct epoll_item *item = epoll_host_items(epoll), *next; item; item = next) {
        next = item->next;
        if (!is_made || epoll_host_control(item, EPOLL_CTL_ADD) < 0) {
            epoll_item_hand_over(item, false);
            item->is_ready = true;
            fast_forget_all();
        }
    }
}

bool epoll_host_is_there(struct file *epoll)
{
    if (epoll->word[2]) {
        epoll->word[2] = 0;
        items_make_anew(epoll);
    }
    return epoll->box.object != 0;
}

bool epoll_host_has(struct epoll_item *item)
{
    return item->is_host && epoll_host_is_there(item->epoll) && item->is_host; /* a new instance may not have it */
}

void epoll_fork(struct file *file)
{
    if (file->kind == &EPOLL_KIND && file->box.object) {
        file->box = (struct object_box){0}; /* the parent's */
        file->wanted = 0;
        file->word[2] = 1;
    }
}

/* The end of our list, in word[0]. Who becomes ready goes there, so that those are told of first that have
 * been ready for longest. */
static struct epoll_item **list_end(const struct file *epoll)
{
    return (struct epoll_item **)epoll->word[0];
}

void epoll_item_append(struct epoll_item *item)
{
    item->link = list_end(item->epoll);
    item->next = NULL;
    *item->link = item;
    item->epoll->word[0] = (uint64_t)&item->next;
}

static void item_unlink(struct epoll_item *item)
{
    *item->link = item->next;
    if (item->next) {
        item->next->link = item->link;
    } else if (!item->is_host) {
        item->epoll->word[0] = (uint64_t)item->link;
    }
}

void epoll_item_hand_over(struct epoll_item *item, bool is_host)
{
    struct epoll_item **first = (struct epoll_item **)&item->epoll->word[3];
    item_unlink(item);
    item->is_host = is_host;
    if (!is_host) {
        epoll_item_append(item);
        return;
    }
    item->next = *first;
    item->link = first;
    if (item->next) {
        item->next->link = &item->next;
    }
    *first = item;
}

void epoll_item_move_to_end(struct epoll_item *item)
{
    item_unlink(item);
    epoll_item_append(item);
}

void epoll_item_remove(struct epoll_item *item)
{
    struct epoll_item **at = &item->file->items;
    while (*at != item) {
        at = &(*at)->of_file;
    }
    *at = item->of_file;
    item_unlink(item);
    heap_free(item, sizeof *item);
}

void epoll_forget(struct file *file)
{
    while (file->items) {
        epoll_item_remove(file->items);
    }
}

void epoll_notice(struct file *file)
{
    for (struct epoll_item *item = file->items; item; item = item->of_file) {
        if (!item->is_host && !item->is_disabled && !item->is_ready) {
            item->is_ready = true;
            epoll_item_move_to_end(item);
            file_changed(item->epoll);
        }
    }
}

bool epoll_leaves_alone(const struct file *file)
{
    bool is_alone = true;
    for (const struct epoll_item *item = file->items; item; item = item->of_file) {
        is_alone = is_alone && item->is_host;
    }
    return is_alone;
}

cap_address epoll_cap(const struct file *file)
{
    return file->kind == &EPOLL_KIND && !file->word[2] && !epoll_items(file) ? file->box.object : 0;
}

void epoll_drained(struct file *file, uint64_t events)
{
    bool is_new = false;
    for (struct epoll_item *item = file->items; item; item = item->of_file) {
        if (item->is_host) {
            continue;
        }
        if (item->events & EPOLLET && item->seen & events) {
            item->seen &= ~(uint32_t)events;
            is_new = true;
        } else if (item->is_ready && file->kind->watch && !(item->events & EPOLLET) &&
                   !(item->events & (POLL_IN | POLL_OUT) & ~events)) {
            item->is_ready = false; /* spares a look; the host tells at once if it is not so */
            is_new = true;
        }
    }
    if (is_new) {
        file_watch(file, 0);
    }
}

static uint64_t epoll_poll(struct file *epoll, uint64_t events)
{
    if (epoll_host_is_there(epoll) && HOST(epoll->box.object, HOST_FILE_POLL, 0, NULL, POLL_IN) > 0) {
        return events & POLL_IN;
    }
    for (struct epoll_item *item = epoll_items(epoll); item; item = item->next) {
        if (item->is_ready && !item->is_disabled && file_poll(item->file, (item->events & EVENTS) | ALWAYS)) {
            return events & POLL_IN;
        }
    }
    return 0;
}

static void epoll_watch(struct file *epoll, uint64_t events)
{
    if (events & POLL_IN && epoll_host_is_there(epoll) &&
        host_watch(epoll->box.object, POLL_IN, (uint64_t)epoll) < 0) {
        file_changed(epoll);
    }
}

static void epoll_close(struct file *epoll)
{
    if (epoll->box.object) {
        host_object_drop(&epoll->box);
    }
    while (epoll_items(epoll)) {
        epoll_item_remove(epoll_items(epoll));
    }
    while (epoll_host_items(epoll)) {
        epoll_item_remove(epoll_host_items(epoll));
    }
}

const struct file_kind EPOLL_KIND = {
    .name = "anon_inode:[eventpoll]", .poll = epoll_poll, .watch = epoll_watch, .close = epoll_close};

long epoll_create(struct thread *thread, uint64_t flags)
{
    struct file *file = flags & ~(uint64_t)O_CLOEXEC ? NULL : file_make(&EPOLL_KIND, O_RDWR);
    if (!file) {
        return flags & ~(uint64_t)O_CLOEXEC ? -EINVAL : -ENOMEM;
    }
    file->word[0] = (uint64_t)&file->data;
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}
