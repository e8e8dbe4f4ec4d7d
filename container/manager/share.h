/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's share of the processor. On the MCS kernel (share_mcs.c) only the manager can make time of scheduling
 * contexts: a container's server asks for each of them, and gets nothing when the container's share of the present
 * period is used up. The classic kernel (share_classic.c) knows no shares.
 */
#ifndef SELKIE_MANAGER_SHARE_H
#define SELKIE_MANAGER_SHARE_H

#include <stdbool.h>

#include <sel4/sel4.h>
#include <sel4_util.h>

struct container;
struct container_board;

struct share {
    seL4_Word permille;           /* of the processor; 0: no limit */
    seL4_Word period_ns;          /* when the present period began */
    seL4_Word taken_ns;           /* when it last took of it */
    long left_us;                 /* in this period; negative: what it owes */
    seL4_Word server_us, told_us; /* what the process server itself has used, and when that was last asked */
    bool is_waited_for;           /* it was refused, and hears when there is more */
    bool is_server_stopped;
};

bool share_is_possible(void);

/* Once: capabilities in messages of containers arrive in a slot of the manager's. */
void share_open(struct sel4_util_allocator *allocator);

/* The process server's thread: spaces, priority, time. */
seL4_Error share_thread_configure(struct container *container, seL4_Word root_data, seL4_CPtr ipc_frame);

/* A message of the container's. True: it was about time, and is done. `clock` is null where there are no shares. */
bool share_message(struct container *container, seL4_MessageInfo_t message, seL4_CPtr reply, seL4_CPtr clock);

/* Give what is due. When to come again, on the monotonic clock; 0: no need. */
seL4_Word share_continue(struct container *container, seL4_Word now_ns, seL4_CPtr bell,
                         struct container_board *board);

/* What the process server had used when this was last asked; the rest is on the board. */
seL4_Word share_server_us(struct container *container);

#endif
