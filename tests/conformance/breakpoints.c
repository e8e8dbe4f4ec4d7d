/* SPDX-License-Identifier: BSD-2-Clause */
/* Hardware breakpoints, watchpoints, break requests and single steps, and the faults that they make. */
#include "subject.h"

enum {
    FAULTS_MAX = 24,
    REASON_INSTRUCTION = seL4_InstructionBreakpoint
};

static struct subject subject;
static seL4_Word data[16] __attribute__((used, aligned(64)));

extern const char loads[], loads_end[], plain[], plain_end[], requests[], requests_end[], copies[],
    copies_end[];
extern const char flags_own[], flags_own_end[], calls[], calls_end[], twice[], twice_end[], both[],
    both_end[];
asm(".balign 16\n.globl loads, loads_end, plain, plain_end, requests, requests_end, copies, copies_end\n"
    ".globl flags_own, flags_own_end, calls, calls_end, twice, twice_end, both, both_end\n"
    "loads:\n"
    "    leaq data(%rip), %rdi\n"
    "    movb (%rdi), %al\n"
    "    movb %al, (%rdi)\n"
    "    movb %al, 1(%rdi)\n"
    "    movw %ax, 2(%rdi)\n"
    "    movl %eax, 4(%rdi)\n"
    "    movq %rax, 8(%rdi)\n"
    "    movq 8(%rdi), %rax\n"
    "    incl 16(%rdi)\n"
    "    movq %rax, 64(%rdi)\n"
    "loads_end: ud2\n"
    "plain:\n"
    "    nop\n"
    "    incl %ebp\n"
    "    incl %ebp\n"
    "    nop\n"
    "    jmp 1f\n"
    "    ud2\n"
    "1:  incl %ebp\n"
    "    nop\n"
    "    incl %ebp\n"
    "plain_end: ud2\n"
    "requests:\n"
    "    nop\n"
    "    int3\n"
    "    incl %ebp\n"
    "    .byte 0xcd, 3\n"
    "    incl %ebp\n"
    "requests_end: ud2\n"
    "copies:\n"
    "    leaq data(%rip), %rdi\n"
    "    movl $4, %ecx\n"
    "    xorl %eax, %eax\n"
    "    rep stosq\n"
    "    nop\n"
    "copies_end: ud2\n"
    "flags_own:\n"
    "    pushfq\n"
    "    orl $0x100, (%rsp)\n"
    "    popfq\n"
    "    incl %ebp\n"
    "    pushfq\n"
    "    andl $~0x100, (%rsp)\n"
    "    popfq\n"
    "    incl %ebp\n"
    "flags_own_end: ud2\n"
    "calls:\n"
    "    movq %rsp, %rbx\n"
    "    nop\n"
    "    syscall\n"
    "    movq %rbx, %rsp\n"
    "    incl %ebp\n"
    "    incl %ebp\n"
    "calls_end: ud2\n"
    "twice:\n"
    "    movl $2, %ecx\n"
    "1:  incl %ebp\n"
    "    decl %ecx\n"
    "    jnz 1b\n"
    "twice_end: ud2\n"
    "both:\n"
    "    leaq data(%rip), %rdi\n"
    "    movq %rdi, (%rdi)\n"
    "    nop\n"
    "    nop\n"
    "both_end: ud2\n");

#define IN(start, offset) ((seL4_Word)(start) + (offset))

static void get(seL4_Uint16 number)
{
    seL4_TCB_GetBreakpoint_t b = seL4_TCB_GetBreakpoint(subject.tcb, number);
    if (b.error) {
        SAY("get %u: %s\n", number, sel4_util_error_name((seL4_Word)b.error));
        return;
    }
    bool is_data = b.vaddr - (seL4_Word)data < sizeof(data);
    SAY("get %u: vaddr %s %lx, type %lx, size %lx, rw %lx, enabled %u\n", number, is_data ? "data" : "at",
        is_data ? b.vaddr - (seL4_Word)data : b.vaddr, b.type, b.size, b.rw, (unsigned)b.is_enabled);
}

