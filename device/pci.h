/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration mechanism #1 over an empty bus: the address register keeps
 * what is written, and every function answers all ones, which means "nobody
 * here" to a scan.
 *
 * Source: PCI Local Bus Specification 3.0, section 3.2.2.3.2.
 *
 *   0xCF8  address, 32 bits: 31 enable, 23:16 bus, 15:11 device, 10:8 function, 7:2 register
 *   0xCFC  data, any width
 */
#ifndef SELKIE_DEVICE_PCI_H
#define SELKIE_DEVICE_PCI_H

#include <stdint.h>

struct pci {
    uint32_t address;
};

uint32_t pci_read(struct pci *pci, uint16_t port, unsigned width);
void pci_write(struct pci *pci, uint16_t port, unsigned width, uint32_t value);

#endif
