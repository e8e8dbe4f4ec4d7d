/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading user memory for reports and decoders: by the page tables and the arena,
 * never through a guest's own address. System calls have no use for it; IPC buffers are reached by their frames.
 */
#include <string.h>

#include "kernel/kernel.h"

size_t kernel_read_user(const struct kernel *k, uint64_t vspace, uint64_t vaddr, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        struct translation page = kernel_translate(k, vspace, vaddr + done);
        if (!page.is_present || page.is_device)
            break;
        uint64_t page_size = 1ull << page.size_bits;
        uint64_t offset = (vaddr + done) & (page_size - 1);
        size_t chunk = size - done < page_size - offset ? size - done : page_size - offset;
        memcpy((unsigned char *)bytes + done, k->arena + page.paddr + offset, chunk);
        done += chunk;
    }
    return done;
}
