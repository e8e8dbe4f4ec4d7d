/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault messages, word for word: VM faults and user exceptions.
 *
 * Each case is a few instructions (STUB). Addresses of instructions are shown as distances from the one that is
 * meant to fault. Not shown: rsp, which a system call leaves stale on the real kernel; the error code of `int n`,
 * where QEMU and hardware differ. Not tried, because they differ: a stack at an address that is no address (QEMU 13,
 * hardware 12), instructions that read and write a missing page (QEMU says read, hardware write), unmasked SSE
 * exceptions (QEMU raises none). A jump to what is no address faults at the jump or at its target, as the processor
 * likes, so where is not shown.
 */
#include "conformance.h"

enum {
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word),
    BADGE = 0xfa
};

/* Where memory is mapped, see memory_make. */
#define READ_WRITE "0x8000000000"
#define READ_ONLY  "0x8000001000"
#define NO_RIGHTS  "0x8000002000"
#define WRITE_ONLY "0x8000003000"
#define NO_PAGE    "0x8000005000"
#define NO_TABLE   "0x8000400000"
#define NO_DIR     "0x8040000000"
#define NO_PDPT    "0x10000000000"

#define STUB(name, before, instruction)                                                                      \
    extern const char name[], name##_at[];                                                                   \
    asm(".globl " #name ", " #name "_at\n" #name ":\n" before "\n" #name "_at:\n" instruction "\n\tud2\n")

#define AT(address) "movabsq $" address ", %rax"

STUB(read_null, "xorl %eax, %eax", "movq (%rax), %rcx");
STUB(read_page, AT(NO_PAGE), "movq (%rax), %rcx");
STUB(write_page, AT(NO_PAGE), "movq %rcx, (%rax)");
STUB(read_table, AT(NO_TABLE), "movq 8(%rax), %rcx");
STUB(write_table, AT(NO_TABLE), "movq %rcx, 8(%rax)");
STUB(read_directory, AT(NO_DIR), "movb 0xfff(%rax), %cl");
STUB(read_pdpt, AT(NO_PDPT), "movq (%rax), %rcx");
STUB(write_pdpt, AT(NO_PDPT), "movq %rcx, (%rax)");
STUB(read_across, AT(READ_WRITE), "movq -4(%rax), %rcx");
STUB(read_beyond, AT(WRITE_ONLY), "movq 0xffc(%rax), %rcx");
STUB(write_read_only, AT(READ_ONLY), "movq %rcx, 16(%rax)");
STUB(write_across_read_only, AT(READ_ONLY), "movq %rcx, -4(%rax)");
STUB(read_no_rights, AT(NO_RIGHTS), "movq (%rax), %rcx");
STUB(write_no_rights, AT(NO_RIGHTS), "movq %rcx, (%rax)");
STUB(run_no_rights, AT(NO_RIGHTS), "jmp *%rax");
STUB(read_write_only, AT(WRITE_ONLY), "movq (%rax), %rcx");
STUB(write_write_only, AT(WRITE_ONLY), "movq %rcx, (%rax)");
STUB(run_page, AT(NO_PAGE), "jmp *%rax");
STUB(run_pdpt, AT(NO_PDPT), "call *%rax");
STUB(run_read_write, AT(READ_WRITE) "\nmovw $0x0b0f, (%rax)", "jmp *%rax");
STUB(push_page, AT(NO_PAGE) "\nleaq 8(%rax), %rsp", "pushq %rcx");
STUB(return_page, AT(NO_PAGE) "\nmovq %rax, %rsp", "ret");
STUB(read_kernel, "movq $0xffffffff80000000, %rax", "movq (%rax), %rcx");
STUB(write_kernel, "movq $0xffffffff80000000, %rax", "movq %rcx, (%rax)");
STUB(run_kernel, "movq $0xffffffff80000000, %rax", "jmp *%rax");
STUB(read_high, "movabsq $0xffff800000000000, %rax", "movq (%rax), %rcx");
STUB(copy_string, AT(READ_WRITE) "\nleaq 0xff0(%rax), %rsi\nmovabsq $0x8000004ff0, %rdi\nmovl $0x40, %ecx",
     "rep movsb");
STUB(store_string, AT(READ_WRITE) "\nleaq 0xff8(%rax), %rdi\nmovl $4, %ecx", "rep stosq");

STUB(divide_zero, "xorl %ecx, %ecx", "divl %ecx");
STUB(divide_overflow, "movl $-1, %edx\nmovl $1, %ecx", "divl %ecx");
STUB(undefined, "nop", "ud2");
STUB(breakpoint, "nop", "int3");
STUB(breakpoint_long, "nop", ".byte 0xcd, 3");
STUB(overflow, "nop", "int $4");
STUB(interrupt_21, "nop", "int $0x21");
STUB(interrupt_80, "nop", "int $0x80");
STUB(into, "nop", ".byte 0xce");
STUB(halt, "nop", "hlt");
STUB(disable, "nop", "cli");
STUB(enable, "nop", "sti");
STUB(in_byte, "movl $0x3f8, %edx", "inb %dx, %al");
STUB(in_byte_80, "nop", "inb $0x80, %al");
STUB(out_byte, "movl $0x3f8, %edx", "outb %al, %dx");
STUB(out_word, "movl $0x3f8, %edx", "outl %eax, %dx");
STUB(in_string, "movl $0x3f8, %edx\n" AT(READ_WRITE) "\nmovq %rax, %rdi", "insb");
STUB(move_control, "nop", "movq %cr0, %rax");
STUB(write_control, "xorl %eax, %eax", "movq %rax, %cr3");
STUB(read_msr, "xorl %ecx, %ecx", "rdmsr");
STUB(write_msr, "xorl %ecx, %ecx", "wrmsr");
STUB(invalidate, "nop", "invlpg (%rax)");
STUB(clear_task, "nop", "clts");
STUB(swap_gs, "nop", "swapgs");
STUB(load_table, AT(READ_WRITE), "lgdt (%rax)");
STUB(lock_register, "nop", ".byte 0xf0, 0x90");
STUB(misaligned, AT(READ_WRITE), "movaps 1(%rax), %xmm0");
STUB(read_odd, "movabsq $0xdead000000000000, %rax", "movq (%rax), %rcx");
STUB(write_odd, "movabsq $0x0000800000000000, %rax", "movq %rcx, (%rax)");
STUB(run_odd, "movabsq $0xdead000000000000, %rax", "jmp *%rax");
STUB(return_odd, AT(READ_WRITE) "\nmovq %rax, %rsp\nmovabsq $0xdead000000000000, %rcx\nmovq %rcx, (%rsp)",
     "ret");

static struct sel4_util_thread *thread;
static seL4_CPtr fault_endpoint;

struct fault_case {
    const char *name;
    const char *start;
    const char *at;
};
#define FAULT(name)                                                                                          \
    {                                                                                                        \
#name, name, name##_at                                                                               \
    }

static void memory_make(void)
{
    static const struct {
        seL4_Word vaddr;
        seL4_CapRights_t rights;
    } pages[] = {
        {0x8000000000, {{3}}}, {0x8000001000, {{2}}}, {0x8000002000, {{0}}},
        {0x8000003000, {{1}}}, {0x8000004000, {{3}}},
    };
    for (unsigned i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, make(seL4_X86_4K), pages[i].vaddr, pages[i].rights));
    }
}

