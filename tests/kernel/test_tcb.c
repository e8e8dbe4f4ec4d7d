/* SPDX-License-Identifier: BSD-2-Clause */
/* Invocations of a thread: what each refuses, in which order, and does. Errors as on a real kernel. */
#include "tests/kernel/world.h"

enum {
    BAD_SLOT = 4000
}; /* empty */

static struct world *open_world(void)
{
    return world_booted(16);
}

#define CHECK_WORDS(world, first, second)                                                                    \
    do {                                                                                                     \
        CHECK_EQ(world_length(world), 2);                                                                    \
        CHECK_EQ(world_word(world, 0), first);                                                               \
        CHECK_EQ(world_word(world, 1), second);                                                              \
    } while (0)

static void pass_space(struct world *world, uint64_t cspace, uint64_t vspace)
{
    world_pass(world, cspace);
    world_pass(world, vspace);
}

static uint64_t configure(struct world *world, uint64_t tcb, uint64_t vaddr, uint64_t frame)
{
    pass_space(world, ABI_SLOT_CNODE, ABI_SLOT_VSPACE);
    world_pass(world, frame);
    return world_call(world, tcb, OPERATION_TCB_CONFIGURE, 4, 0x77ull, 0ull, 0ull, vaddr);
}

static void test_truncated(void)
{
    static const struct {
        enum operation operation;
        unsigned length;
    } calls[] = {
        {OPERATION_TCB_READ_REGISTERS, 1},   {OPERATION_TCB_WRITE_REGISTERS, 1},
        {OPERATION_TCB_COPY_REGISTERS, 1},   {OPERATION_TCB_CONFIGURE, 4},
        {OPERATION_TCB_SET_PRIORITY, 1},     {OPERATION_TCB_SET_MC_PRIORITY, 1},
        {OPERATION_TCB_SET_SCHED_PARAMS, 2}, {OPERATION_TCB_SET_IPC_BUFFER, 1},
        {OPERATION_TCB_SET_SPACE, 3},        {OPERATION_TCB_BIND_NOTIFICATION, 0},
        {OPERATION_TCB_SET_TLS_BASE, 0},     {OPERATION_TCB_SET_FLAGS, 1},
    };
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        uint64_t label = world_call(world, tcb, calls[i].operation, calls[i].length, 0ull, 0ull, 0ull, 0ull);
        CHECK_EQ(label, ABI_TRUNCATED_MESSAGE);
        CHECK_EQ(world_length(world), 0);
    }
    CHECK_EQ(world_call(world, tcb, OPERATION_CNODE_COPY, 0), ABI_ILLEGAL_OPERATION);
    world_free(world);
}

static void test_new_thread(void)
{
    struct world *world = open_world();
    struct tcb *tcb = world_tcb(world, world_make(world, OBJECT_TCB, 0));
    CHECK_EQ(tcb->state, THREAD_INACTIVE);
    CHECK_EQ(tcb->priority, 0);
    CHECK_EQ(tcb->mcp, 0);
    CHECK_EQ(tcb->time_slice, world->config.time_slice_ticks);
    CHECK_EQ(tcb->context.reg[REG_RFLAGS], 0x202);
    CHECK_STR_EQ(tcb->name, "child of: 'rootserver'");
    CHECK_EQ(world->kernel.state->threads, arena_paddr(&world->kernel, tcb));
    world_free(world);
}

static void test_list_of_threads(void)
{
    struct world *world = open_world();
    struct kernel_state *s = world->kernel.state;
    uint64_t first = world_make(world, OBJECT_TCB, 0);
    uint64_t second = world_make(world, OBJECT_TCB, 0);
    uint64_t second_paddr = world_slot(world, second)->cap.paddr;

    CHECK_EQ(s->threads, second_paddr);
    CHECK_EQ(world_call(world, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, 2, first, 64ull), ABI_NO_ERROR);
    CHECK_EQ(s->threads, second_paddr);
    CHECK_EQ(tcb_at(&world->kernel, second_paddr)->all_next, s->current);
    CHECK_EQ(world_call(world, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, 2, second, 64ull), ABI_NO_ERROR);
    CHECK_EQ(s->threads, s->current);
    CHECK_EQ(world_thread(world)->all_prev, 0);
    world_free(world);
}

