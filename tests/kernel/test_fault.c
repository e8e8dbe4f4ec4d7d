/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults as messages, with every word, and what the answers do.
 * Manual: chapter "Faults".
 */
#include "kernel/state.h"
#include "tests/kernel/rig.h"

struct faulty {
    struct rig rig;
    uint64_t endpoint, tcb;
};

/* A thread whose faults go to an endpoint with badge 77; it runs. */
static struct faulty faulty_open(uint64_t handler_rights)
{
    struct faulty f = {.rig = rig_open()};
    f.endpoint = rig_new(&f.rig, OBJECT_ENDPOINT, 0);
    uint64_t handler = rig_free_slot(&f.rig);
    CHECK_OK(rig_mint(&f.rig, handler, f.endpoint, handler_rights, 77));
    f.tcb = rig_thread(&f.rig, 255, handler);
    rig_yield_to(&f.rig, f.tcb);
    return f;
}

static struct context *context(const struct faulty *f)
{
    return &rig_tcb(&f->rig, f->tcb)->context;
}

static void test_vm_fault(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    uint64_t ip = context(&f)->next_ip;
    sim_vm_fault(f.rig.sim, 0xdead000, 6);
    CHECK_EQ(rig_state(&f.rig, f.tcb), THREAD_BLOCKED_ON_SEND);
    rig_recv(&f.rig, f.endpoint);
    CHECK_ANSWER(rig_answer(&f.rig), 5, ip, 0xdead000, 0, 6);
    CHECK_EQ(rig_answer(&f.rig).badge, 77);
    CHECK_EQ(rig_state(&f.rig, f.tcb), THREAD_BLOCKED_ON_REPLY);
    rig_reply(&f.rig, 1, WORDS(5, 5, 5, 5)); /* the label means nothing to a VM fault, nor do the words */
    rig_yield_to(&f.rig, f.tcb);
    CHECK_EQ(context(&f)->next_ip, ip);
    rig_close(&f.rig);
}

static void test_instruction_fetch(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    sim_trap(f.rig.sim,
             (struct trap){.kind = TRAP_VM_FAULT, .address = 0x1000, .status = 4, .is_instruction = true});
    rig_recv(&f.rig, f.endpoint);
    CHECK_EQ(rig_answer(&f.rig).word[2], 0); /* an x86 seL4 cannot tell */
    rig_close(&f.rig);
}

static void test_user_exception(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    uint64_t ip = context(&f)->next_ip;
    context(&f)->reg[REG_RSP] = 0x7000;
    sim_exception(f.rig.sim, 13, 0x1a);
    rig_recv(&f.rig, f.endpoint);
    CHECK_ANSWER(rig_answer(&f.rig), ABI_FAULT_USER_EXCEPTION, ip, 0x7000, 0x202, 13, 0x1a);
    rig_reply(&f.rig, 0, WORDS(0x401000, 0x8000, 0x10c03)); /* flags: carry and overflow, not the rest */
    rig_yield_to(&f.rig, f.tcb);
    CHECK_EQ(context(&f)->next_ip, 0x401000);
    CHECK_EQ(context(&f)->reg[REG_RSP], 0x8000);
    CHECK_EQ(context(&f)->reg[REG_RFLAGS] & 0x202, 0x202);
    CHECK_EQ(context(&f)->reg[REG_RFLAGS] & 0x1, 0x1);
    rig_close(&f.rig);
}

static void test_user_exception_refused(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    sim_exception(f.rig.sim, 0, 0);
    rig_recv(&f.rig, f.endpoint);
    rig_reply(&f.rig, 1, WORDS(0x401000)); /* not restarted, but changed */
    CHECK_EQ(rig_state(&f.rig, f.tcb), THREAD_INACTIVE);
    CHECK_EQ(context(&f)->reg[REG_FAULT_IP], 0x401000);
    rig_close(&f.rig);
}

static void test_unknown_syscall(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    struct context *c = context(&f);
    uint64_t ip = c->next_ip;
    for (unsigned i = REG_RSP; i < REG_FS_BASE; i++)
        c->reg[i] = 100 + i;
    c->reg[REG_RFLAGS] = 0x202;
    uint64_t mr[] = {1010, 1008, 1009, 1015};
    sim_syscall(f.rig.sim, 4321, 1000, 1001, mr);
    rig_recv(&f.rig, f.endpoint);
    CHECK_ANSWER(rig_answer(&f.rig), ABI_FAULT_UNKNOWN_SYSCALL, 100 + REG_RAX, 100 + REG_RBX, ip + 2, 4321,
                 1001, 1000, 100 + REG_RBP, 1008, 1009, 1010, 0x202, 100 + REG_R12, 100 + REG_R13,
                 100 + REG_R14, 1015, ip, 100 + REG_RSP, 0x202, 4321);
    /* The answer sets as many registers as it has words: here up to the address, past the instruction. */
    rig_reply(&f.rig, 0, WORDS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ip + 2));
    rig_yield_to(&f.rig, f.tcb);
    CHECK_EQ(c->reg[REG_RAX], 1);
    CHECK_EQ(c->reg[REG_RBP], 7);
    CHECK_EQ(c->reg[REG_R15], 15);
    CHECK_EQ(c->next_ip, ip + 2);
    CHECK_EQ(c->reg[REG_RSP], 100 + REG_RSP);
    rig_close(&f.rig);
}

