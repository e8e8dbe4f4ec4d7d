/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small world that has some of everything, so that random invocations find
 * something to act on from the first step.
 */
#include "tests/fuzz/fuzz.h"

enum {
    THREADS = 5,
    GIGABYTE = 1 << 30
};

static struct sim_options world_options(struct random *random, bool is_mcs)
{
    static const struct boot_device_region devices[] = {
        {0, 0x10000},
        {4ull * GIGABYTE, 6ull * GIGABYTE},
    };
    static const struct boot_host host[] = {
        {HOST_DIRECTORY, HOST_READ | HOST_WRITE, 0},
        {HOST_FILE, HOST_READ, 1},
        {HOST_NETWORK, HOST_READ | HOST_WRITE, 2},
        {HOST_CLOCK, HOST_READ | HOST_WRITE, 3},
    };
    return (struct sim_options){
        .release = 13 + (unsigned)random_below(random, 4),
        .is_release_build = random_chance(random, 200),
        .is_mcs = is_mcs,
        .has_hardware_debug = random_chance(random, 400),
        .memory_size = 8 << 20,
        .root_cnode_bits = 8,
        .domains = random_chance(random, 300) ? 2 : 1,
        .work_units = random_chance(random, 700) ? 1 : 3,
        .devices = devices,
        .device_count = sizeof devices / sizeof *devices,
        .has_host = true,
        .host = host,
        .host_count = sizeof host / sizeof *host,
    };
}

static void world_add_endpoints(struct rig *rig)
{
    for (unsigned i = 0; i < 3; i++) {
        uint64_t endpoint = rig_new(rig, OBJECT_ENDPOINT, 0);
        uint64_t notification = rig_new(rig, OBJECT_NOTIFICATION, 0);
        for (uint64_t badge = 1; badge < 3; badge++) {
            CHECK_OK(rig_mint(rig, rig_free_slot(rig), endpoint, RIGHTS_ALL, badge));
            CHECK_OK(rig_mint(rig, rig_free_slot(rig), notification, RIGHTS_ALL, badge));
        }
    }
}

static void world_add_cnodes(struct rig *rig)
{
    uint64_t outer = rig_new(rig, OBJECT_CNODE, 3);
    uint64_t inner = rig_new(rig, OBJECT_CNODE, 2);
    CHECK_OK(rig_mint(rig, rig_free_slot(rig), inner, RIGHTS_ALL, 5ull << 6 | 3));
    CHECK_OK(
        rig_invoke(rig, outer, OPERATION_CNODE_COPY, WORDS(1, 3, inner, 64, RIGHTS_ALL), CAPS(ABI_SLOT_CNODE))
            .label);
    CHECK_OK(
        rig_invoke(rig, inner, OPERATION_CNODE_COPY, WORDS(1, 2, outer, 64, RIGHTS_ALL), CAPS(ABI_SLOT_CNODE))
            .label);
}

static void world_add_memory(struct rig *rig)
{
    static const uint8_t bits[] = {6, 8, 10, 12, 12, 12, 14, 16};
    for (unsigned i = 0; i < sizeof bits; i++)
        rig_new_small_untyped(rig, bits[i]);
    for (unsigned i = 0; i < 4; i++)
        rig_new(rig, OBJECT_SMALL_PAGE, 0);
    for (unsigned i = 0; i < 2; i++) {
        rig_new(rig, OBJECT_PAGE_TABLE, 0);
        rig_new(rig, OBJECT_PAGE_DIRECTORY, 0);
        rig_new(rig, OBJECT_PDPT, 0);
        rig_new(rig, OBJECT_PML4, 0);
    }
}

static uint64_t world_add_vspace(struct rig *rig)
{
    uint64_t pml4 = rig_new(rig, OBJECT_PML4, 0);
    CHECK_OK(rig_invoke(rig, ABI_SLOT_ASID_POOL, OPERATION_X86_ASID_POOL_ASSIGN, NO_WORDS, CAPS(pml4)).label);
    uint64_t pdpt = rig_new(rig, OBJECT_PDPT, 0);
    uint64_t directory = rig_new(rig, OBJECT_PAGE_DIRECTORY, 0);
    uint64_t table = rig_new(rig, OBJECT_PAGE_TABLE, 0);
    uint64_t frame = rig_new(rig, OBJECT_SMALL_PAGE, 0);
    CHECK_OK(rig_invoke(rig, pdpt, OPERATION_X86_PDPT_MAP, WORDS(0x400000, 0), CAPS(pml4)).label);
    CHECK_OK(
        rig_invoke(rig, directory, OPERATION_X86_PAGE_DIRECTORY_MAP, WORDS(0x400000, 0), CAPS(pml4)).label);
    CHECK_OK(rig_invoke(rig, table, OPERATION_X86_PAGE_TABLE_MAP, WORDS(0x400000, 0), CAPS(pml4)).label);
    CHECK_OK(rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(0x400000, 3, 0), CAPS(pml4)).label);
    return pml4;
}

