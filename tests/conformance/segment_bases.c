/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fs and gs bases: every way to set them, also by instructions where the processor and the kernel allow
 * that, and that each thread keeps its own over calls, faults, preemption and switches in a VSpace and
 * between two. tls.c has the simple cases.
 *
 * A worker's code uses no stack and no thread-local storage. Words in `areas` tell which base is in use.
 */
#include "subject.h"

enum {
    WORKERS = 6,
    WORKERS_HERE = 3, /* the others run in another VSpace */
    SLICES = 4,
    ROUNDS = 5
};

#define STUB(name, text)                                                                                     \
    extern const char name[], name##_end[];                                                                  \
    asm(".balign 16\n.globl " #name ", " #name "_end\n" #name ":\n" text "\n" #name "_end: ud2\n")
#define SHOW "movq %fs:0, %r8\nmovq %gs:0, %r9\nmovq %fs:-8, %r12\nmovq %gs:8, %r13\n"

STUB(show, SHOW);
STUB(call_show, "syscall\n" SHOW);
STUB(fault_show, "int3\n" SHOW);
STUB(write_fs, "wrfsbase %rax\nsyscall\n" SHOW);
STUB(write_gs, "wrgsbase %rax\nsyscall\n" SHOW);
STUB(write_both, "wrfsbase %rax\nwrgsbase %rbx\nsyscall\n" SHOW "rdfsbase %r14\nrdgsbase %r15");
STUB(write_fault, "wrfsbase %rax\nwrgsbase %rbx\nint3\n" SHOW);
STUB(swap_often,
     "1: wrfsbase %rax\nwrgsbase %rbx\nxchgq %rax, %rbx\nsyscall\nmovq %fs:0, %r8\nmovq %gs:0, %r9\n"
     "cmpq %r8, (%rbx)\njne 2f\ncmpq %r9, (%rax)\njne 2f\ndecl %ebp\njnz 1b\n2:");

/* Compare with r12 and r13 until somebody says stop; rbx counts what was wrong. */
volatile seL4_Word stop __attribute__((used));
STUB(watch, "1: incq %r14\n"
            "cmpq %fs:0, %r12\nje 2f\nincq %rbx\n"
            "2: cmpq %gs:0, %r13\nje 3f\nincq %rbx\n"
            "3: testl %ebp, %ebp\njz 4f\nsyscall\n"
            "4: cmpq $0, stop\nje 1b");

static struct {
    seL4_Word before, own, after;
} areas[16];
static struct subject subject, workers[WORKERS];
static bool has_instructions;

static seL4_Word area(unsigned i)
{
    return (seL4_Word)&areas[i].own;
}

static seL4_UserContext registers_for(const struct subject *who, const char *start, unsigned fs, unsigned gs)
{
    seL4_UserContext registers = subject_registers(who, (seL4_Word)start);
    registers.fs_base = area(fs);
    registers.gs_base = area(gs);
    registers.rdx = (seL4_Word)seL4_SysYield;
    return registers;
}

static void found_print(const seL4_UserContext *registers)
{
    SAY(" fs:0 %lx, gs:0 %lx, fs:-8 %lx, gs:8 %lx; read: fs %ld, gs %ld\n", registers->r8, registers->r9,
        registers->r12, registers->r13, (long)((registers->fs_base - area(0)) / sizeof(*areas)),
        (long)((registers->gs_base - area(0)) / sizeof(*areas)));
}

static void test_set(void)
{
    section("set by invocations");
    for (unsigned i = 0; i < 4; i++) {
        seL4_UserContext registers = registers_for(&subject, i & 1 ? call_show : show, i, i + 1);
        subject_run(&subject, &registers);
        SAY("written:");
        found_print(&registers);
        SEL4_UTIL_CHECK(seL4_TCB_SetTLSBase(subject.tcb, area(i + 5)));
        seL4_UserContext ip = {.rip = (seL4_Word)show};
        SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject.tcb, 1, 0, 1, &ip));
        subject_wait(&subject, &registers);
        SAY("TLS base set:");
        found_print(&registers);
    }
    /* Stopped at a fault, the bases are changed and it goes on. */
    seL4_UserContext registers = registers_for(&subject, fault_show, 1, 2);
    subject_start(&subject, &registers);
    seL4_Recv(subject.faults, NULL);
    SEL4_UTIL_CHECK(seL4_TCB_SetTLSBase(subject.tcb, area(3)));
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    subject_wait(&subject, &registers);
    SAY("after the fault:");
    found_print(&registers);
    /* A thread sets its own. */
    registers = registers_for(&subject, call_show, 1, 2);
    registers.rdx = (seL4_Word)seL4_SysCall;
    registers.rdi = subject.tcb;
    registers.rsi = seL4_MessageInfo_new(TCBSetTLSBase, 0, 0, 1).words[0];
    registers.r10 = area(4);
    subject_run(&subject, &registers);
    SAY("its own, SetTLSBase:");
    found_print(&registers);
    registers = registers_for(&subject, call_show, 1, 2);
    registers.rdx = (seL4_Word)seL4_SysSetTLSBase;
    registers.rdi = area(6);
    struct subject_fault fault = subject_run(&subject, &registers);
    SAY("its own, by the system call:");
    subject_fault_print(&fault);
    found_print(&registers);
    struct sel4_util_thread *thread = spawn("target", (void (*)(void *))(seL4_Word)show, NULL, 1);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_CopyRegisters(thread->tcb, subject.tcb, 0, 0, 1, 1, 0));
    seL4_UserContext copied;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, SUBJECT_REGISTERS, &copied));
    SAY("copied: fs %d, gs %d\n", copied.fs_base == registers.fs_base, copied.gs_base == registers.gs_base);
}

