/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an empty arena to an initial thread that is ready to run.
 *
 * Memory, bottom up: the kernel's state at KERNEL_PADDR, the image of the root
 * task, free memory, the boot objects (largest first, as high as they go). What
 * is free on both sides of the boot objects becomes untypeds; the boot objects
 * themselves have no untyped above them in the derivation tree.
 *
 * Manual: chapter "System Bootstrapping".
 */
#include "kernel/boot.h"

#include "kernel/bootinfo.h"
#include "kernel/boot_untyped.h"
#include "kernel/domain.h"
#include "kernel/host/host.h"
#include "kernel/ipc.h"
#include "kernel/irq.h"
#include "kernel/mcs/mcs.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "kernel/vspace.h"

#define KERNEL_MAGIC 0x65696b6c6553ull
#define PAGE_SIZE    (1ull << ABI_SMALL_PAGE_BITS)

enum {
    INITIAL_ASID = 1, /* 0 means none */
    IRQ_IOMMU_LINE = KERNEL_IRQS - 2,
    IRQ_TIMER_LINE = KERNEL_IRQS - 1
};

/* The levels of paging below the PML4: the type of the structures, and what one of them covers, log2. */
static const struct boot_level {
    enum cap_type type;
    unsigned shift;
} LEVELS[] = {{CAP_PDPT, 39}, {CAP_PAGE_DIRECTORY, 30}, {CAP_PAGE_TABLE, 21}};
enum {
    LEVEL_COUNT = sizeof(LEVELS) / sizeof(LEVELS[0])
};

/* The plan of one boot. Physical addresses unless said. */
struct boot {
    struct kernel *k;
    const struct boot_params *params;
    uint64_t ipc_buffer_vaddr;
    uint64_t bootinfo_vaddr;
    uint64_t vaddr_end; /* of all that is mapped */
    unsigned extra_bits;
    uint64_t image;
    uint64_t image_size;
    uint64_t objects_start, objects_end;
    uint64_t cnode, extra, pml4, asid_pool, ipc_buffer, bootinfo, paging, tcb, sched_context, host;
    struct cap pml4_cap;
    uint64_t next_slot;
    struct bootinfo_facts facts;
};

static uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

static uint64_t kernel_size(const struct kernel *k)
{
    uint64_t size = sizeof(struct kernel_state) + k->abi->config.domains * sizeof(struct ready_queues);
    return align_down(size + PAGE_SIZE - 1, PAGE_SIZE);
}

uint64_t kernel_boot_image_paddr(const struct kernel *k)
{
    return KERNEL_PADDR + kernel_size(k);
}

struct virtual_clock *kernel_clock_memory(const struct kernel *k)
{
    return &k->state->virtual_clock;
}

void kernel_attach(struct kernel *k)
{
    k->state = arena_at(k, KERNEL_PADDR);
    ASSERT(k->state->magic == KERNEL_MAGIC);
}

static unsigned bits_for(uint64_t size)
{
    unsigned bits = ABI_SMALL_PAGE_BITS;
    while ((1ull << bits) < size)
        bits++;
    return bits;
}

/* How many structures of a level the mapped range needs. */
static uint64_t level_count(const struct boot *boot, const struct boot_level *level)
{
    return ((boot->vaddr_end - 1) >> level->shift) - (boot->params->image.vaddr_start >> level->shift) + 1;
}

static uint64_t paging_count(const struct boot *boot)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < LEVEL_COUNT; i++)
        count += level_count(boot, &LEVELS[i]);
    return count;
}

/* Addresses in the initial thread's VSpace: the image, its IPC buffer, the bootinfo, what follows it. */
static enum boot_error plan_vspace(struct boot *boot)
{
    const struct boot_image *image = &boot->params->image;
    uint64_t extra_size = bootinfo_extra_size(boot->k, boot->params);
    if (image->vaddr_start >= image->vaddr_end || image->vaddr_end > ABI_USER_TOP ||
        (image->vaddr_start | image->vaddr_end) % PAGE_SIZE != 0)
        return BOOT_IMAGE_OUTSIDE_USER;
    if (image->vaddr_end - image->vaddr_start > boot->k->memory_size || extra_size > boot->k->memory_size)
        return BOOT_IMAGE_TOO_LARGE;
    boot->image_size = image->vaddr_end - image->vaddr_start;
    boot->ipc_buffer_vaddr = image->vaddr_end;
    boot->bootinfo_vaddr = boot->ipc_buffer_vaddr + PAGE_SIZE;
    boot->vaddr_end = boot->bootinfo_vaddr + PAGE_SIZE;
    if (extra_size) {
        boot->extra_bits = bits_for(extra_size);
        boot->vaddr_end += 1ull << boot->extra_bits;
    }
    return boot->vaddr_end <= ABI_USER_TOP ? BOOT_OK : BOOT_IMAGE_OUTSIDE_USER;
}