static void arguments_of_set(void)
{
    section("set");
    static const seL4_Uint16 numbers[] = {0, 3, 4, 5, 255, 0xffff};
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        CASE(seL4_TCB_SetBreakpoint(subject.tcb, numbers[i], 0x500000, seL4_InstructionBreakpoint, 0,
                                    seL4_BreakOnRead),
             "number %u", numbers[i]);
    }
    static const seL4_Word sizes[] = {0, 1, 2, 3, 4, 8, 16};
    for (seL4_Word type = 0; type < 5; type++) {
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            for (seL4_Word rw = 0; rw < 4; rw += type < 2 ? 1 : 3) {
                CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 0x500000, type, sizes[i], rw),
                     "type %lu, size %lu, rw %lu", type, sizes[i], rw);
                if (type == 0 && rw == 0) {
                    get(0);
                }
            }
        }
    }
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 0x500000, ~0ul, 1, 1), "type -1");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 0x500000, seL4_DataBreakpoint, ~0ul, 1), "size -1");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 0x500000, seL4_DataBreakpoint, 1, ~0ul), "rw -1");
}

static void addresses_of_set(void)
{
    section("addresses");
    static const seL4_Word addresses[] = {0,
                                          1,
                                          6,
                                          8,
                                          0x7fffffffeff8,
                                          0x7fffffffefff,
                                          0x7ffffffff000,
                                          0x7ffffffff008,
                                          0x7ffffffffff8,
                                          0x7fffffffffff,
                                          0x800000000000,
                                          0xffff800000000000,
                                          ~0ul};
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        for (seL4_Word size = 1; size < 9; size *= 2) {
            CASE(seL4_TCB_SetBreakpoint(subject.tcb, 1, addresses[i], seL4_DataBreakpoint, size,
                                        seL4_BreakOnWrite),
                 "data %lx, size %lu", addresses[i], size);
        }
        CASE(seL4_TCB_SetBreakpoint(subject.tcb, 1, addresses[i], seL4_InstructionBreakpoint, 0,
                                    seL4_BreakOnRead),
             "instruction %lx", addresses[i]);
    }
    section("all wrong");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, ~0ul, 9, 9, 9), "number, address, type, size, rw");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, ~0ul, 9, 9, 9), "address, type, size, rw");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 1, 9, 9, 9), "alignment, type, size, rw");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 1, 0, 2, 1), "number, alignment");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 0, 0, 2, 9), "number, rw");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 0, 0, 3, 1), "number, size");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 0, 7, 1, 1), "number, type");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, ~0ul, 0, 1, 1), "number, address");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 1, 0, 2, 9), "alignment, rw");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 1, 0, 3, 1), "alignment, size");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 0, 1, 0, 2, 0), "alignment, read");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 0, 0, 2, 0), "number, read");
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 9, 0, 0, 8, 1), "number, size 8");
}

static void messages(void)
{
    section("messages");
    for (unsigned count = 0; count < 7; count++) {
        invoke_case(subject.tcb, TCBSetBreakpoint,
                    ARGUMENTS(.word_count = count, .words = {2, 0x500000, 1, 0, 0, 0, 0, 0}), "set, %u words",
                    count);
    }
    for (unsigned count = 0; count < 3; count++) {
        invoke_case(subject.tcb, TCBGetBreakpoint, ARGUMENTS(.word_count = count, .words = {3}),
                    "get, %u words", count);
        invoke_case(subject.tcb, TCBUnsetBreakpoint, ARGUMENTS(.word_count = count, .words = {3}),
                    "unset, %u words", count);
        invoke_case(subject.tcb, TCBConfigureSingleStepping, ARGUMENTS(.word_count = count, .words = {0, 0}),
                    "step, %u words", count);
    }
    invoke_case(subject.tcb, TCBSetBreakpoint,
                ARGUMENTS(.word_count = 5, .words = {0x10000, 0x500000, 1, 0, 0}), "set, number 0x10000");
    invoke_case(subject.tcb, TCBGetBreakpoint, ARGUMENTS(.word_count = 1, .words = {0x10000}),
                "get, number 0x10000");
    invoke_case(subject.tcb, TCBUnsetBreakpoint, ARGUMENTS(.word_count = 1, .words = {0x10000}),
                "unset, number 0x10000");
    invoke_case(subject.tcb, TCBConfigureSingleStepping, ARGUMENTS(.word_count = 2, .words = {0x10000, 0}),
                "step, number 0x10000");
}

