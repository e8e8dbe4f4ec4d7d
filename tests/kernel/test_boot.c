/* SPDX-License-Identifier: BSD-2-Clause */
/* What the initial thread finds: capabilities, bootinfo, address space, untypeds. */
#include "tests/kernel/world.h"

/* seL4_BootInfo of the classic personality. */
struct region {
    uint64_t start, end;
};
struct bootinfo {
    uint64_t extra_len, node_id, num_nodes, num_iopt_levels, ipc_buffer;
    struct region empty, shared_frames, image_frames, image_paging, io_space, extra_pages;
    uint64_t cnode_size_bits, domain;
    struct region untyped;
    struct {
        uint64_t paddr;
        uint8_t size_bits, is_device, padding[6];
    } list[230];
};
_Static_assert(sizeof(struct bootinfo) == 3848, "as libsel4 has it");

static void *user_memory(const struct world *world, uint64_t vaddr)
{
    struct translation page = kernel_translate(&world->kernel, world->next.vspace, vaddr);
    CHECK(page.is_present && page.is_writable && page.size_bits == 12);
    return world->kernel.arena + page.paddr + vaddr % 4096;
}

static const struct bootinfo *world_bootinfo(const struct world *world)
{
    return user_memory(world, world->next.context->reg[REG_RDI]);
}

static void test_first_thread(void)
{
    struct world *world = world_booted(16);
    struct tcb *tcb = world_thread(world);
    uint64_t image_end = WORLD_VADDR + WORLD_PAGES * 4096;

    CHECK_EQ(world->next.kind, NEXT_RUN);
    CHECK_EQ(world->next.context->next_ip, WORLD_ENTRY);
    CHECK_EQ(world->next.context->reg[REG_RDI], image_end + 4096);
    CHECK_EQ(world->next.context->reg[REG_RFLAGS], 0x202);
    CHECK(!world->next.context->is_syscall);
    CHECK_EQ(tcb->priority, 255);
    CHECK_EQ(tcb->mcp, 255);
    CHECK_EQ(tcb->ipc_buffer, image_end);
    CHECK_EQ(tcb->domain, 0);
    CHECK_STR_EQ(tcb->name, "rootserver");
    CHECK(thread_ipc_buffer(&world->kernel, tcb, true) == user_memory(world, image_end));
    world_free(world);
}

static void test_initial_slots(void)
{
    static const uint8_t types[ABI_SLOT_FIRST_FREE] = {
        [ABI_SLOT_TCB] = CAP_THREAD,
        [ABI_SLOT_CNODE] = CAP_CNODE,
        [ABI_SLOT_VSPACE] = CAP_PML4,
        [ABI_SLOT_IRQ_CONTROL] = CAP_IRQ_CONTROL,
        [ABI_SLOT_ASID_CONTROL] = CAP_ASID_CONTROL,
        [ABI_SLOT_ASID_POOL] = CAP_ASID_POOL,
        [ABI_SLOT_IO_PORT_CONTROL] = CAP_IO_PORT_CONTROL,
        [ABI_SLOT_BOOT_INFO] = CAP_FRAME,
        [ABI_SLOT_IPC_BUFFER] = CAP_FRAME,
        [ABI_SLOT_DOMAIN] = CAP_DOMAIN,
    };
    struct world *world = world_booted(16);
    for (unsigned i = 0; i < ABI_SLOT_FIRST_FREE; i++)
        CHECK_EQ(world_slot(world, i)->cap.type, types[i]);
    world_free(world);
}

static void test_bootinfo(void)
{
    struct world *world = world_booted(16);
    const struct bootinfo *info = world_bootinfo(world);

    CHECK_EQ(info->extra_len, 0);
    CHECK_EQ(info->num_nodes, 1);
    CHECK_EQ(info->num_iopt_levels, UINT64_MAX);
    CHECK_EQ(info->ipc_buffer, WORLD_VADDR + WORLD_PAGES * 4096);
    CHECK_EQ(info->cnode_size_bits, 12);
    CHECK_EQ(info->image_paging.start, 16); /* one structure of each level */
    CHECK_EQ(info->image_paging.end, 19);
    CHECK_EQ(info->image_frames.start, 19);
    CHECK_EQ(info->image_frames.end, 19 + WORLD_PAGES);
    CHECK_EQ(info->extra_pages.end, 0);
    CHECK_EQ(info->untyped.start, info->image_frames.end);
    CHECK_EQ(info->empty.start, info->untyped.end);
    CHECK_EQ(info->empty.end, 4096);
    world_free(world);
}