/* Place the boot objects: the largest first, so that each is aligned to its size. */
static enum boot_error plan_objects(struct boot *boot)
{
    const struct kernel *k = boot->k;
    const struct boot_object {
        unsigned bits;
        uint64_t count;
        uint64_t *paddr;
    } objects[] = {
        {k->abi->config.root_cnode_bits + (unsigned)ABI_SLOT_BITS, 1, &boot->cnode},
        {boot->extra_bits, boot->extra_bits != 0, &boot->extra},
        {ABI_TABLE_BITS, 1, &boot->pml4},
        {ABI_TABLE_BITS, 1, &boot->asid_pool},
        {ABI_SMALL_PAGE_BITS, 1, &boot->ipc_buffer},
        {ABI_SMALL_PAGE_BITS, 1, &boot->bootinfo},
        {ABI_TABLE_BITS, paging_count(boot), &boot->paging},
        {k->abi->object_bits[OBJECT_TCB], 1, &boot->tcb},
        {ABI_MIN_SCHED_CONTEXT_BITS, k->abi->config.is_mcs, &boot->sched_context},
        {HOST_IO_BITS, boot->params->host_count, &boot->host},
    };
    enum {
        OBJECTS = sizeof(objects) / sizeof(objects[0])
    };
    uint64_t total = 0;
    unsigned bits_max = 0;

    for (unsigned i = 0; i < OBJECTS; i++) {
        total += objects[i].count << objects[i].bits;
        bits_max = objects[i].bits > bits_max ? objects[i].bits : bits_max;
    }
    boot->image = kernel_boot_image_paddr(k);
    uint64_t image_end = boot->image + boot->image_size;
    if (total > k->memory_size || image_end > k->memory_size)
        return BOOT_IMAGE_TOO_LARGE;
    boot->objects_start = align_down(k->memory_size - total, 1ull << bits_max);
    if (boot->objects_start < image_end)
        return BOOT_IMAGE_TOO_LARGE;

    boot->objects_end = boot->objects_start;
    for (unsigned bits = bits_max; bits > 0; bits--) {
        for (unsigned i = 0; i < OBJECTS; i++) {
            if (objects[i].bits != bits)
                continue;
            *objects[i].paddr = boot->objects_end;
            boot->objects_end += objects[i].count << bits;
        }
    }
    return BOOT_OK;
}

static enum boot_error plan_slots(const struct boot *boot)
{
    uint64_t extra_pages = boot->extra_bits ? 1ull << (boot->extra_bits - ABI_SMALL_PAGE_BITS) : 0;
    uint64_t needed = ABI_SLOT_FIRST_FREE + boot->k->abi->config.is_mcs + paging_count(boot) + extra_pages +
                      boot->image_size / PAGE_SIZE + boot->params->host_count;
    return needed <= 1ull << boot->k->abi->config.root_cnode_bits ? BOOT_OK : BOOT_CNODE_TOO_SMALL;
}

static struct slot *root_slot(const struct boot *boot, uint64_t index)
{
    return (struct slot *)arena_at(boot->k, boot->cnode) + index;
}

static void root_set(const struct boot *boot, enum abi_initial_slot index, struct cap cap)
{
    slot_set_root(root_slot(boot, index), cap);
}

static void root_append(struct boot *boot, struct cap cap)
{
    slot_set_root(root_slot(boot, boot->next_slot++), cap);
}

static void boot_state(struct kernel *k)
{
    struct kernel_state *s = k->state;
    s->magic = KERNEL_MAGIC;
    s->kernel_end = kernel_boot_image_paddr(k);
    for (unsigned irq = 0; irq < KERNEL_IRQS; irq++) {
        bool is_reserved = x86_irq_is_reserved(k, irq) || irq == IRQ_IOMMU_LINE;
        s->irq_mode[irq] = (uint8_t)(is_reserved ? IRQ_RESERVED : IRQ_INACTIVE);
    }
    s->irq_mode[IRQ_TIMER_LINE] = IRQ_TIMER;
    x86_irq_boot(k);
    domain_schedule_init(k);
    kernel_refresh(k);
}

