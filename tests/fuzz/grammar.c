/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that reach deep: the fuzzer looks at the capabilities there are and
 * builds an invocation that fits one of them, then spoils some of it.
 */
#include "tests/fuzz/grammar.h"

#include "kernel/state.h"

uint64_t grammar_slots(const struct rig *rig)
{
    return 1ull << rig->sim->abi.config.root_cnode_bits;
}

/* Some slot of the initial CNode for which the type fits; CAP_NULL finds an empty one. Any slot if there
 * is none. */
uint64_t grammar_slot(const struct rig *rig, struct random *random, enum cap_type type)
{
    uint64_t start = random_below(random, grammar_slots(rig));
    for (uint64_t i = 0; i < grammar_slots(rig); i++) {
        uint64_t at = (start + i) % grammar_slots(rig);
        if (rig_cap(rig, at).type == type)
            return at;
    }
    return start;
}

static uint64_t filled_slot(const struct rig *rig, struct random *random)
{
    uint64_t start = random_below(random, grammar_slots(rig));
    for (uint64_t i = 0; i < grammar_slots(rig); i++) {
        uint64_t at = (start + i) % grammar_slots(rig);
        if (!slot_is_empty(rig_slot(rig, at)))
            return at;
    }
    return start;
}

uint64_t grammar_cptr(struct rig *rig, struct random *random)
{
    static const enum cap_type favourites[] = {CAP_UNTYPED,       CAP_CNODE,         CAP_THREAD,
                                               CAP_FRAME,         CAP_PML4,          CAP_ENDPOINT,
                                               CAP_PAGE_TABLE,    CAP_IRQ_HANDLER,   CAP_NOTIFICATION,
                                               CAP_SCHED_CONTEXT, CAP_SCHED_CONTROL, CAP_REPLY_OBJECT,
                                               CAP_HOST,          CAP_HOST,          CAP_HOST};
    uint64_t kind = random_below(random, 100);
    if (kind < 45)
        return filled_slot(rig, random);
    if (kind < 80)
        return grammar_slot(rig, random,
                            favourites[random_below(random, sizeof favourites / sizeof *favourites)]);
    if (kind < 97)
        return ABI_SLOT_TCB + random_below(random, ABI_SLOT_DOMAIN);
    return kind == 97 ? random_below(random, grammar_slots(rig)) : grammar_edge_word(random);
}

struct place grammar_place(const struct rig *rig, struct random *random, struct cap cnode, enum wanted wanted)
{
    if (cnode.type != CAP_CNODE || random_chance(random, 20))
        return (struct place){grammar_edge_word(random),
                              random_chance(random, 500) ? 64 : grammar_edge_word(random)};
    uint64_t slots = 1ull << cnode.radix;
    uint64_t i = random_below(random, slots);
    const struct slot *first = slot_at(rig->k, cnode.paddr);
    for (uint64_t n = 0;
         n < slots && slot_is_empty(&first[i]) != (wanted == WANT_EMPTY) && !random_chance(random, 3); n++)
        i = (i + 1) % slots;
    return (struct place){cnode.guard << cnode.radix | i, (uint64_t)cnode.guard_bits + cnode.radix};
}

void message_add_cap(struct message *message, uint64_t cptr)
{
    if (message->cap_count < ABI_EXTRA_CAPS)
        message->cap[message->cap_count++] = cptr;
}

void message_set_words(struct message *message, const uint64_t *words, size_t count)
{
    message->length = (unsigned)count;
    for (size_t i = 0; i < count; i++)
        message->word[i] = words[i];
}

enum operation random_operation(struct random *random, const enum operation *operations, size_t count)
{
    return operations[random_below(random, count)];
}

uint64_t grammar_cnode(const struct rig *rig, struct random *random)
{
    return random_chance(random, 600) ? ABI_SLOT_CNODE : grammar_slot(rig, random, CAP_CNODE);
}

uint64_t grammar_rights(struct random *random)
{
    return random_chance(random, 500) ? RIGHTS_ALL : random_below(random, 16);
}

