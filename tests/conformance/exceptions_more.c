/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions that faults.c does not have: alignment checks, floating point, odd stacks,
 * instructions that only exist to be refused; that registers are as they were at the fault, and that a thread
 * can go on.
 *
 * Where QEMU's interpreter is known to differ from a processor (it raises no unmasked SSE exception, hardly
 * an x87 one and no stack exception), the answer of the processor is wanted anywhere else.
 */
#include "subject.h"

enum {
    REPEATS = 2
};

#define MISSING 0x8000900000ul
#define PAGES   0x8000200000ul

#define STUB(name, before, instruction)                                                                      \
    extern const char name[], name##_at[], name##_end[];                                                     \
    asm(".balign 16\n.globl " #name ", " #name "_at, " #name "_end\n" #name ":\n" before "\n" #name          \
        "_at: " instruction "\n" #name "_end: ud2\n")

static struct subject subject;
static bool is_interpreted;
static struct {
    double one, zero, tiny, huge;
    float one_single, zero_single;
    unsigned mxcsr;
    unsigned short control;
    seL4_Word words[8];
} data __attribute__((aligned(64), used)) = {.one = 1, .tiny = 1e-300, .huge = 1e300, .one_single = 1};

struct fault_case {
    const char *name, *start, *at, *end;
};
#define ROW(name)                                                                                            \
    {                                                                                                        \
#name, name, name##_at, name##_end                                                                   \
    }

static void where_print(seL4_Word ip, const struct fault_case *c)
{
    if (ip - (seL4_Word)c->at < 64) {
        SAY(", ip +%lu", ip - (seL4_Word)c->at);
    } else {
        SAY(", ip %lx", ip);
    }
}

static seL4_UserContext case_registers(const struct fault_case *c)
{
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)c->start);
    registers.r15 = (seL4_Word)&data;
    registers.r14 = MISSING;
    registers.rflags = 0xad7;
    return registers;
}

/* Every register that the instruction has no business with is as it was. */
static bool registers_kept(const seL4_UserContext *registers, const seL4_UserContext *given)
{
    const seL4_Word *a = (const seL4_Word *)registers, *b = (const seL4_Word *)given;
    for (int i = 1; i < SUBJECT_REGISTERS; i++) {
        seL4_Word ignored = i == 2 ? 0x10000 : 0; /* RF */
        if ((a[i] & ~ignored) != (b[i] & ~ignored)) {
            return false;
        }
    }
    return true;
}

static void case_run(const struct fault_case *c)
{
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        seL4_UserContext given = case_registers(c), registers = given;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%s:", c->name);
        subject_fault_print(&fault);
        where_print(fault.ip, c);
        SAY(", ip in the registers the same: %d, others kept: %d\n", registers.rip == fault.ip,
            registers_kept(&registers, &given));
    }
}

/*
 * Refused instructions.
 */
STUB(undefined_0, "", ".byte 0x0f, 0xff, 0xc0");
STUB(undefined_1, "", ".byte 0x0f, 0xb9, 0xc0");
STUB(push_es, "", ".byte 0x06");
STUB(daa, "", ".byte 0x27");
STUB(push_all, "", ".byte 0x60");
STUB(call_far, "", ".byte 0x9a, 0, 0, 0, 0, 0, 0");
STUB(bound, "", ".byte 0xd4, 0x0a");
STUB(resume, "", ".byte 0x0f, 0xaa");
STUB(move_debug, "", "movq %rax, %dr7");
STUB(read_debug, "", "movq %dr0, %rax");
STUB(move_cr8, "", "movq %rax, %cr8");
STUB(machine_status, "", "lmsw %ax");
STUB(write_back, "", "wbinvd");
STUB(invalidate_caches, "", "invd");
STUB(load_local, "", "lldt %ax");
STUB(load_task, "", "ltr %ax");
STUB(load_interrupts, "", "lidt (%r15)");
STUB(sys_return, "", "sysretq");
STUB(sys_exit, "", "sysexitq");
STUB(monitor, "", ".byte 0x0f, 0x01, 0xc8");
STUB(in_word_immediate, "", "inl $0x60, %eax");
STUB(out_byte_immediate, "", "outb %al, $0x80");
STUB(out_string, "", "outsb");
STUB(in_repeated, "", "rep insb");
STUB(selector, "", "movw %ax, %ds");
STUB(selector_es, "", "movw %ax, %es");
STUB(selector_ss, "", "movw %ax, %ss");
STUB(too_long, "",
     ".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90");
