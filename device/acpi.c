/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the ACPI tables. Each is laid out as a packed structure of what the
 * specification's tables list; fields not named here are zero.
 */
#include "device/acpi.h"

#include <stddef.h>
#include <string.h>

#include "device/pci.h"
#include "device/pmtimer.h"

#define PACKED __attribute__((packed))

struct PACKED acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
};

struct PACKED acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
};
_Static_assert(sizeof(struct acpi_rsdp) == ACPI_RSDP_SIZE, "the root pointer of revision 2");

struct PACKED acpi_address {
    uint8_t space; /* 0 memory, 1 I/O ports */
    uint8_t width;
    uint8_t offset;
    uint8_t access_size;
    uint64_t address;
};

enum {
    TABLES = 3, /* what the root tables list */
    SPACE_PORTS = 1,
    X_TIMER = 5 /* which of the FADT's extended blocks */
};

struct PACKED acpi_rsdt {
    struct acpi_header header;
    uint32_t table[TABLES];
};

struct PACKED acpi_xsdt {
    struct acpi_header header;
    uint64_t table[TABLES];
};

struct PACKED acpi_fadt {
    struct acpi_header header;
    uint32_t facs;
    uint32_t dsdt;
    uint8_t reserved;
    uint8_t profile;
    uint16_t sci_interrupt;
    uint8_t fixed_blocks[28]; /* no power management registers but the timer */
    uint32_t timer_block;
    uint8_t fixed_blocks_too[11];
    uint8_t timer_length;
    uint8_t fixed_blocks_last[16];
    uint8_t century;     /* index of the century in the CMOS memory */
    uint16_t boot_flags; /* IA-PC boot architecture: 0 legacy devices, 2 no VGA */
    uint8_t reserved_too;
    uint32_t flags;
    struct acpi_address reset;
    uint8_t reset_value;
    uint8_t reserved_last[3];
    uint64_t x_facs;
    uint64_t x_dsdt;
    struct acpi_address x_blocks[8];
};
_Static_assert(sizeof(struct acpi_fadt) == 244, "the FADT of ACPI 2.0 to 4.0");

struct PACKED acpi_madt {
    struct acpi_header header;
    uint32_t local_apic;
    uint32_t flags; /* 0: has the old interrupt controllers as well */
    struct PACKED {
        uint8_t type, length;
        uint8_t processor, apic;
        uint32_t flags; /* 0: enabled */
    } local;
    struct PACKED {
        uint8_t type, length;
        uint8_t id, reserved;
        uint32_t address;
        uint32_t first_interrupt;
    } io;
    struct PACKED {
        uint8_t type, length;
        uint8_t bus, source;
        uint32_t interrupt;
        uint16_t flags;
    } timer; /* interrupt 0 of the ISA bus arrives at pin 2 */
};

struct PACKED acpi_hpet {
    struct acpi_header header;
    uint32_t block_id; /* the lower half of the capabilities register */
    struct acpi_address base;
    uint8_t number;
    uint16_t minimum_ticks;
    uint8_t page_protection;
};
_Static_assert(sizeof(struct acpi_hpet) == 56, "the HPET description table");

/* All tables, as they follow each other in memory. */
struct acpi_memory {
    _Alignas(64) struct acpi_rsdp rsdp;
    _Alignas(64) struct acpi_rsdt rsdt;
    _Alignas(64) struct acpi_xsdt xsdt;
    _Alignas(64) struct acpi_fadt fadt;
    _Alignas(64) struct acpi_header dsdt; /* no definitions */
    _Alignas(64) struct acpi_madt madt;
    _Alignas(64) struct acpi_hpet hpet;
};
_Static_assert(sizeof(struct acpi_memory) <= ACPI_SIZE, "the tables fit");

#define PADDR_OF(table) ((uint32_t)(ACPI_PADDR + offsetof(struct acpi_memory, table)))

/* What makes the bytes add up to zero. */
static uint8_t checksum(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += byte[i];
    }
    return (uint8_t)(0x100 - (sum & 0xff));
}

