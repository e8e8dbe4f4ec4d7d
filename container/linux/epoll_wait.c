/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll_wait(2): what the host's instance tells, and what our own entries do. */
#include "container/linux/clock.h"
#include "container/linux/epoll_parts.h"
#include "container/linux/space.h"

enum {
    TAKE_MOST = 1024 /* events that the host is asked for at a time */
};

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
    } else {
        epoll_item_move_to_end(item); /* others come first the next time */
    }
    return true;
}

/* Who does not wait wants to know how it is now, not what the host has told so far. */
static void items_ask(const struct file *epoll)
{
    for (struct epoll_item *item = epoll_items(epoll); item; item = item->next) {
        if (!item->is_ready && !item->is_disabled && file_poll(item->file, epoll_item_wanted(item))) {
            item->is_ready = true;
        }
    }
}

/* What the host's instance tells; or an error. */
static long take_host(struct file *epoll, uint64_t events, int64_t room)
{
    static struct epoll_event taken[TAKE_MOST];
    if (room <= 0 || !epoll_host_is_there(epoll)) {
        return 0;
    }
    long error = space_fill(events, 1, true); /* what was taken is gone */
    if (error) {
        return error;
    }
    uint64_t size = (room < TAKE_MOST ? (uint64_t)room : TAKE_MOST) * sizeof *taken;
    long count = HOST(epoll->box.object, HOST_EPOLL_TAKE, 0, NULL, (uint64_t)taken, size);
    error = count > 0 ? user_write(events, taken, (uint64_t)count * sizeof *taken) : 0;
    return error ? error : count;
}

/* What our own entries tell; or an error. */
static long take_own(struct file *epoll, uint64_t events, int64_t room)
{
    int64_t count = 0;
    uint64_t round = ++epoll->word[1];
    for (struct epoll_item *item = epoll_items(epoll), *next; item && count < room; item = next) {
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
    return count;
}

/* Neither side can keep the other from being heard: they take turns at being the first. */
static long take_all(struct file *epoll, uint64_t events, int64_t room)
{
    bool is_host_first = epoll->word[1] & 1;
    long first = is_host_first ? take_host(epoll, events, room) : take_own(epoll, events, room);
    if (first < 0) {
        return first;
    }
    uint64_t rest = events + (uint64_t)first * sizeof(struct epoll_event);
    long second = is_host_first ? take_own(epoll, rest, room - first) : take_host(epoll, rest, room - first);
    return second < 0 && !first ? second : first + (second > 0 ? second : 0);
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
    if (timeout_ns == 0) {
        items_ask(epoll);
    }
    long count = take_all(epoll, events, room);
    if (count || timeout_ns == 0 || thread->is_expired) {
        return count;
    }
    if (!(epoll->wanted & POLL_IN)) {
        file_watch(epoll, POLL_IN);
    }
    thread->wait_file = epoll;
    return thread_wait(thread, WAIT_FILE,
                       timeout_ns < 0 || thread->is_repeated ? NO_DEADLINE : clock_deadline(timeout_ns));
}