STUB(exchange_misaligned, "leaq 8(%r15), %rbx", "cmpxchg16b (%rbx)");
STUB(signed_divide, "", "idivl %ebp");
STUB(divide_memory, "", "divq 8(%r15)");
STUB(write_code_missing, "", "movq $1, (%r14)");
STUB(fetch_missing, "", "jmp *%r14");

static const struct fault_case refusals[] = {
    ROW(undefined_0),        ROW(undefined_1),        ROW(push_es),       ROW(daa),
    ROW(push_all),           ROW(call_far),           ROW(bound),         ROW(resume),
    ROW(move_debug),         ROW(read_debug),         ROW(move_cr8),      ROW(machine_status),
    ROW(write_back),         ROW(invalidate_caches),  ROW(load_local),    ROW(load_task),
    ROW(load_interrupts),    ROW(sys_return),         ROW(monitor),       ROW(in_word_immediate),
    ROW(out_byte_immediate), ROW(out_string),         ROW(in_repeated),   ROW(exchange_misaligned),
    ROW(too_long),           ROW(write_code_missing), ROW(fetch_missing),
};
STUB(enter, "", "sysenter");

static void test_refused(void)
{
    section("refused instructions");
    for (unsigned i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        case_run(&refusals[i]);
    }
    section("selectors");
    static const struct fault_case selectors[] = {ROW(selector), ROW(selector_es), ROW(selector_ss)};
    for (unsigned i = 0; i < 3; i++) {
        seL4_UserContext registers = case_registers(&selectors[i]);
        registers.rax = 0xfff8;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%s:", selectors[i].name);
        subject_fault_print(&fault);
        where_print(fault.ip, &selectors[i]);
        SAY("\n");
    }
    section("division");
    static const struct fault_case divisions[] = {ROW(signed_divide), ROW(divide_memory)};
    for (unsigned i = 0; i < 2; i++) {
        seL4_UserContext registers = case_registers(&divisions[i]);
        registers.rax = 0x80000000;
        registers.rdx = 0xffffffff80000000;
        registers.rbp = ~0ul;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%s:", divisions[i].name);
        subject_fault_print(&fault);
        where_print(fault.ip, &divisions[i]);
        SAY(", rax %lx rdx %lx\n", registers.rax, registers.rdx);
    }
    section("sysenter");
    static const struct fault_case entering = ROW(enter);
    for (unsigned i = 0; i < REPEATS; i++) {
        seL4_UserContext registers = case_registers(&entering);
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("undefined or protection: %d, at it: %d, rax %lx rdx %lx rbp %lx\n",
            fault.label == seL4_Fault_UserException &&
                (fault.detail == 13 || fault.detail == EXCEPTION_UNDEFINED),
            fault.ip == (seL4_Word)enter, registers.rax, registers.rdx, registers.rbp);
    }
}

/*
 * Stacks that are no stacks: an instruction that does not use them goes on, another faults at itself.
 */
STUB(with_push, "", "pushq %rax");
STUB(with_pop, "", "popq %rax");
STUB(with_call, "", "call 1f\n1:");
STUB(with_return, "", "ret");
STUB(with_load, "", "movq (%rsp), %rax");
STUB(with_nothing, "", "nop");
STUB(with_fault, "", "movq (%r14), %rax");
STUB(with_breakpoint, "", "int3");
STUB(with_divide, "xorl %ebp, %ebp", "divl %ebp");

