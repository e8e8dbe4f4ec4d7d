/* SPDX-License-Identifier: BSD-2-Clause */
/* How the initial thread starts: the kernel hands it the boot information and nothing else. */
#include "../support/internal.h"

#include "tls_install.h"

int main(seL4_BootInfo *info);
_Noreturn void sel4_util_start(seL4_BootInfo *info);

/* Apart from the code that sets the thread pointer, so that nothing is read through it too early. */
static _Noreturn __attribute__((noinline)) void root_main(seL4_BootInfo *info)
{
    seL4_SetIPCBuffer(info->ipcBuffer);
    sel4_util_console_open(info);
    main(info);
    sel4_util_stop(seL4_CapInitThreadTCB);
}

_Noreturn void sel4_util_start(seL4_BootInfo *info)
{
    tls_install(seL4_CapInitThreadTCB);
    root_main(info);
}
