/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector state is moved only when a process is about to run a thread other than the
 * one whose vector registers it holds.
 *
 * The last word of a thread's vector area, behind the XSAVE image, is the engine's:
 * the tag of the process whose registers are newer than the image, or 0. The
 * kernel clears it when it makes a new thread there, so nothing of a former one
 * is ever written back.
 */
#include <errno.h>
#include <string.h>

#include "engine/ptrace/state.h"

enum {
    TAG_OFFSET = KERNEL_VECTOR_AREA_SIZE - 8,
    IMAGE_MAX = 16 * 1024, /* what a host may exchange; what lies behind TAG_OFFSET is not kept */
    HEADER_OFFSET = 512,
    X87_AND_SSE = 3
};

static uint64_t *tag_of(unsigned char *area)
{
    return (uint64_t *)(void *)(area + TAG_OFFSET);
}

int vector_evict(struct engine *e, struct process *p)
{
    if (p->vector_owner == 0)
        return 0;
    unsigned char *area = kernel_vector_area(e->k, p->vector_owner);
    p->vector_owner = 0;
    if (*tag_of(area) != p->tag)
        return 0; /* that thread is gone */
    size_t size = TAG_OFFSET;
    int error = tracee_get_vector(e, p, area, &size);
    if (!error)
        *tag_of(area) = 0;
    return error;
}

void vector_evict_all(struct engine *e)
{
    for (struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        if (p->state != PROCESS_NONE)
            vector_evict(e, p);
}

/* The size of a whole image: writing demands exactly this much. */
static int vector_size_ask(struct engine *e, struct process *p)
{
    unsigned char image[IMAGE_MAX];
    size_t size = sizeof(image);
    int error = tracee_get_vector(e, p, image, &size);
    if (!error)
        e->vector_size = size;
    return error;
}

/* The image of `area` into the registers of `p`. */
static int vector_write(struct engine *e, struct process *p, const unsigned char *area)
{
    unsigned char image[IMAGE_MAX];
    if (e->vector_size == 0) {
        int error = vector_size_ask(e, p);
        if (error)
            return error;
    }
    size_t kept = e->vector_size < TAG_OFFSET ? e->vector_size : TAG_OFFSET;
    memcpy(image, area, kept);
    memset(image + kept, 0, e->vector_size - kept);
    /* The host takes MXCSR and the x87 control word only from components that are said to be in use. */
    uint64_t components;
    memcpy(&components, image + HEADER_OFFSET, sizeof(components));
    components |= X87_AND_SSE;
    memcpy(image + HEADER_OFFSET, &components, sizeof(components));
    return tracee_set_vector(e, p, image, e->vector_size);
}

int vector_load(struct engine *e, struct process *p, uint64_t tcb)
{
    unsigned char *area = kernel_vector_area(e->k, tcb);
    uint64_t *tag = tag_of(area);
    if (p->vector_owner == tcb && *tag == p->tag)
        return 0;
    int error = vector_evict(e, p);
    struct process *other = !error && *tag ? process_by_tag(e, *tag) : NULL;
    if (other && other->vector_owner == tcb)
        error = vector_evict(e, other);
    if (!error)
        error = vector_write(e, p, area);
    if (error)
        return error;
    p->vector_owner = tcb;
    *tag = p->tag;
    return 0;
}