static void make_retype(struct rig *rig, struct random *random, struct message *message)
{
    static const uint8_t objects[] = {OBJECT_UNTYPED,      OBJECT_TCB,        OBJECT_ENDPOINT,
                                      OBJECT_NOTIFICATION, OBJECT_CNODE,      OBJECT_CNODE,
                                      OBJECT_SMALL_PAGE,   OBJECT_SMALL_PAGE, OBJECT_PDPT,
                                      OBJECT_PML4,         OBJECT_PAGE_TABLE, OBJECT_PAGE_DIRECTORY,
                                      OBJECT_LARGE_PAGE,   OBJECT_HUGE_PAGE,  OBJECT_SCHED_CONTEXT,
                                      OBJECT_REPLY,        OBJECT_REPLY,      OBJECT_HOST,
                                      OBJECT_HOST,         OBJECT_HOST};
    enum object object = objects[random_below(random, sizeof objects)];
    uint64_t bits = 0;
    uint64_t node = grammar_cnode(rig, random);
    if (object == OBJECT_UNTYPED)
        bits = 4 + random_below(random, random_chance(random, 100) ? 28 : 12);
    else if (object == OBJECT_SCHED_CONTEXT)
        bits = 7 + random_below(random, 3);
    else if (object == OBJECT_CNODE)
        bits = 1 + random_below(random, 4);
    struct cap cnode = rig_cap(rig, node);
    struct place place = grammar_place(rig, random, cnode, WANT_EMPTY);
    uint64_t offset = cnode.type == CAP_CNODE ? place.index & ((1ull << cnode.radix) - 1) : 0;
    uint64_t count = random_chance(random, 800) ? 1 : 1 + random_below(random, 4);
    message->operation = OPERATION_UNTYPED_RETYPE;
    uint64_t type = object == OBJECT_HOST ? HOST_IO_TYPE : rig->sim->abi.type_of_object[object];
    message_set_words(message, WORDS(type, bits, 0, 0, offset, count));
    message_add_cap(message, node);
    if (random_chance(random, 100)) {
        message->word[2] = node;
        message->word[3] = 64;
        message->cap[0] = ABI_SLOT_CNODE;
    }
}

/* A slot that takes more than one step to delete or revoke, most often none of the boot. */
static uint64_t slot_with_work(const struct rig *rig, struct random *random)
{
    static const enum cap_type types[] = {CAP_CNODE,    CAP_THREAD,       CAP_UNTYPED,      CAP_ZOMBIE,
                                          CAP_ENDPOINT, CAP_REPLY_OBJECT, CAP_SCHED_CONTEXT, CAP_HOST};
    uint64_t slot = 0;
    for (unsigned i = 0; i < 4; i++) {
        slot = grammar_slot(rig, random, types[random_below(random, sizeof types / sizeof *types)]);
        if (slot >= rig->first_slot)
            return slot;
    }
    return random_chance(random, 20) ? slot : rig->first_slot;
}

/* Without the initial capabilities everything ends too soon: most often take something else. `word` is an
 * index. */
static void spare_initial(const struct rig *rig, struct random *random, struct cap cnode,
                          struct message *message, unsigned word)
{
    uint64_t first = rig->first_slot;
    bool is_initial = cnode.paddr == rig->k->state->root_cnode && message->word[word] < first;
    if (is_initial && random_chance(random, 980))
        message->word[word] = first + random_below(random, grammar_slots(rig) - first);
}