static void boot_capabilities(struct boot *boot)
{
    unsigned radix = boot->k->abi->config.root_cnode_bits;
    boot->next_slot = ABI_SLOT_FIRST_FREE;
    boot->k->state->root_cnode = boot->cnode;
    root_set(boot, ABI_SLOT_CNODE, cap_cnode(boot->cnode, radix, ABI_WORD_BITS - radix, 0));
    root_set(boot, ABI_SLOT_IRQ_CONTROL, cap_of(CAP_IRQ_CONTROL, 0));
    root_set(boot, ABI_SLOT_ASID_CONTROL, cap_of(CAP_ASID_CONTROL, 0));
    root_set(boot, ABI_SLOT_ASID_POOL, cap_asid_pool(boot->asid_pool, 0));
    root_set(boot, ABI_SLOT_IO_PORT_CONTROL, cap_of(CAP_IO_PORT_CONTROL, 0));
    root_set(boot, ABI_SLOT_DOMAIN, cap_of(CAP_DOMAIN, 0));
    if (!boot->k->abi->config.is_mcs)
        return;
    boot->facts.sched_control = (struct slot_region){boot->next_slot, boot->next_slot + 1};
    root_append(boot, cap_of(CAP_SCHED_CONTROL, 0));
}

/* The structures of one level, in the order of what they cover. Returns where the next level's lie. */
static uint64_t boot_level_map(struct boot *boot, const struct boot_level *level, uint64_t paddr)
{
    uint64_t vaddr = align_down(boot->params->image.vaddr_start, 1ull << level->shift);
    for (uint64_t i = level_count(boot, level); i > 0; i--) {
        struct cap cap = cap_paging_mapped(cap_of(level->type, paddr), INITIAL_ASID, vaddr);
        vspace_boot_map_structure(boot->k, boot->pml4_cap, cap);
        root_append(boot, cap);
        paddr += 1ull << ABI_TABLE_BITS;
        vaddr += 1ull << level->shift;
    }
    return paddr;
}

static void boot_vspace(struct boot *boot)
{
    struct kernel *k = boot->k;
    k->state->asid_pool[0] = boot->asid_pool;
    vspace_boot_assign_asid(k, boot->asid_pool, INITIAL_ASID, boot->pml4);
    boot->pml4_cap = cap_paging_mapped(cap_of(CAP_PML4, boot->pml4), INITIAL_ASID, 0);
    root_set(boot, ABI_SLOT_VSPACE, boot->pml4_cap);

    uint64_t paddr = boot->paging;
    boot->facts.image_paging.start = boot->next_slot;
    for (unsigned i = 0; i < LEVEL_COUNT; i++)
        paddr = boot_level_map(boot, &LEVELS[i], paddr);
    boot->facts.image_paging.end = boot->next_slot;
}

static struct cap boot_frame(struct boot *boot, uint64_t paddr, uint64_t vaddr)
{
    struct cap frame = cap_frame(paddr, FRAME_SMALL, FRAME_READ_WRITE, false);
    frame = cap_frame_mapped(frame, INITIAL_ASID, vaddr, FRAME_READ_WRITE);
    vspace_boot_map_frame(boot->k, boot->pml4_cap, frame);
    return frame;
}

static struct slot_region boot_frames(struct boot *boot, uint64_t paddr, uint64_t vaddr, uint64_t size)
{
    struct slot_region region = {.start = boot->next_slot};
    for (uint64_t offset = 0; offset < size; offset += PAGE_SIZE)
        root_append(boot, boot_frame(boot, paddr + offset, vaddr + offset));
    region.end = boot->next_slot;
    return region;
}

static void boot_pages(struct boot *boot)
{
    root_set(boot, ABI_SLOT_BOOT_INFO, boot_frame(boot, boot->bootinfo, boot->bootinfo_vaddr));
    if (boot->extra_bits) {
        boot->facts.extra_pages =
            boot_frames(boot, boot->extra, boot->bootinfo_vaddr + PAGE_SIZE, 1ull << boot->extra_bits);
        bootinfo_write_extra(boot->k, arena_at(boot->k, boot->extra), boot->extra_bits, boot->params);
    }
    root_set(boot, ABI_SLOT_IPC_BUFFER, boot_frame(boot, boot->ipc_buffer, boot->ipc_buffer_vaddr));
    boot->facts.image_frames =
        boot_frames(boot, boot->image, boot->params->image.vaddr_start, boot->image_size);
}

