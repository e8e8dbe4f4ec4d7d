/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that reach deep: the fuzzer looks at the capabilities there are and
 * builds an invocation that fits one of them, then spoils some of it.
 */
#include "tests/fuzz/fuzz.h"

#include "kernel/state.h"

uint64_t random_word(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1dull;
}

uint64_t random_below(struct random *random, uint64_t end)
{
    return end ? (random_word(random) >> 11) % end : 0;
}

bool random_chance(struct random *random, unsigned per_thousand)
{
    return random_below(random, 1000) < per_thousand;
}

uint64_t grammar_edge_word(struct random *random)
{
    static const uint64_t edges[] = {0, 1, 2, 3, 4, 7, 8, 11, 12, 15, 16, 20, 21, 47, 48, 63, 64, 65, 255, 256, 257,
                                     511, 512, 4095, 4096, 65535, 65536, 1ull << 31, 1ull << 32, 1ull << 47,
                                     (1ull << 47) - 1, ABI_USER_TOP, ABI_USER_TOP - 4096, 1ull << 62, 1ull << 63,
                                     UINT64_MAX, UINT64_MAX - 1};
    if (random_chance(random, 200))
        return random_word(random);
    return edges[random_below(random, sizeof edges / sizeof *edges)];
}

uint64_t grammar_vaddr(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return random_below(random, 4) << 39;
    case 1:
        return random_below(random, 4) << 30;
    case 2:
        return random_below(random, 8) << 21;
    case 3:
        return grammar_edge_word(random);
    case 4:
        return 0x10000000 + (random_below(random, 8) << 12);
    default:
        return 0x400000 + (random_below(random, 32) << 12);
    }
}

static uint64_t root_slots(const struct rig *rig)
{
    return 1ull << rig->sim->abi.config.root_cnode_bits;
}

/* Some slot of the initial CNode for which the type fits; CAP_NULL finds an empty one. Any slot if there is none. */
static uint64_t slot_of_type(const struct rig *rig, struct random *random, enum cap_type type)
{
    uint64_t start = random_below(random, root_slots(rig));
    for (uint64_t i = 0; i < root_slots(rig); i++) {
        uint64_t at = (start + i) % root_slots(rig);
        if (rig_cap(rig, at).type == type)
            return at;
    }
    return start;
}

static uint64_t filled_slot(const struct rig *rig, struct random *random)
{
    uint64_t start = random_below(random, root_slots(rig));
    for (uint64_t i = 0; i < root_slots(rig); i++) {
        uint64_t at = (start + i) % root_slots(rig);
        if (!slot_is_empty(rig_slot(rig, at)))
            return at;
    }
    return start;
}

uint64_t grammar_cptr(struct rig *rig, struct random *random)
{
    static const enum cap_type favourites[] = {CAP_UNTYPED, CAP_CNODE,    CAP_THREAD,     CAP_FRAME,
                                               CAP_PML4,    CAP_ENDPOINT, CAP_PAGE_TABLE, CAP_IRQ_HANDLER,
                                               CAP_NOTIFICATION};
    uint64_t kind = random_below(random, 100);
    if (kind < 45)
        return filled_slot(rig, random);
    if (kind < 80)
        return slot_of_type(rig, random, favourites[random_below(random, sizeof favourites / sizeof *favourites)]);
    if (kind < 97)
        return ABI_SLOT_TCB + random_below(random, ABI_SLOT_DOMAIN);
    return kind == 97 ? random_below(random, root_slots(rig)) : grammar_edge_word(random);
}

/* A slot within a CNode, as index and depth. */
struct place {
    uint64_t index, depth;
};

enum wanted {
    WANT_EMPTY,
    WANT_FILLED
};

static struct place place_in(const struct rig *rig, struct random *random, struct cap cnode, enum wanted wanted)
{
    if (cnode.type != CAP_CNODE || random_chance(random, 20))
        return (struct place){grammar_edge_word(random), random_chance(random, 500) ? 64 : grammar_edge_word(random)};
    uint64_t slots = 1ull << cnode.radix;
    uint64_t i = random_below(random, slots);
    const struct slot *first = slot_at(rig->k, cnode.paddr);
    for (uint64_t n = 0; n < slots && slot_is_empty(&first[i]) != (wanted == WANT_EMPTY) && !random_chance(random, 3); n++)
        i = (i + 1) % slots;
    return (struct place){cnode.guard << cnode.radix | i, (uint64_t)cnode.guard_bits + cnode.radix};
}

