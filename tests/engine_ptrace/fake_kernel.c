/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scripted kernel.
 */
#include "tests/engine_ptrace/fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fd.h"
#include "host/map.h"
#include "host/timer.h"
#include "tests/engine_ptrace/guest.h"

struct fake fake;

struct mapping {
    uint64_t vspace, vaddr;
    struct translation t;
};
static struct mapping mappings[8192];
static unsigned mapping_count;

struct translation kernel_translate(const struct kernel *k, uint64_t vspace, uint64_t vaddr)
{
    (void)k;
    uint64_t page = (vaddr - FAKE_REVERSED) / 4096;
    if (vspace == fake_vspace(0) && vaddr >= FAKE_REVERSED && page < fake.reversed_pages)
        return (struct translation){.is_present = true,
                                    .is_writable = true,
                                    .size_bits = 12,
                                    .paddr = FAKE_MEMORY - 4096 * (page % (FAKE_MEMORY / 2 / 4096) + 1)};
    for (unsigned i = mapping_count; i-- > 0;) {
        const struct mapping *m = &mappings[i];
        if (m->vspace == vspace && vaddr >= m->vaddr && vaddr - m->vaddr < 1ull << m->t.size_bits)
            return m->t;
    }
    return (struct translation){0};
}

void kernel_translation_note(struct kernel *k, uint64_t vspace, uint64_t vaddr, bool is_cached,
                             bool is_marked)
{
    (void)k;
    for (unsigned i = mapping_count; i-- > 0;) {
        struct mapping *m = &mappings[i];
        if (m->vspace != vspace || vaddr < m->vaddr || vaddr - m->vaddr >= 1ull << m->t.size_bits)
            continue;
        m->t.is_cached = is_cached;
        m->t.is_marked = is_marked;
        return;
    }
}

struct next kernel_next(struct kernel *k, unsigned core)
{
    (void)k;
    (void)core;
    return fake.next;
}

struct next kernel_awake(struct kernel *k, unsigned core)
{
    return kernel_next(k, core);
}

struct next kernel_enter(struct kernel *k, unsigned core, const struct trap *trap)
{
    (void)k;
    (void)core;
    if (fake.trap_count < FAKE_TRAPS)
        fake.trap[fake.trap_count] = *trap;
    fake.trap_count++;
    fake.next = fake.take ? fake.take(trap) : (struct next){.kind = NEXT_HALT};
    return fake.next;
}

uint64_t fake_vspace(unsigned number)
{
    return 0x10000 + number * 0x1000ull;
}

uint64_t fake_tcb(unsigned number)
{
    return 0x400000 + number * 0x800ull;
}

struct context *fake_context(unsigned number)
{
    return (struct context *)(void *)(fake.k.arena + fake_tcb(number));
}

static void map(unsigned vspace, uint64_t vaddr, struct translation t)
{
    if (mapping_count == sizeof(mappings) / sizeof(mappings[0]))
        abort();
    mappings[mapping_count++] = (struct mapping){fake_vspace(vspace), vaddr, t};
}

void fake_map(unsigned vspace, uint64_t vaddr, uint64_t paddr, unsigned size_bits, bool is_writable)
{
    map(vspace, vaddr,
        (struct translation){
            .is_present = true, .is_writable = is_writable, .size_bits = (uint8_t)size_bits, .paddr = paddr});
}

void fake_map_device(unsigned vspace, uint64_t vaddr)
{
    map(vspace, vaddr,
        (struct translation){.is_present = true,
                             .is_writable = true,
                             .is_device = true,
                             .size_bits = 12,
                             .paddr = FAKE_MEMORY + 0x1000});
}

void fake_map_forbidden(unsigned vspace, uint64_t vaddr)
{
    map(vspace, vaddr, (struct translation){.is_forbidden = true, .size_bits = 12, .paddr = FAKE_DATA_PADDR});
}

void fake_unmap(unsigned vspace, uint64_t vaddr, bool tell_engine)
{
    for (unsigned i = mapping_count; i-- > 0;) {
        struct mapping *m = &mappings[i];
        if (m->vspace != fake_vspace(vspace) || m->vaddr != vaddr)
            continue;
        if (tell_engine && m->t.is_cached)
            fake.machine.mmu.invalidate(fake.machine.mmu.world, m->vspace, vaddr, 1ull << m->t.size_bits);
        *m = mappings[--mapping_count];
        return;
    }
}

uint64_t *fake_data(unsigned vspace)
{
    return (uint64_t *)(void *)(fake.k.arena + FAKE_DATA_PADDR + vspace * 0x2000ull);
}

uint64_t fake_address(const unsigned char *code)
{
    return FAKE_CODE + (uint64_t)(code - guest_code);
}

void fake_furnish(unsigned vspace)
{
    fake_map(vspace, FAKE_CODE, FAKE_CODE_PADDR, 12, false);
    fake_map(vspace, FAKE_DATA, FAKE_DATA_PADDR + vspace * 0x2000ull, 12, true);
    fake_map(vspace, FAKE_CONST, FAKE_DATA_PADDR + vspace * 0x2000ull + 0x1000, 12, false);
}

