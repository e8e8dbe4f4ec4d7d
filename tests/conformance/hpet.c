/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device memory: the HPET, found through the ACPI tables in the firmware's memory, read, written and waited for.
 * What differs between machines (addresses, periods, vendors) is used and not printed.
 */
#include "conformance.h"

enum {
    DEVICES = 128,
    BIOS_START = 0xe0000,
    BIOS_END = 0x100000,
    PAGE = 4096,
    WINDOW = 0x30000000, /* where device pages are mapped, a page each */
    TIMER_CONFIG = 0x100,
    TIMER_COMPARATOR = 0x108,
    VECTOR = 3
};

static struct {
    seL4_Untyped cap;
    seL4_Word next, end; /* physical addresses */
} device[DEVICES];
static unsigned device_count;
static seL4_Word window = WINDOW;
static volatile unsigned char *hpet;

static void devices_find(void)
{
    for (seL4_Word i = 0; i < boot->untyped.end - boot->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &boot->untypedList[i];
        if (desc->isDevice && device_count < DEVICES) {
            device[device_count].cap = boot->untyped.start + i;
            device[device_count].next = desc->paddr;
            device[device_count++].end = desc->paddr + (1ull << desc->sizeBits);
        }
    }
}

static seL4_Word log2_below(seL4_Word size)
{
    return 63 - (seL4_Word)__builtin_clzll(size);
}

/* The frame at `paddr`; the memory in front of it in its untyped is thrown away. */
static seL4_CPtr frame_at(seL4_Word paddr)
{
    for (unsigned i = 0; i < device_count; i++) {
        if (paddr < device[i].next || paddr >= device[i].end) {
            continue;
        }
        while (device[i].next < paddr) {
            seL4_Word gap = log2_below(paddr - device[i].next);
            seL4_Word aligned = (seL4_Word)__builtin_ctzll(device[i].next | 1ull << 47);
            seL4_Word bits = gap < aligned ? gap : aligned;
            SEL4_UTIL_CHECK(
                seL4_Untyped_Retype(device[i].cap, seL4_UntypedObject, bits, CNODE, 0, 0, slot(), 1));
            device[i].next += 1ull << bits;
        }
        seL4_CPtr frame = slot();
        SEL4_UTIL_CHECK(seL4_Untyped_Retype(device[i].cap, seL4_X86_4K, 0, CNODE, 0, 0, frame, 1));
        device[i].next += PAGE;
        return frame;
    }
    sel4_util_panic("no device memory at %lx\n", paddr);
}

static unsigned char *map_at(seL4_Word paddr)
{
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame_at(paddr & ~(PAGE - 1ull)), window, seL4_ReadWrite));
    window += PAGE;
    return (unsigned char *)(window - PAGE + paddr % PAGE);
}

/* A view of the firmware's memory, mapped once, and of one page elsewhere, for tables. */
static unsigned char *bios;
static unsigned char *elsewhere;
static seL4_Word elsewhere_page;

static const unsigned char *table_at(seL4_Word paddr)
{
    if (paddr >= BIOS_START && paddr < BIOS_END) {
        return bios + (paddr - BIOS_START);
    }
    if (paddr / PAGE != elsewhere_page) {
        elsewhere = map_at(paddr & ~(PAGE - 1ull));
        elsewhere_page = paddr / PAGE;
    }
    return elsewhere + paddr % PAGE;
}

static seL4_Word word_at(const unsigned char *at, unsigned size)
{
    seL4_Word word = 0;
    memcpy(&word, at, size);
    return word;
}

static unsigned checksum(const unsigned char *at, seL4_Word size)
{
    unsigned sum = 0;
    for (seL4_Word i = 0; i < size; i++) {
        sum += at[i];
    }
    return sum & 0xff;
}

static const unsigned char *rsdp_find(void)
{
    for (seL4_Word i = 0; i < BIOS_END - BIOS_START; i += 16) {
        if (memcmp(bios + i, "RSD PTR ", 8) == 0) {
            return bios + i;
        }
    }
    sel4_util_panic("no root pointer\n");
}

