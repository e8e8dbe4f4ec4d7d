/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting the calling thread's own thread pointer, by system call where the kernel has one. */
#ifndef SEL4_UTIL_TLS_BASE_H
#define SEL4_UTIL_TLS_BASE_H

#include <sel4/sel4.h>

static inline void tls_base_set(seL4_TCB tcb, seL4_Word pointer)
{
#ifdef CONFIG_SET_TLS_BASE_SELF
    (void)tcb;
    seL4_SetTLSBase(pointer);
#else
    seL4_TCB_SetTLSBase(tcb, pointer);
#endif
}

#endif
