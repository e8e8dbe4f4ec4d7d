/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `int n` for every n: most are protection exceptions, but a range of them is an unknown system call whose
 * number has n in its highest byte, and the last one is ignored. Codes of the exceptions are not shown: QEMU
 * has its own.
 */
#include "subject.h"

#define CODE 0x8000200000ul

static struct subject subject;

static void code_write(seL4_Word n)
{
    static const unsigned char undefined[] = {0x0f, 0x0b, 0x0f, 0x0b};
    volatile unsigned char *code = (volatile unsigned char *)CODE;
    code[0] = 0xcd;
    code[1] = (unsigned char)n;
    for (unsigned i = 0; i < sizeof(undefined); i++) {
        code[2 + i] = undefined[i];
    }
}

/* One line for each run of equal outcomes. */
static void test_all(void)
{
    section("each");
    seL4_Word first = 0;
    struct subject_fault last = {0};
    for (seL4_Word n = 0; n <= 256; n++) {
        struct subject_fault fault = {0};
        if (n < 256) {
            code_write(n);
            seL4_UserContext registers = subject_registers(&subject, CODE);
            fault = subject_run(&subject, &registers);
        }
        if (fault.label == seL4_Fault_UnknownSyscall) {
            fault.detail ^= n << 24;
        }
        if (n &&
            (n == 256 || fault.label != last.label || fault.detail != last.detail || fault.ip != last.ip)) {
            SAY("%lu to %lu: fault %lx, detail %lx, ip +%lu\n", first, n - 1, last.label, last.detail,
                last.ip - CODE);
            first = n;
        }
        last = fault;
    }
}

static void registers_show(void)
{
    seL4_Word words[SUBJECT_REGISTERS];
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, (seL4_UserContext *)words));
    SAY("  registers: ip +%lu, rsp kept %d, flags %lx:", words[0] - CODE,
        words[1] == (seL4_Word)subject.stack + SUBJECT_STACK / 2, words[2] & ~0x10000ul);
    for (int i = 3; i < 18; i++) {
        SAY(" %lx", words[i]);
    }
    SAY("\n");
}

static void test_words(void)
{
    section("the unknown system call");
    static const seL4_Word rax[] = {5, 0x12345678, 0x1122334455667788};
    static const seL4_Word numbers[] = {0x9e, 0xc0, 0xfe};
    for (unsigned i = 0; i < sizeof(rax) / sizeof(*rax); i++) {
        for (unsigned n = 0; n < 3; n++) {
            code_write(numbers[n]);
            seL4_UserContext registers = subject_registers(&subject, CODE);
            registers.rax = rax[i];
            registers.rdx = (seL4_Word)seL4_SysYield;
            subject_start(&subject, &registers);
            seL4_MessageInfo_t info = seL4_Recv(subject.faults, NULL);
            seL4_Word length = seL4_MessageInfo_get_length(info);
            SAY("int %lx, rax %lx: fault %lx, %lu words:", numbers[n], rax[i],
                seL4_MessageInfo_get_label(info), length);
            seL4_Word words[24];
            for (seL4_Word word = 0; word < length; word++) {
                words[word] = seL4_GetMR((int)word);
            }
            for (seL4_Word word = 0; word < length; word++) {
                if (word == seL4_UnknownSyscall_FaultIP) {
                    SAY(" +%lu", words[word] - CODE);
                } else if (word == seL4_UnknownSyscall_SP) {
                    SAY(" kept %d", words[word] == (seL4_Word)subject.stack + SUBJECT_STACK / 2);
                } else {
                    SAY(" %lx", words[word]);
                }
            }
            SAY("\n");
            registers_show();
            if (n == 0) {
                /* An answer of no words: again; of all: where it says. */
                seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
                struct subject_fault fault = subject_wait(&subject, &registers);
                SAY("  answered:");
                subject_fault_print(&fault);
                SAY(", ip +%lu\n", fault.ip - CODE);
            } else if (n == 1) {
                for (seL4_Word word = 0; word < length; word++) {
                    seL4_SetMR((int)word, 0xb00 + word);
                }
                seL4_SetMR(seL4_UnknownSyscall_FaultIP, CODE + 4);
                seL4_SetMR(seL4_UnknownSyscall_SP, (seL4_Word)subject.stack + SUBJECT_STACK / 2);
                seL4_SetMR(seL4_UnknownSyscall_FLAGS, 0x203);
                seL4_Reply(seL4_MessageInfo_new(0, 0, 0, length));
                struct subject_fault fault = subject_wait(&subject, &registers);
                SAY("  answered:");
                subject_fault_print(&fault);
                SAY(", ip +%lu\n", fault.ip - CODE);
                registers_show();
            } else {
                SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject.tcb));
                SEL4_UTIL_CHECK(seL4_TCB_Resume(subject.tcb));
                struct subject_fault fault = subject_wait(&subject, &registers);
                SAY("  suspended and resumed:");
                subject_fault_print(&fault);
                SAY(", ip +%lu\n", fault.ip - CODE);
            }
        }
    }
}

static void test_ignored(void)
{
    section("the ignored one");
    code_write(255);
    seL4_UserContext given = subject_registers(&subject, CODE), registers = given;
    struct subject_fault fault = subject_run(&subject, &registers);
    subject_fault_print(&fault);
    SAY(", ip +%lu, registers kept: %d\n", fault.ip - CODE,
        registers.rax == given.rax && memcmp(&registers.rbx, &given.rbx, 14 * sizeof(seL4_Word)) == 0);
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, make(seL4_X86_4K), CODE, seL4_AllRights));
    test_all();
    test_words();
    test_ignored();
    close();
    return 0;
}
