/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's memory, as the host is given it: found by the page tables, as the
 * caller itself would find it, and handed over as places in the arena.
 *
 * Pages may be of any size; neighbours in physical memory become one piece. What
 * the caller may not read or write ends a transfer; so does device memory, which
 * is nowhere in the arena.
 */
#include <string.h>

#include "kernel/host/host.h"
#include "kernel/vspace.h"

#define PAGE_SIZE (1ull << ABI_SMALL_PAGE_BITS)

/* The host is about to write there: whoever keeps copies of pages must hear of it. */
static void memory_is_written(const struct kernel *k, uint64_t paddr, uint64_t size)
{
    const struct machine_mmu *mmu = &k->machine->mmu;
    if (!mmu->written)
        return;
    for (uint64_t page = paddr & ~(PAGE_SIZE - 1); page < paddr + size; page += PAGE_SIZE)
        mmu->written(mmu->world, page < paddr ? paddr : page);
}

/* False: there is no room for another piece. */
static bool memory_add(struct host_memory *memory, uint64_t paddr, uint64_t size)
{
    struct machine_host_piece *last = &memory->piece[memory->count ? memory->count - 1 : 0];
    if (memory->count && last->paddr + last->size == paddr) {
        last->size += size;
    } else {
        if (memory->count == HOST_IO_PIECES)
            return false;
        memory->piece[memory->count++] = (struct machine_host_piece){.paddr = paddr, .size = size};
    }
    memory->size += size;
    return true;
}

void host_memory_find(const struct kernel *k, const struct tcb *caller, uint64_t vaddr, uint64_t size,
                      bool is_written, struct host_memory *memory)
{
    uint64_t vspace = vspace_of_thread(k, caller);
    memory->count = 0;
    memory->size = 0;
    if (size > HOST_IO_BYTES)
        size = HOST_IO_BYTES;
    while (memory->size < size) {
        uint64_t at = vaddr + memory->size;
        struct translation page = kernel_translate(k, vspace, at);
        if (!page.is_present || page.is_device || (is_written && !page.is_writable))
            break;
        uint64_t offset = at & ((1ull << page.size_bits) - 1);
        uint64_t left = (1ull << page.size_bits) - offset;
        uint64_t wanted = size - memory->size;
        if (!memory_add(memory, page.paddr + offset, left < wanted ? left : wanted))
            break;
    }
    for (unsigned i = 0; is_written && i < memory->count; i++)
        memory_is_written(k, memory->piece[i].paddr, memory->piece[i].size);
}

void host_memory_fill(const struct kernel *k, const struct host_memory *memory, uint64_t offset,
                      const void *bytes, uint64_t size)
{
    const unsigned char *from = bytes;
    for (unsigned i = 0; i < memory->count && size > 0; i++) {
        const struct machine_host_piece *piece = &memory->piece[i];
        if (offset >= piece->size) {
            offset -= piece->size;
            continue;
        }
        uint64_t room = piece->size - offset;
        uint64_t chunk = room < size ? room : size;
        memcpy((unsigned char *)arena_at(k, piece->paddr) + offset, from, chunk);
        from += chunk;
        size -= chunk;
        offset = 0;
    }
}

bool host_memory_read(const struct kernel *k, const struct tcb *caller, uint64_t vaddr, void *bytes,
                      uint64_t size)
{
    return kernel_read_user(k, vspace_of_thread(k, caller), vaddr, bytes, size) == size;
}