struct next fake_thread(unsigned number, unsigned vspace, const unsigned char *code)
{
    struct context *c = fake_context(number);
    unsigned char *area = kernel_vector_area(&fake.k, fake_tcb(number));
    *c = (struct context){.next_ip = fake_address(code)};
    c->reg[REG_FAULT_IP] = c->next_ip;
    c->reg[REG_RFLAGS] = 0x202;
    c->reg[REG_RSP] = FAKE_DATA + 0x800;
    memset(area, 0, KERNEL_VECTOR_AREA_SIZE);
    memcpy(area, &(uint16_t){0x37f}, 2);
    memcpy(area + 24, &(uint32_t){0x1f80}, 4);
    return (struct next){.kind = NEXT_RUN,
                         .timer_ns = UINT64_MAX,
                         .tcb = fake_tcb(number),
                         .vspace = fake_vspace(vspace),
                         .context = c};
}

enum engine_stop fake_run(struct next next)
{
    fake.next = next;
    fake.trap_count = 0;
    fake.diag.text[0] = 0;
    enum engine_stop stop = engine_ptrace.run(fake.engine, &fake.diag);
    if (stop == ENGINE_FAILED)
        fprintf(stderr, "engine failed: %s\n", fake.diag.text);
    return stop;
}

struct trap fake_trap_of(const unsigned char *code)
{
    memset(fake.trap, 0xee, sizeof(fake.trap));
    fake.take = NULL;
    fake_run(fake_thread(0, 0, code));
    return fake.trap[0];
}

struct trap fake_access(const unsigned char *code, uint64_t rdi, uint64_t rsi, uint64_t rbx)
{
    struct next next = fake_thread(0, 0, code);
    next.context->reg[REG_RDI] = rdi;
    next.context->reg[REG_RSI] = rsi;
    next.context->reg[REG_RBX] = rbx;
    memset(fake.trap, 0xee, sizeof(fake.trap));
    fake.take = NULL;
    fake_run(next);
    return fake.trap[0];
}

static uint64_t now_ns(void *world)
{
    (void)world;
    return host_now_ns();
}

static void remark(void *world, const char *text)
{
    (void)world;
    fprintf(stderr, "remark: %s\n", text);
}

static uint64_t next_deadline_ns(void *world)
{
    (void)world;
    return fake.deadline_ns;
}

static int take_irq(void *world)
{
    (void)world;
    if (host_now_ns() < fake.deadline_ns)
        return -1;
    fake.deadline_ns = UINT64_MAX;
    return fake.irq;
}

static unsigned descriptors(void *world, struct pollfd fds[ENGINE_MAX_EVENT_FDS])
{
    (void)world;
    if (fake.watch_fd < 0)
        return 0;
    fds[0] = (struct pollfd){.fd = fake.watch_fd, .events = POLLIN};
    return 1;
}

static bool stop_requested(void *world)
{
    (void)world;
    struct pollfd fd = {.fd = fake.watch_fd, .events = POLLIN};
    return *(volatile bool *)&fake.is_stopped || (fake.watch_fd >= 0 && fd_wait(&fd, 1, 0) > 0);
}

static bool can_wake(void *world)
{
    (void)world;
    return fake.can_wake;
}

static const struct engine_events events = {
    .next_deadline_ns = next_deadline_ns,
    .take_irq = take_irq,
    .descriptors = descriptors,
    .stop_requested = stop_requested,
    .can_wake = can_wake,
};

static void must(int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s\n", fake.diag.text);
    abort();
}

static void *memory(int *fd, uint64_t size)
{
    void *address = NULL;
    *fd = fd_memory("test", size, &fake.diag);
    must(*fd);
    must(map_shared(&address, *fd, size, "test memory", &fake.diag));
    return address;
}

void fake_open(void)
{
    memset(&fake, 0, sizeof(fake));
    mapping_count = 0;
    fake.deadline_ns = UINT64_MAX;
    fake.watch_fd = -1;
    fake.abi.config.timer_tick_ms = 2;
    fake.machine.clock.now_ns = now_ns;
    fake.machine.console.remark = remark;
    fake.k.arena = memory(&fake.arena_fd, FAKE_MEMORY);
    fake.k.vector = memory(&fake.vector_fd, 2ull * FAKE_MEMORY);
    fake.k.memory_size = FAKE_MEMORY;
    fake.k.abi = &fake.abi;
    fake.k.machine = &fake.machine;
    must(engine_ptrace.open(&fake.engine, &fake.k, fake.arena_fd, -1, NULL, &fake.machine.mmu, &fake.machine.host,
                             &events, &fake.diag));
    memcpy(fake.k.arena + FAKE_CODE_PADDR, guest_code, (size_t)(guest_code_end - guest_code));
    for (unsigned vspace = 0; vspace < 4; vspace++)
        fake_furnish(vspace);
}

void fake_close(void)
{
    engine_ptrace.close(fake.engine);
    map_release(fake.k.arena, FAKE_MEMORY);
    map_release(fake.k.vector, 2ull * FAKE_MEMORY);
    fd_close_at(&fake.arena_fd);
    fd_close_at(&fake.vector_fd);
}