static void test_stacks(void)
{
    section("odd stacks");
    static const seL4_Word stacks[] = {
        0, 4, MISSING + 4, 0x7ffffffff008, 0xdead000000000000, 0xffffffff80000010};
    static const struct fault_case users[] = {ROW(with_push),   ROW(with_pop),        ROW(with_call),
                                              ROW(with_return), ROW(with_load),       ROW(with_nothing),
                                              ROW(with_fault),  ROW(with_breakpoint), ROW(with_divide)};
    for (unsigned s = 0; s < sizeof(stacks) / sizeof(*stacks); s++) {
        SAY("rsp %lx\n", stacks[s]);
        for (unsigned i = 0; i < sizeof(users) / sizeof(*users); i++) {
            seL4_UserContext registers = case_registers(&users[i]);
            registers.rsp = stacks[s];
            struct subject_fault fault = subject_run(&subject, &registers);
            /* A stack exception, 12, but for the interpreter. */
            if (stacks[s] == 0xdead000000000000 && fault.detail == (is_interpreted ? 13 : 12)) {
                fault.detail = 12;
            }
            SAY("  %s:", users[i].name);
            subject_fault_print(&fault);
            where_print(fault.ip, &users[i]);
            SAY(", rsp kept: %d\n", registers.rsp == stacks[s]);
        }
    }
}

/*
 * The flag alone does not make the processor check: whether CR0 says so as well is left to whoever started
 * the real kernel. So a checked access faults or works.
 */
STUB(odd_load, "pushq %rbx\npopfq", "movq 1(%r15), %rax");
STUB(odd_store, "pushq %rbx\npopfq", "movl %eax, 50(%r15)");
STUB(odd_stack, "pushq %rbx\npopfq", "movq -3(%rsp), %rax");

static void test_alignment(void)
{
    section("alignment checks");
    static const struct fault_case odd[] = {ROW(odd_load), ROW(odd_store), ROW(odd_stack)};
    for (unsigned i = 0; i < 3; i++) {
        for (seL4_Word checked = 0; checked < 2; checked++) {
            seL4_UserContext registers = case_registers(&odd[i]);
            registers.rbx = 0x202 | checked << 18;
            struct subject_fault fault = subject_run(&subject, &registers);
            bool worked = fault.detail == EXCEPTION_UNDEFINED && fault.ip == (seL4_Word)odd[i].end;
            bool refused = fault.detail == 17 && fault.code == 0 && fault.ip == (seL4_Word)odd[i].at;
            SAY("%s, flag %lu: right %d, flag after it: %lu\n", odd[i].name, checked,
                fault.label == seL4_Fault_UserException && (worked || (checked && refused)),
                registers.rflags >> 18 & 1);
        }
    }
}

/*
 * Floating point.
 */
STUB(x87_invalid, "fninit\nfldcw (%rbx)\nfldz\nfldz", "fdivp\nfwait");
STUB(x87_zero, "fninit\nfldcw (%rbx)\nfld1\nfldz", "fdivrp\nfwait");
STUB(x87_inexact, "fninit\nfldcw (%rbx)\nfld1\nfldpi", "fdivrp\nfwait");
STUB(x87_stack, "fninit\nfldcw (%rbx)", "fstp %st(0)\nfwait");
STUB(x87_later, "fninit\nfldcw (%rbx)\nfldz\nfldz", "fdivp\nnop\nnop\nfld1");
STUB(x87_unmasked_late, "fninit\nfldz\nfldz\nfdivp\nfldcw (%rbx)", "fwait");

/* `is_lazy`: the interpreter does not raise it. */
static void x87_case(const struct fault_case *c, unsigned short control, bool raises, bool is_lazy)
{
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        seL4_UserContext registers = case_registers(c);
        data.control = control;
        registers.rbx = (seL4_Word)&data.control;
        struct subject_fault fault = subject_run(&subject, &registers);
        bool raised = fault.label == seL4_Fault_UserException && fault.detail == 16 && fault.code == 0;
        bool ended = fault.ip == (seL4_Word)c->end;
        bool right = raises ? raised && !ended : ended;
        right = right || (is_interpreted && is_lazy);
        SAY("%s, control %x: right %d", c->name, control, right);
        if (right && raises && !is_lazy) {
            where_print(fault.ip, c);
        }
        SAY("\n");
        if (!right) {
            SAY("  ");
            subject_fault_print(&fault);
            where_print(fault.ip, c);
            SAY("\n");
        }
    }
}

STUB(sse_invalid, "ldmxcsr (%rbx)\nmovsd 8(%r15), %xmm0", "divsd 8(%r15), %xmm0");
STUB(sse_zero, "ldmxcsr (%rbx)\nmovsd (%r15), %xmm0", "divsd 8(%r15), %xmm0");
STUB(sse_zero_single, "ldmxcsr (%rbx)\nmovss 32(%r15), %xmm0", "divss 36(%r15), %xmm0");
STUB(sse_overflow, "ldmxcsr (%rbx)\nmovsd 24(%r15), %xmm0", "mulsd 24(%r15), %xmm0");
STUB(sse_underflow, "ldmxcsr (%rbx)\nmovsd 16(%r15), %xmm0", "mulsd 16(%r15), %xmm0");
STUB(sse_reserved, "", "ldmxcsr (%rbx)");