static void test_read_registers(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    struct tcb *target = world_tcb(world, tcb);
    for (unsigned i = 0; i < REG_COUNT; i++)
        target->context.reg[i] = 0x100 + i;

    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 0ull), ABI_RANGE_ERROR);
    CHECK_WORDS(world, 1, 20);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 21ull), ABI_RANGE_ERROR);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 21ull), ABI_RANGE_ERROR);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 20ull),
             ABI_ILLEGAL_OPERATION);

    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 20ull), ABI_NO_ERROR);
    CHECK_EQ(world_length(world), 20);
    for (unsigned i = 0; i < REG_COUNT; i++)
        CHECK_EQ(world_word(world, i), 0x100 + i);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 7ull), ABI_NO_ERROR);
    CHECK_EQ(world_length(world), 7);
    world_free(world);
}

static void test_read_registers_without_buffer(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    world_pass(world, BAD_SLOT);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_IPC_BUFFER, 1, 0ull), ABI_NO_ERROR);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_READ_REGISTERS, 2, 0ull, 20ull), ABI_NO_ERROR);
    CHECK_EQ(world_length(world), 4);
    world_free(world);
}

static void test_write_registers(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    struct context *context = &world_tcb(world, tcb)->context;

    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_WRITE_REGISTERS, 2, 0ull, 1ull), ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_WRITE_REGISTERS, 2, 0ull, 1ull),
             ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_WRITE_REGISTERS, 2, 0ull, 0ull),
             ABI_ILLEGAL_OPERATION);

    context->is_syscall = true;
    context->reg[REG_RAX] = 9;
    CHECK_EQ(
        world_call(world, tcb, OPERATION_TCB_WRITE_REGISTERS, 5, 0ull, 3ull, 0x401000ull, 0x7000ull, ~0ull),
        ABI_NO_ERROR);
    CHECK_EQ(context->reg[REG_FAULT_IP], 0x401000);
    CHECK_EQ(context->next_ip, 0x401000);
    CHECK_EQ(context->reg[REG_RSP], 0x7000);
    CHECK_EQ(context->reg[REG_RFLAGS] & 0x302, 0x202); /* no single step, interrupts on */
    CHECK_EQ(context->reg[REG_RAX], 9);
    CHECK(!context->is_syscall);
    CHECK_EQ(world_tcb(world, tcb)->state, THREAD_INACTIVE);

    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_WRITE_REGISTERS, 2, 1ull, 0ull), ABI_NO_ERROR);
    CHECK(thread_is_runnable(world_tcb(world, tcb)));
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SUSPEND, 0), ABI_NO_ERROR);
    CHECK_EQ(world_tcb(world, tcb)->state, THREAD_INACTIVE);
    world_free(world);
}

static void test_copy_registers(void)
{
    enum {
        SUSPEND = 1,
        RESUME = 2,
        FRAME = 4,
        INTEGER = 8
    };
    struct world *world = open_world();
    uint64_t from = world_make(world, OBJECT_TCB, 0);
    uint64_t to = world_make(world, OBJECT_TCB, 0);
    struct context *source = &world_tcb(world, from)->context;
    struct context *target = &world_tcb(world, to)->context;
    source->reg[REG_FAULT_IP] = 0x401000;
    source->reg[REG_R15] = 15;
    source->reg[REG_FS_BASE] = 0x5000;

    world_pass(world, ABI_SLOT_CNODE);
    CHECK_EQ(world_call(world, to, OPERATION_TCB_COPY_REGISTERS, 1, (uint64_t)FRAME), ABI_INVALID_CAPABILITY);
    CHECK_EQ(world_word(world, 0), 1);
    world_pass(world, from);
    CHECK_EQ(world_call(world, to, OPERATION_TCB_COPY_REGISTERS, 1, (uint64_t)INTEGER), ABI_NO_ERROR);
    CHECK_EQ(target->reg[REG_FS_BASE], 0x5000);
    CHECK_EQ(target->reg[REG_R15], 0);
    world_pass(world, from);
    CHECK_EQ(world_call(world, to, OPERATION_TCB_COPY_REGISTERS, 1, (uint64_t)(FRAME | RESUME)),
             ABI_NO_ERROR);
    CHECK_EQ(target->reg[REG_R15], 15);
    CHECK_EQ(target->next_ip, 0x401000);
    CHECK(thread_is_runnable(world_tcb(world, to)));
    world_pass(world, to);
    CHECK_EQ(world_call(world, from, OPERATION_TCB_COPY_REGISTERS, 1, (uint64_t)SUSPEND), ABI_NO_ERROR);
    CHECK_EQ(world_tcb(world, to)->state, THREAD_INACTIVE);
    world_free(world);
}

