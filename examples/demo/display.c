/* SPDX-License-Identifier: BSD-2-Clause */
/* The display: sleeps until the sensor signals, then draws all that is in the ring. */
#include "protocol.h"

static volatile struct ring *const ring = (struct ring *)SHARED_VADDR;

static void bar_draw(seL4_Word number, seL4_Word value)
{
    static const char bar[] = "################################";
    say(ID_DISPLAY, "%02lu:00 %3lu C  %s", number * 2, value, bar + sizeof(bar) - 1 - value);
}

int main(void)
{
    while (ring->taken_count < READINGS) {
        seL4_Wait(SLOT_FILLED, NULL);
        while (ring->taken_count != ring->put_count) {
            bar_draw(ring->taken_count, ring->readings[ring->taken_count % RING_SIZE]);
            ring->taken_count++;
        }
        seL4_Signal(SLOT_DRAINED);
    }
    report(REPORT_DONE);
    return 0;
}
