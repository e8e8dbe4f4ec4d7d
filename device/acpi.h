/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI tables of this PC: as few as a system needs to find the interrupt
 * controllers and the HPET. They lie where a firmware's do, below 1 MiB, in
 * memory that an seL4 system sees as a device untyped. DIFFERS: a firmware has more.
 *
 * Source: ACPI Specification 4.0, chapter 5.2 (RSDP, RSDT, XSDT, FADT, DSDT, MADT); IA-PC HPET Specification 1.0a,
 * section 3.2.4.
 */
#ifndef SELKIE_DEVICE_ACPI_H
#define SELKIE_DEVICE_ACPI_H

#include <stdint.h>

enum {
    ACPI_PADDR = 0xe0000, /* physical address of the root pointer; searches start here */
    ACPI_SIZE = 0x1000,   /* room that the tables may take */
    ACPI_RSDP_SIZE = 36
};

/* Fill ACPI_SIZE bytes that will lie at ACPI_PADDR. The root pointer is at their beginning. */
void acpi_build(unsigned char memory[ACPI_SIZE], uint64_t hpet_paddr);

#endif
