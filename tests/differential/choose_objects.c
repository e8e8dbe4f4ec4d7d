/* SPDX-License-Identifier: BSD-2-Clause */
/* Random invocations by the driver of whatever a world holds, most of them sensible. */
#include "differential.h"

#define SELF seL4_CapInitThreadTCB

#define WORDS(step, ...)                                                                                     \
    words_set((step), (const seL4_Word[]){__VA_ARGS__},                                                      \
              sizeof((seL4_Word[]){__VA_ARGS__}) / sizeof(seL4_Word))

static void words_set(struct step *step, const seL4_Word *words, unsigned count)
{
    step->word_count = count;
    for (unsigned i = 0; i < count; i++) {
        step->words[i] = words[i];
    }
}

static void cap_add(struct step *step, seL4_CPtr cap)
{
    step->caps[step->cap_count++] = cap;
}

/* The CNode that an operation is about, and how deep its slots are. */
static seL4_Word node_choose(seL4_Word *depth)
{
    if (random_chance(85)) {
        *depth = random_chance(92) ? seL4_WordBits : ONE_OF(0, 6, 63, 65);
        return world(SLOT_CNODE);
    }
    *depth = random_chance(85) ? 2 : ONE_OF(0, 1, 64);
    return world(SLOT_SMALL_CNODE);
}

static seL4_Word index_in(seL4_Word node, bool is_free)
{
    if (node == world(SLOT_SMALL_CNODE)) {
        return random_below(4);
    }
    return is_free && random_chance(85) ? choose_free_slot() : choose_slot();
}

/* What a program can go on without. */
static seL4_Word victim_in(seL4_Word node)
{
    seL4_Word index = index_in(node, false);
    bool is_vital = index <= SLOT_SMALL_CNODE || (index >= SLOT_VSPACE && index < SLOT_COMMAND + ACTORS);
    if (node == world(SLOT_CNODE) && is_vital && random_chance(85)) {
        return choose_free_slot();
    }
    return index;
}

static void choose_retype(struct step *step)
{
    seL4_Word type = random_below(seL4_ObjectTypeCount + 1);
    seL4_Word bits = 0;
    if (random_chance(50)) {
        type = ONE_OF(seL4_UntypedObject, seL4_EndpointObject, seL4_NotificationObject, seL4_CapTableObject);
    }
    if (type == seL4_UntypedObject) {
        bits = ONE_OF(4, 6, 8, 10, 12, 3);
    } else if (type == seL4_CapTableObject) {
        bits = ONE_OF(1, 2, 3, 0);
    }
#ifdef CONFIG_KERNEL_MCS
    if (type == seL4_SchedContextObject) {
        bits = ONE_OF(7, 8, 9, 6);
    }
#endif
    if (random_chance(4)) {
        bits = ONE_OF(47, 48, 64, ~0ul);
    }
    seL4_Word depth;
    seL4_Word node = node_choose(&depth);
    step->label = UntypedRetype;
    step->destination = world(random_chance(85) ? SLOT_UNTYPED + random_below(4) : choose_slot());
    WORDS(step, type, bits, 0, 0, index_in(node, true), ONE_OF(1, 1, 1, 2, 3, 0));
    if (random_chance(15)) {
        step->words[2] = random_chance(70) ? SLOT_SMALL_CNODE : choose_slot();
        step->words[3] = depth;
        step->words[4] = random_below(5);
        node = world(SLOT_CNODE);
    }
    cap_add(step, node);
}

static void choose_transfer(struct step *step)
{
    seL4_Word to_depth, from_depth;
    seL4_Word to = node_choose(&to_depth);
    seL4_Word from = node_choose(&from_depth);
    step->label = ONE_OF(CNodeCopy, CNodeCopy, CNodeMint, CNodeMint, CNodeMove, CNodeMutate);
    step->destination = to;
    seL4_Word source =
        step->label == CNodeMove || step->label == CNodeMutate ? victim_in(from) : index_in(from, false);
    WORDS(step, index_in(to, true), to_depth, source, from_depth, random_below(16),
          ONE_OF(0, 1, 0x22, 0x33, 0x50, 6 << 6, 58, 1ul << 63));
    if (step->label == CNodeMutate) {
        step->words[4] = step->words[5];
    }
    step->word_count = step->label == CNodeMint ? 6 : step->label == CNodeMove ? 4 : 5;
    cap_add(step, from);
}

