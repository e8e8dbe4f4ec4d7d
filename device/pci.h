/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration mechanism #1 over a bus with nothing but its host bridge (DIFFERS): the address register keeps what is
 * written, and every other function answers all ones, which means "nobody here" to a scan.
 *
 * Source: PCI Local Bus Specification 3.0, sections 3.2.2.3.2 and 6.1; Intel 440FX datasheet (290549), for the
 * bridge's identity and the reset register.
 *
 *   0xCF8  address, 32 bits: 31 enable, 23:16 bus, 15:11 device, 10:8 function, 7:2 register
 *   0xCF9  8 bits, reset: 1 hard rather than soft, 2 rising resets
 *   0xCFC  data, any width
 */
#ifndef SELKIE_DEVICE_PCI_H
#define SELKIE_DEVICE_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PCI_RESET_PORT = 0xcf9,
    PCI_RESET_HARD = 0x06
};

struct pci {
    uint32_t address;
    uint8_t reset;
};

uint32_t pci_read(struct pci *pci, uint16_t port, unsigned width);

/* Returns true if this resets the machine. */
bool pci_write(struct pci *pci, uint16_t port, unsigned width, uint32_t value);

#endif
