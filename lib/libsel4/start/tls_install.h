/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-local storage for the thread that a program starts with: 4 KiB, thread pointer included. */
#ifndef SEL4_UTIL_TLS_INSTALL_H
#define SEL4_UTIL_TLS_INSTALL_H

#include "../support/internal.h"

static unsigned char tls_area[4096] __attribute__((aligned(64)));

/* Nothing can be printed before this is done, so a program that needs more traps. */
static inline void tls_install(seL4_TCB tcb)
{
    if (sel4_util_tls_size() > sizeof(tls_area)) {
        __builtin_trap();
    }
    seL4_Word pointer = sel4_util_tls_write(tls_area, sizeof(tls_area));
#ifdef CONFIG_SET_TLS_BASE_SELF
    (void)tcb;
    seL4_SetTLSBase(pointer);
#else
    seL4_TCB_SetTLSBase(tcb, pointer);
#endif
}

#endif
