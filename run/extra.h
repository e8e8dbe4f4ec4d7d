/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extra bootinfo headers of a PC: the memory map and the frequency of the time stamp counter.
 *
 * DIFFERS: no ACPI root pointer (id 3). A system that looks for an HPET through ACPI
 * finds none and takes the PIT, which is there. No video mode either, as on
 * a machine booted to text.
 *
 * Source: libsel4's bootinfo_types.h (BSD-2-Clause); the Multiboot specification, section 3.3, for the map.
 */
#ifndef SELKIE_RUN_EXTRA_H
#define SELKIE_RUN_EXTRA_H

#include <stddef.h>
#include <stdint.h>

enum {
    EXTRA_SIZE_MAX = 4096
};

/* A type 1 region is RAM, type 2 is not. */
struct extra_region {
    uint64_t start;
    uint64_t size;
    uint32_t type;
};

/* Fill `extra` and return how many bytes it took, a multiple of 8. */
size_t extra_build(unsigned char extra[EXTRA_SIZE_MAX], uint32_t tsc_mhz, const struct extra_region *regions,
                   unsigned count);

#endif
