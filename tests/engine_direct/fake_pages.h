/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel of pages only: VSpaces are numbers, a list says what they map. Behind it stand an arena and a pad
 * memory, so that patches can be installed without a guest process.
 */
#ifndef SELKIE_TESTS_ENGINE_DIRECT_FAKE_PAGES_H
#define SELKIE_TESTS_ENGINE_DIRECT_FAKE_PAGES_H

#include "engine/direct/pad/patch.h"
#include "engine/direct/patch.h"

enum {
    FAKE_MEMORY = 1 << 21,
    FAKE_PAGES = 1024,
    FAKE_PROCESSES = 3
};

struct fake {
    int arena_fd, pad_fd;
    struct kernel kernel;
    struct pad_core *core;
    struct patcher patcher;
    /* What the processes were asked to do. */
    struct pad_call call[16];
    unsigned call_count, call_process;
    int64_t call_result; /* if not 0 */
};
extern struct fake fake;

/* Start over: nothing is mapped, process i shows VSpace fake_vspace(i), the arena is clear. */
void fake_reset(void);
uint64_t fake_vspace(unsigned process);
struct pad_private *fake_private(unsigned process);
unsigned char *fake_pool(uint32_t page);

/* The list's entry; mapping again replaces. */
struct translation *fake_map(unsigned process, uint64_t vaddr, uint64_t paddr, bool is_writable);
struct translation *fake_page(unsigned process, uint64_t vaddr); /* NULL: none */
void fake_unmap(unsigned process, uint64_t vaddr);

/* The process does its pending unmaps, as the pad does before its guest runs. */
void fake_apply(unsigned process);
bool fake_is_pending(unsigned process, uint64_t address);

#endif