static void state(void)
{
    section("get");
    for (seL4_Uint16 i = 0; i < 6; i++) {
        get(i);
    }
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 3, (seL4_Word)data, seL4_DataBreakpoint, 4,
                                seL4_BreakOnReadWrite),
         "set 3");
    get(3);
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 3, (seL4_Word)data + 2, seL4_DataBreakpoint, 2,
                                seL4_BreakOnWrite),
         "set 3 again");
    get(3);
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, 3, 0x500000, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead),
         "set 3 to an instruction");
    get(3);
    section("unset");
    for (seL4_Uint16 i = 0; i < 6; i++) {
        CASE(seL4_TCB_UnsetBreakpoint(subject.tcb, i), "unset %u", i);
        get(i);
    }
    CASE(seL4_TCB_UnsetBreakpoint(subject.tcb, 0), "unset 0 again");
    CASE(seL4_TCB_UnsetBreakpoint(subject.tcb, 0xffff), "unset 65535");
    section("single steps");
    static const seL4_Uint16 numbers[] = {0, 1, 3, 4, 100, 0xffff};
    static const seL4_Word counts[] = {0, 1, 2, ~0ul};
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        for (unsigned j = 0; j < sizeof(counts) / sizeof(*counts); j++) {
            seL4_TCB_ConfigureSingleStepping_t r =
                seL4_TCB_ConfigureSingleStepping(subject.tcb, numbers[i], counts[j]);
            SAY("number %u, count %lx: %s, consumed %u\n", numbers[i], counts[j],
                sel4_util_error_name((seL4_Word)r.error), (unsigned)r.bp_was_consumed);
        }
    }
    CASE(seL4_TCB_ConfigureSingleStepping(subject.tcb, 0, 0).error, "end");
    section("oneself");
    CASE(seL4_TCB_SetBreakpoint(SELF, 0, 0x500000, seL4_DataBreakpoint, 1, seL4_BreakOnWrite), "set");
    CASE(seL4_TCB_GetBreakpoint(SELF, 0).error, "get");
    CASE(seL4_TCB_UnsetBreakpoint(SELF, 0), "unset");
}

/* What the handler answers to each fault: so many words, all of them `steps`. */
struct answer {
    seL4_Word length, steps, label;
    bool keep; /* the breakpoint that it ran into; else that is unset */
};

static void fault_print(seL4_MessageInfo_t info, const char *start)
{
    seL4_Word label = seL4_MessageInfo_get_label(info), length = seL4_MessageInfo_get_length(info);
    SAY("  label %lu, %lu words, ip +%ld", label, length, (long)(seL4_GetMR(0) - (seL4_Word)start));
    if (label != seL4_Fault_DebugException) {
        SAY(", number %lu, TF %lu\n", seL4_GetMR(3), seL4_GetMR(2) >> 8 & 1);
        return;
    }
    seL4_Word trigger = seL4_GetMR(2);
    SAY(", reason %lu", seL4_GetMR(1));
    if (length > 2) {
        if (trigger - (seL4_Word)data < sizeof(data)) {
            SAY(", trigger data+%lu", trigger - (seL4_Word)data);
        } else if (trigger - (seL4_Word)start < 64) {
            SAY(", trigger +%lu", trigger - (seL4_Word)start);
        } else {
            SAY(", trigger %lx", trigger);
        }
        SAY(", number %lx", seL4_GetMR(3));
    }
    SAY("\n");
}

