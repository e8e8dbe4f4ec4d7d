/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's own objects, and worlds. All of a world is made from one untyped, so
 * that one revocation ends it.
 */
#include "differential.h"

#define ROOT seL4_CapInitThreadCNode
#define SELF seL4_CapInitThreadTCB

enum {
    MEMORY_BITS = 18,
    ROOT_BITS = CONFIG_ROOT_CNODE_SIZE_BITS,
    BUFFER_VADDR = 0x20000000,
    IRQ_PIN = 20,
    IRQ_VECTOR = 40,
    PORT_FIRST = 0x5000,
    PORT_LAST = 0x500f,
    FLAGS = 0x202,
    SECOND_US = 1000000
};

struct actor actors[ACTORS];

static struct sel4_util_allocator pool;
static seL4_CPtr memory; /* of the world */
static seL4_CPtr top;    /* the driver's CSpace: the initial CNode, and behind it the world's */
static seL4_CPtr node;   /* the world's CNode */
static seL4_CPtr endpoints[2], replies[2];

void trap_take(struct trap *trap)
{
    register seL4_Word mr0 asm("r10") = trap->mr[0];
    register seL4_Word mr1 asm("r8") = trap->mr[1];
    register seL4_Word mr2 asm("r9") = trap->mr[2];
    register seL4_Word mr3 asm("r15") = trap->mr[3];
    register seL4_Word reply asm("r12") = trap->reply;
    register seL4_Word send_to asm("r13") = trap->send_to;
    asm volatile("movq %%rsp, %%rbx\n"
                 "syscall\n"
                 "movq %%rbx, %%rsp\n"
                 : "+D"(trap->destination), "+S"(trap->info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(trap->number), "r"(reply), "r"(send_to)
                 : "rbx", "rcx", "r11", "memory");
    trap->mr[0] = mr0;
    trap->mr[1] = mr1;
    trap->mr[2] = mr2;
    trap->mr[3] = mr3;
}

static seL4_CPtr slot_new(void)
{
    return sel4_util_slot_alloc(&pool);
}

static void cspace_open(void)
{
    top = sel4_util_object_alloc(&pool, seL4_CapTableObject, 1);
    seL4_Word guard = seL4_CNode_CapData_new(0, seL4_WordBits - 1 - ROOT_BITS).words[0];
    SEL4_UTIL_CHECK(seL4_CNode_Mint(top, 0, 1, ROOT, ROOT, seL4_WordBits, seL4_AllRights, guard));
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(SELF, 0, top, 0, seL4_CapInitThreadVSpace, 0));
}

static void actors_open(void)
{
    for (unsigned i = 0; i < ACTORS; i++) {
        seL4_Word vaddr = BUFFER_VADDR + i * LIBSEL4_BIT(seL4_PageBits);
        actors[i].frame = sel4_util_object_alloc(&pool, seL4_X86_4K, 0);
        SEL4_UTIL_CHECK(
            sel4_util_map(&pool, seL4_CapInitThreadVSpace, actors[i].frame, vaddr, seL4_ReadWrite));
        actors[i].buffer = (seL4_IPCBuffer *)vaddr;
    }
}

void driver_open(const seL4_BootInfo *info)
{
    sel4_util_allocator_init(&pool, info);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_DRIVER));
    memory = sel4_util_object_alloc(&pool, seL4_UntypedObject, MEMORY_BITS);
    node = slot_new();
    for (unsigned i = 0; i < 2; i++) {
        endpoints[i] = slot_new();
        replies[i] = slot_new();
    }
    actors_open();
    cspace_open();
}

static void put(seL4_Word type, seL4_Word size_bits, seL4_Word slot, seL4_Word count)
{
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(memory, type, size_bits, node, 0, 0, slot, count));
}

static void give(seL4_Word slot, seL4_CPtr cap, seL4_Word badge)
{
    SEL4_UTIL_CHECK(seL4_CNode_Mint(node, slot, WORLD_BITS, ROOT, cap, seL4_WordBits, seL4_AllRights, badge));
}

static void mint(seL4_Word to, seL4_Word from, seL4_Word badge)
{
    SEL4_UTIL_CHECK(seL4_CNode_Mint(node, to, WORLD_BITS, node, from, WORLD_BITS, seL4_AllRights, badge));
}

static void take(seL4_CPtr to, seL4_Word slot)
{
    SEL4_UTIL_CHECK(seL4_CNode_Copy(ROOT, to, seL4_WordBits, node, slot, WORLD_BITS, seL4_AllRights));
}

seL4_CPtr driver_endpoint(unsigned which)
{
    return seL4_DebugCapIdentify(endpoints[which]) ? endpoints[which] : seL4_CapNull;
}

seL4_CPtr driver_reply(unsigned which)
{
    return seL4_DebugCapIdentify(replies[which]) ? replies[which] : seL4_CapNull;
}

