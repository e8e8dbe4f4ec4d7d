/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration ports of an empty PCI bus. See pci.h.
 */
#include "device/pci.h"

enum {
    PCI_ADDRESS = 0xcf8
};

uint32_t pci_read(struct pci *pci, uint16_t port, unsigned width)
{
    /* Only a full doubleword reaches the address register (the specification's words). */
    return port == PCI_ADDRESS && width == 4 ? pci->address : UINT32_MAX;
}

void pci_write(struct pci *pci, uint16_t port, unsigned width, uint32_t value)
{
    if (port == PCI_ADDRESS && width == 4) {
        pci->address = value & 0x80fffffc;
    }
}