static void test_image(void)
{
    struct world *world = world_booted(16);
    const struct bootinfo *info = world_bootinfo(world);
    uint64_t paddr = kernel_boot_image_paddr(&world->kernel);

    for (unsigned i = 0; i < WORLD_PAGES; i++) {
        struct cap frame = world_slot(world, info->image_frames.start + i)->cap;
        CHECK_EQ(frame.paddr, paddr + i * 4096);
        CHECK_EQ(frame.vaddr, WORLD_VADDR + i * 4096);
        CHECK(user_memory(world, frame.vaddr) == world->kernel.arena + frame.paddr);
    }
    CHECK(!kernel_translate(&world->kernel, world->next.vspace, WORLD_VADDR - 4096).is_present);
    world_free(world);
}

/* Untypeds are aligned, disjoint, ascending, and fill what kernel, image and boot objects leave. */
static void test_untypeds(void)
{
    struct world *world = world_new(16);
    world->devices[0] = (struct boot_device_region){0xfec01000, 0xfee00000};
    world->params.devices = world->devices;
    world->params.device_count = 1;
    CHECK_EQ(world_boot(world), BOOT_OK);
    const struct bootinfo *info = world_bootinfo(world);
    uint64_t total = 0, device_total = 0, end = 0;

    for (uint64_t i = 0; i < info->untyped.end - info->untyped.start; i++) {
        uint64_t size = 1ull << info->list[i].size_bits;
        struct cap cap = world_slot(world, info->untyped.start + i)->cap;
        CHECK_EQ(cap.type, CAP_UNTYPED);
        CHECK_EQ(cap.paddr, info->list[i].paddr);
        CHECK_EQ(cap.untyped_bits, info->list[i].size_bits);
        CHECK_EQ(cap.is_device, info->list[i].is_device);
        CHECK_EQ(info->list[i].paddr % size, 0);
        if (info->list[i].is_device) {
            device_total += size;
        } else {
            CHECK(info->list[i].paddr >= end);
            end = info->list[i].paddr + size;
            total += size;
        }
    }
    CHECK_EQ(info->list[0].is_device, 1);
    CHECK_EQ(info->list[0].size_bits, 12);
    CHECK_EQ(device_total, 0xfee00000 - 0xfec01000);
    /* CNode, PML4, ASID pool, IPC buffer, bootinfo, three structures, TCB */
    uint64_t objects = (4096 << 5) + 7 * 4096 + 2048;
    CHECK_EQ(total, WORLD_MEMORY - kernel_boot_image_paddr(&world->kernel) - WORLD_PAGES * 4096 - objects);
    world_free(world);
}

/* Also above 512 GiB, where the kernel's window ends. */
static void test_high_device_untypeds(void)
{
    struct world *world = world_new(16);
    world->devices[0] = (struct boot_device_region){(511ull << 30) + 0x3000, (1ull << 40) + 0x7000};
    world->params.devices = world->devices;
    world->params.device_count = 1;
    CHECK_EQ(world_boot(world), BOOT_OK);
    const struct bootinfo *info = world_bootinfo(world);
    uint64_t high = 0;
    for (uint64_t i = 0; i < info->untyped.end - info->untyped.start; i++) {
        CHECK_EQ(info->list[i].paddr % (1ull << info->list[i].size_bits), 0);
        high += info->list[i].is_device && info->list[i].paddr >= 512ull << 30;
    }
    CHECK(high > 1);
    world_free(world);
}

static void test_untyped_limit(void)
{
    struct world *world = world_new(16);
    world->config.max_boot_untypeds = 3;
    CHECK_EQ(world_boot(world), BOOT_OK);
    const struct bootinfo *info = world_bootinfo(world);
    CHECK_EQ(info->untyped.end - info->untyped.start, 3);
    world_free(world);
}

static void test_extra(void)
{
    static const uint64_t extra[] = {3, 40, 1, 2, 3, 5, 24, 3000};
    struct world *world = world_new(16);
    world->params.extra = extra;
    world->params.extra_size = sizeof(extra);
    CHECK_EQ(world_boot(world), BOOT_OK);
    const struct bootinfo *info = world_bootinfo(world);
    CHECK_EQ(info->extra_len, sizeof(extra));
    CHECK_EQ(info->extra_pages.end - info->extra_pages.start, 1);
    CHECK(memcmp(user_memory(world, world->next.context->reg[REG_RDI] + 4096), extra, sizeof(extra)) == 0);
    world_free(world);
}