static void sse_case(const struct fault_case *c, unsigned unmasked)
{
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        seL4_UserContext registers = case_registers(c);
        data.mxcsr = 0x1f80 & ~(unmasked << 7);
        registers.rbx = (seL4_Word)&data.mxcsr;
        struct subject_fault fault = subject_run(&subject, &registers);
        bool right = fault.label == seL4_Fault_UserException && fault.detail == 19 && fault.code == 0 &&
                     fault.ip == (seL4_Word)c->at;
        if (!unmasked || is_interpreted) {
            right = fault.ip == (seL4_Word)c->end;
        }
        SAY("%s, unmasked %x: right %d\n", c->name, unmasked, right);
        if (!right) {
            SAY("  ");
            subject_fault_print(&fault);
            where_print(fault.ip, c);
            SAY("\n");
        }
    }
}

static void test_floating_point(void)
{
    section("x87");
    static const struct fault_case x87[] = {ROW(x87_invalid), ROW(x87_zero),  ROW(x87_inexact),
                                            ROW(x87_stack),   ROW(x87_later), ROW(x87_unmasked_late)};
    static const unsigned short controls[] = {0x37e, 0x37b, 0x35f, 0x37e, 0x37e, 0x37e};
    for (unsigned i = 0; i < 6; i++) {
        x87_case(&x87[i], controls[i], true, i >= 2);
        x87_case(&x87[i], 0x37f, false, false);
    }
    section("SSE");
    static const struct fault_case sse[] = {ROW(sse_invalid), ROW(sse_zero), ROW(sse_zero_single),
                                            ROW(sse_overflow), ROW(sse_underflow)};
    static const unsigned flags[] = {1, 4, 4, 8, 16};
    for (unsigned i = 0; i < 5; i++) {
        sse_case(&sse[i], flags[i]);
        sse_case(&sse[i], 0);
    }
    static const struct fault_case reserved = ROW(sse_reserved);
    seL4_UserContext registers = case_registers(&reserved);
    data.mxcsr = 0xffff1f80;
    registers.rbx = (seL4_Word)&data.mxcsr;
    struct subject_fault fault = subject_run(&subject, &registers);
    bool right = fault.detail == 13 && fault.code == 0 && fault.ip == (seL4_Word)sse_reserved_at;
    SAY("reserved bits: right %d\n", right || is_interpreted);
}

/*
 * An instruction that runs into a page that is not there, and on after it has come.
 */
static void test_across(void)
{
    section("an instruction across pages");
    seL4_CPtr first = make(seL4_X86_4K), second = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, first, PAGES, seL4_AllRights));
    for (seL4_Word before = 1; before < 10; before++) {
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, second, PAGES + 4096, seL4_AllRights));
        volatile unsigned char *code = (volatile unsigned char *)(PAGES + 4096 - before);
        static const unsigned char bytes[] = {0x48, 0xbd, 1, 2, 3,    4,
                                              5,    6,    7, 8, 0x0f, 0x0b}; /* movabsq to rbp */
        for (unsigned i = 0; i < sizeof(bytes); i++) {
            code[i] = bytes[i];
        }
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(second));
        seL4_UserContext registers = subject_registers(&subject, (seL4_Word)code);
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%lu bytes before:", before);
        subject_fault_print(&fault);
        SAY(", ip +%lu, rbp %lx;", fault.ip - (seL4_Word)code, registers.rbp);
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, second, PAGES + 4096, seL4_AllRights));
        fault = subject_run(&subject, &registers);
        subject_fault_print(&fault);
        SAY(", ip +%lu, rbp %lx\n", fault.ip - (seL4_Word)code, registers.rbp);
        SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(second));
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    is_interpreted = processor_is_interpreted();
    subject_make(&subject, "subject");
    test_refused();
    test_stacks();
    test_alignment();
    test_floating_point();
    test_across();
    close();
    return 0;
}
