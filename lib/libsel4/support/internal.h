/* SPDX-License-Identifier: BSD-2-Clause */
/* What the start code and the helpers share with each other. */
#ifndef SEL4_UTIL_INTERNAL_H
#define SEL4_UTIL_INTERNAL_H

#include "sel4_util.h"

/* Bytes that the thread-local storage of this program takes, thread pointer included. */
size_t sel4_util_tls_size(void);

/* Lay out thread-local storage at the end of `area`; returns the thread pointer. */
seL4_Word sel4_util_tls_write(void *area, size_t size);

/* Get the console ready; `info` is null in a component. Takes the highest free slot if it needs one. */
void sel4_util_console_open(const seL4_BootInfo *info);

/* What differs between the personalities: give a new TCB its spaces, and a scheduling context where there are
 * such. */
struct sel4_util_tcb_spaces {
    seL4_CPtr fault_endpoint;
    seL4_CNode cnode;
    seL4_Word cnode_data;
    seL4_CPtr vspace;
    seL4_Word ipc_buffer;
    seL4_CPtr ipc_frame;
    seL4_Word priority;
};
seL4_Error sel4_util_tcb_configure(struct sel4_util_allocator *allocator, seL4_TCB tcb,
                                   const struct sel4_util_tcb_spaces *spaces);

/* `notes` are the ELF notes of a component, `to` holds its page at address `page`: if the variable lies there that
 * tells it how to enter the kernel, let it be as it is in this program. */
void sel4_util_entry_pass(const unsigned char *notes, size_t size, seL4_Word page, unsigned char *to);

/* Give a thread a name where the kernel keeps names. */
void sel4_util_tcb_name(seL4_TCB tcb, const char *name);

#endif