/* A line that is the same where the instructions are missing. */
static void instruction_case(const char *name, const char *start, bool through_fault, unsigned fs,
                             unsigned gs)
{
    bool right = true;
    for (unsigned i = 0; i < ROUNDS && has_instructions; i++) {
        seL4_UserContext registers = registers_for(&subject, start, 1, 2);
        registers.rax = area(3);
        registers.rbx = area(4);
        registers.rbp = 50;
        if (through_fault) {
            subject_start(&subject, &registers);
            seL4_Recv(subject.faults, NULL);
            SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
            right = right && registers.fs_base == area(fs) && registers.gs_base == area(gs);
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
            subject_wait(&subject, &registers);
        } else {
            subject_run(&subject, &registers);
        }
        right = right && registers.fs_base == area(fs) && registers.gs_base == area(gs) &&
                registers.r8 == areas[fs].own && registers.r9 == areas[gs].own;
        if (start == write_both) {
            right = right && registers.r14 == area(fs) && registers.r15 == area(gs);
        }
        if (start == swap_often) {
            right = right && (registers.rbp & 0xffffffff) == 0;
        }
    }
    SAY("%s: right %d\n", name, right);
}

static void test_instructions(void)
{
    section("set by instructions");
    seL4_UserContext registers = registers_for(&subject, write_fs, 1, 2);
    registers.rax = area(3);
    struct subject_fault fault = subject_run(&subject, &registers);
    has_instructions = fault.ip == (seL4_Word)write_fs_end;
    if (!has_instructions) {
        SAY("skipped: wrfsbase\n");
    }
    SAY("wrfsbase works or is undefined: %d\n",
        has_instructions || (fault.ip == (seL4_Word)write_fs && fault.detail == EXCEPTION_UNDEFINED));
    instruction_case("fs", write_fs, false, 3, 2);
    instruction_case("gs", write_gs, false, 1, 3);
    instruction_case("both", write_both, false, 3, 4);
    instruction_case("over a fault", write_fault, true, 3, 4);
    instruction_case("exchanged 50 times", swap_often, false, 4, 3);
}

/* All workers at once; the initial thread has their priority, and its own fs. */
static void watching(const char *what, unsigned first, unsigned last, seL4_Word number)
{
    static __thread volatile seL4_Word own;
    unsigned right = 0, kept = 0;
    own = number;
    stop = 0;
    for (unsigned i = first; i < last; i++) {
        seL4_UserContext registers = registers_for(&workers[i], watch, i, 15 - i);
        registers.r12 = areas[i].own;
        registers.r13 = areas[15 - i].own;
        registers.rbx = registers.r14 = 0;
        registers.rbp = number != 0;
        registers.rdx = number;
        registers.rdi = NO_CAP;
        subject_start(&workers[i], &registers);
    }
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    for (unsigned i = 0; i < SLICES; i++) {
        seL4_Yield();
        kept += own == number;
    }
    stop = 1;
    for (unsigned i = first; i < last; i++) {
        seL4_UserContext registers;
        struct subject_fault fault = subject_wait(&workers[i], &registers);
        right += fault.ip == (seL4_Word)watch_end && registers.rbx == 0 && registers.r14 > 0 &&
                 registers.fs_base == area(i) && registers.gs_base == area(15 - i);
    }
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    SAY("%s: right %u of %u, the initial thread's own kept %u of %d\n", what, right, last - first, kept,
        SLICES);
}

static void test_switches(void)
{
    section("over preemption");
    watching("one VSpace", 0, WORKERS_HERE, 0);
    watching("another VSpace", WORKERS_HERE, WORKERS, 0);
    watching("both", 0, WORKERS, 0);
    section("with calls");
    watching("one VSpace, calls", 0, WORKERS_HERE, (seL4_Word)seL4_SysNBSend);
    watching("both, calls", 0, WORKERS, (seL4_Word)seL4_SysNBSend);
    watching("one VSpace, yields", 0, WORKERS_HERE, (seL4_Word)seL4_SysYield);
    watching("another VSpace, yields", WORKERS_HERE, WORKERS, (seL4_Word)seL4_SysYield);
    watching("both, yields", 0, WORKERS, (seL4_Word)seL4_SysYield);
}

int main(seL4_BootInfo *info)
{
    open(info);
    for (unsigned i = 0; i < 16; i++) {
        areas[i].before = 0x100 + i;
        areas[i].own = 0x200 + i;
        areas[i].after = 0x300 + i;
    }
    seL4_CPtr other = vspace_make_with_image();
    subject_make(&subject, "subject");
    for (unsigned i = 0; i < WORKERS; i++) {
        if (i < WORKERS_HERE) {
            subject_make(&workers[i], "here");
            subject_take_turns(&workers[i]);
        } else {
            subject_make_in(&workers[i], "there", other);
        }
    }
    test_set();
    test_instructions();
    test_switches();
    close();
    return 0;
}