static void test_extra_padding(void)
{
    static const uint64_t extra[] = {5, 24, 3000};
    struct world *world = world_new(15);
    world->params.extra = extra;
    world->params.extra_size = sizeof(extra);
    CHECK_EQ(world_boot(world), BOOT_OK);
    const uint64_t *words = user_memory(world, world->next.context->reg[REG_RDI] + 4096);
    CHECK_EQ(world_bootinfo(world)->extra_len, sizeof(extra) + 16);
    CHECK_EQ(words[3], 0);
    CHECK_EQ(words[4], 4096 - sizeof(extra));
    world_free(world);
}

static enum boot_error boot_error_of(uint64_t start, uint64_t end, unsigned root_cnode_bits)
{
    struct world *world = world_new(16);
    world->params.image.vaddr_start = start;
    world->params.image.vaddr_end = end;
    world->config.root_cnode_bits = (uint16_t)root_cnode_bits;
    enum boot_error error = world_boot(world);
    world_free(world);
    return error;
}

static void test_refusals(void)
{
    CHECK_EQ(boot_error_of(0x400000, 0x401000, 12), BOOT_OK);
    CHECK_EQ(boot_error_of(0x401000, 0x401000, 12), BOOT_IMAGE_OUTSIDE_USER);
    CHECK_EQ(boot_error_of(0x400010, 0x401000, 12), BOOT_IMAGE_OUTSIDE_USER);
    CHECK_EQ(boot_error_of(0x7ffffffe0000, 0x7ffffffff000, 12), BOOT_IMAGE_OUTSIDE_USER);
    CHECK_EQ(boot_error_of(0x400000, 0xffffffff80000000, 12), BOOT_IMAGE_OUTSIDE_USER);
    CHECK_EQ(boot_error_of(0x400000, 0x400000 + (64ull << 20), 12), BOOT_IMAGE_TOO_LARGE);
    CHECK_EQ(boot_error_of(0x400000, 0x400000 + (31ull << 20), 16), BOOT_IMAGE_TOO_LARGE);
    CHECK_EQ(boot_error_of(0x400000, 0x400000 + 64 * 4096, 6), BOOT_CNODE_TOO_SMALL);
    CHECK_EQ(boot_error_of(0x400000, 0x402000, 4), BOOT_CNODE_TOO_SMALL);
}

/* An image across two page tables, page directories and PDPTs: the capabilities come level by level. */
static void test_paging_order(void)
{
    struct world *world = world_new(16);
    world->params.image.vaddr_start = (1ull << 39) - 4096;
    world->params.image.vaddr_end = (1ull << 39) + 4096;
    CHECK_EQ(world_boot(world), BOOT_OK);
    const struct bootinfo *info = world_bootinfo(world);
    static const uint8_t types[] = {CAP_PDPT,           CAP_PDPT,       CAP_PAGE_DIRECTORY,
                                    CAP_PAGE_DIRECTORY, CAP_PAGE_TABLE, CAP_PAGE_TABLE};
    CHECK_EQ(info->image_paging.end - info->image_paging.start, 6);
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(world_slot(world, info->image_paging.start + i)->cap.type, types[i]);
    CHECK_EQ(world_slot(world, info->image_paging.start)->cap.vaddr, 0);
    CHECK_EQ(world_slot(world, info->image_paging.start + 1)->cap.vaddr, 1ull << 39);
    world_free(world);
}

static void test_attach(void)
{
    struct world *world = world_booted(16);
    struct kernel other = world->kernel;
    other.state = NULL;
    kernel_attach(&other);
    CHECK(other.state == world->kernel.state);
    CHECK_EQ(kernel_next(&other, 0).tcb, world->next.tcb);
    world_free(world);
}

CHECK_MAIN(CHECK_TEST(test_first_thread), CHECK_TEST(test_initial_slots), CHECK_TEST(test_bootinfo),
           CHECK_TEST(test_image), CHECK_TEST(test_untypeds), CHECK_TEST(test_high_device_untypeds),
           CHECK_TEST(test_untyped_limit),
           CHECK_TEST(test_extra), CHECK_TEST(test_extra_padding), CHECK_TEST(test_refusals),
           CHECK_TEST(test_paging_order), CHECK_TEST(test_attach))
