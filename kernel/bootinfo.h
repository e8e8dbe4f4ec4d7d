/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that tells the initial thread what it has (seL4_BootInfo), and the
 * pages behind it. Manual: section "BootInfo Frame".
 */
#ifndef SELKIE_KERNEL_BOOTINFO_H
#define SELKIE_KERNEL_BOOTINFO_H

#include "kernel/boot.h"

struct slot_region {
    uint64_t start, end; /* slots of the root CNode, end exclusive */
};

/* What boot found out and the page will say. */
struct bootinfo_facts {
    uint64_t ipc_buffer; /* vaddr */
    uint64_t extra_size;
    struct slot_region empty;
    struct slot_region image_frames;
    struct slot_region image_paging;
    struct slot_region extra_pages;
    struct slot_region sched_control; /* MCS */
    struct slot_region untyped;
};

/* The most untypeds that the configuration lets the page list. */
unsigned bootinfo_untyped_limit(const struct kernel *k);

/* Enter untyped number `i`; then write everything else. `page` is the zeroed page. */
void bootinfo_set_untyped(const struct kernel *k, void *page, unsigned i, uint64_t paddr, unsigned size_bits,
                          bool is_device);
void bootinfo_write(const struct kernel *k, void *page, const struct bootinfo_facts *facts);

/* Bytes behind the bootinfo page. Releases before 16 end them with a padding header of its own. */
uint64_t bootinfo_extra_size(const struct kernel *k, const struct boot_params *params);

/* Write them into zeroed pages of 2^region_bits bytes. */
void bootinfo_write_extra(const struct kernel *k, void *pages, unsigned region_bits,
                          const struct boot_params *params);

#endif
