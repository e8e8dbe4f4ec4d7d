/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI power management timer: 32 bits that count, found through the FADT. It raises no interrupt.
 *
 * Source: ACPI Specification 4.0, section 4.7.3.3.
 *
 *   0x608  the counter, 3.579545 MHz; writes are ignored
 */
#ifndef SELKIE_DEVICE_PMTIMER_H
#define SELKIE_DEVICE_PMTIMER_H

#include <stdint.h>

enum {
    PMTIMER_PORT = 0x608,
    PMTIMER_HZ = 3579545
};

static inline uint32_t pmtimer_read(uint64_t now_ns)
{
    return (uint32_t)(now_ns / 1000000000 * PMTIMER_HZ + now_ns % 1000000000 * PMTIMER_HZ / 1000000000);
}

#endif
