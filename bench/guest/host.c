/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's files, where the command line gives one: /dev/zero, as "zero".
 */
#include <selkie/host.h>

#include "guest.h"

enum {
    COUNT = 100
};

static seL4_CPtr zero;

bool guest_host_find(const seL4_BootInfo *info)
{
    zero = selkie_host_find(info, "zero");
    return zero != seL4_CapNull;
}

static void host_read_repeat(unsigned count)
{
    char bytes[16];
    for (unsigned i = 0; i < count; i++) {
        if (selkie_host_file_read(zero, bytes, sizeof(bytes)) != sizeof(bytes)) {
            sel4_util_panic("bench: a read of the host's failed\n");
        }
    }
}

const struct benchmark benchmark_host_read = {"host_read", NULL, host_read_repeat, NULL, COUNT};
