/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug calls and the fault report, word for word as on a real kernel; and the domain capability. */
#include "tests/kernel/world.h"

static void debug_call(struct world *world, enum syscall syscall, uint64_t argument)
{
    struct context *context = &world_thread(world)->context;
    context->reg[REG_RDI] = argument;
    context->reg[REG_RSI] = 0;
    world_listen(world);
    world_trap(world, world_syscall_number(world, syscall));
}

static void name_thread(struct world *world, uint64_t cptr, const char *name)
{
    struct tcb *tcb = world_thread(world);
    strcpy((char *)(thread_ipc_buffer(&world->kernel, tcb, true) + BUFFER_MESSAGE), name);
    debug_call(world, SYSCALL_DEBUG_NAME_THREAD, cptr);
}

static void test_put_char(void)
{
    struct world *world = world_booted(16);
    debug_call(world, SYSCALL_DEBUG_PUT_CHAR, 0x141);
    CHECK_STR_EQ(world->console, "A");
    world_free(world);
}

static void test_cap_identify(void)
{
    static const uint8_t numbers[ABI_SLOT_FIRST_FREE] = {0, 12, 10, 9, 14, 11, 13, 31, 0, 1, 1, 20};
    struct world *world = world_booted(16);
    for (unsigned i = 0; i < ABI_SLOT_FIRST_FREE; i++) {
        debug_call(world, SYSCALL_DEBUG_CAP_IDENTIFY, i);
        CHECK_EQ(world_thread(world)->context.reg[REG_RDI], numbers[i]);
    }
    debug_call(world, SYSCALL_DEBUG_CAP_IDENTIFY, ~0ull);
    CHECK_EQ(world_thread(world)->context.reg[REG_RDI], 0);
    world_free(world);
}

static void test_halt(void)
{
    struct world *world = world_booted(16);
    char expected[256];
    snprintf(expected, sizeof(expected),
             "Debug halt syscall from user thread 0x%llx \"rootserver\"\nhalting...\n"
             "Kernel entry via Unknown syscall, word: 89",
             0xffffff8000000400ull + world->kernel.state->current);
    debug_call(world, SYSCALL_DEBUG_HALT, ABI_SLOT_TCB);
    CHECK_STR_EQ(world->console, expected);
    CHECK_EQ(world->next.kind, NEXT_HALT);
    world_free(world);
}

static void test_name_thread(void)
{
    struct world *world = world_booted(16);
    char name[ABI_MESSAGE_WORDS * 8 + 1];
    memset(name, 'z', sizeof(name));

    name_thread(world, ABI_SLOT_TCB, "driver");
    CHECK_STR_EQ(world_thread(world)->name, "driver");
    name[sizeof(name) - 2] = '\0';
    name_thread(world, ABI_SLOT_TCB, name);
    CHECK_EQ(strlen(world_thread(world)->name), 847);
    CHECK_EQ(world->next.kind, NEXT_RUN);
    name[sizeof(name) - 2] = 'z';
    name[sizeof(name) - 1] = '\0';
    name_thread(world, ABI_SLOT_TCB, name);
    CHECK_EQ(world->next.kind, NEXT_HALT);
    CHECK_STR_EQ(world->remark, "SysDebugNameThread: Name too long, halting");
    CHECK_STR_EQ(world->console, "halting...\nKernel entry via Unknown syscall, word: 89");
    world_free(world);
}

static void test_name_no_thread(void)
{
    struct world *world = world_booted(16);
    name_thread(world, ABI_SLOT_CNODE, "abc");
    CHECK_EQ(world->next.kind, NEXT_HALT);
    CHECK_STR_EQ(world->remark, "SysDebugNameThread: cap is not a TCB, halting");
    CHECK_STR_EQ(world->console, "halting...\nKernel entry via Unknown syscall, word: 85");
    world_free(world);
}

static void test_name_without_buffer(void)
{
    struct world *world = world_booted(16);
    world_pass(world, 0);
    CHECK_EQ(world_call(world, ABI_SLOT_TCB, OPERATION_TCB_SET_IPC_BUFFER, 1, 0ull), ABI_NO_ERROR);
    debug_call(world, SYSCALL_DEBUG_NAME_THREAD, ABI_SLOT_TCB);
    CHECK_EQ(world->next.kind, NEXT_HALT);
    CHECK_STR_EQ(world->remark, "SysDebugNameThread: Failed to lookup IPC buffer, halting");
    world_free(world);
}

