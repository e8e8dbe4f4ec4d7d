/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/direct/tlb.h"
#include "tests/engine_direct/fake_pages.h"

static const uint64_t PAGE_MASK = PATCH_PAGE - 1;

struct fake_page {
    uint64_t vspace; /* 0: free */
    uint64_t vaddr;
    struct translation t;
};

static struct fake_page pages[FAKE_PAGES];
struct fake fake = {.arena_fd = -1, .pad_fd = -1};

static struct fake_page *page_find(uint64_t vspace, uint64_t vaddr)
{
    for (unsigned i = 0; i < FAKE_PAGES; i++)
        if (pages[i].vspace == vspace && vspace && vaddr - pages[i].vaddr < 1ull << pages[i].t.size_bits)
            return &pages[i];
    return NULL;
}

struct translation kernel_translate(const struct kernel *k, uint64_t vspace, uint64_t vaddr)
{
    const struct fake_page *page = page_find(vspace, vaddr);
    (void)k;
    return page ? page->t : (struct translation){0};
}

void kernel_translation_note(struct kernel *k, uint64_t vspace, uint64_t vaddr, bool is_cached,
                             bool is_marked)
{
    struct fake_page *page = page_find(vspace, vaddr);
    (void)k;
    if (page) {
        page->t.is_cached = is_cached;
        page->t.is_marked = is_marked;
    }
}

void kernel_for_each_page(const struct kernel *k, uint64_t vspace,
                          void (*visit)(void *world, uint64_t vaddr, const struct translation *t),
                          void *world)
{
    (void)k;
    for (unsigned i = 0; i < FAKE_PAGES; i++)
        if (pages[i].vspace == vspace)
            visit(world, pages[i].vaddr, &pages[i].t);
}

size_t kernel_read_user(const struct kernel *k, uint64_t vspace, uint64_t vaddr, void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const struct fake_page *page = page_find(vspace, vaddr + i);
        if (!page)
            return i;
        ((unsigned char *)bytes)[i] = k->arena[page->t.paddr + (vaddr + i - page->vaddr)];
    }
    return size;
}

uint64_t fake_vspace(unsigned process)
{
    return 0x1000 * (process + 1);
}

struct pad_private *fake_private(unsigned process)
{
    return (struct pad_private *)(void *)(fake.patcher.memory + PAD_PRIVATE +
                                          (size_t)process * PAD_PRIVATE_SIZE);
}

unsigned char *fake_pool(uint32_t page)
{
    return fake.patcher.memory + PAD_POOL + (size_t)page * PATCH_PAGE;
}

struct translation *fake_page(unsigned process, uint64_t vaddr)
{
    struct fake_page *page = page_find(fake_vspace(process), vaddr);
    return page ? &page->t : NULL;
}

struct translation *fake_map(unsigned process, uint64_t vaddr, uint64_t paddr, bool is_writable)
{
    fake_unmap(process, vaddr);
    for (unsigned i = 0; i < FAKE_PAGES; i++) {
        if (pages[i].vspace)
            continue;
        pages[i] = (struct fake_page){fake_vspace(process), vaddr & ~PAGE_MASK, {0}};
        pages[i].t = (struct translation){
            .is_present = true, .is_writable = is_writable, .size_bits = ABI_SMALL_PAGE_BITS, .paddr = paddr};
        return &pages[i].t;
    }
    abort();
}

void fake_unmap(unsigned process, uint64_t vaddr)
{
    struct fake_page *page = page_find(fake_vspace(process), vaddr);
    if (page)
        page->vspace = 0;
}

bool fake_is_pending(unsigned process, uint64_t address)
{
    const struct pad_slot *slot = &fake.core->slot[process];
    for (uint32_t i = 0; i < slot->unmap_count; i++)
        if (address >= slot->unmap[i].start && address < slot->unmap[i].end)
            return true;
    return slot->must_wipe;
}

void fake_apply(unsigned process)
{
    struct pad_slot *slot = &fake.core->slot[process];
    while (slot->is_dirty) {
        struct pad_range range[PAD_UNMAPS] = {{0, ABI_USER_TOP}};
        unsigned count = slot->must_wipe ? 1 : slot->unmap_count;
        if (!slot->must_wipe)
            memcpy(range, slot->unmap, count * sizeof(range[0]));
        slot->is_dirty = slot->must_wipe = false;
        slot->unmap_count = 0;
        for (unsigned i = 0; i < count; i++)
            patch_forget(fake.core, fake_private(process), process, range[i].start, range[i].end);
    }
}

static int calls_record(struct engine *engine, unsigned process, struct pad_call *calls, unsigned count)
{
    (void)engine;
    fake.call_count = 0;
    fake.call_process = process;
    for (unsigned i = 0; i < count; i++) {
        calls[i].result = fake.call_result ? fake.call_result : (int64_t)calls[i].argument[0];
        fake.call[fake.call_count++] = calls[i];
    }
    return 0;
}

static unsigned char *memory_make(int *fd, size_t size)
{
    *fd = memfd_create("fake", 0);
    if (*fd < 0 || ftruncate(*fd, (off_t)size) < 0)
        abort();
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

void fake_reset(void)
{
    if (fake.patcher.memory) {
        munmap(fake.patcher.memory, PAD_MEMORY);
        munmap(fake.kernel.arena, FAKE_MEMORY);
        close(fake.arena_fd);
        close(fake.pad_fd);
    }
    memset(pages, 0, sizeof(pages));
    fake = (struct fake){0};
    fake.kernel.arena = memory_make(&fake.arena_fd, FAKE_MEMORY);
    fake.kernel.memory_size = FAKE_MEMORY;
    fake.patcher = (struct patcher){.kernel = &fake.kernel,
                                    .memory = memory_make(&fake.pad_fd, PAD_MEMORY),
                                    .entry = 0x7e0000001000,
                                    .calls = calls_record};
    fake.core = (struct pad_core *)(void *)(fake.patcher.memory + PAD_CORE);
    fake.core->base = 0x7e0000000000;
    fake.core->end = 0x7e0100000000;
    fake.core->address_min = 0x10000;
    for (unsigned i = 0; i < FAKE_PROCESSES; i++)
        fake.core->slot[i].vspace = fake_vspace(i);
}