/* Run it until it falls on `end`; at each debug fault it goes on as the answer says. */
static void watch(const char *what, const char *start, const char *end, struct answer answer)
{
    SAY("%s\n", what);
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)start);
    registers.rdx = (seL4_Word)seL4_SysYield;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject.tcb, 1, 0, SUBJECT_REGISTERS, &registers));
    for (unsigned i = 0; i < FAULTS_MAX; i++) {
        seL4_MessageInfo_t info = seL4_Recv(subject.faults, NULL);
        seL4_Word ip = seL4_GetMR(0), label = seL4_MessageInfo_get_label(info);
        fault_print(info, start);
        if (ip == (seL4_Word)end && label == seL4_Fault_UserException) {
            break;
        }
        if (label == seL4_Fault_UserException) {
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
            continue;
        }
        if (seL4_GetMR(1) == REASON_INSTRUCTION && !answer.keep) {
            SEL4_UTIL_CHECK(seL4_TCB_UnsetBreakpoint(subject.tcb, (seL4_Uint16)seL4_GetMR(3)));
        }
        for (int word = 0; word < 4; word++) {
            seL4_SetMR(word, answer.steps);
        }
        seL4_Reply(seL4_MessageInfo_new(answer.label, 0, 0, answer.length));
        if (answer.label) {
            break;
        }
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    SAY("  rbp +%ld, TF %lu\n", (long)registers.rbp - (long)subject_registers(&subject, 0).rbp,
        registers.rflags >> 8 & 1);
}

static const struct answer plainly = {0};

static void set(seL4_Uint16 number, const void *address, seL4_Word type, seL4_Word size, seL4_Word rw)
{
    CASE(seL4_TCB_SetBreakpoint(subject.tcb, number, (seL4_Word)address, type, size, rw), "set %u", number);
}

static void unset_all(void)
{
    for (seL4_Uint16 i = 0; i < 4; i++) {
        SEL4_UTIL_CHECK(seL4_TCB_UnsetBreakpoint(subject.tcb, i));
    }
    SEL4_UTIL_CHECK(seL4_TCB_ConfigureSingleStepping(subject.tcb, 0, 0).error);
}