static void add_cap(struct message *message, uint64_t cptr)
{
    if (message->cap_count < ABI_EXTRA_CAPS)
        message->cap[message->cap_count++] = cptr;
}

static void set_words(struct message *message, const uint64_t *words, size_t count)
{
    message->length = (unsigned)count;
    for (size_t i = 0; i < count; i++)
        message->word[i] = words[i];
}

static enum operation one_of(struct random *random, const enum operation *operations, size_t count)
{
    return operations[random_below(random, count)];
}
#define ONE_OF(random, ...) \
    one_of((random), (enum operation[]){__VA_ARGS__}, sizeof((enum operation[]){__VA_ARGS__}) / sizeof(enum operation))

static uint64_t some_cnode(const struct rig *rig, struct random *random)
{
    return random_chance(random, 600) ? ABI_SLOT_CNODE : slot_of_type(rig, random, CAP_CNODE);
}

static uint64_t some_rights(struct random *random)
{
    return random_chance(random, 500) ? RIGHTS_ALL : random_below(random, 16);
}

static void make_retype(struct rig *rig, struct random *random, struct message *message)
{
    static const uint8_t objects[] = {OBJECT_UNTYPED,  OBJECT_TCB,        OBJECT_ENDPOINT,   OBJECT_NOTIFICATION,
                                      OBJECT_CNODE,    OBJECT_CNODE,      OBJECT_SMALL_PAGE, OBJECT_SMALL_PAGE,
                                      OBJECT_PDPT,     OBJECT_PML4,       OBJECT_PAGE_TABLE, OBJECT_PAGE_DIRECTORY,
                                      OBJECT_LARGE_PAGE, OBJECT_HUGE_PAGE};
    enum object object = objects[random_below(random, sizeof objects)];
    uint64_t bits = 0;
    uint64_t node = some_cnode(rig, random);
    if (object == OBJECT_UNTYPED)
        bits = 4 + random_below(random, random_chance(random, 100) ? 28 : 12);
    else if (object == OBJECT_CNODE)
        bits = 1 + random_below(random, 4);
    struct cap cnode = rig_cap(rig, node);
    struct place place = place_in(rig, random, cnode, WANT_EMPTY);
    uint64_t offset = cnode.type == CAP_CNODE ? place.index & ((1ull << cnode.radix) - 1) : 0;
    uint64_t count = random_chance(random, 800) ? 1 : 1 + random_below(random, 4);
    message->operation = OPERATION_UNTYPED_RETYPE;
    set_words(message, WORDS(rig->sim->abi.type_of_object[object], bits, 0, 0, offset, count));
    add_cap(message, node);
    if (random_chance(random, 100)) {
        message->word[2] = node;
        message->word[3] = 64;
        message->cap[0] = ABI_SLOT_CNODE;
    }
}

/* A slot that takes more than one step to delete or revoke, most often none of the boot. */
static uint64_t slot_with_work(const struct rig *rig, struct random *random)
{
    static const enum cap_type types[] = {CAP_CNODE, CAP_THREAD, CAP_UNTYPED, CAP_ZOMBIE, CAP_ENDPOINT};
    uint64_t slot = 0;
    for (unsigned i = 0; i < 4; i++) {
        slot = slot_of_type(rig, random, types[random_below(random, sizeof types / sizeof *types)]);
        if (slot >= rig->first_slot)
            return slot;
    }
    return random_chance(random, 20) ? slot : rig->first_slot;
}

/* Without the initial capabilities everything ends too soon: most often take something else. `word` is an index. */
static void spare_initial(const struct rig *rig, struct random *random, struct cap cnode, struct message *message,
                          unsigned word)
{
    uint64_t first = rig->first_slot;
    bool is_initial = cnode.paddr == rig->k->state->root_cnode && message->word[word] < first;
    if (is_initial && random_chance(random, 980))
        message->word[word] = first + random_below(random, root_slots(rig) - first);
}

