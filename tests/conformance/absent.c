/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel without VT-x, IOMMU, hardware debugging, benchmarks and several cores has not: their objects,
 * their invocations, their system calls.
 */
#include "subject.h"

enum {
    TYPE_FIRST = seL4_ObjectTypeCount, /* the number that the first of theirs would have */
    TYPES = 8,
    LABEL_FIRST = 80,
    LABELS = 120
};

static struct subject subject;
extern const char a_call[];
asm(".globl a_call\n"
    "a_call: syscall\n"
    "    ud2\n");

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    section("objects");
    seL4_CPtr untyped = make_sized(seL4_UntypedObject, 16);
    for (unsigned i = 0; i < TYPES; i++) {
        CASE(seL4_Untyped_Retype(untyped, TYPE_FIRST + i, 14, CNODE, 0, 0, slot(), 1), "type %u", i);
    }
    SAY("I/O spaces: slot %lu, levels %lx\n", kind(seL4_CapIOSpace), (seL4_Word)info->numIOPTLevels);

    section("labels");
    seL4_CPtr caps[] = {SELF,
                        CNODE,
                        VSPACE,
                        seL4_CapIRQControl,
                        seL4_CapIOPortControl,
                        make(seL4_X86_4K),
                        untyped,
                        seL4_CapDomain,
                        seL4_CapASIDControl};
    for (unsigned i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
        for (unsigned label = LABEL_FIRST; label < LABELS; label += 13) {
            invoke_case(caps[i], label, ARGUMENTS(.word_count = 8), "capability %u, label %u", i, label);
        }
    }
    section("system calls");
    for (long number = -15; number >= -34; number--) {
        if (number == (long)seL4_SysSetTLSBase) {
            continue;
        }
        seL4_UserContext registers = subject_registers(&subject, (seL4_Word)a_call);
        registers.rdx = (seL4_Word)number;
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%ld:", number);
        subject_fault_print(&fault);
        SAY("\n");
    }
    close();
    return 0;
}
