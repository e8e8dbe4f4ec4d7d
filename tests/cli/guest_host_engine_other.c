/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The component of guest_host_engine.c: uses host objects in a VSpace of its own, as it is asked.
 */
#include <sel4_util.h>
#include <selkie/host.h>

#include "guest_host_engine.h"

static char buffer[16];

static long obey(seL4_Word command)
{
    switch (command) {
    case OTHER_READ:
        return selkie_host_file_read(OTHER_SLOT_FILE, buffer, sizeof(buffer)) == sizeof(buffer) ? buffer[0]
                                                                                                : -1;
    case OTHER_OPEN:
        return selkie_host_directory_open(OTHER_SLOT_DIRECTORY, "in.txt", SELKIE_O_RDONLY, 0, OTHER_SLOT_NEW);
    default:
        return -1;
    }
}

int main(seL4_Word a, seL4_Word b, seL4_Word c, seL4_Word d)
{
    (void)a, (void)b, (void)c, (void)d;
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(OTHER_SLOT_ENDPOINT, &badge);
    for (;;) {
        (void)info;
        seL4_Word answer = (seL4_Word)obey(seL4_GetMR(0));
        seL4_SetMR(0, answer);
        info = seL4_ReplyRecv(OTHER_SLOT_ENDPOINT, seL4_MessageInfo_new(0, 0, 0, 1), &badge);
    }
}