static void test_priorities(void)
{
    static const enum operation operations[] = {OPERATION_TCB_SET_PRIORITY, OPERATION_TCB_SET_MC_PRIORITY};
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);

    for (unsigned i = 0; i < 2; i++) {
        world_pass(world, ABI_SLOT_CNODE);
        CHECK_EQ(world_call(world, tcb, operations[i], 1, 300ull), ABI_INVALID_CAPABILITY);
        CHECK_EQ(world_word(world, 0), 1);
        world_pass(world, tcb);
        CHECK_EQ(world_call(world, tcb, operations[i], 1, 5ull), ABI_RANGE_ERROR);
        CHECK_WORDS(world, 0, 0);
        world_pass(world, ABI_SLOT_TCB);
        CHECK_EQ(world_call(world, tcb, operations[i], 1, 256ull), ABI_RANGE_ERROR);
        CHECK_WORDS(world, 0, 255);
        world_pass(world, ABI_SLOT_TCB);
        CHECK_EQ(world_call(world, tcb, operations[i], 1, 7ull), ABI_NO_ERROR);
    }
    CHECK_EQ(world_tcb(world, tcb)->priority, 7);
    CHECK_EQ(world_tcb(world, tcb)->mcp, 7);
    world_free(world);
}

static void test_sched_params(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    uint64_t authority = world_make(world, OBJECT_TCB, 0);
    world_tcb(world, authority)->mcp = 10;

    world_pass(world, authority);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SCHED_PARAMS, 2, 11ull, 12ull), ABI_RANGE_ERROR);
    CHECK_WORDS(world, 0, 10);
    world_pass(world, authority);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SCHED_PARAMS, 2, 3ull, 12ull), ABI_RANGE_ERROR);
    CHECK_EQ(world_tcb(world, tcb)->mcp, 0);
    world_pass(world, authority);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SCHED_PARAMS, 2, 10ull, 9ull), ABI_NO_ERROR);
    CHECK_EQ(world_tcb(world, tcb)->mcp, 10);
    CHECK_EQ(world_tcb(world, tcb)->priority, 9);
    world_free(world);
}

static void test_configure_refusals(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    uint64_t endpoint = world_make(world, OBJECT_ENDPOINT, 0);
    uint64_t pml4 = world_make(world, OBJECT_PML4, 0);
    uint64_t frame = world_make(world, OBJECT_SMALL_PAGE, 0);

    CHECK_EQ(configure(world, tcb, 0x1000, endpoint), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(configure(world, tcb, 0x1008, frame), ABI_ALIGNMENT_ERROR);
    CHECK_EQ(configure(world, tcb, 0x1000, BAD_SLOT), ABI_ILLEGAL_OPERATION);
    /* the buffer is looked at first */
    pass_space(world, endpoint, ABI_SLOT_VSPACE);
    world_pass(world, frame);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_CONFIGURE, 4, 0ull, 0ull, 0ull, 0x1008ull),
             ABI_ALIGNMENT_ERROR);

    pass_space(world, endpoint, ABI_SLOT_VSPACE);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 0ull, 0ull, 0ull), ABI_ILLEGAL_OPERATION);
    pass_space(world, ABI_SLOT_CNODE, endpoint);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 0ull, 0ull, 0ull), ABI_ILLEGAL_OPERATION);
    pass_space(world, ABI_SLOT_CNODE, pml4);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 0ull, 0ull, 0ull), ABI_ILLEGAL_OPERATION);
    /* a guard that does not fit makes no CNode capability */
    pass_space(world, ABI_SLOT_CNODE, ABI_SLOT_VSPACE);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 0ull, 60ull, 0ull), ABI_ILLEGAL_OPERATION);
    for (unsigned i = 0; i < TCB_SLOTS; i++)
        CHECK(i == TCB_REPLY || slot_is_empty(&world_tcb(world, tcb)->slots[i]));
    world_free(world);
}

static void test_configure(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    uint64_t frame = world_make(world, OBJECT_SMALL_PAGE, 0);
    struct tcb *thread = world_tcb(world, tcb);

    CHECK_EQ(configure(world, tcb, 0x1400, frame), ABI_NO_ERROR);
    CHECK_EQ(thread->fault_handler, 0x77);
    CHECK_EQ(thread->ipc_buffer, 0x1400);
    CHECK_EQ(thread->slots[TCB_CSPACE].cap.type, CAP_CNODE);
    CHECK_EQ(thread->slots[TCB_VSPACE].cap.type, CAP_PML4);
    CHECK_EQ(thread->slots[TCB_IPC_BUFFER].cap.paddr, world_slot(world, frame)->cap.paddr);
    CHECK_EQ(thread->slots[TCB_IPC_BUFFER].prev, arena_paddr(&world->kernel, world_slot(world, frame)));

    pass_space(world, ABI_SLOT_CNODE, ABI_SLOT_VSPACE);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 5ull, 52ull, 0ull), ABI_NO_ERROR);
    CHECK_EQ(thread->fault_handler, 5);
    CHECK_EQ(thread->slots[TCB_CSPACE].cap.guard_bits, 52);

    CHECK_EQ(configure(world, tcb, 0, BAD_SLOT), ABI_NO_ERROR);
    CHECK_EQ(thread->ipc_buffer, 0);
    CHECK(slot_is_empty(&thread->slots[TCB_IPC_BUFFER]));
    world_free(world);
}

