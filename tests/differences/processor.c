/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows about the processor: registers across system calls, instructions that the host answers, flags, breakpoints.
 * What the host has is told in lines of its own, which host.py compares with what the host says.
 */
#include "tests/differences/differences.h"

enum {
    FLAG_ID = 1 << 21,
    WORD_OF_BUFFER = 6 /* of a message, beyond the registers */
};

#define UNKNOWN_SYSCALL ((seL4_Word)-999)
#define RAX_BEFORE      0x1234567800000abcul
#define CODE            0x8000400000ul
#define ALIAS           0x8000600000ul
#define KERNEL_HALF     0xffff800000000000ul

static struct subject subject, other;

#define CODE_AT(name, text)                                                                                  \
    extern const char name[], name##_end[];                                                                  \
    asm(#name ": " text "\n" #name "_end: ud2\n")

CODE_AT(call, "syscall");
CODE_AT(flag_set, "pushfq; orl $0x200000, (%rsp); popfq");
CODE_AT(flag_get, "pushfq; pop %rbx");
CODE_AT(int_80, "int $0x80");
CODE_AT(far_jump, "push $0x23; push %rbx; lretq");
CODE_AT(fast_call, "sysenter");
CODE_AT(pmc, "xor %ecx, %ecx; rdpmc");
CODE_AT(pkru, "mov $0, %ecx; mov $0, %edx; mov $0, %eax; .byte 0x0f, 0x01, 0xef");
CODE_AT(avx, "vxorps %ymm0, %ymm0, %ymm0");
CODE_AT(avx512, "vpxorq %zmm16, %zmm16, %zmm16");

static struct subject_fault run(const char *start, seL4_UserContext *registers)
{
    *registers = subject_registers(&subject, (seL4_Word)start);
    registers->rax = RAX_BEFORE;
    registers->rdx = UNKNOWN_SYSCALL;
    registers->rbx = (seL4_Word)far_jump_end;
    return subject_run(&subject, registers);
}

static bool is_exception(const struct subject_fault *fault, seL4_Word number)
{
    return fault->label == seL4_Fault_UserException && fault->detail == number;
}

static bool runs(const char *start, const char *end)
{
    seL4_UserContext registers;
    struct subject_fault fault = run(start, &registers);
    return is_exception(&fault, EXCEPTION_UNDEFINED) && fault.ip == (seL4_Word)end;
}

static void test_registers(void)
{
    section("rsp, rcx, r11 across a system call");
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)call);
    seL4_Word rsp = registers.rsp;
    registers.rdx = UNKNOWN_SYSCALL;
    subject_start(&subject, &registers);
    seL4_Recv(subject.faults, NULL);
    ROW(seL4_GetMR(seL4_UnknownSyscall_SP) == rsp, "the fault message has the true rsp");
    ROW(seL4_GetMR(seL4_UnknownSyscall_RCX) == (seL4_Word)call_end, "rcx is where the call returns");
    ROW(seL4_GetMR(seL4_UnknownSyscall_R11) == 0x202, "r11 is the flags");
    registers = subject_registers(&subject, (seL4_Word)call);
    registers.rdx = (seL4_Word)seL4_SysYield;
    subject_run(&subject, &registers);
    ROW(registers.rsp == rsp, "rsp is kept over a call that returns");
}

static const char *vendor(void)
{
    static seL4_Uint32 name[4];
    seL4_Uint32 leaf = 0;
    asm volatile("cpuid" : "+a"(leaf), "=b"(name[0]), "=c"(name[2]), "=d"(name[1]));
    return (const char *)name;
}

static void test_host_instructions(void)
{
    section("instructions that the host answers");
    seL4_UserContext registers;
    struct subject_fault fault = run(pmc, &registers);
    ROW(is_exception(&fault, 13), "RDPMC raises a general-protection exception");
    SAY("vendor %s\n", vendor());
    SAY("avx %d, avx512f %d\n", runs(avx, avx_end), runs(avx512, avx512_end));
}

static void test_descriptor_tables(void)
{
    section("SGDT, SIDT, SLDT, STR, SMSW");
    struct {
        seL4_Uint16 limit;
        seL4_Word base;
    } __attribute__((packed)) gdt = {0, 0}, idt = {0, 0};
    seL4_Word ldt = ~0ul, task = ~0ul, status = 0;
    asm volatile("sgdt %0; sidt %1" : "=m"(gdt), "=m"(idt));
    asm volatile("sldt %0; str %1; smsw %2" : "=r"(ldt), "=r"(task), "=r"(status));
    ROW(gdt.base >= KERNEL_HALF && idt.base >= KERNEL_HALF, "tables of a kernel's");
    ROW(ldt <= 0xffff && task <= 0xffff, "selectors");
    ROW((status & 1) == 1, "protection is on");
}

static void test_id_flag(void)
{
    section("ID flag in rflags");
    seL4_UserContext registers;
    run(flag_get, &registers);
    ROW(!(registers.rbx & FLAG_ID), "is clear at first");
    seL4_UserContext setting = subject_registers(&other, (seL4_Word)flag_set);
    subject_run(&other, &setting);
    ROW(setting.rflags & FLAG_ID, "is kept when a thread sets it");
    run(flag_get, &registers);
    ROW(((registers.rbx & FLAG_ID) == 0) == ENGINE_IS_DIRECT, "on ptrace others show it, too");
}

