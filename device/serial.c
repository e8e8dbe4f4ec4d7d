/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550A. See serial.h for the register table and its source.
 */
#include "device/serial.h"

#include <string.h>

enum serial_register {
    REG_DATA,
    REG_IER,
    REG_IIR_FCR,
    REG_LCR,
    REG_MCR,
    REG_LSR,
    REG_MSR,
    REG_SCRATCH
};

enum {
    IER_DATA = 0x01,
    IER_THRE = 0x02,
    IER_LINE = 0x04,
    IER_MODEM = 0x08,
    IIR_MODEM = 0x00,
    IIR_NONE = 0x01,
    IIR_THRE = 0x02,
    IIR_DATA = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFO = 0xc0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RECEIVE = 0x02,
    FCR_CLEAR_TRANSMIT = 0x04,
    FCR_KEPT = 0xc9,
    LCR_BITS = 0x03,
    LCR_STOP = 0x04,
    LCR_PARITY = 0x08,
    LCR_DIVISOR = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOPBACK = 0x10,
    LSR_DATA = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_TRANSMITTER_EMPTY = 0x60,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80
};

enum {
    BIT_NS_X100 = 868056, /* a bit at divisor 1, 115200 baud, in hundredths of a nanosecond */
    TIMEOUT_CHARACTERS = 4
};

void serial_init(struct serial *serial, void (*put)(void *world, char character), void *world)
{
    memset(serial, 0, sizeof(*serial));
    serial->put = put;
    serial->world = world;
    serial->lcr = 0x03;
    serial->divisor_low = 1; /* 115200 baud, as firmware leaves it */
}

static bool is_looped(const struct serial *serial)
{
    return serial->mcr & MCR_LOOPBACK;
}

static bool has_fifo(const struct serial *serial)
{
    return serial->fcr & FCR_ENABLE;
}

static unsigned receiver_size(const struct serial *serial)
{
    return has_fifo(serial) ? SERIAL_FIFO : 1;
}

static unsigned trigger_level(const struct serial *serial)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    return has_fifo(serial) ? levels[serial->fcr >> 6] : 1;
}

static uint64_t timeout_ns(const struct serial *serial)
{
    unsigned bits = 1u + 5u + (serial->lcr & LCR_BITS);
    bits += (serial->lcr & LCR_PARITY ? 1u : 0u) + (serial->lcr & LCR_STOP ? 2u : 1u);
    uint64_t divisor = serial->divisor_low | (uint64_t)serial->divisor_high << 8;
    return TIMEOUT_CHARACTERS * bits * (divisor ? divisor : 65536) * BIT_NS_X100 / 100;
}

/* In the order of priority. */
static uint8_t interrupt_cause(const struct serial *serial)
{
    if ((serial->ier & IER_LINE) && serial->line_errors) {
        return IIR_LINE;
    }
    if ((serial->ier & IER_DATA) && serial->fifo_count >= trigger_level(serial)) {
        return IIR_DATA;
    }
    if ((serial->ier & IER_DATA) && serial->has_timeout) {
        return IIR_TIMEOUT;
    }
    if ((serial->ier & IER_THRE) && serial->has_thre) {
        return IIR_THRE;
    }
    return (serial->ier & IER_MODEM) && serial->modem_changes ? IIR_MODEM : IIR_NONE;
}

bool serial_is_asserted(const struct serial *serial)
{
    return interrupt_cause(serial) != IIR_NONE && (serial->mcr & MCR_OUT2) && !is_looped(serial);
}

bool serial_wants_input(const struct serial *serial)
{
    return (serial->ier & IER_DATA) && (serial->mcr & MCR_OUT2) && !is_looped(serial);
}

bool serial_is_drained(const struct serial *serial)
{
    return serial->fifo_count == 0 && serial->count == 0;
}

size_t serial_input(struct serial *serial, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    size_t taken = 0;
    while (taken < size && serial->count < SERIAL_QUEUE) {
        serial->queue[(serial->head + serial->count++) % SERIAL_QUEUE] = byte[taken++];
    }
    return taken;
}

/* A byte reaches the receiver. A full FIFO keeps what it has; the single register shows the last one. */
static void receive(struct serial *serial, uint8_t byte)
{
    bool is_full = serial->fifo_count == receiver_size(serial);
    serial->was_touched = true;
    if (is_full) {
        serial->line_errors |= LSR_OVERRUN;
    }
    if (is_full && has_fifo(serial)) {
        return;
    }
    serial->fifo_count -= is_full;
    serial->fifo[(serial->fifo_head + serial->fifo_count++) % SERIAL_FIFO] = byte;
}

static void receiver_fill(struct serial *serial)
{
    while (serial->count && !is_looped(serial) && serial->fifo_count < receiver_size(serial)) {
        receive(serial, serial->queue[serial->head]);
        serial->head = (serial->head + 1) % SERIAL_QUEUE;
        serial->count--;
    }
}

