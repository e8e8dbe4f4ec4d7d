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
    IIR_NONE = 0x01,
    IIR_THRE = 0x02,
    IIR_DATA = 0x04,
    IIR_FIFO = 0xc0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RECEIVE = 0x02,
    LCR_DIVISOR = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOPBACK = 0x10,
    LSR_DATA = 0x01,
    LSR_TRANSMITTER_EMPTY = 0x60,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80
};

void serial_init(struct serial *serial, void (*put)(void *world, char character), void *world)
{
    memset(serial, 0, sizeof(*serial));
    serial->put = put;
    serial->world = world;
    serial->lcr = 0x03;
    serial->divisor_low = 1; /* 115200 baud, as firmware leaves it */
}

static uint8_t interrupt_cause(const struct serial *serial)
{
    if ((serial->ier & IER_DATA) && serial->count) {
        return IIR_DATA;
    }
    if ((serial->ier & IER_THRE) && serial->has_thre) {
        return IIR_THRE;
    }
    return IIR_NONE;
}

bool serial_is_asserted(const struct serial *serial)
{
    return interrupt_cause(serial) != IIR_NONE && (serial->mcr & MCR_OUT2) && !(serial->mcr & MCR_LOOPBACK);
}

bool serial_wants_input(const struct serial *serial)
{
    return (serial->ier & IER_DATA) && (serial->mcr & MCR_OUT2) && !(serial->mcr & MCR_LOOPBACK);
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

static uint8_t data_read(struct serial *serial)
{
    if (!serial->count) {
        return 0;
    }
    uint8_t byte = serial->queue[serial->head];
    serial->head = (serial->head + 1) % SERIAL_QUEUE;
    serial->count--;
    return byte;
}

static void data_write(struct serial *serial, uint8_t value)
{
    if (serial->mcr & MCR_LOOPBACK) {
        serial_input(serial, &value, 1);
    } else {
        serial->put(serial->world, (char)value);
    }
    serial->has_thre = true; /* gone at once, so the transmitter is empty again */
}

static uint8_t iir_read(struct serial *serial)
{
    uint8_t cause = interrupt_cause(serial);
    if (cause == IIR_THRE) {
        serial->has_thre = false; /* reading the cause acknowledges it */
    }
    return (uint8_t)(cause | (serial->has_fifo ? IIR_FIFO : 0));
}

static void fcr_write(struct serial *serial, uint8_t value)
{
    bool enable = value & FCR_ENABLE;
    if (enable && (value & FCR_CLEAR_RECEIVE)) {
        serial->head = 0;
        serial->count = 0;
    }
    serial->has_fifo = enable;
}

/* In loopback the four modem outputs feed the four inputs; else the other end is always ready. */
static uint8_t msr_read(const struct serial *serial)
{
    uint8_t mcr = serial->mcr;
    if (!(mcr & MCR_LOOPBACK)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (uint8_t)((mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
                     (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0));
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
        return (uint8_t)(LSR_TRANSMITTER_EMPTY | (serial->count ? LSR_DATA : 0));
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
        serial->mcr = value & 0x1f;
        break;
    case REG_LSR: /* read-only: factory test */
    case REG_MSR:
        break;
    case REG_SCRATCH:
        serial->scratch = value;
        break;
    }
}
