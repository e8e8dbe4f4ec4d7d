/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings of this process.
 */
#include "host/map.h"

#include <errno.h>
#include <sys/mman.h>

int map_shared(void **address, int fd, uint64_t size, const char *what, struct diag *diag)
{
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (mapped == MAP_FAILED)
        return diag_errno(diag, errno, "cannot map %s (%llu bytes)", what, (unsigned long long)size);
    *address = mapped;
    return 0;
}

void map_release(void *address, uint64_t size)
{
    if (address)
        munmap(address, size);
}
