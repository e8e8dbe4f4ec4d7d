/* SPDX-License-Identifier: BSD-2-Clause */
/* The sensor: puts readings into the shared ring and signals; waits when the ring is full. */
#include "protocol.h"

static volatile struct ring *const ring = (struct ring *)SHARED_VADDR;

/* A day: cold in the morning, warm in the afternoon. */
static seL4_Word reading(seL4_Word hour)
{
    seL4_Word distance = hour > 7 ? hour - 7 : 7 - hour;
    return 24 - 2 * distance;
}

int main(void)
{
    unsigned waits = 0;
    for (seL4_Word i = 0; i < READINGS; i++) {
        while (ring->put_count - ring->taken_count == RING_SIZE) {
            waits++;
            seL4_Wait(SLOT_DRAINED, NULL);
        }
        ring->readings[i % RING_SIZE] = reading(i);
        ring->put_count++;
        seL4_Signal(SLOT_FILLED);
    }
    say(ID_SENSOR, "%d readings written; waited %u times for room", READINGS, waits);
    report(REPORT_DONE);
    return 0;
}