/* Addresses within the program are shown by their distance. */
static void address_show(const char *name, seL4_Word address, const struct fault_case *fault)
{
    seL4_Word distance = address - (seL4_Word)fault->at;
    if (distance < 64) {
        SAY(" %s +%lu", name, distance);
    } else {
        SAY(" %s %lx", name, address);
    }
}

static void fault_show(const struct fault_case *fault, seL4_MessageInfo_t info, seL4_Word badge)
{
    seL4_Word words[8];
    for (int i = 0; i < 8; i++) {
        words[i] = seL4_GetMR(i);
    }
    seL4_Word label = seL4_MessageInfo_get_label(info);
    SAY("%s: badge %lx, fault %lx, %lu words, caps %lx:", fault->name, badge, label,
        seL4_MessageInfo_get_length(info), seL4_MessageInfo_get_extraCaps(info));
    if (fault->start == run_odd || fault->start == return_odd) {
        SAY(" ip -");
    } else {
        address_show("ip", words[0], fault);
    }
    if (label == seL4_Fault_VMFault) {
        SAY(" address %lx, instruction %lx, status %lx\n", words[seL4_VMFault_Addr],
            words[seL4_VMFault_PrefetchFault], words[seL4_VMFault_FSR]);
        return;
    }
    seL4_Word flags = words[seL4_UserException_FLAGS];
    SAY(" flags IF %lu TF %lu RF %lu, number %lx", flags >> 9 & 1, flags >> 8 & 1, flags >> 16 & 1,
        words[seL4_UserException_Number]);
    /* `int n`, see the head of this file. */
    bool artefact = (unsigned char)fault->at[0] == 0xcd && words[seL4_UserException_Number] == 13;
    if (artefact) {
        SAY("\n");
    } else {
        SAY(" code %lx\n", words[seL4_UserException_Code]);
    }
}

