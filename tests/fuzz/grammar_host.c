/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects, for the fuzzer: invocations that fit what there is, and a host
 * that answers at random and writes wherever it was told it may.
 */
#include "kernel/host/host.h"
#include "tests/fuzz/grammar.h"

enum {
    HOST_PAGE = 4096
};

static struct random *host_random; /* the fuzzer's: the machine's callbacks have no other way to it */

/* Some capability to a host object of this kind, if there is one. */
static uint64_t slot_of_kind(const struct rig *rig, struct random *random, enum host_kind kind)
{
    uint64_t start = random_below(random, grammar_slots(rig));
    for (uint64_t i = 0; i < grammar_slots(rig); i++) {
        uint64_t at = (start + i) % grammar_slots(rig);
        struct cap cap = rig_cap(rig, at);
        if (cap.type == CAP_HOST && host_at(rig->k, cap.paddr)->kind == kind)
            return at;
    }
    return grammar_slot(rig, random, CAP_HOST);
}

static enum host_operation operation_of_kind(struct random *random, unsigned kind)
{
    static const struct {
        uint8_t first, last;
    } RANGES[] = {
        [HOST_EMPTY] = {HOST_OBJECT_MAKE_READY_SET, HOST_OBJECT_MAKE_EPOLL},
        [HOST_DIRECTORY] = {HOST_DIRECTORY_OPEN, HOST_DIRECTORY_SET_TIMES},
        [HOST_FILE] = {HOST_FILE_WATCH, HOST_FILE_WINDOW},
        [HOST_SOCKET] = {HOST_SOCKET_BIND, HOST_SOCKET_NAME},
        [HOST_NETWORK] = {HOST_NETWORK_SOCKET, HOST_NETWORK_RESTRICT},
        [HOST_CLOCK] = {HOST_CLOCK_READ, HOST_CLOCK_TIMER},
        [HOST_TIMER] = {HOST_TIMER_SET, HOST_TIMER_SET},
        [HOST_READY_SET] = {HOST_READY_BIND, HOST_READY_TAKE},
        [HOST_WINDOW] = {HOST_WINDOW_TAKE, HOST_WINDOW_TAKE},
        [HOST_EPOLL] = {HOST_EPOLL_CONTROL, HOST_EPOLL_TAKE},
    };
    bool is_file = kind == HOST_FILE || kind == HOST_SOCKET || kind == HOST_TIMER;
    if ((is_file || kind == HOST_EPOLL) && random_chance(random, 500))
        return HOST_FILE_WATCH;
    if (is_file && random_chance(random, 500))
        kind = HOST_FILE;
    if (kind == HOST_DIRECTORY && random_chance(random, 600))
        return HOST_DIRECTORY_OPEN;
    if (kind == HOST_FILE && random_chance(random, 200))
        return HOST_FILE_WINDOW;
    if (kind > HOST_EMPTY && kind != HOST_READY_SET && random_chance(random, 100))
        return HOST_OBJECT_DUPLICATE;
    if (random_chance(random, 30))
        return (enum host_operation)random_below(random, HOST_OPERATIONS + 1);
    uint64_t first = RANGES[kind].first, last = RANGES[kind].last;
    return (enum host_operation)(first + random_below(random, last - first + 1));
}

static uint64_t host_word(struct random *random)
{
    if (random_chance(random, 600))
        return random_below(random, 40);
    return random_chance(random, 500) ? grammar_vaddr(random) + random_below(random, HOST_PAGE)
                                      : grammar_edge_word(random);
}

/* Most often memory that is there, and has no zeros in it for some bytes. */
static uint64_t memory_of_name(struct rig *rig, struct random *random)
{
    uint64_t start = random_chance(random, 700) ? 0x400000 : grammar_vaddr(random);
    uint64_t vaddr = start + random_below(random, HOST_PAGE);
    char *bytes = vaddr < ABI_USER_TOP ? sim_user_memory(rig->sim, vaddr, true) : NULL;
    for (uint64_t i = 0; bytes && i < 40 && (vaddr + i) % HOST_PAGE >= i; i++)
        bytes[i] = 'n';
    return vaddr;
}