/* Give the initial thread a copy of one of its own capabilities. */
static void boot_thread_slot(struct boot *boot, struct tcb *tcb, enum tcb_slot which,
                             enum abi_initial_slot index)
{
    struct cap cap;
    struct slot *source = root_slot(boot, index);
    struct result derived = cap_derive(boot->k, source, source->cap, &cap);
    ASSERT(result_is_ok(derived));
    slot_insert(boot->k, &tcb->slots[which], cap, source);
}

/* MCS: the initial thread's own time. */
static void boot_time(struct boot *boot, struct tcb *tcb)
{
    root_set(boot, ABI_SLOT_SCHED_CONTEXT,
             cap_sched_context(boot->sched_context, ABI_MIN_SCHED_CONTEXT_BITS));
    mcs_boot_thread(boot->k, tcb, boot->sched_context);
}

static void boot_thread(struct boot *boot)
{
    struct tcb *tcb = tcb_at(boot->k, boot->tcb);
    tcb_init(boot->k, tcb);
    root_set(boot, ABI_SLOT_TCB, cap_of(CAP_THREAD, boot->tcb));
    boot_thread_slot(boot, tcb, TCB_CSPACE, ABI_SLOT_CNODE);
    boot_thread_slot(boot, tcb, TCB_VSPACE, ABI_SLOT_VSPACE);
    boot_thread_slot(boot, tcb, TCB_IPC_BUFFER, ABI_SLOT_IPC_BUFFER);

    if (!boot->k->abi->config.is_mcs)
        reply_setup_master(boot->k, tcb);
    tcb_set_name(tcb, "rootserver");
    tcb->priority = tcb->mcp = ABI_PRIORITIES - 1;
    tcb->ipc_buffer = boot->ipc_buffer_vaddr;
    tcb->context.reg[REG_FAULT_IP] = tcb->context.next_ip = boot->params->image.entry;
    tcb->context.reg[REG_RDI] = boot->bootinfo_vaddr;
    tcb->state = THREAD_RUNNING;
    boot->k->state->current = boot->tcb;
    if (boot->k->abi->config.is_mcs)
        boot_time(boot, tcb);
}

static void boot_untypeds(struct boot *boot)
{
    struct untyped_list list = {
        .k = boot->k,
        .bootinfo = arena_at(boot->k, boot->bootinfo),
        .slots = root_slot(boot, 0),
        .next_slot = boot->next_slot,
        .slot_count = (1ull << boot->k->abi->config.root_cnode_bits) - boot->params->host_count,
    };
    for (unsigned i = 0; i < boot->params->device_count; i++)
        untyped_list_add(&list, boot->params->devices[i].start, boot->params->devices[i].end, true);
    untyped_list_add(&list, boot->image + boot->image_size, boot->objects_start, false);
    untyped_list_add(&list, boot->objects_end, boot->k->memory_size, false);
    boot->facts.untyped = (struct slot_region){.start = boot->next_slot, .end = list.next_slot};
    boot->next_slot = list.next_slot;
}

/* What the host gives the initial thread; where it gives nothing, nothing shows. */
static void boot_host_objects(struct boot *boot)
{
    const struct boot_host *host = boot->params->host;
    for (unsigned i = 0; i < boot->params->host_count; i++) {
        uint64_t paddr = boot->host + ((uint64_t)i << HOST_IO_BITS);
        root_append(boot, host_open_at_boot(boot->k, paddr, (enum host_kind)host[i].kind, host[i].access,
                                            host[i].handle));
    }
}

enum boot_error kernel_boot(struct kernel *k, const struct boot_params *params)
{
    struct boot boot = {.k = k, .params = params};
    enum boot_error error = plan_vspace(&boot);
    if (error == BOOT_OK)
        error = plan_objects(&boot);
    if (error == BOOT_OK)
        error = plan_slots(&boot);
    if (error != BOOT_OK)
        return error;

    k->state = arena_at(k, KERNEL_PADDR);
    boot_state(k);
    boot_capabilities(&boot);
    boot_vspace(&boot);
    boot_pages(&boot);
    boot_thread(&boot);
    boot_untypeds(&boot);
    boot_host_objects(&boot);
    boot.facts.empty =
        (struct slot_region){.start = boot.next_slot, .end = 1ull << k->abi->config.root_cnode_bits};
    boot.facts.ipc_buffer = boot.ipc_buffer_vaddr;
    boot.facts.extra_size = bootinfo_extra_size(k, params);
    bootinfo_write(k, arena_at(k, boot.bootinfo), &boot.facts);
    return BOOT_OK;
}
