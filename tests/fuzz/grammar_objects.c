/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of threads, address spaces and devices, for the fuzzer.
 */
#include "kernel/mcs/sched_context.h"
#include "tests/fuzz/grammar.h"

/* The same invocations take other arguments with MCS. */
static void make_thread_mcs(struct rig *rig, struct random *random, struct message *message)
{
    uint64_t handler = random_chance(random, 600) ? grammar_slot(rig, random, CAP_ENDPOINT) : 0;
    uint64_t context = random_chance(random, 800) ? grammar_slot(rig, random, CAP_SCHED_CONTEXT) : 0;
    switch (message->operation) {
    case OPERATION_TCB_CONFIGURE:
        message->length = 3;
        message->word[0] = message->word[1];
        message->word[1] = message->word[2];
        message->word[2] = message->word[3];
        return;
    case OPERATION_TCB_SET_SPACE:
        message->length = 2;
        message->word[0] = message->word[1] = 0;
        message->cap[2] = message->cap[1];
        message->cap[1] = message->cap[0];
        message->cap[0] = handler;
        message->cap_count = 3;
        return;
    case OPERATION_TCB_SET_SCHED_PARAMS:
        message_add_cap(message, context);
        message_add_cap(message, handler);
        return;
    case OPERATION_TCB_SET_TIMEOUT_ENDPOINT:
        message->length = 0;
        message_add_cap(message, handler);
        return;
    default:
        return;
    }
}

/* Breakpoints, watchpoints and single steps; most often ones that can be set. */
static void make_thread_debug(struct random *random, struct message *message)
{
    uint64_t is_data = random_below(random, 2);
    uint64_t size = is_data ? 1ull << random_below(random, 4) : 0;
    message->cap_count = 0;
    message->operation = ONE_OF(random, OPERATION_TCB_SET_BREAKPOINT, OPERATION_TCB_SET_BREAKPOINT,
                                OPERATION_TCB_GET_BREAKPOINT, OPERATION_TCB_UNSET_BREAKPOINT,
                                OPERATION_TCB_CONFIGURE_SINGLE_STEPPING);
    message_set_words(message, WORDS(random_below(random, 5), grammar_vaddr(random) & ~7ull, !is_data, size,
                                     is_data ? random_below(random, 3) : 0));
    if (message->operation == OPERATION_TCB_CONFIGURE_SINGLE_STEPPING)
        message->word[1] = random_below(random, 4);
}