static void choose_rotate(struct step *step)
{
    seL4_Word depth[3], node[3];
    for (unsigned i = 0; i < 3; i++) {
        node[i] = node_choose(&depth[i]);
    }
    step->label = CNodeRotate;
    step->destination = node[0];
    WORDS(step, index_in(node[0], true), depth[0], ONE_OF(0, 0, 0x44), victim_in(node[1]), depth[1],
          ONE_OF(0, 0, 0x55), victim_in(node[2]), depth[2]);
    cap_add(step, node[1]);
    cap_add(step, node[2]);
}

static void choose_removal(struct step *step)
{
    seL4_Word depth;
    seL4_Word node = node_choose(&depth);
    step->label =
        ONE_OF(CNodeDelete, CNodeDelete, CNodeDelete, CNodeRevoke, CNodeRevoke, CNodeCancelBadgedSends);
#ifndef CONFIG_KERNEL_MCS
    if (random_chance(15)) {
        step->label = CNodeSaveCaller;
    }
#endif
    step->destination = node;
    WORDS(step, victim_in(node), depth);
    if (step->label == CNodeCancelBadgedSends) {
        step->words[0] = ONE_OF(SLOT_ENDPOINT_BADGED, SLOT_ENDPOINT, SLOT_FREE, SLOT_NOTIFICATION_BADGED);
    }
}

static seL4_Word choose_thread(void)
{
    return random_chance(85) ? ONE_OF(SLOT_ACTOR, SLOT_ACTOR + 1, SLOT_ACTOR + 2, SLOT_THREAD)
                             : choose_slot();
}

/* A priority that no other thread has. */
static seL4_Word priority_for(seL4_Word slot)
{
    return random_chance(92) ? ONE_OF(8, 130) + slot % WORLD_SLOTS : ONE_OF(256, ~0ul);
}

static void choose_registers(struct step *step, seL4_Word thread)
{
    step->label = ONE_OF(TCBReadRegisters, TCBWriteRegisters, TCBCopyRegisters);
    if (step->label == TCBReadRegisters) {
        WORDS(step, random_chance(15), ONE_OF(20, 20, 3, 0, 21));
    } else if (step->label == TCBCopyRegisters) {
        WORDS(step, random_below(16));
        cap_add(step, world(choose_thread()));
    } else {
        bool is_actor = thread >= SLOT_ACTOR && thread < SLOT_ACTOR + ACTORS && random_chance(70);
        seL4_Word ip = is_actor ? actor_entry[thread - SLOT_ACTOR] : ONE_OF(0x1000, 0x30000000, 1ul << 47);
        WORDS(step, random_chance(50), ONE_OF(1, 3, 7, 20), ip, 0, ONE_OF(0x202, 0, 0x3), 4, 5, 6, 7, 8, 9);
    }
}

static void choose_spaces(struct step *step)
{
#ifdef CONFIG_KERNEL_MCS
    bool has_fault_word = false;
#else
    bool has_fault_word = true;
#endif
    seL4_Word fault = ONE_OF(SLOT_ENDPOINT_OTHER, SLOT_ENDPOINT, SLOT_FREE, 0);
    seL4_Word data = random_chance(85) ? 0 : ONE_OF(58, 1 << 6 | 58, 2);
    seL4_Word cspace = world(random_chance(88) ? SLOT_CNODE : choose_slot());
    seL4_Word vspace =
        world(random_chance(80) ? SLOT_VSPACE : ONE_OF(SLOT_PML4, SLOT_PML4_OTHER, SLOT_FRAME));
    seL4_Word buffer = ONE_OF(0x30000000, 0x30000200, 0x30000210, 0);
    seL4_Word frame = world(random_chance(70) ? SLOT_FRAME : choose_slot());
    step->label = ONE_OF(TCBConfigure, TCBSetSpace, TCBSetIPCBuffer);
    if (step->label == TCBSetIPCBuffer) {
        WORDS(step, buffer);
        cap_add(step, frame);
        return;
    }
    step->word_count = 0;
    if (has_fault_word) {
        step->words[step->word_count++] = fault;
    } else if (step->label == TCBSetSpace) {
        cap_add(step, world(fault));
    }
    step->words[step->word_count++] = data;
    step->words[step->word_count++] = 0;
    cap_add(step, cspace);
    cap_add(step, vspace);
    if (step->label == TCBConfigure) {
        step->words[step->word_count++] = buffer;
        cap_add(step, frame);
    }
}

