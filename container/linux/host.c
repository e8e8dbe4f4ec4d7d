/* SPDX-License-Identifier: BSD-2-Clause */
/* Invocations of host objects, and the pool of objects that closed files leave. */
#include "container/linux/host.h"

#include <selkie/host.h>

#include "container/linux/clock.h"
#include "container/linux/file.h"
#include "container/linux/kernel.h"

enum {
    POOL = 256,
    EVENTS = 32
};

static const struct container_order *the_order;
static struct object_box pool[POOL];
static unsigned pool_count;
static struct object_box ready_box;
static bool is_ready_set_there;

static void ready_set_make(void)
{
    is_ready_set_there = the_order->host_count > 0 && host_object_make(&ready_box) &&
                         HOST(ready_box.object, HOST_OBJECT_MAKE_READY_SET, 0, NULL, 0) == 0 &&
                         HOST(ready_box.object, HOST_READY_BIND, kernel_host_notification(), NULL, 0) == 0;
    if (the_order->host_count > 0 && !is_ready_set_there) {
        log_line("no ready set: calls that wait for files will not return");
    }
}

void host_init(const struct container_order *order)
{
    the_order = order;
    ready_set_make();
}

void host_fork(void)
{
    pool_count = 0; /* these are the parent's */
    ready_set_make();
}

cap_address host_find(const char *name)
{
    for (unsigned i = 0; the_order && i < the_order->host_count; i++) {
        if (strncmp(the_order->host[i].name, name, sizeof the_order->host[i].name) == 0) {
            return CONTAINER_SLOT_HOST + i;
        }
    }
    return 0;
}

cap_address host_writable_directory(unsigned *index)
{
    for (; the_order && *index < the_order->host_count; ++*index) {
        const struct container_host *host = &the_order->host[*index];
        if (host->kind == HOST_DIRECTORY && host->access & HOST_WRITE) {
            return CONTAINER_SLOT_HOST + *index;
        }
    }
    return 0;
}

const char *host_sockets(void)
{
    return the_order ? the_order->sockets : "";
}

long host_call(cap_address cap, enum host_operation operation, cap_address extra, const uint64_t words[6],
               unsigned count, uint64_t *second)
{
    long answer = selkie_host_call(cap, operation, extra, words, count, second);
    return answer < -SELKIE_HOST_SEL4_ERROR ? -EACCES : answer;
}

bool host_object_make(struct object_box *box)
{
    for (unsigned i = pool_count; i > 0; i--) {
        *box = pool[i - 1];
        if (object_box_fill(box, HOST_IO_TYPE)) { /* unless a child still has what was in it */
            pool[i - 1] = pool[--pool_count];
            return true;
        }
    }
    return object_box_make(box, HOST_IO_BITS) && object_box_fill(box, HOST_IO_TYPE);
}

void host_object_drop(const struct object_box *box)
{
    object_box_empty(box);
    if (pool_count < POOL) {
        pool[pool_count++] = *box;
    }
}

long host_watch(cap_address file, uint64_t events, uint64_t token)
{
    return is_ready_set_there ? HOST(file, HOST_FILE_WATCH, ready_box.object, NULL, events, token) : -EPERM;
}

void host_events(void)
{
    static struct host_event events[EVENTS];
    long count;
    do {
        count = is_ready_set_there
                    ? HOST(ready_box.object, HOST_READY_TAKE, 0, NULL, (uint64_t)events, EVENTS)
                    : 0;
        for (long i = 0; i < count; i++) {
            if (events[i].token == CLOCK_TOKEN) {
                clock_expire();
            } else {
                file_host_ready((struct file *)events[i].token, events[i].events);
            }
        }
    } while (count == EVENTS);
}
