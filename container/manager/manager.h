/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container manager: the root task that makes containers, waits for their end and says how they ended.
 * For now it makes one, as its order says, and stops the machine afterwards.
 */
#ifndef SELKIE_MANAGER_H
#define SELKIE_MANAGER_H

#include <sel4/sel4.h>
#include <sel4_util.h>

#include "container/interface.h"
#include "share.h"
#include "text.h"

/* The order as text (text.h). Keys: arg, env, workdir, memory (bytes), cpu (permille), mount (NAME:PATH of a host
 * capability), port (ADDRESS:HOST:CONTAINER), loopback (ADDRESS), sockets (how the host's names of its Unix sockets
 * begin), user (UID:GID), terminal. Where only one makes sense, the last one
 * decides. */

/* What to give a container. */
struct container_config {
    struct order_text order;
    seL4_Word memory;    /* bytes, a multiple of 4096 */
    seL4_Word permille;  /* of the processor; 0: no limit */
    const void *program; /* an ELF image to run where there is no root directory */
    size_t program_size;
    const void *personality; /* its ELF image */
    size_t personality_size;
    unsigned host_count;
    seL4_CPtr host_cap[CONTAINER_HOSTS];
    struct container_host host[CONTAINER_HOSTS];
};

struct container {
    struct sel4_util_allocator *allocator;
    seL4_CPtr tcb, root, leaf, vspace, control, asid_pool;
    seL4_CPtr sched_context; /* MCS: of the process server */
    struct share share;
    seL4_Word entry;
};

/* Make a container, ready to start. Its memory comes from `quota`, all else from `allocator`. seL4_NotEnoughMemory, or
 * seL4_InvalidArgument for images and orders. */
seL4_Error container_make(struct container *container, struct sel4_util_allocator *allocator,
                          struct sel4_util_allocator *quota, seL4_CPtr control,
                          const struct container_config *config);
seL4_Error container_start(const struct container *container);

/* In image.c: map the segments of an ELF image at their addresses. */
seL4_Error image_map(const struct container *container, const void *image, size_t size, seL4_Word *entry);

/* A zeroed page at `vaddr` of the container; `fill` writes into it through the manager's window first. */
typedef void page_fill(const void *argument, seL4_Word vaddr, unsigned char *page);
seL4_Error container_page(const struct container *container, seL4_Word vaddr, seL4_CapRights_t rights,
                          page_fill *fill, const void *argument);

/* In order.c. `to->host` must be there already. */
seL4_Word order_memory(struct order_text order, seL4_Word otherwise);
seL4_Word order_permille(struct order_text order); /* of the processor; 0: no limit */
seL4_Error order_write(struct container_order *to, struct order_text from);
/* A command in the container that was ordered so: environment, working directory and user are the container's, unless
 * it has its own. CONTAINER_ORDER_SIZE bytes at most. */
seL4_Error order_write_command(struct container_command *to, struct order_text from,
                               struct order_text container);

#endif
