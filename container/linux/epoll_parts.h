/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of epoll share: entries (epoll.c), which are changed by epoll_ctl(2) (epoll_control.c) and reported by
 * epoll_wait(2) (epoll_wait.c).
 *
 * Of an instance's file, `data` is the list of the entries that we look after and word[0] the list's end; word[1] counts
 * looks at it; word[2]: the host's instance, in `box`, is to be made anew; word[3] is the list of the host's entries.
 */
#ifndef SELKIE_LINUX_EPOLL_PARTS_H
#define SELKIE_LINUX_EPOLL_PARTS_H

#include "container/linux/epoll.h"
#include "container/linux/host.h"

enum {
    EPOLL_CTL_ADD = 1,
    EPOLL_CTL_DEL,
    EPOLL_CTL_MOD,
    NESTED_MAX = 4,
    ALWAYS = POLL_ERR | POLL_HUP,
    EVENTS = 0xffff
};

#define EPOLLET        (1u << 31)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLWAKEUP    (1u << 29)
#define EPOLLEXCLUSIVE (1u << 28)

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
    bool is_host;     /* the host's instance has it; the three above say nothing then */
};

extern const struct file_kind EPOLL_KIND;

static inline struct epoll_item *epoll_items(const struct file *epoll)
{
    return epoll->data;
}

/* What it waits for from its file. */
static inline uint32_t epoll_item_wanted(const struct epoll_item *item)
{
    return item->is_disabled || item->is_ready ? 0 : (item->events & EVENTS & ~item->seen) | ALWAYS;
}

static inline struct epoll_item *epoll_host_items(const struct file *epoll)
{
    return (struct epoll_item *)epoll->word[3];
}

/* An entry goes to the end of our list, becomes the host's or ours, or is no more. */
void epoll_item_append(struct epoll_item *item);
void epoll_item_move_to_end(struct epoll_item *item);
void epoll_item_hand_over(struct epoll_item *item, bool is_host);
void epoll_item_remove(struct epoll_item *item);

/* Is there an instance of the host's? And does it have this entry? Either may make it anew. */
bool epoll_host_is_there(struct file *epoll);
bool epoll_host_has(struct epoll_item *item);
bool epoll_host_make(struct file *epoll);

/* Tell the host of the entry: 0 or an error. */
long epoll_host_control(const struct epoll_item *item, uint64_t operation);

#endif