static void cnodes_make(void)
{
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(memory, seL4_CapTableObject, WORLD_BITS, ROOT, 0, 0, node, 1));
    seL4_Word guard = seL4_CNode_CapData_new(0, seL4_WordBits - WORLD_BITS).words[0];
    give(SLOT_CNODE, node, guard);
    guard = seL4_CNode_CapData_new(0, seL4_WordBits - 1 - WORLD_BITS).words[0];
    SEL4_UTIL_CHECK(seL4_CNode_Mint(top, 1, 1, ROOT, node, seL4_WordBits, seL4_AllRights, guard));
    put(seL4_CapTableObject, 2, SLOT_SMALL_CNODE, 1);
}

static void objects_make(void)
{
    static const seL4_Uint8 sizes[] = {15, 12, 10, 6};
    for (unsigned i = 0; i < sizeof(sizes); i++) {
        put(seL4_UntypedObject, sizes[i], SLOT_UNTYPED + i, 1);
    }
    put(seL4_EndpointObject, 0, SLOT_ENDPOINT, 1);
    put(seL4_EndpointObject, 0, SLOT_ENDPOINT_OTHER, 1);
    mint(SLOT_ENDPOINT_BADGED, SLOT_ENDPOINT, 0x11);
    put(seL4_NotificationObject, 0, SLOT_NOTIFICATION, 2);
    mint(SLOT_NOTIFICATION_BADGED, SLOT_NOTIFICATION, 0x21);
    put(seL4_NotificationObject, 0, SLOT_COMMAND, ACTORS);
    put(seL4_X86_4K, 0, SLOT_FRAME, 1);
    put(seL4_X86_PageTableObject, 0, SLOT_PAGE_TABLE, 1);
    put(seL4_X86_PageDirectoryObject, 0, SLOT_PAGE_DIRECTORY, 1);
    put(seL4_X86_PDPTObject, 0, SLOT_PDPT, 1);
    put(seL4_X64_PML4Object, 0, SLOT_PML4, 2);
    put(seL4_TCBObject, 0, SLOT_THREAD, 1);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, world(SLOT_PML4)));
}

static void devices_give(void)
{
    give(SLOT_VSPACE, seL4_CapInitThreadVSpace, 0);
    give(SLOT_ASID_POOL, seL4_CapInitThreadASIDPool, 0);
    give(SLOT_DOMAIN, seL4_CapDomain, 0);
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, node, SLOT_IRQ, WORLD_BITS, 0, IRQ_PIN, 0,
                                              0, IRQ_VECTOR));
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, PORT_FIRST, PORT_LAST, node,
                                                 SLOT_IO_PORT, WORLD_BITS));
}

#ifdef CONFIG_KERNEL_MCS
static void times_make(void)
{
    for (unsigned i = 0; i <= ACTORS; i++) {
        put(seL4_SchedContextObject, seL4_MinSchedContextBits, SLOT_CONTEXT + i, 1);
        SEL4_UTIL_CHECK(seL4_SchedControl_Configure(pool.sched_control, world(SLOT_CONTEXT + i), SECOND_US,
                                                    SECOND_US, 0, 0));
    }
    put(seL4_ReplyObject, 0, SLOT_REPLY, 2);
    take(replies[0], SLOT_REPLY);
    take(replies[1], SLOT_REPLY + 1);
    give(SLOT_CONTROL, pool.sched_control, 0);
}

static void actor_configure(unsigned i)
{
    SEL4_UTIL_CHECK(seL4_TCB_Configure(world(SLOT_ACTOR + i), world(SLOT_CNODE), 0, world(SLOT_VSPACE), 0,
                                       (seL4_Word)actors[i].buffer, actors[i].frame));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(world(SLOT_ACTOR + i), SELF, 255, 130 + i,
                                            world(SLOT_CONTEXT + i), world(SLOT_ENDPOINT_OTHER)));
}
#else
static void times_make(void)
{
}

static void actor_configure(unsigned i)
{
    SEL4_UTIL_CHECK(seL4_TCB_Configure(world(SLOT_ACTOR + i), SLOT_ENDPOINT_OTHER, world(SLOT_CNODE), 0,
                                       world(SLOT_VSPACE), 0, (seL4_Word)actors[i].buffer, actors[i].frame));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(world(SLOT_ACTOR + i), SELF, 255, 130 + i));
}
#endif

static void actor_make(unsigned i)
{
    seL4_UserContext registers = {.rip = actor_entry[i], .rflags = FLAGS};
    put(seL4_TCBObject, 0, SLOT_ACTOR + i, 1);
    actor_configure(i);
    actors[i].commands = actors[i].seen = 0;
    memset(actors[i].buffer, 0, sizeof(*actors[i].buffer));
    mailboxes[i] = (struct mailbox){.action = ACTION_NONE};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(world(SLOT_ACTOR + i), 1, 0,
                                            sizeof(registers) / sizeof(seL4_Word), &registers));
}

void world_make(void)
{
    cnodes_make();
    objects_make();
    devices_give();
    times_make();
    take(endpoints[0], SLOT_ENDPOINT);
    take(endpoints[1], SLOT_ENDPOINT_OTHER);
    for (unsigned i = 0; i < ACTORS; i++) {
        actor_make(i);
    }
}

void world_destroy(void)
{
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(ROOT, memory, seL4_WordBits));
}

seL4_Word world_kind(seL4_Word slot)
{
    return seL4_DebugCapIdentify(world(slot));
}

void let_run(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_BELOW));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_DRIVER));
}