static void test_refused_ways(void)
{
    section("int $0x80, far jumps to 32-bit code");
    seL4_UserContext registers;
    struct subject_fault fault = run(int_80, &registers);
    ROW(is_exception(&fault, 13) && fault.ip == (seL4_Word)int_80, "int: the exception, at the instruction");
    ROW(registers.rax >> 32 != RAX_BEFORE >> 32, "the upper half of rax is lost");
    fault = run(far_jump, &registers);
    ROW(is_exception(&fault, 13) && fault.ip >= (seL4_Word)far_jump_end, "far jump: the exception, behind it");
    fault = run(fast_call, &registers);
    bool is_amd = strcmp(vendor(), "AuthenticAMD") == 0;
    ROW(is_exception(&fault, is_amd ? EXCEPTION_UNDEFINED : 13), "sysenter: an exception");
}

static void test_protection_keys(void)
{
    section("wrpkru");
    seL4_UserContext registers;
    struct subject_fault fault = run(pkru, &registers); /* gives itself all access */
    SAY("ospke %d\n", fault.ip == (seL4_Word)pkru_end);
    ROW(is_exception(&fault, EXCEPTION_UNDEFINED), "is an invalid opcode, or what comes next is");
}

/* movl xorps and nop, (%rdi); four nops, where rdi points to through another mapping; syscall; ud2 */
static void test_fpu_disabled(void)
{
    static const unsigned char code[] = {0xc7, 0x07, 0x0f, 0x57, 0xc0, 0x90, 0x90,
                                         0x90, 0x90, 0x90, 0x0f, 0x05, 0x0f, 0x0b};
    section("code that a thread without FPU changes through another mapping");
    seL4_CPtr frame = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, CODE, seL4_CanRead));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, copy(frame), ALIAS, seL4_AllRights));
    memcpy((void *)ALIAS, code, sizeof(code));
    SEL4_UTIL_CHECK(seL4_TCB_SetFlags(subject.tcb, 0, seL4_TCBFlag_fpuDisabled).error);
    seL4_UserContext registers = subject_registers(&subject, CODE);
    registers.rdi = ALIAS + 6;
    registers.rdx = (seL4_Word)seL4_SysYield;
    struct subject_fault fault = subject_run(&subject, &registers);
    ROW(is_exception(&fault, ENGINE_IS_DIRECT ? EXCEPTION_UNDEFINED : 7), "is not noticed on direct");
    ROW(fault.ip == CODE + (ENGINE_IS_DIRECT ? 12 : 6), "until its next system call");
    memcpy((void *)ALIAS, "\x0f\x57\xc0\x0f\x0b", 5);
    registers = subject_registers(&subject, CODE);
    fault = subject_run(&subject, &registers);
    ROW(is_exception(&fault, 7) && fault.ip == CODE, "what was there before is");
    SEL4_UTIL_CHECK(seL4_TCB_SetFlags(subject.tcb, seL4_TCBFlag_fpuDisabled, 0).error);
}

static volatile seL4_Word answers;

/* The answer's later words go to the IPC buffer. */
static void ask(void *unused)
{
    (void)unused;
    seL4_UserContext registers;
    seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers);
    answers++;
    ((volatile seL4_IPCBuffer *)seL4_GetIPCBuffer())->msg[WORD_OF_BUFFER] = 0;
    answers++;
}

static void test_kernel_accesses(void)
{
    section("watchpoints, and accesses by the kernel");
    seL4_CPtr faults = make(seL4_EndpointObject);
    struct sel4_util_thread *thread = spawn_faulting("asks", ask, NULL, PRIORITY_LOW, faults);
    SEL4_UTIL_CHECK(seL4_TCB_SetBreakpoint(thread->tcb, 2, (seL4_Word)&thread->ipc_buffer->msg[WORD_OF_BUFFER],
                                           seL4_DataBreakpoint, 4, seL4_BreakOnWrite));
    seL4_MessageInfo_t info = seL4_Recv(faults, NULL);
    ROW(answers == 1, "are not noticed");
    ROW(seL4_MessageInfo_get_label(info) == seL4_Fault_DebugException, "what the thread writes is");
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_wide_watchpoints(void)
{
    section("watchpoints of 8 bytes");
    seL4_Error error = seL4_TCB_SetBreakpoint(subject.tcb, 2, (seL4_Word)&answers & ~7ul, seL4_DataBreakpoint, 8,
                                              seL4_BreakOnWrite);
    ROW(error == seL4_InvalidArgument && seL4_GetMR(0) == 3, "are refused");
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    subject_make(&other, "other");
    test_registers();
    test_host_instructions();
    test_descriptor_tables();
    test_id_flag();
    test_refused_ways();
    test_protection_keys();
    test_fpu_disabled();
    test_wide_watchpoints();
    test_kernel_accesses();
    rows_end();
    return 0;
}
