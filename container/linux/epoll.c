/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll(7): entries stand in two lists, that of their file and that of their epoll instance. */
#include "container/linux/epoll.h"

#include "container/linux/clock.h"
#include "container/linux/heap.h"
#include "container/linux/space.h"

enum {
    EPOLL_CTL_ADD = 1,
    EPOLL_CTL_DEL,
    EPOLL_CTL_MOD,
    NESTED_MAX = 4,
    ALWAYS = POLL_ERR | POLL_HUP,
    EVENTS = 0xffff
};

#define EPOLLET      (1u << 31)
#define EPOLLONESHOT (1u << 30)

struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

struct epoll_item {
    struct epoll_item *of_file, *next, **link; /* the file's list; the instance's list */
    struct file *file, *epoll;
    uint32_t fd, events;
    uint64_t data;
    uint32_t seen;    /* edge triggered: reported and not drained since */
    uint64_t round;   /* the last epoll_wait that came by */
    bool is_ready;    /* may be: to be looked at */
    bool is_disabled; /* one-shot, has fired */
};

static struct epoll_item *items_of(const struct file *epoll)
{
    return epoll->data;
}

static uint32_t item_wanted(const struct epoll_item *item)
{
    return item->is_disabled || item->is_ready ? 0 : (item->events & EVENTS & ~item->seen) | ALWAYS;
}

uint64_t epoll_wanted(const struct file *file)
{
    uint64_t wanted = 0;
    for (const struct epoll_item *item = file->items; item; item = item->of_file) {
        wanted |= item_wanted(item);
    }
    return wanted;
}

/* The end of an instance's list, in word[0]. Who becomes ready goes there, so that those are told of first that have
 * been ready for longest. */
static struct epoll_item **list_end(const struct file *epoll)
{
    return (struct epoll_item **)epoll->word[0];
}

static void item_append(struct epoll_item *item)
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
    } else {
        item->epoll->word[0] = (uint64_t)item->link;
    }
}

static void item_remove(struct epoll_item *item)
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
        item_remove(file->items);
    }
}

void epoll_notice(struct file *file)
{
    for (struct epoll_item *item = file->items; item; item = item->of_file) {
        if (!item->is_disabled && !item->is_ready) {
            item->is_ready = true;
            item_unlink(item);
            item_append(item);
            file_changed(item->epoll);
        }
    }
}

