/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks in powers of two from 32 bytes on, each size with a list of free ones. Pages are mapped as the heap
 * grows and stay.
 */
#include "container/linux/heap.h"

#include "container/linux/object.h"

enum {
    SMALLEST_BITS = 5,
    CLASSES = 32,
    GROWTH = 8 << 12
};

struct block {
    struct block *next;
};

static struct block *free_blocks[CLASSES];
static uint64_t heap_next = CONTAINER_HEAP, heap_mapped = CONTAINER_HEAP;

static unsigned class_of(size_t size)
{
    unsigned class = 0;
    while ((1ul << (class + SMALLEST_BITS)) < size) {
        class ++;
    }
    return class;
}

/* By some pages at a time, which cost the host little more than one. */
static bool heap_grow(uint64_t wish)
{
    uint64_t end = (wish + GROWTH - 1) & ~(uint64_t)(GROWTH - 1);
    for (; heap_mapped < end; heap_mapped += PAGE_SIZE) {
        bool is_zero;
        uint32_t frame = frame_alloc(&is_zero);
        if (!frame || !frame_map(frame, heap_mapped, true)) {
            return heap_mapped >= wish;
        }
        if (!is_zero) {
            memset((void *)heap_mapped, 0, PAGE_SIZE);
        }
    }
    return true;
}

void *heap_alloc(size_t size)
{
    unsigned class = class_of(size);
    struct block *block = class < CLASSES ? free_blocks[class] : NULL;
    if (block) {
        free_blocks[class] = block->next;
        memset(block, 0, size);
        return block;
    }
    size_t bytes = 1ul << (class + SMALLEST_BITS);
    uint64_t start = (heap_next + (bytes < PAGE_SIZE ? bytes : PAGE_SIZE) - 1) &
                     ~((bytes < PAGE_SIZE ? bytes : PAGE_SIZE) - 1);
    if (class >= CLASSES || !heap_grow(start + bytes)) {
        return NULL;
    }
    heap_next = start + bytes;
    return (void *)start;
}

void heap_free(void *at, size_t size)
{
    struct block *block = at;
    if (!block) {
        return;
    }
    unsigned class = class_of(size);
    block->next = free_blocks[class];
    free_blocks[class] = block;
}
