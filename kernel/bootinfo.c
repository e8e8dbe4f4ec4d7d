/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing seL4_BootInfo. Its shape depends on the personality (schedcontrol) and on
 * the number of untypeds, so it is written word by word.
 */
#include "kernel/bootinfo.h"

#include <string.h>

#include "kernel/state.h"

/* Words of seL4_BootInfo; the MCS personality has one more region before the untypeds. */
enum bootinfo_word {
    WORD_EXTRA_LEN,
    WORD_NODE_ID,
    WORD_NUM_NODES,
    WORD_NUM_IOPT_LEVELS,
    WORD_IPC_BUFFER,
    WORD_EMPTY,
    WORD_SHARED_FRAMES = WORD_EMPTY + 2,
    WORD_USER_IMAGE_FRAMES = WORD_SHARED_FRAMES + 2,
    WORD_USER_IMAGE_PAGING = WORD_USER_IMAGE_FRAMES + 2,
    WORD_IO_SPACE_CAPS = WORD_USER_IMAGE_PAGING + 2,
    WORD_EXTRA_BI_PAGES = WORD_IO_SPACE_CAPS + 2,
    WORD_CNODE_SIZE_BITS = WORD_EXTRA_BI_PAGES + 2,
    WORD_DOMAIN,
    WORD_PERSONAL,
    WORDS_PER_UNTYPED = 2,
    PAGE_WORDS = 4096 / 8
};

/* seL4_BootInfoHeader */
struct extra_header {
    uint64_t id; /* 0 is padding */
    uint64_t length;
};

static unsigned word_untyped(const struct kernel *k)
{
    return (unsigned)WORD_PERSONAL + (k->abi->config.is_mcs ? 2 : 0);
}

unsigned bootinfo_untyped_limit(const struct kernel *k)
{
    unsigned room = (PAGE_WORDS - word_untyped(k) - 2) / WORDS_PER_UNTYPED;
    uint32_t limit = k->abi->config.max_boot_untypeds;
    return limit < room ? limit : room;
}

void bootinfo_set_untyped(const struct kernel *k, void *page, unsigned i, uint64_t paddr, unsigned size_bits,
                          bool is_device)
{
    uint64_t *entry = (uint64_t *)page + word_untyped(k) + 2 + i * WORDS_PER_UNTYPED;
    entry[0] = paddr;
    entry[1] = size_bits | (uint64_t)is_device << 8;
}

static void region_write(uint64_t *words, unsigned word, struct slot_region region)
{
    words[word] = region.start;
    words[word + 1] = region.end;
}

void bootinfo_write(const struct kernel *k, void *page, const struct bootinfo_facts *facts)
{
    uint64_t *words = page;
    words[WORD_EXTRA_LEN] = facts->extra_size;
    words[WORD_NODE_ID] = 0;
    words[WORD_NUM_NODES] = 1;
    words[WORD_NUM_IOPT_LEVELS] = UINT64_MAX; /* no IOMMU */
    words[WORD_IPC_BUFFER] = facts->ipc_buffer;
    region_write(words, WORD_EMPTY, facts->empty);
    region_write(words, WORD_USER_IMAGE_FRAMES, facts->image_frames);
    region_write(words, WORD_USER_IMAGE_PAGING, facts->image_paging);
    region_write(words, WORD_EXTRA_BI_PAGES, facts->extra_pages);
    words[WORD_CNODE_SIZE_BITS] = k->abi->config.root_cnode_bits;
    words[WORD_DOMAIN] = k->state->current_domain;
    if (k->abi->config.is_mcs)
        region_write(words, WORD_PERSONAL, facts->sched_control);
    region_write(words, word_untyped(k), facts->untyped);
}

uint64_t bootinfo_extra_size(const struct kernel *k, const struct boot_params *params)
{
    return params->extra_size + (k->abi->config.release < 16 ? sizeof(struct extra_header) : 0);
}

void bootinfo_write_extra(const struct kernel *k, void *pages, unsigned region_bits,
                          const struct boot_params *params)
{
    unsigned char *bytes = pages;
    if (params->extra_size)
        memcpy(bytes, params->extra, params->extra_size);
    if (bootinfo_extra_size(k, params) > params->extra_size) {
        struct extra_header padding = {.id = 0, .length = (1ull << region_bits) - params->extra_size};
        memcpy(bytes + params->extra_size, &padding, sizeof(padding));
    }
}