static void make_cnode(struct rig *rig, struct random *random, struct cap cnode, struct message *message)
{
    message->operation =
        ONE_OF(random, OPERATION_CNODE_REVOKE, OPERATION_CNODE_DELETE, OPERATION_CNODE_DELETE,
               OPERATION_CNODE_CANCEL_BADGED_SENDS, OPERATION_CNODE_COPY, OPERATION_CNODE_COPY, OPERATION_CNODE_MINT,
               OPERATION_CNODE_MINT, OPERATION_CNODE_MOVE, OPERATION_CNODE_MOVE, OPERATION_CNODE_MUTATE,
               OPERATION_CNODE_ROTATE, OPERATION_CNODE_SAVE_CALLER);
    uint64_t source = some_cnode(rig, random);
    uint64_t pivot = some_cnode(rig, random);
    struct place from = place_in(rig, random, rig_cap(rig, source), WANT_FILLED);
    struct place empty = place_in(rig, random, cnode, WANT_EMPTY);
    struct place full = place_in(rig, random, cnode, WANT_FILLED);
    struct place middle = place_in(rig, random, rig_cap(rig, pivot), WANT_FILLED);
    uint64_t data = random_chance(random, 500) ? random_below(random, 4) : grammar_edge_word(random);

    switch (message->operation) {
    case OPERATION_CNODE_COPY:
    case OPERATION_CNODE_MOVE:
        set_words(message, WORDS(empty.index, empty.depth, from.index, from.depth, some_rights(random)));
        break;
    case OPERATION_CNODE_MINT:
        set_words(message, WORDS(empty.index, empty.depth, from.index, from.depth, some_rights(random), data));
        break;
    case OPERATION_CNODE_MUTATE:
        set_words(message, WORDS(empty.index, empty.depth, from.index, from.depth, data));
        break;
    case OPERATION_CNODE_ROTATE:
        set_words(message, WORDS(empty.index, empty.depth, data, middle.index, middle.depth, data, from.index, from.depth));
        if (random_chance(random, 200)) {
            message->word[0] = from.index;
            message->word[1] = from.depth;
        }
        add_cap(message, pivot);
        break;
    case OPERATION_CNODE_SAVE_CALLER:
        set_words(message, WORDS(empty.index, empty.depth));
        break;
    default:
        set_words(message, WORDS(full.index, full.depth));
        if (cnode.paddr == rig->k->state->root_cnode && random_chance(random, 600))
            message->word[0] = slot_with_work(rig, random);
    }
    spare_initial(rig, random, cnode, message, 0);
    if (message->operation == OPERATION_CNODE_MOVE || message->operation == OPERATION_CNODE_MUTATE)
        spare_initial(rig, random, rig_cap(rig, source), message, 2);
    add_cap(message, source);
}

static void make_thread(struct rig *rig, struct random *random, struct cap thread, struct message *message)
{
    uint64_t handler = random_chance(random, 700) ? slot_of_type(rig, random, CAP_ENDPOINT) : grammar_edge_word(random);
    uint64_t buffer = random_chance(random, 500) ? grammar_vaddr(random) & ~0x3ffull : 0;
    uint64_t priority = random_chance(random, 900) ? 251 + random_below(random, 3) : grammar_edge_word(random);
    uint64_t data = random_chance(random, 800) ? 0 : grammar_edge_word(random);

    message->operation =
        ONE_OF(random, OPERATION_TCB_READ_REGISTERS, OPERATION_TCB_WRITE_REGISTERS, OPERATION_TCB_COPY_REGISTERS,
               OPERATION_TCB_CONFIGURE, OPERATION_TCB_SET_PRIORITY, OPERATION_TCB_SET_MC_PRIORITY,
               OPERATION_TCB_SET_SCHED_PARAMS, OPERATION_TCB_SET_IPC_BUFFER, OPERATION_TCB_SET_SPACE,
               OPERATION_TCB_SUSPEND, OPERATION_TCB_RESUME, OPERATION_TCB_RESUME, OPERATION_TCB_BIND_NOTIFICATION,
               OPERATION_TCB_UNBIND_NOTIFICATION, OPERATION_TCB_SET_TLS_BASE, OPERATION_TCB_SET_FLAGS,
               OPERATION_TCB_RESUME, OPERATION_TCB_WRITE_REGISTERS);
    if (thread.paddr == rig->root && random_chance(random, 900))
        message->operation = ONE_OF(random, OPERATION_TCB_RESUME, OPERATION_TCB_SET_FLAGS, OPERATION_TCB_SET_PRIORITY,
                                    OPERATION_TCB_BIND_NOTIFICATION, OPERATION_TCB_UNBIND_NOTIFICATION,
                                    OPERATION_TCB_READ_REGISTERS);
    switch (message->operation) {
    case OPERATION_TCB_READ_REGISTERS:
        set_words(message, WORDS(random_chance(random, 200), 1 + random_below(random, 21)));
        break;
    case OPERATION_TCB_WRITE_REGISTERS:
        message->length = 2 + (unsigned)random_below(random, 21);
        for (unsigned i = 2; i < message->length; i++)
            message->word[i] = random_chance(random, 500) ? grammar_vaddr(random) : grammar_edge_word(random);
        message->word[0] = random_chance(random, 700);
        message->word[1] = message->length - 2;
        break;
    case OPERATION_TCB_COPY_REGISTERS:
        set_words(message, WORDS(random_below(random, 16)));
        add_cap(message, slot_of_type(rig, random, CAP_THREAD));
        break;
    case OPERATION_TCB_CONFIGURE:
        set_words(message, WORDS(handler, data, 0, buffer));
        add_cap(message, random_chance(random, 900) ? ABI_SLOT_CNODE : some_cnode(rig, random));
        add_cap(message, slot_of_type(rig, random, CAP_PML4));
        add_cap(message, slot_of_type(rig, random, CAP_FRAME));
        break;
    case OPERATION_TCB_SET_SPACE:
        set_words(message, WORDS(handler, data, 0));
        add_cap(message, random_chance(random, 900) ? ABI_SLOT_CNODE : some_cnode(rig, random));
        add_cap(message, slot_of_type(rig, random, CAP_PML4));
        break;
    case OPERATION_TCB_SET_IPC_BUFFER:
        set_words(message, WORDS(buffer));
        add_cap(message, slot_of_type(rig, random, CAP_FRAME));
        break;
    case OPERATION_TCB_SET_PRIORITY:
    case OPERATION_TCB_SET_MC_PRIORITY:
    case OPERATION_TCB_SET_SCHED_PARAMS:
        set_words(message, WORDS(priority, 251 + random_below(random, 3)));
        add_cap(message, slot_of_type(rig, random, CAP_THREAD));
        break;
    case OPERATION_TCB_BIND_NOTIFICATION:
        add_cap(message, slot_of_type(rig, random, CAP_NOTIFICATION));
        break;
    default:
        set_words(message, WORDS(grammar_vaddr(random), grammar_edge_word(random)));
    }
}

