/* SPDX-License-Identifier: BSD-2-Clause */
/* ReadRegisters, WriteRegisters, CopyRegisters, SetTLSBase: counts, values, flags, and when a thread runs. */
#include "conformance.h"

enum {
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word)
};

static const char *const names[REGISTERS] = {"rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx",
                                             "rsi", "rdi", "rbp",    "r8",  "r9",  "r10", "r11",
                                             "r12", "r13", "r14",    "r15", "fs",  "gs"};

static seL4_TCB tcb;

static void read_show(const char *what, seL4_TCB from)
{
    seL4_Word words[REGISTERS] = {0};
    seL4_Error error = (seL4_Error)seL4_TCB_ReadRegisters(from, 0, 0, REGISTERS, (seL4_UserContext *)words);
    SAY("%s: %s\n ", what, sel4_util_error_name(error));
    for (int i = 0; i < REGISTERS; i++) {
        SAY(" %s %lx", names[i], words[i]);
    }
    SAY("\n");
}

static void fill(seL4_UserContext *registers, seL4_Word start)
{
    for (seL4_Word i = 0; i < REGISTERS; i++) {
        ((seL4_Word *)registers)[i] = start + i;
    }
    registers->rflags = 0x202;
}

static void test_counts(void)
{
    section("counts");
    read_show("a new TCB", tcb);
    seL4_UserContext registers;
    for (seL4_Word count = 1; count <= REGISTERS; count += count < 4 ? 1 : 4) {
        fill(&registers, 0x100 * count);
        CASE(seL4_TCB_WriteRegisters(tcb, 0, 0, count, &registers), "write %lu", count);
        read_show("then", tcb);
    }
    for (seL4_Word count = 0; count <= REGISTERS + 2; count++) {
        invoke_case(tcb, TCBReadRegisters, ARGUMENTS(.word_count = 2, .words = {0, count}), "read %lu",
                    count);
    }
    invoke_case(tcb, TCBReadRegisters, ARGUMENTS(.word_count = 2, .words = {0, 120}), "read 120");
    invoke_case(tcb, TCBReadRegisters, ARGUMENTS(.word_count = 2, .words = {0, 121}), "read 121");
    invoke_case(tcb, TCBReadRegisters, ARGUMENTS(.word_count = 2, .words = {0, ~0ul}), "read all ones");
    invoke_case(tcb, TCBReadRegisters, ARGUMENTS(.word_count = 1, .words = {0}), "read, one word");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 1, .words = {0}), "write, one word");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 2, .words = {0, 0}), "write 0 of 0");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 2, .words = {0, 1}), "write 1 of 0");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 4, .words = {0, 3, 1, 2}), "write 3 of 2");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 4, .words = {0, ~0ul, 1, 2}),
                "write all ones of 2");
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 24, .words = {0, 22, 1, 2}),
                "write 22 of 22");
    read_show("then", tcb);
    invoke_case(tcb, TCBWriteRegisters, ARGUMENTS(.word_count = 24, .words = {0, 0, 7, 7}), "write 0 of 22");
    read_show("then", tcb);
    CASE(seL4_TCB_ReadRegisters(SELF, 0, 0, REGISTERS, &registers), "read oneself");
    CASE(seL4_TCB_WriteRegisters(SELF, 0, 0, REGISTERS, &registers), "write oneself");
    CASE(seL4_TCB_ReadRegisters(SELF, 0, 0, 0, &registers), "read 0 of oneself");
}

static void test_values(void)
{
    section("values that are changed");
    seL4_UserContext registers = {0};
    static const seL4_Word flags[] = {0,      2,    0xffffffffffffffff, 0x100, 0x3000, 0x200000, 0x40000,
                                      0x4000, 0xcd5};
    for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        registers.rflags = flags[i];
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 0, 0, REGISTERS, &registers));
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, REGISTERS, &registers));
        SAY("rflags %lx becomes %lx\n", flags[i], registers.rflags);
    }
    static const seL4_Word addresses[] = {
        0, 0x7fffffffffff, 0x800000000000, 0xdead000000000000, 0xffff800000000000, 0xffffffffffffffff};
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        seL4_Word address = addresses[i];
        registers = (seL4_UserContext){
            .rip = address, .rsp = address, .rax = address, .fs_base = address, .gs_base = address};
        CASE(seL4_TCB_WriteRegisters(tcb, 0, 0, REGISTERS, &registers), "write %lx", address);
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, REGISTERS, &registers));
        SAY("  rip %lx, rsp %lx, rax %lx, fs %lx, gs %lx\n", registers.rip, registers.rsp, registers.rax,
            registers.fs_base, registers.gs_base);
    }
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        if (addresses[i] == 0x800000000000 || addresses[i] == 0xdead000000000000) {
            continue; /* the real kernel takes what is no address and stops when the thread runs */
        }
        CASE(seL4_TCB_SetTLSBase(tcb, addresses[i]), "TLS base %lx", addresses[i]);
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, REGISTERS, &registers));
        SAY("  fs %lx, gs %lx\n", registers.fs_base, registers.gs_base);
    }
}