static seL4_Word hpet_find(void)
{
    const unsigned char *rsdp = rsdp_find();
    SAY("root pointer: checksum %x\n", checksum(rsdp, 20));
    seL4_Word rsdt_paddr = word_at(rsdp + 16, 4);
    const unsigned char *rsdt = table_at(rsdt_paddr);
    seL4_Word length = word_at(rsdt + 4, 4);
    SAY("RSDT: %d, checksum %x\n", memcmp(rsdt, "RSDT", 4), checksum(rsdt, length));
    for (seL4_Word at = 36; at < length; at += 4) {
        const unsigned char *table = table_at(word_at(table_at(rsdt_paddr) + at, 4));
        if (memcmp(table, "HPET", 4) == 0) {
            SAY("HPET table: checksum %x\n", checksum(table, word_at(table + 4, 4)));
            return word_at(table + 44, 8);
        }
    }
    sel4_util_panic("no HPET\n");
}

static seL4_Word reg(unsigned offset)
{
    return *(volatile seL4_Word *)(hpet + offset);
}

static void reg_set(unsigned offset, seL4_Word value)
{
    *(volatile seL4_Word *)(hpet + offset) = value;
}

static void test_registers(void)
{
    section("registers");
    SAY("64-bit counter %lu, timers at least 3: %d\n", reg(0) >> 13 & 1, (reg(0) >> 8 & 0x1f) >= 2);
    SAY("the halves of a register: %d %d\n", *(volatile unsigned *)hpet == (unsigned)reg(0),
        *(volatile unsigned *)(hpet + 4) == reg(0) >> 32);
    *(volatile seL4_Word *)(hpet + 0x10) &= ~1ull;
    seL4_Word stopped = reg(0xf0);
    SAY("stopped: %d\n", reg(0xf0) == stopped);
    reg_set(0xf0, 0);
    SAY("set to 0: %lu\n", reg(0xf0));
    *(volatile seL4_Word *)(hpet + 0x10) |= 1;
    seL4_Word first = reg(0xf0);
    while (reg(0xf0) == first) {
    }
    SAY("running: %d\n", reg(0xf0) > first);
    seL4_Word value = reg(0x10);
    asm volatile("testq $1, %1\n\tsetnz %b0" : "+q"(value) : "m"(*(volatile seL4_Word *)(hpet + 0x10)));
    SAY("tested in place: %lu\n", value & 0xff);
}

static void test_interrupt(void)
{
    section("interrupt");
    seL4_CPtr handler = slot();
    seL4_CPtr notification = make(seL4_NotificationObject);
    seL4_Word pin = (seL4_Word)__builtin_ctzll(reg(TIMER_CONFIG) >> 32 | 1ull << 32);
    CASE(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, pin, 0, 0, VECTOR),
         "handler");
    SEL4_UTIL_CHECK(seL4_IRQHandler_SetNotification(handler, mint(notification, seL4_AllRights, 0x40)));
    SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
    seL4_Word config = reg(TIMER_CONFIG) & ~(0x1full << 9 | 1ull << 3 | 1ull << 2 | 1ull << 1);
    reg_set(TIMER_CONFIG, config); /* edge-triggered, once, not yet enabled */
    for (unsigned i = 0; i < 3; i++) {
        seL4_Word badge = 0;
        seL4_Word ticks_per_ms = 1000000000000ull / (reg(0) >> 32);
        seL4_Word due = reg(0xf0) + 20 * ticks_per_ms;
        reg_set(TIMER_COMPARATOR, due);
        reg_set(TIMER_CONFIG, config | pin << 9 | 1ull << 2);
        do { /* an edge from before may be first */
            seL4_Wait(notification, &badge);
            SEL4_UTIL_CHECK(seL4_IRQHandler_Ack(handler));
        } while (reg(0xf0) < due);
        SAY("badge %lx\n", badge);
        reg_set(TIMER_CONFIG, config);
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    devices_find();
    section("tables");
    for (seL4_Word paddr = BIOS_START; paddr < BIOS_END; paddr += PAGE) {
        unsigned char *page = map_at(paddr);
        bios = bios ? bios : page;
    }
    seL4_Word paddr = hpet_find();
    hpet = map_at(paddr);
    test_registers();
    test_interrupt();
    close();
    return 0;
}
