/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O port space of the PC: a small table of ranges, each answered by one device.
 *
 * Invariants: ranges are disjoint; a port that nobody answers reads all ones
 * and swallows writes, as an empty ISA bus does. A device sees accesses of the
 * width the user made; byte devices get wider ones split into bytes, lowest
 * port first, unless their range says `takes_any_width`.
 */
#ifndef SELKIE_DEVICE_PORTS_H
#define SELKIE_DEVICE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PORTS_MAX_RANGES = 16
};

struct port_range {
    uint16_t first;
    uint16_t last; /* inclusive */
    bool takes_any_width;
    void *device;
    uint32_t (*in)(void *device, uint16_t port, unsigned width);
    void (*out)(void *device, uint16_t port, unsigned width, uint32_t value);
};

struct ports {
    struct port_range range[PORTS_MAX_RANGES];
    unsigned count;
};

/* Add a range. Returns false if it overlaps another or the table is full. */
bool ports_add(struct ports *ports, const struct port_range *range);

/* `width` is 1, 2 or 4. The upper bits of the answer are zero. */
uint32_t ports_in(const struct ports *ports, uint16_t port, unsigned width);
void ports_out(const struct ports *ports, uint16_t port, unsigned width, uint32_t value);

#endif