static void make_cnode(struct rig *rig, struct random *random, struct cap cnode, struct message *message)
{
    message->operation =
        ONE_OF(random, OPERATION_CNODE_REVOKE, OPERATION_CNODE_DELETE, OPERATION_CNODE_DELETE,
               OPERATION_CNODE_CANCEL_BADGED_SENDS, OPERATION_CNODE_COPY, OPERATION_CNODE_COPY,
               OPERATION_CNODE_MINT, OPERATION_CNODE_MINT, OPERATION_CNODE_MOVE, OPERATION_CNODE_MOVE,
               OPERATION_CNODE_MUTATE, OPERATION_CNODE_ROTATE, OPERATION_CNODE_SAVE_CALLER);
    uint64_t source = grammar_cnode(rig, random);
    uint64_t pivot = grammar_cnode(rig, random);
    struct place from = grammar_place(rig, random, rig_cap(rig, source), WANT_FILLED);
    struct place empty = grammar_place(rig, random, cnode, WANT_EMPTY);
    struct place full = grammar_place(rig, random, cnode, WANT_FILLED);
    struct place middle = grammar_place(rig, random, rig_cap(rig, pivot), WANT_FILLED);
    uint64_t data = random_chance(random, 500) ? random_below(random, 4) : grammar_edge_word(random);

    switch (message->operation) {
    case OPERATION_CNODE_COPY:
    case OPERATION_CNODE_MOVE:
        message_set_words(message,
                          WORDS(empty.index, empty.depth, from.index, from.depth, grammar_rights(random)));
        break;
    case OPERATION_CNODE_MINT:
        message_set_words(
            message, WORDS(empty.index, empty.depth, from.index, from.depth, grammar_rights(random), data));
        break;
    case OPERATION_CNODE_MUTATE:
        message_set_words(message, WORDS(empty.index, empty.depth, from.index, from.depth, data));
        break;
    case OPERATION_CNODE_ROTATE:
        message_set_words(message, WORDS(empty.index, empty.depth, data, middle.index, middle.depth, data,
                                         from.index, from.depth));
        if (random_chance(random, 200)) {
            message->word[0] = from.index;
            message->word[1] = from.depth;
        }
        message_add_cap(message, pivot);
        break;
    case OPERATION_CNODE_SAVE_CALLER:
        message_set_words(message, WORDS(empty.index, empty.depth));
        break;
    default:
        message_set_words(message, WORDS(full.index, full.depth));
        if (cnode.paddr == rig->k->state->root_cnode && random_chance(random, 600))
            message->word[0] = slot_with_work(rig, random);
    }
    spare_initial(rig, random, cnode, message, 0);
    if (message->operation == OPERATION_CNODE_MOVE || message->operation == OPERATION_CNODE_MUTATE)
        spare_initial(rig, random, rig_cap(rig, source), message, 2);
    message_add_cap(message, source);
}

static void make_ipc(struct rig *rig, struct random *random, struct message *message)
{
    message->operation = OPERATION_INVALID;
    message->length = (unsigned)random_below(random, 8);
    for (unsigned i = 0; i < message->length; i++)
        message->word[i] = random_word(random);
    for (uint64_t i = random_below(random, 6); i > 2; i--)
        message_add_cap(message, grammar_cptr(rig, random));
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
        message->host_label = 0;
        message->operation = (enum operation)(1 + random_below(random, OPERATION_COUNT - 1));
    }
}

void grammar_message(struct rig *rig, struct random *random, uint64_t cptr, struct message *message)
{
    struct cap cap = cptr < grammar_slots(rig) ? rig_cap(rig, cptr) : cap_null();
    *message = (struct message){.operation = OPERATION_INVALID};
    switch ((enum cap_type)cap.type) {
    case CAP_UNTYPED:
        make_retype(rig, random, message);
        break;
    case CAP_CNODE:
        make_cnode(rig, random, cap, message);
        break;
    case CAP_THREAD:
        grammar_make_thread(rig, random, cap, message);
        break;
    case CAP_FRAME:
    case CAP_PDPT:
    case CAP_PAGE_DIRECTORY:
    case CAP_PAGE_TABLE:
        grammar_make_mapping(rig, random, cap, message);
        break;
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_REPLY_OBJECT:
    case CAP_NULL:
    case CAP_ZOMBIE:
    case CAP_PML4:
        make_ipc(rig, random, message);
        break;
    case CAP_SCHED_CONTEXT:
    case CAP_SCHED_CONTROL:
        grammar_make_time(rig, random, cap, message);
        break;
    case CAP_HOST:
        grammar_make_host(rig, random, cap, message);
        break;
    default:
        grammar_make_device(rig, random, cap, message);
    }
    if (random_chance(random, 80))
        spoil(rig, random, message);
}
