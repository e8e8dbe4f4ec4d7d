/* SPDX-License-Identifier: BSD-2-Clause */
/* How a component starts: whoever loaded it tells where the IPC buffer is and which capability is its TCB. */
#include "../support/internal.h"

#include "tls_install.h"

int main(seL4_Word a, seL4_Word b, seL4_Word c, seL4_Word d);
_Noreturn void sel4_util_start(seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb, seL4_Word a, seL4_Word b,
                               seL4_Word c, seL4_Word d);

/* Apart from the code that sets the thread pointer, so that nothing is read through it too early. */
static _Noreturn __attribute__((noinline)) void component_main(seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb,
                                                               const seL4_Word words[4])
{
    seL4_SetIPCBuffer(ipc_buffer);
    sel4_util_console_open(NULL);
    main(words[0], words[1], words[2], words[3]);
    sel4_util_stop(tcb);
}

_Noreturn void sel4_util_start(seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb, seL4_Word a, seL4_Word b,
                               seL4_Word c, seL4_Word d)
{
    const seL4_Word words[] = {a, b, c, d};
    tls_install(tcb);
    component_main(ipc_buffer, tcb, words);
}
