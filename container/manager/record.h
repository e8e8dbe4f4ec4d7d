/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What belongs to a container for longer than one run of it: its order, and what it was given of the host. A client
 * fills a record while it is connected; a container that is started from it keeps it until it ends for good.
 */
#ifndef SELKIE_MANAGER_RECORD_H
#define SELKIE_MANAGER_RECORD_H

#include "container/interface.h"
#include "memory.h"
#include "text.h"

enum {
    RECORDS = 96
};

struct record {
    bool is_used;
    struct estate estate;
    seL4_Word vaddr; /* of its pages in the manager */
    seL4_CPtr spare; /* an empty host object */
    unsigned host_count;
    seL4_CPtr host_cap[CONTAINER_HOSTS];
    struct container_host host[CONTAINER_HOSTS];
    struct order_text order;
    struct container_board *board;
    seL4_CPtr board_frame;
};

bool records_init(struct sel4_util_allocator *all);

/* NULL: no more, or no memory. */
struct record *record_make(void);
void record_drop(struct record *record);

/* The object that the next descriptor shall become; null: no memory. */
seL4_CPtr record_spare(struct record *record);

/* The spare object became something: it is the container's under this name, with no more than this access. False:
 * too many, or a name that is none or is taken. */
bool record_give(struct record *record, const char *name, seL4_Word access);

/* Add an object that was made otherwise. */
bool record_add(struct record *record, const char *name, seL4_CPtr cap, seL4_Word kind, seL4_Word access);

/* Null: nothing of that name. */
seL4_CPtr record_find(const struct record *record, const char *name);

/* Keep a copy of the order, and make the board. */
seL4_Error record_keep(struct record *record, struct order_text order);

#endif
