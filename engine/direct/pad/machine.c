/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel asks of the world, in a guest process. Mappings, memory and the console's bytes are dealt
 * with on the spot; devices live with the monitor, which is asked.
 */
#include <asm-generic/errno-base.h>
#include <asm/unistd.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "engine/direct/pad/host.h"
#include "engine/direct/pad/pad.h"
#include "engine/direct/pad/patch.h"
#include "engine/direct/tlb.h"
#include "kernel/assert.h"

enum {
    PUNCH_SIZE = 1024 * 1024, /* from here on, giving memory back is cheaper than clearing it and using it again */
    BLANK_PIECES = 8          /* of memory that was used, before asking for more is not worth it */
};

static void mmu_invalidate(void *world, uint64_t vspace, uint64_t vaddr, uint64_t size)
{
    (void)world;
    tlb_note_invalid(&pad_core, &pad_core.kernel, vspace, vaddr, size);
}

/* Thunk pages lie near the code of all programs, so between the first and the last there is nearly everything. */
static bool mmu_shows(void *world, uint64_t start, uint64_t size)
{
    (void)world;
    for (uint32_t i = 0; i < pad_core.thunk_page_count; i++)
        if (pad_core.thunk_page[i].address < start + size && pad_core.thunk_page[i].address + PATCH_PAGE > start)
            return true;
    return false;
}

static void mmu_forget(void *world, uint64_t vspace)
{
    (void)world;
    tlb_note_gone(&pad_core, &pad_core.kernel, vspace);
}

/* A frame with system calls in it that is an IPC buffer too: whoever shows a patched copy drops it. */
static void mmu_written(void *world, uint64_t paddr)
{
    (void)world;
    uint64_t page = paddr & ~((1ull << ABI_SMALL_PAGE_BITS) - 1);
    if (patch_frame_is_patched(&pad_core, page))
        patch_frame_release(&pad_core, page);
}

/* Does the host have memory for any of it? Asking costs less than giving back nothing. */
static bool is_used(uint64_t start, uint64_t end)
{
    int64_t data = host_call3(__NR_lseek, PAD_FD_ARENA, start, SEEK_DATA);
    return data < 0 ? data != -ENXIO : (uint64_t)data < end;
}

static void mmu_clear(void *world, uint64_t paddr, uint64_t size)
{
    (void)world;
    unsigned char *arena = pad_core.kernel.arena;
    uint64_t page_mask = (1u << ABI_SMALL_PAGE_BITS) - 1;
    uint64_t first = (paddr + page_mask) & ~page_mask, end = paddr + size, last = end & ~page_mask;
    /* The arena is shared, so a hole shows through every mapping of it. */
    if (size < PUNCH_SIZE ||
        (is_used(first, last) && host_call4(__NR_fallocate, PAD_FD_ARENA, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
                                            first, last - first) < 0)) {
        __builtin_memset(arena + paddr, 0, size);
        return;
    }
    __builtin_memset(arena + paddr, 0, first - paddr);
    __builtin_memset(arena + last, 0, end - last);
}

static uint64_t mmu_blank_from(void *world, uint64_t start, uint64_t end)
{
    (void)world;
    uint64_t at = start;
    for (unsigned i = 0; i < BLANK_PIECES; i++) {
        int64_t data = host_call3(__NR_lseek, PAD_FD_ARENA, at, SEEK_DATA);
        if (data < 0 ? data == -ENXIO : (uint64_t)data >= end)
            return at;
        int64_t hole = data < 0 ? -1 : host_call3(__NR_lseek, PAD_FD_ARENA, (uint64_t)data, SEEK_HOLE);
        if (hole < 0 || (uint64_t)hole >= end)
            break;
        at = (uint64_t)hole;
    }
    return end;
}

static uint32_t port_in(void *world, uint16_t port, unsigned width)
{
    (void)world;
    pad_core.request.address = port;
    pad_core.request.width = width;
    return (uint32_t)baton_ask(PAD_PORT_IN);
}