static void test_copy(void)
{
    section("copy");
    seL4_TCB from = make(seL4_TCBObject);
    seL4_UserContext registers;
    for (int flags = 0; flags < 4; flags++) {
        fill(&registers, 0x1000);
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(from, 0, 0, REGISTERS, &registers));
        fill(&registers, 0x2000);
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 0, 0, REGISTERS, &registers));
        CASE(seL4_TCB_CopyRegisters(tcb, from, 0, 0, flags & 1, flags >> 1 & 1, 0), "frame %d, integer %d",
             flags & 1, flags >> 1 & 1);
        read_show("then", tcb);
    }
    CASE(seL4_TCB_CopyRegisters(tcb, CNODE, 0, 0, 1, 1, 0), "from a CNode");
    CASE(seL4_TCB_CopyRegisters(tcb, slot(), 0, 0, 1, 1, 0), "from an empty slot");
    invoke_case(tcb, TCBCopyRegisters, ARGUMENTS(.word_count = 1), "no capability");
    invoke_case(tcb, TCBCopyRegisters, ARGUMENTS(.cap_count = 1, .caps = {from}), "no word");
    CASE(seL4_TCB_CopyRegisters(tcb, tcb, 0, 0, 1, 1, 0xff), "from itself, all architecture flags");
    /* The registers are those of the call before it was answered, but for the ones that hold the answer: the system
     * call is made again, of capability 0. */
    CASE(seL4_TCB_CopyRegisters(SELF, SELF, 0, 0, 1, 1, 0), "copy oneself");
}

extern const char registers_loop[], registers_store[];
static volatile seL4_Word arrived __attribute__((used));

/* Loads known values into registers and spins; registers_store tells that it was let go on. */
asm(".globl registers_loop, registers_store\n"
    "registers_loop:\n"
    "    movq $0x11, %rax\n"
    "    movq $0x12, %rbx\n"
    "    movq $0x13, %rcx\n"
    "    movq $0x14, %rdx\n"
    "    movq $0x15, %rsi\n"
    "    movq $0x16, %rdi\n"
    "    movq $0x17, %rbp\n"
    "    movq $0x18, %r8\n"
    "    movq $0x19, %r9\n"
    "    movq $0x1a, %r10\n"
    "    movq $0x1b, %r11\n"
    "    movq $0x1c, %r12\n"
    "    movq $0x1d, %r13\n"
    "    movq $0x1e, %r14\n"
    "    movq $0x1f, %r15\n"
    "    stc\n"
    "1:  jmp 1b\n"
    "registers_store:\n"
    "    movq $1, arrived(%rip)\n"
    "2:  jmp 2b\n");

static void test_running(void)
{
    section("a thread that runs");
    struct sel4_util_thread *thread =
        spawn("spinner", (void (*)(void *))(seL4_Word)registers_loop, NULL, PRIORITY_LOW);
    /* Let it spin for some ticks: the same priority, until it has been preempted. */
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    seL4_UserContext registers;
    do {
        seL4_Yield();
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, REGISTERS, &registers));
    } while (registers.r15 != 0x1f);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    CASE(seL4_TCB_ReadRegisters(thread->tcb, 1, 0, REGISTERS, &registers), "read and suspend");
    for (int i = 3; i < 18; i++) {
        SAY(" %s %lx", names[i], ((seL4_Word *)&registers)[i]);
    }
    SAY(", carry %lu, interrupts %lu\n", registers.rflags & 1, registers.rflags >> 9 & 1);
    registers.rip = (seL4_Word)registers_store;
    CASE(seL4_TCB_WriteRegisters(thread->tcb, 0, 0, 1, &registers), "write rip, not resumed");
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(thread->tcb, SELF, PRIORITY_LOW));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    seL4_Yield();
    SAY("arrived: %lu\n", arrived);
    CASE(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, 1, &registers), "write rip, resumed");
    while (!arrived) {
        seL4_Yield();
    }
    SAY("arrived: %lu\n", arrived);
    arrived = 0;
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    struct sel4_util_thread *other =
        spawn("other", (void (*)(void *))(seL4_Word)registers_loop, NULL, PRIORITY_LOW);
    CASE(seL4_TCB_CopyRegisters(other->tcb, thread->tcb, 1, 1, 1, 1, 0),
         "copy, suspend the source, resume the target");
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(other->tcb, 1, 0, 1, &registers));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    while (!arrived) {
        seL4_Yield();
    }
    SAY("arrived: %lu\n", arrived);
    arrived = 0;
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(other->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 0, 0, 1, &registers));
    for (int i = 0; i < 100; i++) {
        seL4_Yield();
    }
    SAY("the source stays suspended: %lu\n", arrived);
}

int main(seL4_BootInfo *info)
{
    open(info);
    tcb = make(seL4_TCBObject);
    test_counts();
    test_values();
    test_copy();
    test_running();
    close();
    return 0;
}
