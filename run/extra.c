/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the extra bootinfo headers.
 */
#include "run/extra.h"

#include <string.h>

#include "device/acpi.h"

enum {
    HEADER_MEMORY_MAP = 2,
    HEADER_ACPI_RSDP = 3,
    HEADER_ACPI_ROOT = 3,
    HEADER_TSC_FREQUENCY = 5,
    HEADER_SIZE = 16,
    ROOT_SIZE = HEADER_SIZE + ACPI_RSDP_SIZE,
    MAP_ENTRIES = 50, /* seL4 reserves that many and leaves the rest zero */
    MAP_ENTRY_SIZE = 24,
    MAP_SIZE = HEADER_SIZE + 4 + MAP_ENTRIES * MAP_ENTRY_SIZE,
    TSC_SIZE = HEADER_SIZE + 4,
    RSDP_SIZE = HEADER_SIZE + ACPI_RSDP_SIZE,
    ENTRY_SIZE_FIELD = 20 /* what an entry says about its size leaves out the field that says so */
};

struct __attribute__((packed)) map_entry {
    uint32_t size;
    uint64_t start;
    uint64_t length;
    uint32_t type;
};

static void header_put(unsigned char *at, uint64_t id, uint64_t size)
{
    memcpy(at, &id, sizeof(id));
    memcpy(at + sizeof(id), &size, sizeof(size));
}

static void map_put(unsigned char *at, const struct extra_region *regions, unsigned count)
{
    uint32_t length = count * MAP_ENTRY_SIZE;
    header_put(at, HEADER_MEMORY_MAP, MAP_SIZE);
    memcpy(at + HEADER_SIZE, &length, sizeof(length));
    for (unsigned i = 0; i < count; i++) {
        struct map_entry entry = {ENTRY_SIZE_FIELD, regions[i].start, regions[i].size, regions[i].type};
        memcpy(at + HEADER_SIZE + 4 + (size_t)i * MAP_ENTRY_SIZE, &entry, sizeof(entry));
    }
}

size_t extra_build(unsigned char extra[EXTRA_SIZE_MAX], const unsigned char *rsdp, uint32_t tsc_mhz,
                   const struct extra_region *regions, unsigned count)
{
    unsigned char *map = extra + ROOT_SIZE;
    unsigned char *tsc = map + MAP_SIZE;
    memset(extra, 0, EXTRA_SIZE_MAX);
    header_put(extra, HEADER_ACPI_ROOT, ROOT_SIZE);
    memcpy(extra + HEADER_SIZE, rsdp, ACPI_RSDP_SIZE);
    map_put(map, regions, count < MAP_ENTRIES ? count : MAP_ENTRIES);
    header_put(tsc, HEADER_TSC_FREQUENCY, TSC_SIZE);
    memcpy(tsc + HEADER_SIZE, &tsc_mhz, sizeof(tsc_mhz));
    return ROOT_SIZE + MAP_SIZE + TSC_SIZE;
}

size_t extra_add_host(unsigned char extra[EXTRA_SIZE_MAX], size_t size, const struct host_bootinfo_entry *entries,
                      unsigned count)
{
    const struct host_bootinfo head = {.count = count};
    size_t entries_size = count * sizeof(entries[0]);
    unsigned char *at = extra + size;
    _Static_assert(ROOT_SIZE + MAP_SIZE + TSC_SIZE + HEADER_SIZE + sizeof(head) +
                           HOST_IO_ROOTS * sizeof(struct host_bootinfo_entry) <=
                       EXTRA_SIZE_MAX,
                   "it fits");
    header_put(at, HOST_IO_BOOTINFO, HEADER_SIZE + sizeof(head) + entries_size);
    memcpy(at + HEADER_SIZE, &head, sizeof(head));
    memcpy(at + HEADER_SIZE + sizeof(head), entries, entries_size);
    return size + HEADER_SIZE + sizeof(head) + entries_size;
}
