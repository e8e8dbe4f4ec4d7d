/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC that an seL4 system sees: the devices, their ports and their pins put together.
 *
 * It provides struct machine_bus, tells when it has something next and hands out
 * interrupts. It reads no descriptor and knows no clock of its own: time, date, output and
 * input belong to whoever embeds it.
 */
#ifndef SELKIE_DEVICE_PC_H
#define SELKIE_DEVICE_PC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/hpet.h"
#include "device/irq.h"
#include "device/keyboard.h"
#include "device/pci.h"
#include "device/pic.h"
#include "device/pit.h"
#include "device/ports.h"
#include "device/rtc.h"
#include "device/serial.h"
#include "machine/machine.h"

/* What the devices ask of the outside. */
struct pc_world {
    void *world;
    uint64_t (*now_ns)(void *world);
    int64_t (*unix_seconds)(void *world);
    void (*put)(void *world, char character); /* the serial port's output */
    /* Least time between the acknowledgement of an interrupt and the next one. Where every kernel entry is
     * dear, a fast periodic timer would otherwise leave no time for anything but its own handler. 0: none. */
    uint64_t interrupt_spacing_ns;
    bool is_exact; /* now_ns passes by what the system does: no allowance for a slow host anywhere */
    /* The serial driver looks for input: hand over what is there, by pc_input. Never blocks. */
    void (*look_for_input)(void *world);
    void (*reset)(void *world); /* the system resets the machine; it will not go on */
};

struct pc {
    struct pc_world outside;
    struct ports ports;
    struct irq_router irqs;
    struct serial serial;
    struct pit pit;
    struct hpet hpet;
    uint64_t hpet_paddr;
    uint64_t taken_ns;       /* when the last interrupt was handed out */
    uint64_t quiet_until_ns; /* no interrupt before */
    struct pci pci;
    struct pic pic;
    struct keyboard keyboard;
    struct rtc rtc;
};

/* `hpet_paddr` is where the HPET's page lies, outside RAM. */
void pc_init(struct pc *pc, const struct pc_world *outside, uint64_t hpet_paddr);

/* The bus of this PC; valid as long as `pc` is. */
struct machine_bus pc_bus(struct pc *pc);

/* Bytes for the serial port. Returns how many fitted. */
size_t pc_input(struct pc *pc, const void *bytes, size_t size);
size_t pc_input_room(const struct pc *pc);

/* When pc_take_irq may have something new, if nothing else happens; UINT64_MAX: never. */
uint64_t pc_deadline_ns(const struct pc *pc);

/* The next unmasked pending interrupt, acknowledged by taking it; -1 if there is none. */
int pc_take_irq(struct pc *pc);

/* Can a device still raise an interrupt for which `is_handled` holds? `input_is_open`: more may arrive on the
 * serial wire. */
bool pc_can_wake(const struct pc *pc, bool input_is_open, bool (*is_handled)(void *world, uint32_t irq),
                 void *world);

#endif