static void test_notifications(void)
{
    struct world *world = open_world();
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    uint64_t endpoint = world_make(world, OBJECT_ENDPOINT, 0);
    uint64_t notification = world_make(world, OBJECT_NOTIFICATION, 0);
    uint64_t deaf = world->free_slot++;
    world_pass(world, ABI_SLOT_CNODE);
    CHECK_EQ(
        world_call(world, ABI_SLOT_CNODE, OPERATION_CNODE_COPY, 5, deaf, 64ull, notification, 64ull, 1ull),
        ABI_NO_ERROR);

    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_UNBIND_NOTIFICATION, 0), ABI_ILLEGAL_OPERATION);
    world_pass(world, endpoint);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_BIND_NOTIFICATION, 0), ABI_ILLEGAL_OPERATION);
    world_pass(world, deaf);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_BIND_NOTIFICATION, 0), ABI_ILLEGAL_OPERATION);
    world_pass(world, notification);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_BIND_NOTIFICATION, 0), ABI_NO_ERROR);
    world_pass(world, notification);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_BIND_NOTIFICATION, 0), ABI_ILLEGAL_OPERATION);
    world_pass(world, notification);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_BIND_NOTIFICATION, 0), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_UNBIND_NOTIFICATION, 0), ABI_NO_ERROR);
    CHECK_EQ(world_tcb(world, tcb)->bound_notification, 0);
    world_free(world);
}

static void test_tls_base_and_flags(void)
{
    struct world *world = open_world();
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_TLS_BASE, 1, 0x1234ull), ABI_NO_ERROR);
    CHECK_EQ(world_thread(world)->context.reg[REG_FS_BASE], 0x1234);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_TLS_BASE, 1, 0x8000000000001234ull), ABI_NO_ERROR);
    CHECK_EQ(world_thread(world)->context.reg[REG_FS_BASE], 0);

    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_FLAGS, 2, 0ull, ~0ull), ABI_NO_ERROR);
    CHECK_EQ(world_length(world), 1);
    CHECK_EQ(world_word(world, 0), 1);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_FLAGS, 2, 0ull, 0ull), ABI_NO_ERROR);
    CHECK_EQ(world_word(world, 0), 1);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_FLAGS, 2, ~0ull, 0ull), ABI_NO_ERROR);
    CHECK_EQ(world_word(world, 0), 0);
    world_free(world);
}

static void test_suspend_self(void)
{
    struct world *world = open_world();
    struct tcb *root = world_thread(world);
    world_call(world, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, 2, (uint64_t)BAD_SLOT, 64ull);
    struct context *context = &root->context;
    uint64_t at = context->next_ip;
    context->reg[REG_RDI] = ABI_SLOT_TCB;
    context->reg[REG_RSI] =
        message_info_to_word((struct message_info){.label = world_label(world, OPERATION_TCB_SUSPEND)});
    world_trap(world, world_syscall_number(world, SYSCALL_CALL));
    CHECK_EQ(world->next.kind, NEXT_IDLE);
    CHECK_EQ(root->state, THREAD_INACTIVE);
    CHECK_EQ(root->context.reg[REG_FAULT_IP], at);
    world_free(world);
}

CHECK_MAIN(CHECK_TEST(test_truncated), CHECK_TEST(test_new_thread), CHECK_TEST(test_list_of_threads),
           CHECK_TEST(test_read_registers), CHECK_TEST(test_read_registers_without_buffer),
           CHECK_TEST(test_write_registers), CHECK_TEST(test_copy_registers), CHECK_TEST(test_priorities),
           CHECK_TEST(test_sched_params), CHECK_TEST(test_configure_refusals), CHECK_TEST(test_configure),
           CHECK_TEST(test_notifications), CHECK_TEST(test_tls_base_and_flags), CHECK_TEST(test_suspend_self))