void grammar_make_host(struct rig *rig, struct random *random, struct cap cap, struct message *message)
{
    unsigned kind = host_at(rig->k, cap.paddr)->kind;
    enum host_operation operation = operation_of_kind(random, kind);
    const struct host_rule *rule = host_rule_find(operation);
    message->operation = OPERATION_INVALID;
    message->host_label = HOST_IO_LABEL + (uint64_t)operation;
    message->length = rule ? rule->words : 0;
    for (unsigned i = 0; i < message->length; i++)
        message->word[i] = host_word(random);
    const uint8_t addresses[] = {rule ? rule->path : 0,     rule ? rule->new_path : 0,
                                 rule ? rule->small_in : 0, rule ? rule->small_out : 0,
                                 rule ? rule->data_in : 0,  rule ? rule->data_out : 0};
    for (unsigned i = 0; i < sizeof addresses; i++) {
        if (addresses[i] && random_chance(random, 950))
            message->word[addresses[i] - 1] = memory_of_name(rig, random);
    }
    for (unsigned i = 0; i < 2; i++) { /* sizes of paths */
        if (addresses[i] && random_chance(random, 800))
            message->word[addresses[i]] = random_below(random, 20);
    }
    if (operation == HOST_READY_TAKE)
        message->word[0] = memory_of_name(rig, random);
    if (operation == HOST_FILE_CONTROL && random_chance(random, 800)) {
        message->word[0] = 0x5401 + random_below(random, 32);
        message->word[1] = memory_of_name(rig, random);
    }
    if (operation == HOST_FILE_WATCH)
        message->word[0] = random_chance(random, 850) ? 1 + random_below(random, 31) : 0;
    switch (rule ? (enum host_extra)rule->extra : HOST_EXTRA_NONE) {
    case HOST_EXTRA_OBJECT:
        message_add_cap(message, slot_of_kind(rig, random, HOST_EMPTY));
        return;
    case HOST_EXTRA_DIRECTORY:
        message_add_cap(message, slot_of_kind(rig, random, HOST_DIRECTORY));
        return;
    case HOST_EXTRA_FILE:
        message_add_cap(message, slot_of_kind(rig, random, HOST_FILE));
        return;
    case HOST_EXTRA_SET:
        message_add_cap(message, slot_of_kind(rig, random, HOST_READY_SET));
        return;
    case HOST_EXTRA_NOTIFICATION:
        if (random_chance(random, 800))
            message_add_cap(message, grammar_slot(rig, random, CAP_NOTIFICATION));
        return;
    case HOST_EXTRA_CNODE:
        message_add_cap(message, grammar_slot(rig, random, CAP_CNODE));
        if (random_chance(random, 800)) {
            message->word[0] = random_below(random, grammar_slots(rig));
            message->word[1] = ABI_WORD_BITS;
        }
        return;
    case HOST_EXTRA_READY:
        message_add_cap(message, slot_of_kind(rig, random, random_chance(random, 800) ? HOST_FILE : HOST_EPOLL));
        return;
    case HOST_EXTRA_NONE:
        return;
    }
}

void grammar_make_syscall_range(struct random *random, struct message *message)
{
    message->operation = OPERATION_INVALID;
    message->host_label = HOST_IO_LABEL + TCB_SYSCALL_RANGE;
    message->cap_count = 0;
    message_set_words(message, WORDS(random_chance(random, 500) ? 0 : grammar_vaddr(random), 0));
    if (random_chance(random, 300))
        message->word[1] = random_chance(random, 900) ? UINT64_MAX : grammar_vaddr(random);
}

uint64_t grammar_host_cookie(const struct rig *rig, struct random *random)
{
    return random_chance(random, 100) ? grammar_edge_word(random)
                                      : rig_cap(rig, grammar_slot(rig, random, CAP_HOST)).paddr;
}

bool grammar_host_is_watching(const struct sim *sim, struct random *random, uint32_t *handle)
{
    uint32_t start = (uint32_t)random_below(random, SIM_HANDLES);
    for (uint32_t i = 0; i < SIM_HANDLES; i++) {
        *handle = (start + i) % SIM_HANDLES;
        if (sim->host.watch[*handle].events)
            return true;
    }
    return false;
}

static int64_t host_answer_at_random(struct sim *sim, struct machine_host_call *call)
{
    static const uint8_t kinds[] = {HOST_DIRECTORY, HOST_FILE, HOST_FILE, HOST_SOCKET, HOST_TIMER};
    const struct host_rule *rule = host_rule_find(call->operation);
    if (random_chance(host_random, 100))
        return -(int64_t)(1 + random_below(host_random, 100));
    call->second = random_word(host_random);
    call->new_access = (uint8_t)(1 + random_below(host_random, 3));
    if (call->operation == HOST_DIRECTORY_OPEN || call->operation == HOST_SOCKET_RECEIVE_OBJECT)
        call->new_kind = kinds[random_below(host_random, sizeof kinds)];
    for (unsigned i = 0; rule->data_in && i < call->piece_count; i++)
        memset(sim->kernel.arena + call->pieces[i].paddr, (int)random_below(host_random, 256),
               call->pieces[i].size);
    if (rule->small_out) {
        memset(call->small, (int)random_below(host_random, 256), HOST_IO_SMALL);
        call->small_size =
            random_chance(host_random, 500) ? random_below(host_random, 300) : random_word(host_random);
    }
    return (int64_t)random_below(host_random, 100);
}

void grammar_host_init(struct sim *sim, struct random *random)
{
    host_random = random;
    sim->host.answer = host_answer_at_random;
}