static void choose_scheduling(struct step *step, seL4_Word thread)
{
    step->label = ONE_OF(TCBSetPriority, TCBSetMCPriority, TCBSetSchedParams);
    cap_add(step, random_chance(93) ? SELF : world(choose_slot()));
    WORDS(step, priority_for(thread));
    if (step->label == TCBSetMCPriority) {
        step->words[0] = ONE_OF(0, 20, 255, 256);
    } else if (step->label == TCBSetSchedParams) {
        WORDS(step, ONE_OF(0, 255, 255, 256), priority_for(thread));
#ifdef CONFIG_KERNEL_MCS
        cap_add(step, world(random_chance(80) ? SLOT_CONTEXT + random_below(4) : choose_slot()));
        cap_add(step, world(random_chance(80) ? SLOT_ENDPOINT_OTHER : choose_slot()));
#endif
    }
}

static void choose_thread_call(struct step *step)
{
    seL4_Word thread = choose_thread();
    step->destination = world(thread);
    switch (random_below(6)) {
    case 0:
        choose_registers(step, thread);
        return;
    case 1:
        choose_spaces(step);
        return;
    case 2:
        choose_scheduling(step, thread);
        return;
    case 3:
        step->label = ONE_OF(TCBBindNotification, TCBBindNotification, TCBUnbindNotification);
        if (step->label == TCBBindNotification) {
            cap_add(step,
                    world(random_chance(85) ? SLOT_NOTIFICATION_BADGED + random_below(3) : choose_slot()));
        }
        return;
    case 4:
        step->label = ONE_OF(TCBSetTLSBase, TCBSetFlags);
        WORDS(step, ONE_OF(0, 0x1000, 1), ONE_OF(0, 0, 2, 4));
        return;
    default:
        step->label = ONE_OF(TCBSuspend, TCBResume, TCBResume);
    }
}

static void choose_mapping(struct step *step)
{
    seL4_Word vaddr = ONE_OF(0x30000000, 0x30000000, 0x30001000, 0x8000000000, 0x8000200000, 0x30000008,
                             0x7ffffffff000, 1ul << 47);
    seL4_Word kind = random_below(4);
    static const seL4_Word labels[][2] = {{X86PageMap, X86PageUnmap},
                                          {X86PageTableMap, X86PageTableUnmap},
                                          {X86PageDirectoryMap, X86PageDirectoryUnmap},
                                          {X86PDPTMap, X86PDPTUnmap}};
    step->label = labels[kind][random_chance(30)];
    step->destination = world(random_chance(88) ? SLOT_FRAME + kind : choose_slot());
    cap_add(step, world(random_chance(85) ? ONE_OF(SLOT_VSPACE, SLOT_PML4, SLOT_PML4) : choose_slot()));
    WORDS(step, vaddr, 0);
    if (kind == 0) {
        WORDS(step, vaddr, random_below(4), random_chance(90) ? 0 : random_below(9));
    }
}