static void fault_run(const struct fault_case *fault)
{
    seL4_UserContext registers = {
        .rip = (seL4_Word)fault->start, .rsp = (seL4_Word)thread->stack_top - 64, .rcx = 1, .rflags = 2};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(fault_endpoint, &badge);
    fault_show(fault, info, badge);
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 1, 0, REGISTERS, &registers));
    if (fault->start == copy_string || fault->start == store_string) {
        SAY("  rcx %lx, rsi %lx, rdi %lx\n", registers.rcx, registers.rsi, registers.rdi);
    }
}

static const struct fault_case vm_faults[] = {
    FAULT(read_null),        FAULT(read_page),       FAULT(write_page),      FAULT(read_table),
    FAULT(write_table),      FAULT(read_directory),  FAULT(read_pdpt),       FAULT(write_pdpt),
    FAULT(read_across),      FAULT(read_beyond),     FAULT(write_read_only), FAULT(write_across_read_only),
    FAULT(read_no_rights),   FAULT(write_no_rights), FAULT(run_no_rights),   FAULT(read_write_only),
    FAULT(write_write_only), FAULT(run_page),        FAULT(run_pdpt),        FAULT(run_read_write),
    FAULT(push_page),        FAULT(return_page),     FAULT(read_kernel),     FAULT(write_kernel),
    FAULT(run_kernel),       FAULT(read_high),       FAULT(copy_string),     FAULT(store_string),
};

static const struct fault_case user_exceptions[] = {
    FAULT(divide_zero),   FAULT(divide_overflow), FAULT(undefined),
    FAULT(breakpoint),    FAULT(breakpoint_long), FAULT(overflow),
    FAULT(interrupt_21),  FAULT(interrupt_80),    FAULT(into),
    FAULT(halt),          FAULT(disable),         FAULT(enable),
    FAULT(in_byte),       FAULT(in_byte_80),      FAULT(out_byte),
    FAULT(out_word),      FAULT(in_string),       FAULT(move_control),
    FAULT(write_control), FAULT(read_msr),        FAULT(write_msr),
    FAULT(invalidate),    FAULT(clear_task),      FAULT(swap_gs),
    FAULT(load_table),    FAULT(lock_register),   FAULT(misaligned),
    FAULT(read_odd),      FAULT(write_odd),       FAULT(run_odd),
    FAULT(return_odd),
};

int main(seL4_BootInfo *info)
{
    open(info);
    memory_make();
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, BADGE);
    thread =
        spawn_faulting("faulter", (void (*)(void *))(seL4_Word)undefined, NULL, PRIORITY_LOW, fault_endpoint);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    section("VM faults");
    for (unsigned i = 0; i < sizeof(vm_faults) / sizeof(*vm_faults); i++) {
        fault_run(&vm_faults[i]);
    }
    section("user exceptions");
    for (unsigned i = 0; i < sizeof(user_exceptions) / sizeof(*user_exceptions); i++) {
        fault_run(&user_exceptions[i]);
    }
    close();
    return 0;
}
