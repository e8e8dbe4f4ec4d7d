/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot: from an empty arena to a system whose initial thread is ready to run.
 * Manual: chapter "System Bootstrapping".
 *
 * The caller has chosen the arena's size, zeroed it (a fresh memfd is), and
 * calls `kernel_boot_layout` to learn where the root task's image goes, copies
 * the image there, and calls `kernel_boot`.
 */
#ifndef SELKIE_KERNEL_BOOT_H
#define SELKIE_KERNEL_BOOT_H

#include "kernel/kernel.h"

/* A range of physical addresses outside the arena that becomes device untypeds. */
struct boot_device_region {
    uint64_t start;
    uint64_t end; /* exclusive */
};

/* All addresses page-aligned unless said. */
struct boot_image {
    uint64_t vaddr_start; /* lowest page of the image */
    uint64_t vaddr_end;   /* exclusive; the IPC buffer, the bootinfo and its extra pages follow */
    uint64_t entry;       /* instruction pointer of the initial thread */
};

/* A host object of the initial thread's. */
struct boot_host {
    uint8_t kind, access; /* enum host_kind, enum host_access */
    uint32_t handle;      /* see machine/host.h */
};

struct boot_params {
    struct boot_image image;
    const void *extra;       /* extra bootinfo headers, concatenated; NULL if none */
    uint64_t extra_size;     /* bytes */
    const struct boot_device_region *devices; /* ascending, disjoint, outside RAM */
    unsigned device_count;
    const struct boot_host *host; /* their capabilities take the last slots before bootinfo.empty, in order */
    unsigned host_count;
};

enum boot_error {
    BOOT_OK,
    BOOT_IMAGE_TOO_LARGE,    /* image and boot objects do not fit into the arena */
    BOOT_IMAGE_OUTSIDE_USER, /* the image, or what follows it, does not lie in user space */
    BOOT_CNODE_TOO_SMALL     /* the root CNode has too few slots for the image's frames */
};

/* Where the image's first page lies physically; image pages follow contiguously. */
uint64_t kernel_boot_image_paddr(const struct kernel *k);

/* Build every boot object. `k` needs arena, vector, memory_size, abi and machine; its
 * `state` is set here. On any other answer than BOOT_OK the arena is garbage. */
enum boot_error kernel_boot(struct kernel *k, const struct boot_params *params);

/* Where the state of virtual time lies, of a kernel that was booted; zeros so far. */
struct virtual_clock *kernel_clock_memory(const struct kernel *k);

/* Build a handle on a kernel that was booted already in this arena. */
void kernel_attach(struct kernel *k);

#endif