void grammar_make_thread(struct rig *rig, struct random *random, struct cap thread, struct message *message)
{
    uint64_t handler =
        random_chance(random, 700) ? grammar_slot(rig, random, CAP_ENDPOINT) : grammar_edge_word(random);
    uint64_t buffer = random_chance(random, 500) ? grammar_vaddr(random) & ~0x3ffull : 0;
    uint64_t priority =
        random_chance(random, 900) ? 251 + random_below(random, 3) : grammar_edge_word(random);
    uint64_t data = random_chance(random, 800) ? 0 : grammar_edge_word(random);

    message->operation =
        ONE_OF(random, OPERATION_TCB_READ_REGISTERS, OPERATION_TCB_WRITE_REGISTERS,
               OPERATION_TCB_COPY_REGISTERS, OPERATION_TCB_CONFIGURE, OPERATION_TCB_SET_PRIORITY,
               OPERATION_TCB_SET_MC_PRIORITY, OPERATION_TCB_SET_SCHED_PARAMS, OPERATION_TCB_SET_IPC_BUFFER,
               OPERATION_TCB_SET_SPACE, OPERATION_TCB_SUSPEND, OPERATION_TCB_RESUME, OPERATION_TCB_RESUME,
               OPERATION_TCB_BIND_NOTIFICATION, OPERATION_TCB_UNBIND_NOTIFICATION, OPERATION_TCB_SET_TLS_BASE,
               OPERATION_TCB_SET_FLAGS, OPERATION_TCB_RESUME, OPERATION_TCB_WRITE_REGISTERS);
    if (rig->k->abi->config.is_mcs && random_chance(random, 200))
        message->operation =
            ONE_OF(random, OPERATION_TCB_SET_TIMEOUT_ENDPOINT, OPERATION_TCB_SET_SCHED_PARAMS,
                   OPERATION_TCB_SET_SPACE, OPERATION_TCB_CONFIGURE);
    if (thread.paddr == rig->root && random_chance(random, 900))
        message->operation = ONE_OF(random, OPERATION_TCB_RESUME, OPERATION_TCB_SET_FLAGS,
                                    OPERATION_TCB_SET_PRIORITY, OPERATION_TCB_BIND_NOTIFICATION,
                                    OPERATION_TCB_UNBIND_NOTIFICATION, OPERATION_TCB_READ_REGISTERS);
    switch (message->operation) {
    case OPERATION_TCB_READ_REGISTERS:
        message_set_words(message, WORDS(random_chance(random, 200), 1 + random_below(random, 21)));
        break;
    case OPERATION_TCB_WRITE_REGISTERS:
        message->length = 2 + (unsigned)random_below(random, 21);
        for (unsigned i = 2; i < message->length; i++)
            message->word[i] = random_chance(random, 500) ? grammar_vaddr(random) : grammar_edge_word(random);
        message->word[0] = random_chance(random, 700);
        message->word[1] = message->length - 2;
        break;
    case OPERATION_TCB_COPY_REGISTERS:
        message_set_words(message, WORDS(random_below(random, 16)));
        message_add_cap(message, grammar_slot(rig, random, CAP_THREAD));
        break;
    case OPERATION_TCB_CONFIGURE:
        message_set_words(message, WORDS(handler, data, 0, buffer));
        message_add_cap(message, random_chance(random, 900) ? ABI_SLOT_CNODE : grammar_cnode(rig, random));
        message_add_cap(message, grammar_slot(rig, random, CAP_PML4));
        message_add_cap(message, grammar_slot(rig, random, CAP_FRAME));
        break;
    case OPERATION_TCB_SET_SPACE:
        message_set_words(message, WORDS(handler, data, 0));
        message_add_cap(message, random_chance(random, 900) ? ABI_SLOT_CNODE : grammar_cnode(rig, random));
        message_add_cap(message, grammar_slot(rig, random, CAP_PML4));
        break;
    case OPERATION_TCB_SET_IPC_BUFFER:
        message_set_words(message, WORDS(buffer));
        message_add_cap(message, grammar_slot(rig, random, CAP_FRAME));
        break;
    case OPERATION_TCB_SET_PRIORITY:
    case OPERATION_TCB_SET_MC_PRIORITY:
    case OPERATION_TCB_SET_SCHED_PARAMS:
        message_set_words(message, WORDS(priority, 251 + random_below(random, 3)));
        message_add_cap(message, grammar_slot(rig, random, CAP_THREAD));
        break;
    case OPERATION_TCB_BIND_NOTIFICATION:
        message_add_cap(message, grammar_slot(rig, random, CAP_NOTIFICATION));
        break;
    default:
        message_set_words(message, WORDS(grammar_vaddr(random), grammar_edge_word(random)));
    }
    if (rig->k->abi->config.is_mcs)
        make_thread_mcs(rig, random, message);
    if (rig->k->abi->config.has_hardware_debug && random_chance(random, 250))
        make_thread_debug(random, message);
    if (random_chance(random, 30))
        grammar_make_syscall_range(random, message);
}

void grammar_make_time(struct rig *rig, struct random *random, struct cap cap, struct message *message)
{
    const uint64_t longest_us = MAX_PERIOD_NS / NS_PER_US;
    uint64_t period_us = random_chance(random, 950) ? 20 + random_below(random, 1000) : longest_us;
    uint64_t budget_us = random_chance(random, 300) ? period_us : 20 + random_below(random, 200);
    if (period_us == longest_us && random_chance(random, 300))
        budget_us = longest_us - random_below(random, 2);
    if (cap.type == CAP_SCHED_CONTROL) {
        message->operation = OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS;
        message_set_words(message, WORDS(budget_us, period_us, random_below(random, 6),
                                         random_below(random, 9), random_below(random, 2)));
        message_add_cap(message, grammar_slot(rig, random, CAP_SCHED_CONTEXT));
        return;
    }
    message->operation = ONE_OF(random, OPERATION_SCHED_CONTEXT_BIND, OPERATION_SCHED_CONTEXT_BIND,
                                OPERATION_SCHED_CONTEXT_UNBIND, OPERATION_SCHED_CONTEXT_UNBIND_OBJECT,
                                OPERATION_SCHED_CONTEXT_CONSUMED, OPERATION_SCHED_CONTEXT_YIELD_TO,
                                OPERATION_SCHED_CONTEXT_YIELD_TO);
    message_add_cap(message,
                    grammar_slot(rig, random, random_chance(random, 700) ? CAP_THREAD : CAP_NOTIFICATION));
}

