/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programmable interval timer: an 8254 with its three counters.
 *
 * Nothing counts here: a counter remembers when it was loaded, and its value,
 * its output and its next interrupt are computed from the time of the question.
 * A new count in modes 2 and 3 counts at once, not when the current period ends (DIFFERS).
 * Counter 0 drives the timer pin; counter 2 is gated by port 0x61 and only
 * read; counter 1 (memory refresh) counts and nobody looks.
 *
 * Invariant: an interrupt that fell due is raised once however late it is asked
 * for; missed periods of a periodic counter melt into one.
 *
 * Source: Intel 8254 datasheet (231164), sections "Programming the 8254", "Read
 * operations", "Mode definitions"; port 0x61 from the IBM PC AT Technical Reference.
 *
 *   0x40-0x42  counters 0 to 2: the byte that the access mode says
 *   0x43       control word: select 7:6, access 5:4, mode 3:1, BCD 0
 *   0x61       bit 0 gate of counter 2, bit 1 speaker, bit 4 refresh toggle, bit 5 output of counter 2
 */
#ifndef SELKIE_DEVICE_PIT_H
#define SELKIE_DEVICE_PIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PIT_HZ = 1193182,
    PIT_COUNTERS = 3
};

struct pit_counter {
    uint8_t control; /* as written: access 5:4, mode 3:1, BCD 0 */
    bool is_loaded;  /* a whole count was written since the control word */
    bool has_gate;   /* one that moves: counter 2's, by port 0x61 */
    bool gate;
    bool is_triggered; /* modes 1 and 5: the gate rose since the control word */
    bool expects_high_write;
    bool expects_high_read;
    bool has_latch;
    bool has_status_latch;
    uint8_t low_write; /* first byte of a count written in two */
    uint8_t status_latch;
    uint16_t latch;
    uint32_t reload;   /* 1 to 65536 */
    uint64_t start_ns; /* when the count was loaded, or would have been, had the gate never been low */
    uint64_t held_ns;  /* how far it had come when the gate fell */
    uint64_t fired;    /* interrupts raised since then */
};

struct pit {
    struct pit_counter counter[PIT_COUNTERS];
    uint8_t port_b; /* the writable bits of 0x61 */
};

void pit_init(struct pit *pit); /* no counter is loaded, so no interrupt comes */

uint8_t pit_read(struct pit *pit, uint16_t port, uint64_t now_ns);
void pit_write(struct pit *pit, uint16_t port, uint8_t value, uint64_t now_ns);

/* When counter 0 raises its next interrupt; UINT64_MAX: it will not. */
uint64_t pit_deadline_ns(const struct pit *pit);

/* True if an interrupt of counter 0 fell due by `now_ns` that no earlier call told of. */
bool pit_poll(struct pit *pit, uint64_t now_ns);

#endif
