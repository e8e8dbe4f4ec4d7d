/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration ports and the host bridge. See pci.h.
 */
#include "device/pci.h"

enum {
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    RESET_HARD = 0x02,
    RESET_NOW = 0x04
};

#define ADDRESS_ENABLE   0x80000000u
#define ADDRESS_FUNCTION 0x00ffff00u /* bus, device and function */
#define ADDRESS_REGISTER 0x000000fcu
#define ADDRESS_KEPT     (ADDRESS_ENABLE | ADDRESS_FUNCTION | ADDRESS_REGISTER)

/* An aligned doubleword of the configuration space that the address register names. */
static uint32_t config_read(uint32_t address)
{
    if (!(address & ADDRESS_ENABLE) || (address & ADDRESS_FUNCTION)) {
        return UINT32_MAX;
    }
    switch (address & ADDRESS_REGISTER) {
    case 0x00:
        return 0x12378086; /* device, vendor */
    case 0x08:
        return 0x06000002; /* class: a host bridge; revision */
    default:
        return 0; /* one function, no base address, no interrupt; status and command: nothing to choose */
    }
}

uint32_t pci_read(struct pci *pci, uint16_t port, unsigned width)
{
    if (port >= PCI_DATA) { /* an access that crosses the end of the ports sees no further */
        return config_read(pci->address) >> (8 * (port & 3));
    }
    if (port == PCI_RESET_PORT && width == 1) {
        return pci->reset;
    }
    /* Only a full doubleword reaches the address register (the specification's words). */
    return port == PCI_ADDRESS && width == 4 ? pci->address : UINT32_MAX;
}

bool pci_write(struct pci *pci, uint16_t port, unsigned width, uint32_t value)
{
    if (port == PCI_ADDRESS && width == 4) {
        pci->address = value & ADDRESS_KEPT;
    } else if (port == PCI_RESET_PORT && width == 1) {
        bool is_now = (value & RESET_NOW) && !(pci->reset & RESET_NOW);
        pci->reset = value & (RESET_HARD | RESET_NOW);
        return is_now;
    }
    return false;
}