void epoll_drained(struct file *file, uint64_t events)
{
    bool is_new = false;
    for (struct epoll_item *item = file->items; item; item = item->of_file) {
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
    for (struct epoll_item *item = items_of(epoll); item; item = item->next) {
        if (item->is_ready && !item->is_disabled && file_poll(item->file, (item->events & EVENTS) | ALWAYS)) {
            return events & POLL_IN;
        }
    }
    return 0;
}

static void epoll_close(struct file *epoll)
{
    while (items_of(epoll)) {
        item_remove(items_of(epoll));
    }
}

static const struct file_kind EPOLL_KIND = {
    .name = "anon_inode:[eventpoll]", .poll = epoll_poll, .close = epoll_close};

long epoll_create(struct thread *thread, uint64_t flags)
{
    struct file *file = flags & ~(uint64_t)O_CLOEXEC ? NULL : file_make(&EPOLL_KIND, O_RDWR);
    if (!file) {
        return flags & ~(uint64_t)O_CLOEXEC ? -EINVAL : -ENOMEM;
    }
    file->word[0] = (uint64_t)&file->data;
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

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
    item_append(item);
    file->items = item;
    return item;
}

/* Does one instance watch the other, also through others? */
static bool epoll_reaches(const struct file *from, const struct file *to, unsigned depth)
{
    bool is_found = from == to || depth > NESTED_MAX;
    for (const struct epoll_item *item = items_of(from); item && !is_found; item = item->next) {
        is_found = item->file->kind == &EPOLL_KIND && epoll_reaches(item->file, to, depth + 1);
    }
    return is_found;
}

long epoll_control(struct thread *thread, uint64_t epoll_fd, uint64_t operation, uint64_t fd,
                   uint64_t event_at)
{
    struct file *epoll = file_of(thread->process, epoll_fd), *file = file_of(thread->process, fd);
    struct epoll_event event = {0};
    if (!epoll || !file) {
        return -EBADF;
    }
    if (epoll->kind != &EPOLL_KIND || epoll == file) {
        return -EINVAL;
    }
    if (file->is_regular || file_is_directory(file)) {
        return -EPERM;
    }
    if (operation < EPOLL_CTL_ADD || operation > EPOLL_CTL_MOD) {
        return -EINVAL;
    }
    if (operation == EPOLL_CTL_ADD && file->kind == &EPOLL_KIND && epoll_reaches(file, epoll, 0)) {
        return -ELOOP;
    }
    struct epoll_item *item = item_find(epoll, file, (uint32_t)fd);
    long error = operation == EPOLL_CTL_DEL ? 0 : user_read(&event, event_at, sizeof event);
    if (error || (operation == EPOLL_CTL_ADD && item) || (operation != EPOLL_CTL_ADD && !item)) {
        return error ? error : item ? -EEXIST : -ENOENT;
    }
    if (operation == EPOLL_CTL_DEL) {
        item_remove(item);
        return 0;
    }
    item = item ? item : item_add(epoll, file, (uint32_t)fd);
    if (!item) {
        return -ENOMEM;
    }
    item->events = event.events;
    item->data = event.data;
    item->seen = 0;
    item->is_ready = true; /* to be looked at once */
    item->is_disabled = false;
    file_changed(epoll);
    return 0;
}

/* Look at an entry that may be ready: does it have something to report? If not, it waits. */
static bool item_look(struct epoll_item *item, struct epoll_event *event)
{
    uint32_t wanted = ((item->events & EVENTS) | ALWAYS) & ~item->seen;
    uint32_t events = (uint32_t)file_poll(item->file, wanted) & wanted;
    if (!events) {
        item->is_ready = false;
        file_watch(item->file, 0);
        return false;
    }
    *event = (struct epoll_event){.events = events, .data = item->data};
    if (item->events & EPOLLONESHOT) {
        item->is_disabled = true;
        item->is_ready = false;
    } else if (item->events & EPOLLET) {
        item->seen |= events & (POLL_IN | POLL_OUT);
        item->is_ready = false;
        file_watch(item->file, 0);
    }
    return true;
}

/* Who does not wait wants to know how it is now, not what the host has told so far. */
static void items_ask(const struct file *epoll)
{
    for (struct epoll_item *item = items_of(epoll); item; item = item->next) {
        if (!item->is_ready && !item->is_disabled && file_poll(item->file, item_wanted(item))) {
            item->is_ready = true;
        }
    }
}

long epoll_wait(struct thread *thread, uint64_t epoll_fd, uint64_t events, int64_t room, int64_t timeout_ns)
{
    struct file *epoll = file_of(thread->process, epoll_fd);
    if (!epoll) {
        return -EBADF;
    }
    if (epoll->kind != &EPOLL_KIND || room <= 0) {
        return -EINVAL;
    }
    int64_t count = 0;
    if (timeout_ns == 0) {
        items_ask(epoll);
    }
    uint64_t round = ++epoll->word[1];
    for (struct epoll_item *item = items_of(epoll), *next; item && count < room; item = next) {
        struct epoll_event event;
        next = item->next;
        bool is_seen = item->round == round; /* looking moved it to the end */
        item->round = round;
        if (is_seen || !item->is_ready || item->is_disabled || !item_look(item, &event)) {
            continue;
        }
        long error = user_write(events + (uint64_t)count * sizeof event, &event, sizeof event);
        if (error) {
            return error;
        }
        count++;
    }
    if (count || timeout_ns == 0 || thread->is_expired) {
        return count;
    }
    thread->wait_file = epoll;
    return thread_wait(thread, WAIT_FILE,
                       timeout_ns < 0 || thread->is_repeated ? NO_DEADLINE : clock_deadline(timeout_ns));
}
