/* SPDX-License-Identifier: BSD-2-Clause */
/* How a component starts: whoever loaded it tells where the IPC buffer is and which capability is its TCB. */
#include "../support/internal.h"

#include "tls_base.h"

enum { TLS_SIZE = 4096 };

static unsigned char tls_area[TLS_SIZE] __attribute__((aligned(64)));

int main(seL4_Word a, seL4_Word b, seL4_Word c, seL4_Word d);
_Noreturn void sel4_util_start(seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb, seL4_Word a, seL4_Word b, seL4_Word c,
                               seL4_Word d);

_Noreturn void sel4_util_start(seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb, seL4_Word a, seL4_Word b, seL4_Word c,
                               seL4_Word d)
{
    tls_base_set(tcb, sel4_util_tls_write(tls_area, sizeof(tls_area)));
    seL4_SetIPCBuffer(ipc_buffer);
    sel4_util_console_open(NULL);
    main(a, b, c, d);
    sel4_util_stop(tcb);
}