static void test_dump_scheduler(void)
{
    struct world *world = world_booted(16);
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    name_thread(world, tcb, "inactive-thread");
    debug_call(world, SYSCALL_DEBUG_DUMP_SCHEDULER, 0);
    char expected[1024];
    snprintf(
        expected, sizeof(expected),
        "Dumping all tcbs!\n"
        "Name                                    \tState          \tIP                  \t Prio \t Core\n"
        "--------------------------------------------------------------------------------------\n"
        "                         inactive-thread\t       inactive\t0\t                   0\t0\n"
        "                             idle_thread\t           idle\t0\t                   0\t0\n"
        "                              rootserver\t        running\t0x%llx\t                 255\t0\n",
        (unsigned long long)world_thread(world)->context.reg[REG_FAULT_IP]);
    CHECK_STR_EQ(world->console, expected);
    world_free(world);
}

static void test_snapshot(void)
{
    struct world *world = world_booted(16);
    debug_call(world, SYSCALL_DEBUG_SNAPSHOT, 0);
    const char *rest = strchr(world->console, '\n');
    CHECK_STR_EQ(rest, "\narch x86_64\nobjects {\n}\ncaps {\n}\nirq maps {\n}\n");
    world_free(world);
}

/* Another thread's CSpace has an untyped with children: only the thread is told, and it ends. */
static void test_snapshot_of_another_space(void)
{
    struct world *world = world_booted(16);
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    world_pass(world, ABI_SLOT_CNODE);
    world_pass(world, ABI_SLOT_VSPACE);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_SET_SPACE, 3, 0ull, 0ull, 0ull), ABI_NO_ERROR);
    debug_call(world, SYSCALL_DEBUG_SNAPSHOT, 0);
    const char *objects = strstr(world->console, "objects {\n");
    CHECK(objects && strncmp(objects + 10, "0x", 2) == 0 && strstr(objects, "_tcb = tcb ("));
    CHECK(objects && strstr(objects, "}\ncaps {\n}\nirq maps {\n}\n"));
    CHECK_EQ(world->next.kind, NEXT_RUN);
    world_free(world);
}

static void fault(struct world *world, struct trap trap)
{
    world_listen(world);
    world->next = kernel_enter(&world->kernel, 0, &trap);
}

static void check_report_of(struct world *world, const char *what, const char *stack)
{
    char expected[1024];
    snprintf(expected, sizeof(expected),
             "Caught cap fault in send phase at address 0\nwhile trying to handle:\n%s\n"
             "in thread 0x%llx \"rootserver\" at address 0x%x\nWith stack:\n%s",
             what, 0xffffff8000000400ull + world->kernel.state->threads, (unsigned)WORLD_ENTRY, stack);
    CHECK_STR_EQ(world->console, expected);
    CHECK_EQ(world->next.kind, NEXT_IDLE);
    CHECK(kernel_unhandled_fault(&world->kernel).is_present);
    world_free(world);
}

static void test_vm_fault(void)
{
    struct world *world = world_booted(16);
    uint64_t top =
        WORLD_VADDR + (WORLD_PAGES + 2) * 4096 - 16; /* two words below the end of what is mapped */
    world_thread(world)->context.reg[REG_RSP] = top;
    fault(world, (struct trap){.kind = TRAP_VM_FAULT, .address = 0xdead0008, .status = 6});
    char stack[1024];
    int length = snprintf(stack, sizeof(stack), "0x%llx: 0x0\n0x%llx: 0x0\n", (unsigned long long)top,
                          (unsigned long long)top + 8);
    for (unsigned i = 2; i < 16; i++)
        length += snprintf(stack + length, sizeof(stack) - (size_t)length, "0x%llx: INVALID\n",
                           (unsigned long long)top + i * 8);
    check_report_of(world, "vm fault on data at address 0xdead0008 with status 0x6", stack);
}

static void test_user_exception(void)
{
    struct world *world = world_booted(16);
    world_thread(world)->context.reg[REG_RSP] = 3;
    fault(world, (struct trap){.kind = TRAP_EXCEPTION, .vector = 13});
    check_report_of(world, "user exception 0xd code 0", "RSP not aligned\n");
}

static void test_unknown_syscall(void)
{
    struct world *world = world_booted(16);
    world_thread(world)->context.reg[REG_RSP] = 3;
    world_listen(world);
    world_trap(world, 0 - 1000ull);
    check_report_of(world, "unknown syscall 0xfffffffffffffc18", "RSP not aligned\n");
}

