/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one seam between the kernel and the world.
 *
 * The kernel calls nothing but these functions. They never block, never call
 * the kernel back, and cannot fail towards the kernel: whoever implements them
 * keeps its own failures and ends the run with a report.
 *
 * Each group has its own `world`, because different parts of the program
 * provide them: the engine (mmu), the devices (bus), the front end (console,
 * clock).
 *
 * Units: physical addresses (`paddr`) are offsets into the arena below
 * `memory_size`, device addresses above; `vspace` is the paddr of a PML4; time is
 * in nanoseconds since the run began.
 */
#ifndef SELKIE_MACHINE_MACHINE_H
#define SELKIE_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/host.h"

struct machine_mmu {
    void *world;
    /* Where guests can have no pages: below `lowest`, and in [reserved_start, reserved_end), which is the
     * engine's own (start == end: nothing is). Mapping a page there is refused with InvalidArgument(0), like
     * one above user space, if nothing else is wrong with it. Not asked about what is mapped at boot. */
    uint64_t lowest;
    uint64_t reserved_start, reserved_end;
    /* In [watched_start, watched_end) the engine may show guests something of its own where they have no
     * page: there, `invalidate` also tells about pages that come into being. (start == end: nowhere.) `shows` says
     * where exactly; NULL: everywhere in between. */
    uint64_t watched_start, watched_end;
    bool (*shows)(void *world, uint64_t start, uint64_t size);
    /* The page tables of `vspace` no longer say what they said about
     * [vaddr, vaddr + size): forget any translation. Spurious calls are allowed;
     * `size` is a page or a whole region of a paging structure. Not called for a page that is in no cache
     * (kernel_translation_note). */
    void (*invalidate)(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size);
    /* The kernel is about to write into the user page at `paddr`, an IPC buffer. NULL: nobody keeps copies. */
    void (*written)(void *world, uint64_t paddr);
    /* `vspace` lost its ASID or is being deleted: forget everything about it. */
    void (*forget)(void *world, uint64_t vspace);
    /* Make [paddr, paddr + size) of the arena read as zeros. 16-byte aligned. May
     * give memory back to the host. */
    void (*clear)(void *world, uint64_t paddr, uint64_t size);
    /* An address from which on [start, end) of the arena is known to read as zeros, without looking at it; `end`
     * if nothing is known. NULL: nothing ever is. */
    uint64_t (*blank_from)(void *world, uint64_t start, uint64_t end);
};

/* An aligned 8-byte register: `value` at `start_ns` of the machine clock, and one more each `tick_ns`; until
 * `held_until_ns`, it reads as no more than `held`. */
struct machine_counter {
    uint64_t paddr, value, start_ns, tick_ns;
    uint64_t held, held_until_ns;
};

struct machine_bus {
    void *world;
    /* I/O ports; `width` is 1, 2 or 4 bytes. A port nobody answers reads all ones. */
    uint32_t (*port_in)(void *world, uint16_t port, unsigned width);
    void (*port_out)(void *world, uint16_t port, unsigned width, uint32_t value);
    /* Interrupt lines as the kernel numbers them (`irq` is vector - 0x20, 0 to 125).
     * A masked line keeps its request pending until it is unmasked. */
    void (*irq_mask)(void *world, uint32_t irq, bool masked);
    /* Route pin `pin` of I/O APIC `ioapic` to `irq`. Level-triggered lines stay asserted until served. */
    void (*irq_route_ioapic)(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                             bool is_low_active);
    /* Registers of a device in memory, for engines: the kernel never looks into device memory. `paddr` lies
     * outside the arena; `width` is 1, 2, 4 or 8 bytes and the access is aligned to it. */
    bool (*mmio_is_claimed)(void *world, uint64_t paddr); /* does a model answer in this 4 KiB page? */
    uint64_t (*mmio_read)(void *world, uint64_t paddr, unsigned width);
    void (*mmio_write)(void *world, uint64_t paddr, unsigned width, uint64_t value);
    /* A register that only counts, so that an engine may read it without asking; false: there is none now.
     * What it says holds until the next call of any function here. May be NULL. */
    bool (*mmio_counter)(void *world, struct machine_counter *counter);
    uint32_t ioapic_count;
    uint32_t ioapic_pins; /* pins of each I/O APIC */
};

struct machine_console {
    void *world;
    void (*put)(void *world, char character);      /* what a printing kernel writes */
    void (*remark)(void *world, const char *text); /* one decode-error remark, no newline */
};

/* What virtual time charges the kernel for. */
enum machine_charge {
    MACHINE_CHARGE_ENTRY, /* once per kernel_enter, before anything else */
    MACHINE_CHARGE_WORK,  /* once per unit of work that a preemption point counts */
    MACHINE_CHARGE_CHARACTER /* once per character that the kernel prints */
};

struct machine_clock {
    void *world;
    uint64_t (*now_ns)(void *world);
    /* Let time pass; NULL where it passes by itself. */
    void (*charge)(void *world, enum machine_charge what);
    /* Does anything wait for the kernel to return? Asked at preemption points only. */
    bool (*is_interrupt_pending)(void *world);
};

struct machine {
    struct machine_mmu mmu;
    struct machine_bus bus;
    struct machine_console console;
    struct machine_clock clock;
    struct machine_host host;
};

#endif