static void set_space(struct rig *rig, uint64_t tcb, uint64_t endpoint, uint64_t pml4)
{
    struct answer answer =
        rig->k->abi->config.is_mcs
            ? rig_invoke(rig, tcb, OPERATION_TCB_SET_SPACE, WORDS(0, 0), CAPS(endpoint, ABI_SLOT_CNODE, pml4))
            : rig_invoke(rig, tcb, OPERATION_TCB_SET_SPACE, WORDS(endpoint, 0, 0),
                         CAPS(ABI_SLOT_CNODE, pml4));
    CHECK_OK(answer.label);
}

/* Ready sets with a notification, and objects to open. */
static void world_add_host(struct rig *rig, struct random *random, uint64_t notification)
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t slot = rig_free_slot(rig);
        CHECK_OK(rig_invoke(rig, rig->untyped, OPERATION_UNTYPED_RETYPE, WORDS(HOST_IO_TYPE, 0, 0, 0, slot, 1),
                            CAPS(ABI_SLOT_CNODE))
                     .label);
        if (i >= 2)
            continue;
        struct message make = {.host_label = HOST_IO_LABEL + HOST_OBJECT_MAKE_READY_SET};
        CHECK_OK(rig_call(rig, slot, &make).label);
        struct message bind = {
            .host_label = HOST_IO_LABEL + HOST_READY_BIND, .cap_count = 1, .cap = {notification}};
        CHECK_OK(rig_call(rig, slot, &bind).label);
    }
    grammar_host_init(rig->sim, random);
}

/* MCS: reply objects, and scheduling contexts of every kind. */
static void world_add_time(struct rig *rig, struct random *random)
{
    for (unsigned i = 0; i < 4; i++)
        rig_new(rig, OBJECT_REPLY, 0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t context = rig_new(rig, OBJECT_SCHED_CONTEXT, 7 + random_below(random, 3));
        uint64_t budget_us = 20 + random_below(random, 200);
        if (i > 0)
            CHECK_OK(rig_configure(rig, context, budget_us, budget_us + random_below(random, 2) * 500, 0, i,
                                   random_below(random, 2)));
    }
}

/* Move a thread to another VSpace, and its buffer with it. */
static void world_move_thread(struct rig *rig, uint64_t tcb, uint64_t endpoint, uint64_t pml4)
{
    uint64_t frame = rig_free_slot(rig);
    CHECK_OK(rig_copy(rig, frame, rig->next_slot - 2, RIGHTS_ALL));
    CHECK_OK(
        rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(rig_tcb(rig, tcb)->ipc_buffer, 3, 0), CAPS(pml4))
            .label);
    set_space(rig, tcb, endpoint, pml4);
}

static void world_add_threads(struct rig *rig, struct random *random, uint64_t endpoint, uint64_t pml4)
{
    for (unsigned i = 0; i < THREADS; i++) {
        uint64_t tcb = rig_thread(rig, (uint8_t)(251 + random_below(random, 3)), endpoint);
        rig_give_buffer(rig, tcb);
        if (i % 2 == 0)
            world_move_thread(rig, tcb, endpoint, pml4);
    }
}

/* Priority above everybody else's; the endpoint is the fault handler of all. */
static void world_add_doctor(struct world *world, uint64_t endpoint)
{
    struct rig *rig = &world->rig;
    uint64_t notification = rig_new(rig, OBJECT_NOTIFICATION, 0);
    world->doctor_endpoint = endpoint;
    if (rig->k->abi->config.is_mcs)
        world->doctor_reply = rig_new(rig, OBJECT_REPLY, 0);
    world->doctor_irq = rig_free_slot(rig);
    CHECK_OK(rig_invoke(rig, ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                        WORDS(world->doctor_irq, 64, 0, 5, 0, 0, DOCTOR_IRQ - 16), CAPS(ABI_SLOT_CNODE))
                 .label);
    CHECK_OK(rig_invoke(rig, world->doctor_irq, OPERATION_IRQ_SET_IRQ_HANDLER, NO_WORDS, CAPS(notification))
                 .label);
    world->doctor = rig_thread(rig, 254, endpoint);
    CHECK_OK(
        rig_invoke(rig, world->doctor, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(notification)).label);
    rig_give_buffer(rig, world->doctor);
    set_space(rig, ABI_SLOT_TCB, endpoint, ABI_SLOT_VSPACE);
    CHECK_OK(
        rig_invoke(rig, world->doctor, OPERATION_TCB_SET_PRIORITY, WORDS(255), CAPS(ABI_SLOT_TCB)).label);
}

struct world world_open(struct random *random, bool is_mcs)
{
    struct world world = {.rig = rig_open_with(world_options(random, is_mcs))};
    struct rig *rig = &world.rig;
    rig->sim->after_trap = NULL;
    uint64_t endpoint = rig->next_slot;
    world_add_endpoints(rig);
    world_add_cnodes(rig);
    world_add_memory(rig);
    world_add_host(rig, random, endpoint + 1);
    if (is_mcs)
        world_add_time(rig, random);
    world_add_threads(rig, random, endpoint, world_add_vspace(rig));
    world_add_doctor(&world, endpoint);
    CHECK_OK(rig_invoke(rig, ABI_SLOT_TCB, OPERATION_TCB_SET_PRIORITY, WORDS(253), CAPS(ABI_SLOT_TCB)).label);
    return world;
}