static void make_mapping(struct rig *rig, struct random *random, struct cap cap, struct message *message)
{
    static const struct {
        enum cap_type type;
        enum operation map, unmap;
    } verbs[] = {
        {CAP_FRAME, OPERATION_X86_PAGE_MAP, OPERATION_X86_PAGE_UNMAP},
        {CAP_PDPT, OPERATION_X86_PDPT_MAP, OPERATION_X86_PDPT_UNMAP},
        {CAP_PAGE_DIRECTORY, OPERATION_X86_PAGE_DIRECTORY_MAP, OPERATION_X86_PAGE_DIRECTORY_UNMAP},
        {CAP_PAGE_TABLE, OPERATION_X86_PAGE_TABLE_MAP, OPERATION_X86_PAGE_TABLE_UNMAP},
    };
    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].type == cap.type)
            message->operation = random_chance(random, 700) ? verbs[i].map : verbs[i].unmap;
    }
    uint64_t vaddr = grammar_vaddr(random);
    if (cap.type == CAP_FRAME && random_chance(random, 900))
        vaddr &= ~((1ull << frame_size_bits((enum frame_size)cap.frame_size)) - 1);
    if (cap.type == CAP_FRAME && random_chance(random, 50))
        message->operation = OPERATION_X86_PAGE_GET_ADDRESS;
    if (cap.type == CAP_FRAME)
        set_words(message, WORDS(vaddr, some_rights(random) & 3, random_chance(random, 800) ? 0 : random_below(random, 8)));
    else
        set_words(message, WORDS(vaddr, random_chance(random, 800) ? 0 : random_below(random, 8)));
    add_cap(message, random_chance(random, 500) ? ABI_SLOT_VSPACE : slot_of_type(rig, random, CAP_PML4));
}