static void choose_device(struct step *step)
{
    switch (random_below(6)) {
    case 0:
    case 1:
        step->destination = world(random_chance(90) ? SLOT_IRQ : choose_slot());
        step->label = ONE_OF(IRQSetIRQHandler, IRQSetIRQHandler, IRQClearIRQHandler, IRQAckIRQ);
        cap_add(step, world(random_chance(80) ? SLOT_NOTIFICATION : choose_slot()));
        return;
    case 2:
        step->destination = world(random_chance(90) ? SLOT_IO_PORT : choose_slot());
        step->label = ONE_OF(X86IOPortIn8, X86IOPortIn16, X86IOPortIn32, X86IOPortOut8);
        WORDS(step, ONE_OF(0x5000, 0x5004, 0x500e, 0x500f, 0x5010, 0x4fff, 0x15000), 0x5a);
        return;
    case 3:
        step->destination = world(SLOT_ASID_POOL);
        step->label = X86ASIDPoolAssign;
        cap_add(step, world(random_chance(80) ? SLOT_PML4 + random_below(2) : choose_slot()));
        return;
    case 4:
        step->destination = world(SLOT_DOMAIN);
        step->label = DomainSetSet;
        WORDS(step, ONE_OF(0, 0, 1, 300));
        cap_add(step, world(choose_thread()));
        return;
    default:
        step->destination = seL4_CapASIDControl;
        step->label = X86ASIDControlMakePool;
        WORDS(step, choose_free_slot(), seL4_WordBits);
        cap_add(step, world(random_chance(70) ? SLOT_UNTYPED + 1 : choose_slot()));
        cap_add(step, world(SLOT_CNODE));
    }
}

/* Anything to anybody. */
static void choose_nonsense(struct step *step)
{
    step->destination = world(choose_slot());
    step->label = random_below(nInvocationLabels + 2);
    step->word_count = (unsigned)random_below(9);
    for (unsigned i = 0; i < step->word_count; i++) {
        step->words[i] = ONE_OF(0, 1, 2, 3, 6, 12, 40, 41, 64, 0x1000);
    }
    for (seL4_Word i = random_below(CAPS_MAX + 1); i > 0; i--) {
        cap_add(step, world(choose_slot()));
    }
}

#ifdef CONFIG_KERNEL_MCS
static void choose_time(struct step *step)
{
    seL4_Word context = world(random_chance(88) ? SLOT_CONTEXT + random_below(4) : choose_slot());
    step->destination = context;
    step->label =
        ONE_OF(SchedControlConfigureFlags, SchedContextBind, SchedContextBind, SchedContextUnbind,
               SchedContextUnbindObject, SchedContextConsumed, SchedContextYieldTo, TCBSetTimeoutEndpoint);
    if (step->label == SchedControlConfigureFlags) {
        step->destination = world(SLOT_CONTROL);
        cap_add(step, context);
        WORDS(step, ONE_OF(1000000, 1000000, 2000000, 0, 1), ONE_OF(1000000, 2000000, 2000000, 0),
              ONE_OF(0, 0, 1, 2, 300), ONE_OF(0, 0x77), ONE_OF(0, 0, 1, 2));
    } else if (step->label == SchedContextBind || step->label == SchedContextUnbindObject) {
        cap_add(step,
                world(random_chance(85) ? ONE_OF(SLOT_ACTOR, SLOT_ACTOR + 1, SLOT_ACTOR + 2, SLOT_THREAD,
                                                 SLOT_NOTIFICATION, SLOT_NOTIFICATION_OTHER)
                                        : choose_slot()));
    } else if (step->label == TCBSetTimeoutEndpoint) {
        step->destination = world(choose_thread());
        cap_add(step, world(random_chance(80) ? SLOT_ENDPOINT_OTHER : choose_slot()));
    }
}
#else
static void choose_time(struct step *step)
{
    choose_thread_call(step);
}
#endif

void step_choose_invocation(struct step *step)
{
    static void (*const choices[])(struct step *) = {
        choose_retype,   choose_retype,      choose_transfer,    choose_transfer,
        choose_transfer, choose_rotate,      choose_removal,     choose_removal,
        choose_removal,  choose_thread_call, choose_thread_call, choose_thread_call,
        choose_mapping,  choose_device,      choose_nonsense,    choose_time};
    choices[random_below(sizeof(choices) / sizeof(choices[0]))](step);
}