void grammar_make_mapping(struct rig *rig, struct random *random, struct cap cap, struct message *message)
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
        message_set_words(message, WORDS(vaddr, grammar_rights(random) & 3,
                                         random_chance(random, 800) ? 0 : random_below(random, 8)));
    else
        message_set_words(message, WORDS(vaddr, random_chance(random, 800) ? 0 : random_below(random, 8)));
    message_add_cap(message,
                    random_chance(random, 500) ? ABI_SLOT_VSPACE : grammar_slot(rig, random, CAP_PML4));
}

void grammar_make_device(struct rig *rig, struct random *random, struct cap cap, struct message *message)
{
    uint64_t node = grammar_cnode(rig, random);
    struct place empty = grammar_place(rig, random, rig_cap(rig, node), WANT_EMPTY);
    uint64_t port = random_below(random, 64);

    switch ((enum cap_type)cap.type) {
    case CAP_IRQ_CONTROL:
        message->operation = ONE_OF(random, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_IOAPIC,
                                    OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI, OPERATION_IRQ_ISSUE_IRQ_HANDLER);
        message_set_words(message,
                          WORDS(empty.index, empty.depth, 0, random_below(random, 25),
                                random_below(random, 2), random_below(random, 2), random_below(random, 110)));
        message_add_cap(message, node);
        return;
    case CAP_IRQ_HANDLER:
        message->operation = ONE_OF(random, OPERATION_IRQ_ACK_IRQ, OPERATION_IRQ_SET_IRQ_HANDLER,
                                    OPERATION_IRQ_SET_IRQ_HANDLER, OPERATION_IRQ_CLEAR_IRQ_HANDLER);
        message_add_cap(message, grammar_slot(rig, random, CAP_NOTIFICATION));
        return;
    case CAP_IO_PORT_CONTROL:
        message->operation = OPERATION_X86_IO_PORT_CONTROL_ISSUE;
        message_set_words(message, WORDS(port, port + random_below(random, 8), empty.index, empty.depth));
        message_add_cap(message, node);
        return;
    case CAP_IO_PORT:
        message->operation =
            ONE_OF(random, OPERATION_X86_IO_PORT_IN8, OPERATION_X86_IO_PORT_IN16, OPERATION_X86_IO_PORT_IN32,
                   OPERATION_X86_IO_PORT_OUT8, OPERATION_X86_IO_PORT_OUT16, OPERATION_X86_IO_PORT_OUT32);
        message_set_words(message,
                          WORDS(random_chance(random, 700) ? cap.port_first : port, random_word(random)));
        return;
    case CAP_ASID_CONTROL:
        message->operation = OPERATION_X86_ASID_CONTROL_MAKE_POOL;
        message_set_words(message, WORDS(empty.index, empty.depth));
        message_add_cap(message, grammar_slot(rig, random, CAP_UNTYPED));
        message_add_cap(message, node);
        return;
    case CAP_ASID_POOL:
        message->operation = OPERATION_X86_ASID_POOL_ASSIGN;
        message_add_cap(message, grammar_slot(rig, random, CAP_PML4));
        return;
    default: /* the domain capability */
        message->operation = ONE_OF(random, OPERATION_DOMAIN_SET_SET, OPERATION_DOMAIN_SCHEDULE_CONFIGURE,
                                    OPERATION_DOMAIN_SCHEDULE_SET_START);
        message_set_words(message,
                          WORDS(random_below(random, 3), random_below(random, 3), random_below(random, 20)));
        message_add_cap(message, grammar_slot(rig, random, CAP_THREAD));
    }
}