static void test_silent_release(void)
{
    struct world *world = world_new(16);
    world->config.is_debug = world->config.is_printing = false;
    CHECK_EQ(world_boot(world), BOOT_OK);
    fault(world, (struct trap){.kind = TRAP_EXCEPTION, .vector = 13});
    CHECK_STR_EQ(world->console, "");
    world_free(world);
}

#define DOMAIN_CALL(operation, ...)                                                                          \
    world_call(world, ABI_SLOT_DOMAIN, operation, (unsigned)(sizeof((uint64_t[]){__VA_ARGS__}) / 8),         \
               __VA_ARGS__)

static void test_domain_set(void)
{
    struct world *world = world_booted(16);
    CHECK_EQ(world_call(world, ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, 0), ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SET_SET, 7ull), ABI_INVALID_ARGUMENT);
    CHECK_EQ(world_word(world, 0), 0);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SET_SET, 0ull), ABI_TRUNCATED_MESSAGE);
    world_pass(world, ABI_SLOT_CNODE);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SET_SET, 0ull), ABI_INVALID_ARGUMENT);
    CHECK_EQ(world_word(world, 0), 1);
    world_pass(world, ABI_SLOT_TCB);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SET_SET, 0ull), ABI_NO_ERROR);
    CHECK_EQ(world_call(world, ABI_SLOT_DOMAIN, OPERATION_TCB_RESUME, 0), ABI_ILLEGAL_OPERATION);
    world_free(world);
}

static void check_range(struct world *world, uint64_t label, uint64_t max)
{
    CHECK_EQ(label, ABI_RANGE_ERROR);
    CHECK_EQ(world_word(world, 0), 0);
    CHECK_EQ(world_word(world, 1), max);
}

static void test_domain_schedule(void)
{
    struct world *world = world_booted(16);
    uint64_t too_long = 1ull << 56;
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 0ull), ABI_TRUNCATED_MESSAGE);
    check_range(world, DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 1ull, 7ull, too_long), 0);
    check_range(world, DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 1ull, too_long), 0);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 0ull, too_long), ABI_INVALID_ARGUMENT);
    CHECK_EQ(world_word(world, 0), 2);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 0ull, 0ull), ABI_INVALID_ARGUMENT);
    CHECK_EQ(world_word(world, 0), 2);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 0ull, too_long - 1), ABI_NO_ERROR);
    check_range(world, DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_SET_START, 2ull), 1);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_SET_START, 1ull), ABI_INVALID_ARGUMENT);
    CHECK_EQ(world_word(world, 0), 0);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_SET_START, 0ull), ABI_NO_ERROR);
    world_free(world);
}

/* Two domains that take turns: a thread runs only in its own. */
static void test_domains_take_turns(void)
{
    struct world *world = world_new(16);
    world->config.domains = 2;
    world->config.domain_schedules = 4;
    CHECK_EQ(world_boot(world), BOOT_OK);
    uint64_t root = world->next.tcb;
    uint64_t tcb = world_make(world, OBJECT_TCB, 0);
    uint64_t other = world_slot(world, tcb)->cap.paddr;

    world_pass(world, tcb);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SET_SET, 1ull), ABI_NO_ERROR);
    CHECK_EQ(world_call(world, tcb, OPERATION_TCB_RESUME, 0), ABI_NO_ERROR);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 0ull, 0ull, 2ull), ABI_NO_ERROR);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_CONFIGURE, 1ull, 1ull, 1ull), ABI_NO_ERROR);
    CHECK_EQ(DOMAIN_CALL(OPERATION_DOMAIN_SCHEDULE_SET_START, 0ull), ABI_NO_ERROR);

    uint64_t ran[6];
    for (unsigned i = 0; i < 6; i++) {
        ran[i] = world->next.tcb;
        world->next = kernel_enter(&world->kernel, 0, &(struct trap){.kind = TRAP_TICK});
    }
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(ran[i], i % 3 == 2 ? other : root);
    world_free(world);
}

CHECK_MAIN(CHECK_TEST(test_put_char), CHECK_TEST(test_cap_identify), CHECK_TEST(test_halt),
           CHECK_TEST(test_name_thread), CHECK_TEST(test_name_no_thread), CHECK_TEST(test_name_without_buffer),
           CHECK_TEST(test_snapshot_of_another_space), CHECK_TEST(test_dump_scheduler),
           CHECK_TEST(test_snapshot), CHECK_TEST(test_vm_fault), CHECK_TEST(test_user_exception),
           CHECK_TEST(test_unknown_syscall), CHECK_TEST(test_silent_release), CHECK_TEST(test_domain_set),
           CHECK_TEST(test_domain_schedule), CHECK_TEST(test_domains_take_turns))