/* Called last: the table's contents are summed up. */
static void header_fill(struct acpi_header *header, const char *signature, uint8_t revision, size_t length)
{
    memcpy(header->signature, signature, sizeof(header->signature));
    memcpy(header->oem_id, "SELKIE", sizeof(header->oem_id));
    memcpy(header->oem_table_id, "SELKIEPC", sizeof(header->oem_table_id));
    memcpy(header->creator_id, "SLKI", sizeof(header->creator_id));
    header->oem_revision = 1;
    header->creator_revision = 1;
    header->revision = revision;
    header->length = (uint32_t)length;
    header->checksum = 0;
    header->checksum = checksum(header, length);
}

static void roots_fill(struct acpi_memory *m)
{
    const uint32_t tables[TABLES] = {PADDR_OF(fadt), PADDR_OF(madt), PADDR_OF(hpet)};
    for (unsigned i = 0; i < TABLES; i++) {
        m->rsdt.table[i] = tables[i];
        m->xsdt.table[i] = tables[i];
    }
    header_fill(&m->rsdt.header, "RSDT", 1, sizeof(m->rsdt));
    header_fill(&m->xsdt.header, "XSDT", 1, sizeof(m->xsdt));
    memcpy(m->rsdp.signature, "RSD PTR ", sizeof(m->rsdp.signature));
    memcpy(m->rsdp.oem_id, "SELKIE", sizeof(m->rsdp.oem_id));
    m->rsdp.revision = 2;
    m->rsdp.rsdt = PADDR_OF(rsdt);
    m->rsdp.xsdt = PADDR_OF(xsdt);
    m->rsdp.length = sizeof(m->rsdp);
    m->rsdp.checksum = checksum(&m->rsdp, 20);
    m->rsdp.extended_checksum = checksum(&m->rsdp, sizeof(m->rsdp));
}

static void fadt_fill(struct acpi_memory *m)
{
    header_fill(&m->dsdt, "DSDT", 2, sizeof(m->dsdt));
    m->fadt.dsdt = PADDR_OF(dsdt);
    m->fadt.x_dsdt = PADDR_OF(dsdt);
    m->fadt.century = 0x32;
    m->fadt.boot_flags = 1 << 2 | 1 << 0;
    m->fadt.timer_block = PMTIMER_PORT;
    m->fadt.timer_length = 4;
    m->fadt.x_blocks[X_TIMER] = (struct acpi_address){SPACE_PORTS, 32, 0, 3, PMTIMER_PORT};
    m->fadt.reset = (struct acpi_address){SPACE_PORTS, 8, 0, 1, PCI_RESET_PORT};
    m->fadt.reset_value = PCI_RESET_HARD;
    m->fadt.flags =
        1 << 10 | 1 << 8 | 1 << 4 | 1 << 0; /* reset register; the timer has 32 bits; no power button
                                                            as a fixed feature; WBINVD works */
    header_fill(&m->fadt.header, "FACP", 4, sizeof(m->fadt));
}

static void madt_fill(struct acpi_memory *m)
{
    m->madt.local_apic = 0xfee00000;
    m->madt.flags = 1;
    m->madt.local.type = 0;
    m->madt.local.length = sizeof(m->madt.local);
    m->madt.local.flags = 1;
    m->madt.io.type = 1;
    m->madt.io.length = sizeof(m->madt.io);
    m->madt.io.address = 0xfec00000;
    m->madt.timer.type = 2;
    m->madt.timer.length = sizeof(m->madt.timer);
    m->madt.timer.interrupt = 2;
    header_fill(&m->madt.header, "APIC", 3, sizeof(m->madt));
}

static void hpet_fill(struct acpi_memory *m, uint64_t hpet_paddr)
{
    m->hpet.block_id = 0x8086a201; /* as the device's capabilities say */
    m->hpet.base.width = 64;
    m->hpet.base.address = hpet_paddr;
    m->hpet.minimum_ticks = 100;
    header_fill(&m->hpet.header, "HPET", 1, sizeof(m->hpet));
}

void acpi_build(unsigned char memory[ACPI_SIZE], uint64_t hpet_paddr)
{
    struct acpi_memory m;
    memset(&m, 0, sizeof(m));
    fadt_fill(&m);
    madt_fill(&m);
    hpet_fill(&m, hpet_paddr);
    roots_fill(&m);
    memset(memory, 0, ACPI_SIZE);
    memcpy(memory, &m, sizeof(m));
}