static void instructions(void)
{
    section("instruction breakpoints");
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("one", plain, plain_end, plainly);
    get(0);
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("one that stays", plain, plain_end, (struct answer){.keep = true, .label = 1});
    watch("the same", plain, plain_end, plainly);
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    set(1, plain + 3, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    set(3, plain, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    set(2, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("four, two of them at one place", plain, plain_end, plainly);
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("with a word", plain, plain_end, (struct answer){.length = 1, .steps = 7});
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("with a label", plain, plain_end, (struct answer){.label = 1});
    set(0, plain + 2, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("inside an instruction", plain, plain_end, plainly);
    unset_all();
    watch("none", plain, plain_end, plainly);
    set(0, (const char *)twice + 5, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("in a loop", twice, twice_end, plainly);
    set(0, plain_end, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("on a faulting instruction", plain, plain_end, plainly);
    unset_all();
    for (unsigned i = 0; i < 4; i++) { /* a site that is used often */
        watch("a system call", calls, calls_end, plainly);
    }
    set(0, calls + 4, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    set(1, calls + 6, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("on a system call, and behind it", calls, calls_end, plainly);
    watch("a system call", calls, calls_end, plainly);
    set(2, calls + 9, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("two instructions behind it", calls, calls_end, plainly);
    unset_all();
}

static void accesses(void)
{
    section("watchpoints");
    for (seL4_Word rw = seL4_BreakOnRead; rw <= seL4_BreakOnReadWrite; rw++) {
        for (seL4_Word size = 1; size < 5; size *= 2) {
            SAY("size %lu, rw %lu\n", size, rw);
            set(2, data, seL4_DataBreakpoint, size, rw);
            watch("accesses", loads, loads_end, plainly);
        }
    }
    set(2, &data[1], seL4_DataBreakpoint, 4, seL4_BreakOnWrite);
    set(0, (const char *)data + 4, seL4_DataBreakpoint, 4, seL4_BreakOnWrite);
    watch("two", loads, loads_end, plainly);
    set(1, (const char *)data + 4, seL4_DataBreakpoint, 1, seL4_BreakOnReadWrite);
    watch("two at one place", loads, loads_end, plainly);
    unset_all();
    set(0, &data[2], seL4_DataBreakpoint, 4, seL4_BreakOnWrite);
    watch("read and written", loads, loads_end, plainly);
    watch("written by rep", copies, copies_end, plainly);
    unset_all();
    set(0, data, seL4_DataBreakpoint, 4, seL4_BreakOnWrite);
    set(1, both + 10, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("a breakpoint behind an access", both, both_end, plainly);
    unset_all();
}

static void break_requests(void)
{
    section("break requests");
    watch("int3 and int 3", requests, requests_end, plainly);
    section("flags");
    watch("the trap flag, by popf", flags_own, flags_own_end, plainly);
    watch("the trap flag, by popf, words in the answer", flags_own, flags_own_end,
          (struct answer){.length = 1, .steps = 1});
}

static void step(seL4_Word count)
{
    seL4_TCB_ConfigureSingleStepping_t r = seL4_TCB_ConfigureSingleStepping(subject.tcb, 0, count);
    SAY("step %lu: %s, consumed %u\n", count, sel4_util_error_name((seL4_Word)r.error),
        (unsigned)r.bp_was_consumed);
}

static void steps(void)
{
    section("stepping");
    step(1);
    watch("each, answered with 1", plain, plain_end, (struct answer){.length = 1, .steps = 1});
    watch("each, answered with 2", plain, plain_end, (struct answer){.length = 1, .steps = 2});
    step(3);
    watch("the third, answered with 1", plain, plain_end, (struct answer){.length = 1, .steps = 1});
    step(2);
    watch("answered with nothing", plain, plain_end, plainly);
    step(2);
    watch("answered with 0", plain, plain_end, (struct answer){.length = 1});
    step(1);
    watch("answered with four words", plain, plain_end, (struct answer){.length = 4, .steps = 1});
    step(1);
    watch("answered with a label", plain, plain_end, (struct answer){.length = 1, .steps = 1, .label = 1});
    step(2);
    watch("a count goes on in the next run", plain, plain_end, (struct answer){.length = 1, .steps = 100});
    watch("and on", plain, plain_end, (struct answer){.length = 1, .steps = 100});
    step(1);
    watch("a system call", calls, calls_end, (struct answer){.length = 1, .steps = 1});
    step(1);
    watch("rep", copies, copies_end, (struct answer){.length = 1, .steps = 1});
    step(2);
    watch("break requests", requests, requests_end, (struct answer){.length = 1, .steps = 2});
    step(1);
    watch("own flag", flags_own, flags_own_end, (struct answer){.length = 1, .steps = 1});
    step(1);
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("and a breakpoint", plain, plain_end, (struct answer){.length = 1, .steps = 1});
    step(2);
    set(0, plain + 1, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    set(1, plain + 5, seL4_InstructionBreakpoint, 0, seL4_BreakOnRead);
    watch("the second, and two breakpoints", plain, plain_end, (struct answer){.length = 1, .steps = 2});
    unset_all();
    watch("no more", plain, plain_end, plainly);
}

static void nobody(void *unused)
{
    (void)unused;
    data[0]++;
    asm volatile("int3");
}

static void flag_print(const char *when)
{
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    SAY("%s: TF %lu\n", when, registers.rflags >> 8 & 1);
}

static void flag(void)
{
    section("the flag of a step");
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)plain);
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    flag_print("before");
    step(5);
    flag_print("configured");
    registers.rflags |= 0x100;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    flag_print("written");
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject.tcb, 1, 0, SUBJECT_REGISTERS, &registers));
    flag_print("resumed");
    seL4_Recv(subject.faults, NULL);
    flag_print("faulted");
    step(0);
    flag_print("ended");
    seL4_Reply(seL4_MessageInfo_new(1, 0, 0, 0));
    flag_print("replied");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
    step(0);
}

/* The state is a thread's own. */
static void others(void)
{
    section("another thread");
    set(0, data, seL4_DataBreakpoint, 4, seL4_BreakOnReadWrite);
    data[0] = 1;
    SAY("not met\n");
    unset_all();
    spawn("unhandled", nobody, NULL, PRIORITY_LOW);
    let_run();
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    arguments_of_set();
    addresses_of_set();
    messages();
    state();
    instructions();
    accesses();
    break_requests();
    steps();
    flag();
    others();
    close();
    return 0;
}