static void make_device(struct rig *rig, struct random *random, struct cap cap, struct message *message)
{
    uint64_t node = some_cnode(rig, random);
    struct place empty = place_in(rig, random, rig_cap(rig, node), WANT_EMPTY);
    uint64_t port = random_below(random, 64);

    switch ((enum cap_type)cap.type) {
    case CAP_IRQ_CONTROL:
        message->operation = ONE_OF(random, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                                    OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI, OPERATION_IRQ_ISSUE_IRQ_HANDLER);
        set_words(message, WORDS(empty.index, empty.depth, 0, random_below(random, 25), random_below(random, 2),
                                 random_below(random, 2), random_below(random, 110)));
        add_cap(message, node);
        return;
    case CAP_IRQ_HANDLER:
        message->operation = ONE_OF(random, OPERATION_IRQ_ACK_IRQ, OPERATION_IRQ_SET_IRQ_HANDLER,
                                    OPERATION_IRQ_SET_IRQ_HANDLER, OPERATION_IRQ_CLEAR_IRQ_HANDLER);
        add_cap(message, slot_of_type(rig, random, CAP_NOTIFICATION));
        return;
    case CAP_IO_PORT_CONTROL:
        message->operation = OPERATION_X86_IO_PORT_CONTROL_ISSUE;
        set_words(message, WORDS(port, port + random_below(random, 8), empty.index, empty.depth));
        add_cap(message, node);
        return;
    case CAP_IO_PORT:
        message->operation = ONE_OF(random, OPERATION_X86_IO_PORT_IN8, OPERATION_X86_IO_PORT_IN16,
                                    OPERATION_X86_IO_PORT_IN32, OPERATION_X86_IO_PORT_OUT8,
                                    OPERATION_X86_IO_PORT_OUT16, OPERATION_X86_IO_PORT_OUT32);
        set_words(message, WORDS(random_chance(random, 700) ? cap.port_first : port, random_word(random)));
        return;
    case CAP_ASID_CONTROL:
        message->operation = OPERATION_X86_ASID_CONTROL_MAKE_POOL;
        set_words(message, WORDS(empty.index, empty.depth));
        add_cap(message, slot_of_type(rig, random, CAP_UNTYPED));
        add_cap(message, node);
        return;
    case CAP_ASID_POOL:
        message->operation = OPERATION_X86_ASID_POOL_ASSIGN;
        add_cap(message, slot_of_type(rig, random, CAP_PML4));
        return;
    default: /* the domain capability */
        message->operation = ONE_OF(random, OPERATION_DOMAIN_SET_SET, OPERATION_DOMAIN_SCHEDULE_CONFIGURE,
                                    OPERATION_DOMAIN_SCHEDULE_SET_START);
        set_words(message, WORDS(random_below(random, 3), random_below(random, 3), random_below(random, 20)));
        add_cap(message, slot_of_type(rig, random, CAP_THREAD));
    }
}

static void make_ipc(struct rig *rig, struct random *random, struct message *message)
{
    message->operation = OPERATION_INVALID;
    message->length = (unsigned)random_below(random, 8);
    for (unsigned i = 0; i < message->length; i++)
        message->word[i] = random_word(random);
    for (uint64_t i = random_below(random, 6); i > 2; i--)
        add_cap(message, grammar_cptr(rig, random));
}

/* Make a good message worse. */
static void spoil(struct rig *rig, struct random *random, struct message *message)
{
    switch (random_below(random, 4)) {
    case 0:
        message->length = message->length ? (unsigned)random_below(random, message->length) : 0;
        return;
    case 1:
        if (message->length)
            message->word[random_below(random, message->length)] = grammar_edge_word(random);
        return;
    case 2:
        message->cap_count = (unsigned)random_below(random, ABI_EXTRA_CAPS + 1);
        for (unsigned i = 0; i < message->cap_count; i++)
            message->cap[i] = grammar_cptr(rig, random);
        return;
    default:
        message->operation = (enum operation)(1 + random_below(random, OPERATION_COUNT - 1));
    }
}

void grammar_message(struct rig *rig, struct random *random, uint64_t cptr, struct message *message)
{
    struct cap cap = cptr < root_slots(rig) ? rig_cap(rig, cptr) : cap_null();
    *message = (struct message){.operation = OPERATION_INVALID};
    switch ((enum cap_type)cap.type) {
    case CAP_UNTYPED:
        make_retype(rig, random, message);
        break;
    case CAP_CNODE:
        make_cnode(rig, random, cap, message);
        break;
    case CAP_THREAD:
        make_thread(rig, random, cap, message);
        break;
    case CAP_FRAME:
    case CAP_PDPT:
    case CAP_PAGE_DIRECTORY:
    case CAP_PAGE_TABLE:
        make_mapping(rig, random, cap, message);
        break;
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_NULL:
    case CAP_ZOMBIE:
    case CAP_PML4:
        make_ipc(rig, random, message);
        break;
    default:
        make_device(rig, random, cap, message);
    }
    if (random_chance(random, 80))
        spoil(rig, random, message);
}
