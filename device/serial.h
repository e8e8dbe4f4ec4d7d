/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A serial port: a 16550A UART at 0x3F8, the console of a PC without a screen.
 *
 * Output leaves at once: the transmitter is always empty. Input waits in a
 * queue that is larger than the chip's own, so that text typed or piped in is
 * not lost while a driver sets itself up; only the trigger level and the
 * time-out of the chip's FIFO are not modelled: data is available as soon as it
 * is there. The divisor is remembered and means nothing.
 *
 * Source: National Semiconductor PC16550D datasheet, section 8 "Registers".
 *
 *   +0  RBR read, THR write; divisor low with LCR.7
 *   +1  IER: 0 data, 1 transmitter empty, 2 line status, 3 modem status; divisor high with LCR.7
 *   +2  IIR read (0xC0 with FIFOs, 0 pending low, cause 3:1), FCR write
 *   +3  LCR  +4  MCR (4 loopback; 3 OUT2 gates the interrupt on a PC)
 *   +5  LSR: 0 data, 5 transmitter empty, 6 transmitter idle  +6  MSR  +7  scratch
 */
#ifndef SELKIE_DEVICE_SERIAL_H
#define SELKIE_DEVICE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SERIAL_QUEUE = 256
};

struct serial {
    void *world;
    void (*put)(void *world, char character); /* one byte on the wire */

    uint8_t ier, lcr, mcr, scratch, divisor_low, divisor_high;
    bool has_fifo;
    bool has_thre; /* a transmitter-empty interrupt waits to be reported */
    uint8_t queue[SERIAL_QUEUE];
    unsigned head; /* next byte out */
    unsigned count;
};

void serial_init(struct serial *serial, void (*put)(void *world, char character), void *world);

/* `reg` is 0 to 7. */
uint8_t serial_read(struct serial *serial, unsigned reg);
void serial_write(struct serial *serial, unsigned reg, uint8_t value);

/* Bytes that serial_input would take now. */
static inline size_t serial_room(const struct serial *serial)
{
    return SERIAL_QUEUE - serial->count;
}

/* Bytes arrive on the wire. Returns how many fitted. */
size_t serial_input(struct serial *serial, const void *bytes, size_t size);

/* The state of the interrupt wire. */
bool serial_is_asserted(const struct serial *serial);

/* Would arriving input raise an interrupt? */
bool serial_wants_input(const struct serial *serial);

#endif