static void port_out(void *world, uint16_t port, unsigned width, uint32_t value)
{
    (void)world;
    pad_core.request.address = port;
    pad_core.request.width = width;
    pad_core.request.value = value;
    baton_ask(PAD_PORT_OUT);
}

static void irq_mask(void *world, uint32_t irq, bool masked)
{
    (void)world;
    pad_core.request.address = irq;
    pad_core.request.value = masked;
    baton_ask(PAD_IRQ_MASK);
}

static void irq_route(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                      bool is_low_active)
{
    (void)world;
    const uint32_t route[] = {irq, ioapic, pin, is_level, is_low_active};
    __builtin_memcpy(pad_core.request.route, route, sizeof(route));
    baton_ask(PAD_IRQ_ROUTE);
}

static void console_put(void *world, char character)
{
    (void)world;
    uint32_t put = atomic_load_explicit(&pad_core.console_put, memory_order_relaxed);
    if (put - atomic_load(&pad_core.console_got) >= PAD_CONSOLE)
        baton_ask(PAD_FLUSH);
    pad_core.console[put % PAD_CONSOLE] = character;
    atomic_store(&pad_core.console_put, put + 1);
}

static void console_remark(void *world, const char *text)
{
    (void)world;
    pad_text_copy(pad_core.request.text, sizeof(pad_core.request.text), text);
    baton_ask(PAD_REMARK);
}

static uint64_t now_ns(void *world)
{
    (void)world;
    return clock_now_ns();
}

static bool is_interrupt_pending(void *world)
{
    (void)world;
    return atomic_load(&pad_private.pending) || atomic_load(&pad_core.attention);
}

static uint64_t virtual_now_ns(void *world)
{
    (void)world;
    return pad_core.kernel.virtual_clock->now_ns;
}

static void virtual_charge(void *world, enum machine_charge what)
{
    (void)world;
    switch (what) {
    case MACHINE_CHARGE_ENTRY:
        virtual_clock_entry(pad_core.kernel.virtual_clock);
        break;
    case MACHINE_CHARGE_WORK:
        virtual_clock_work(pad_core.kernel.virtual_clock);
        break;
    case MACHINE_CHARGE_CHARACTER:
        virtual_clock_character(pad_core.kernel.virtual_clock);
        break;
    }
}

static bool virtual_is_pending(void *world)
{
    (void)world;
    return virtual_clock_is_pending(pad_core.kernel.virtual_clock);
}

void machine_install(void)
{
    struct machine *m = &pad_core.machine;
    m->mmu.invalidate = mmu_invalidate;
    m->mmu.shows = mmu_shows;
    m->mmu.forget = mmu_forget;
    m->mmu.clear = mmu_clear;
    m->mmu.blank_from = mmu_blank_from;
    m->mmu.written = mmu_written;
    m->bus.port_in = port_in;
    m->bus.port_out = port_out;
    m->bus.irq_mask = irq_mask;
    m->bus.irq_route_ioapic = irq_route;
    m->console.put = console_put;
    if (m->console.remark) /* the monitor says whether anybody listens */
        m->console.remark = console_remark;
    bool is_virtual = pad_core.kernel.virtual_clock;
    m->clock.now_ns = is_virtual ? virtual_now_ns : now_ns;
    m->clock.charge = is_virtual ? virtual_charge : NULL;
    m->clock.is_interrupt_pending = is_virtual ? virtual_is_pending : is_interrupt_pending;
    if (m->host.call) /* the monitor says whether there are host objects */
        host_io_install();
}

_Noreturn void kernel_assert_failed(const char *expression, const char *file, int line)
{
    struct pad_request *r = &pad_core.request;
    pad_text_copy(r->text, sizeof(r->text), file);
    size_t used = 0;
    while (r->text[used])
        used++;
    pad_text_copy(r->text + used, sizeof(r->text) - used, ": ");
    used += used + 2 < sizeof(r->text) ? 2 : 0;
    pad_text_copy(r->text + used, sizeof(r->text) - used, expression);
    r->value = (uint64_t)line;
    baton_fail(PAD_ASSERTED);
}
