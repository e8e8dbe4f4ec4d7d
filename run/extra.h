/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extra bootinfo headers of a PC, in the order in which seL4 puts them: the ACPI root pointer, the memory map, the
 * frequency of the time stamp counter. No video mode, as on a machine booted to text.
 *
 * Source: libsel4's bootinfo_types.h (BSD-2-Clause); the Multiboot specification, section 3.3, for the map.
 */
#ifndef SELKIE_RUN_EXTRA_H
#define SELKIE_RUN_EXTRA_H

#include <stddef.h>
#include <stdint.h>

#include "abi/host_io.h"
#include "device/acpi.h"

enum {
    EXTRA_SIZE_MAX = 4096 /* enough for HOST_IO_ROOTS */
};

/* A type 1 region is RAM, type 2 is not. */
struct extra_region {
    uint64_t start;
    uint64_t size;
    uint32_t type;
};

/* Fill `extra` and return how many bytes it took. `rsdp` is the ACPI root pointer, ACPI_RSDP_SIZE bytes. */
size_t extra_build(unsigned char extra[EXTRA_SIZE_MAX], const unsigned char *rsdp, uint32_t tsc_mhz,
                   const struct extra_region *regions, unsigned count);

/* Put Selkie's own header behind the `size` bytes that are there: names and kinds of what the system was given of the
 * host (abi/host_io.h). Returns how many bytes there are then. */
size_t extra_add_host(unsigned char extra[EXTRA_SIZE_MAX], size_t size, const struct host_bootinfo_entry *entries,
                      unsigned count);

#endif