void serial_settle(struct serial *serial, uint64_t now_ns)
{
    serial->has_thre = serial->has_thre || serial->was_sent;
    serial->was_sent = false;
    receiver_fill(serial);
    if (serial->was_touched) {
        serial->was_touched = false;
        serial->has_timeout = false;
        serial->touched_ns = now_ns;
    }
    if (has_fifo(serial) && serial->fifo_count && now_ns >= serial->touched_ns + timeout_ns(serial)) {
        serial->has_timeout = true;
    }
}

uint64_t serial_deadline_ns(const struct serial *serial)
{
    bool is_waiting = has_fifo(serial) && serial->fifo_count && serial->fifo_count < trigger_level(serial);
    if (!is_waiting || serial->has_timeout || !serial_wants_input(serial)) {
        return UINT64_MAX;
    }
    return serial->touched_ns + timeout_ns(serial);
}

static uint8_t data_read(struct serial *serial)
{
    uint8_t byte = serial->fifo[serial->fifo_head];
    serial->was_touched = true;
    serial->has_timeout = false;
    if (serial->fifo_count) {
        serial->fifo_head = (serial->fifo_head + 1) % SERIAL_FIFO;
        serial->fifo_count--;
    }
    return byte;
}

static void data_write(struct serial *serial, uint8_t value)
{
    serial->has_thre = false;
    serial->was_sent = true;
    if (is_looped(serial)) {
        receive(serial, value);
    } else {
        serial->put(serial->world, (char)value);
    }
}

static uint8_t iir_read(struct serial *serial)
{
    uint8_t cause = interrupt_cause(serial);
    if (cause == IIR_THRE) {
        serial->has_thre = false; /* reading the cause acknowledges it */
    }
    return (uint8_t)(cause | (has_fifo(serial) ? IIR_FIFO : 0));
}

/* Changing between the modes clears both FIFOs. Clearing does not reach what is still on the wire. */
static void fcr_write(struct serial *serial, uint8_t value)
{
    bool is_change = (value ^ serial->fcr) & FCR_ENABLE;
    if (is_change || (value & FCR_CLEAR_RECEIVE)) {
        serial->fifo_count = 0;
        serial->has_timeout = false;
    }
    serial->was_sent = serial->was_sent || is_change || (value & FCR_CLEAR_TRANSMIT);
    serial->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

/* In loopback the four modem outputs feed the four inputs; else the other end is always ready. */
static uint8_t modem_lines(uint8_t mcr)
{
    if (!(mcr & MCR_LOOPBACK)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (uint8_t)((mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
                     (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static void mcr_write(struct serial *serial, uint8_t value)
{
    uint8_t before = modem_lines(serial->mcr), after = modem_lines(value);
    uint8_t changes = before ^ after;
    if (after & MSR_RI) {
        changes &= (uint8_t)~MSR_RI; /* of the ring indicator only the end counts */
    }
    serial->modem_changes |= changes >> 4;
    serial->mcr = value & 0x1f;
}

static uint8_t msr_read(struct serial *serial)
{
    uint8_t value = modem_lines(serial->mcr) | serial->modem_changes;
    serial->modem_changes = 0;
    return value;
}

static uint8_t lsr_read(struct serial *serial)
{
    uint8_t value = LSR_TRANSMITTER_EMPTY | serial->line_errors | (serial->fifo_count ? LSR_DATA : 0);
    serial->line_errors = 0;
    return value;
}

static void ier_write(struct serial *serial, uint8_t value)
{
    if ((value & IER_THRE) && !(serial->ier & IER_THRE)) {
        serial->has_thre = true; /* enabling it with an empty transmitter raises it */
    }
    serial->ier = value & 0x0f;
}

uint8_t serial_read(struct serial *serial, unsigned reg)
{
    bool is_divisor = serial->lcr & LCR_DIVISOR;
    switch ((enum serial_register)reg) {
    case REG_DATA:
        return is_divisor ? serial->divisor_low : data_read(serial);
    case REG_IER:
        return is_divisor ? serial->divisor_high : serial->ier;
    case REG_IIR_FCR:
        return iir_read(serial);
    case REG_LCR:
        return serial->lcr;
    case REG_MCR:
        return serial->mcr;
    case REG_LSR:
        return lsr_read(serial);
    case REG_MSR:
        return msr_read(serial);
    case REG_SCRATCH:
        return serial->scratch;
    }
    return 0xff;
}

void serial_write(struct serial *serial, unsigned reg, uint8_t value)
{
    bool is_divisor = serial->lcr & LCR_DIVISOR;
    switch ((enum serial_register)reg) {
    case REG_DATA:
        if (is_divisor) {
            serial->divisor_low = value;
        } else {
            data_write(serial, value);
        }
        break;
    case REG_IER:
        if (is_divisor) {
            serial->divisor_high = value;
        } else {
            ier_write(serial, value);
        }
        break;
    case REG_IIR_FCR:
        fcr_write(serial, value);
        break;
    case REG_LCR:
        serial->lcr = value;
        break;
    case REG_MCR:
        mcr_write(serial, value);
        break;
    case REG_LSR: /* read-only: factory test */
    case REG_MSR:
        break;
    case REG_SCRATCH:
        serial->scratch = value;
        break;
    }
}
