/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port dispatch. A linear search: there are a handful of ranges.
 * Source: Intel 64 and IA-32 Software Developer's Manual, volume 1, chapter "Input/Output".
 */
#include "device/ports.h"

#include <stddef.h>

static uint32_t width_mask(unsigned width)
{
    return width >= 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
}

static const struct port_range *range_find(const struct ports *ports, uint16_t port)
{
    for (unsigned i = 0; i < ports->count; i++) {
        const struct port_range *range = &ports->range[i];
        if (range->first <= port && port <= range->last) {
            return range;
        }
    }
    return NULL;
}

bool ports_add(struct ports *ports, const struct port_range *range)
{
    if (ports->count == PORTS_MAX_RANGES || range->last < range->first) {
        return false;
    }
    for (unsigned i = 0; i < ports->count; i++) {
        const struct port_range *other = &ports->range[i];
        if (range->first <= other->last && other->first <= range->last) {
            return false;
        }
    }
    ports->range[ports->count++] = *range;
    return true;
}

uint32_t ports_in(const struct ports *ports, uint16_t port, unsigned width)
{
    const struct port_range *range = range_find(ports, port);
    if (range && (width == 1 || range->takes_any_width)) {
        return range->in(range->device, port, width) & width_mask(width);
    }
    if (width == 1) {
        return width_mask(1);
    }
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= ports_in(ports, (uint16_t)(port + i), 1) << (8 * i);
    }
    return value;
}

void ports_out(const struct ports *ports, uint16_t port, unsigned width, uint32_t value)
{
    const struct port_range *range = range_find(ports, port);
    if (range && (width == 1 || range->takes_any_width)) {
        range->out(range->device, port, width, value & width_mask(width));
        return;
    }
    if (width == 1) {
        return;
    }
    for (unsigned i = 0; i < width; i++) {
        ports_out(ports, (uint16_t)(port + i), 1, (value >> (8 * i)) & 0xff);
    }
}
