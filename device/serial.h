/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A serial port: a 16550A UART at 0x3F8, the console of a PC without a screen.
 *
 * DIFFERS: output leaves at once: the transmitter is always empty. Input waits on the wire, in a queue that is larger than
 * the chip's own, so that text typed or piped in is not lost while a driver sets itself up; from there it goes
 * into the chip as soon as there is room, so only what the driver sends itself in loopback can overrun. The divisor
 * says how long a character takes, which matters for the receiver's time-out only.
 *
 * Invariants: nothing changes between two calls but the time-out; `serial_settle` is called after each access, with
 * the interrupt wire looked at before and after it, so that a drained receiver that fills up again, or a
 * transmitter that is empty again, shows as an edge.
 *
 * Source: National Semiconductor PC16550D datasheet, section 8 "Registers".
 *
 *   +0  RBR read, THR write; divisor low with LCR.7
 *   +1  IER: 0 data, 1 transmitter empty, 2 line status, 3 modem status; divisor high with LCR.7
 *   +2  IIR read: 0xC0 with FIFOs; 6 line status, 4 data, 0xC time-out, 2 transmitter empty, 0 modem status, 1 none
 *       FCR write: 0 FIFOs, 1 clear receiver, 2 clear transmitter, 7:6 trigger level 1, 4, 8 or 14
 *   +3  LCR: 7 divisor, 3 parity, 2 two stop bits, 1:0 bits less 5
 *   +4  MCR: 0 DTR, 1 RTS, 2 OUT1, 3 OUT2 (gates the interrupt on a PC), 4 loopback
 *   +5  LSR: 0 data, 1 overrun, 5 transmitter empty, 6 transmitter idle
 *   +6  MSR: 3:0 changes of 7:4 (DCD, RI, DSR, CTS)  +7  scratch
 */
#ifndef SELKIE_DEVICE_SERIAL_H
#define SELKIE_DEVICE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SERIAL_QUEUE = 256, /* on the wire */
    SERIAL_FIFO = 16    /* in the chip */
};

struct serial {
    void *world;
    void (*put)(void *world, char character); /* one byte on the wire */

    uint8_t ier, fcr, lcr, mcr, scratch, divisor_low, divisor_high;
    uint8_t line_errors;   /* bits of LSR that a read clears */
    uint8_t modem_changes; /* bits of MSR that a read clears */
    bool was_sent;         /* since serial_settle: the transmitter is about to be empty again */
    bool has_thre;         /* a transmitter-empty interrupt waits to be reported */
    bool has_timeout;      /* what the receiver holds was left there for too long */
    bool was_touched;      /* since serial_settle: the receiver's time-out starts over */
    uint64_t touched_ns;   /* when it last did */
    uint8_t fifo[SERIAL_FIFO];
    unsigned fifo_head, fifo_count;
    uint8_t queue[SERIAL_QUEUE];
    unsigned head; /* next byte to arrive */
    unsigned count;
};

void serial_init(struct serial *serial, void (*put)(void *world, char character), void *world);

/* `reg` is 0 to 7. */
uint8_t serial_read(struct serial *serial, unsigned reg);
void serial_write(struct serial *serial, unsigned reg, uint8_t value);

/* What happens by itself: bytes arrive from the wire, the transmitter becomes empty, the time-out passes. */
void serial_settle(struct serial *serial, uint64_t now_ns);

/* Bytes that serial_input would take now. */
static inline size_t serial_room(const struct serial *serial)
{
    return SERIAL_QUEUE - serial->count;
}

/* Bytes arrive on the wire. Returns how many fitted. */
size_t serial_input(struct serial *serial, const void *bytes, size_t size);

/* Nothing has arrived that was not read. */
bool serial_is_drained(const struct serial *serial);

/* The state of the interrupt wire. */
bool serial_is_asserted(const struct serial *serial);

/* When the receiver's time-out will raise an interrupt; UINT64_MAX: it will not. */
uint64_t serial_deadline_ns(const struct serial *serial);

/* Would arriving input raise an interrupt? */
bool serial_wants_input(const struct serial *serial);

#endif