static void test_unknown_syscall_again(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    uint64_t ip = context(&f)->next_ip;
    uint64_t mr[4] = {0};
    sim_syscall(f.rig.sim, 77, 0, 0, mr);
    rig_recv(&f.rig, f.endpoint);
    rig_reply(&f.rig, 0, NO_WORDS);
    rig_yield_to(&f.rig, f.tcb);
    CHECK_EQ(context(&f)->next_ip, ip); /* the same instruction */
    rig_close(&f.rig);
}

static void test_cap_fault(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    uint64_t ip = context(&f)->next_ip;
    rig_send(&f.rig, 0x12300, 0, NO_WORDS);
    rig_recv(&f.rig, f.endpoint);
    CHECK_ANSWER(rig_answer(&f.rig), ABI_FAULT_CAP, ip, 0x12300, 0, ABI_LOOKUP_GUARD_MISMATCH, 64, 0, 56);
    rig_reply(&f.rig, 0, NO_WORDS);
    rig_yield_to(&f.rig, f.tcb);
    CHECK(sim_is_restarted(f.rig.sim));
    rig_nb_recv(&f.rig, ABI_SLOT_TCB); /* no endpoint: a fault of the receive phase, of a special kind */
    rig_recv(&f.rig, f.endpoint);
    CHECK_ANSWER(rig_answer(&f.rig), ABI_FAULT_CAP, ip, ABI_SLOT_TCB, 1, ABI_LOOKUP_MISSING_CAPABILITY, 0);
    rig_close(&f.rig);
}

/* A non-blocking send to nowhere is no fault. */
static void test_silent_failures(void)
{
    struct faulty f = faulty_open(RIGHTS_ALL);
    rig_nb_send(&f.rig, 0x12300, 0, NO_WORDS);
    CHECK(rig_runs(&f.rig, f.tcb));
    rig_nb_recv(&f.rig, 0x12300); /* but a non-blocking receive is */
    CHECK_EQ(rig_state(&f.rig, f.tcb), THREAD_BLOCKED_ON_SEND);
    rig_close(&f.rig);
}

/* A handler needs the right to send and one of the grant rights. */
static void test_handler_rights(void)
{
    for (uint64_t rights = 0; rights < 16; rights++) {
        bool is_good = (rights & RIGHT_WRITE) && (rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY));
        struct faulty f = faulty_open(rights);
        sim_vm_fault(f.rig.sim, 0x1000, 4);
        CHECK_EQ(rig_state(&f.rig, f.tcb), is_good ? THREAD_BLOCKED_ON_SEND : THREAD_INACTIVE);
        CHECK_EQ(kernel_unhandled_fault(f.rig.k).is_present, !is_good);
        rig_close(&f.rig);
    }
}

static void test_unhandled_report(void)
{
    struct rig rig = rig_open();
    uint64_t tcb = rig_thread(&rig, 255, 0);
    rig_yield_to(&rig, tcb);
    sim_vm_fault(rig.sim, 0xabc000, 6);
    struct fault_report report = kernel_unhandled_fault(rig.k);
    CHECK(report.is_present);
    CHECK_EQ(report.tcb, rig_cap(&rig, tcb).paddr);
    CHECK_EQ(report.address, 0xabc000);
    CHECK_EQ(report.status, 6);
    CHECK_STR_EQ(report.fault_name, "vm fault");
    CHECK_STR_EQ(report.thread_name, "child of: 'rootserver'");
    CHECK(strstr(rig.sim->console.text, "Caught cap fault in send phase at address") != NULL);
    CHECK(rig_root_runs(&rig));
    CHECK_OK(rig_invoke(&rig, tcb, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS).label);
    CHECK(!kernel_unhandled_fault(rig.k).is_present); /* somebody helped it up */
    rig_yield_to(&rig, tcb);
    sim_vm_fault(rig.sim, 0xabc000, 6);
    CHECK_OK(rig_delete(&rig, tcb));
    CHECK(!kernel_unhandled_fault(rig.k).is_present);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_vm_fault), CHECK_TEST(test_instruction_fetch), CHECK_TEST(test_user_exception),
           CHECK_TEST(test_user_exception_refused), CHECK_TEST(test_unknown_syscall),
           CHECK_TEST(test_unknown_syscall_again), CHECK_TEST(test_cap_fault),
           CHECK_TEST(test_silent_failures), CHECK_TEST(test_handler_rights),
           CHECK_TEST(test_unhandled_report))
