/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row about VT-x and the IOMMU: of a kernel that is configured with both, everything that they add is refused as by
 * one without.
 */
#include "tests/differences/differences.h"

enum {
    SIZE_BITS = 14
};

static struct subject subject;
extern const char a_call[];
asm("a_call: syscall\n"
    "    ud2\n");

static bool is_illegal(seL4_CPtr cap, seL4_Word label)
{
    seL4_MessageInfo_t info = invoke(cap, label, ARGUMENTS(.word_count = 8));
    return seL4_MessageInfo_get_label(info) == seL4_IllegalOperation;
}

static void test_objects(void)
{
    static const seL4_Word types[] = {seL4_X86_VCPUObject,    seL4_X86_EPTPML4Object, seL4_X86_EPTPDPTObject,
                                      seL4_X86_EPTPDObject,   seL4_X86_EPTPTObject,   seL4_X86_IOPageTableObject};
    section("objects");
    seL4_CPtr untyped = make_sized(seL4_UntypedObject, SIZE_BITS);
    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
        seL4_Error error = seL4_Untyped_Retype(untyped, types[i], SIZE_BITS, CNODE, 0, 0, slot(), 1);
        ROW(error == seL4_InvalidArgument && seL4_GetMR(0) == 0, "type %lu is none", types[i]);
    }
    ROW(kind(seL4_CapIOSpace) == 0 && boot->numIOPTLevels == (seL4_Word)-1, "there are no I/O spaces");
}

static void test_calls(void)
{
    section("calls");
    seL4_CPtr frame = make(seL4_X86_4K);
    ROW(is_illegal(SELF, TCBSetEPTRoot), "TCBSetEPTRoot is illegal");
    ROW(is_illegal(frame, X86PageMapIO), "X86PageMapIO is illegal");
    ROW(is_illegal(frame, X86PageMapEPT), "X86PageMapEPT is illegal");
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)a_call);
    registers.rdx = (seL4_Word)seL4_SysVMEnter;
    struct subject_fault fault = subject_run(&subject, &registers);
    ROW(fault.label == seL4_Fault_UnknownSyscall, "VMEnter is an unknown system call");
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    test_objects();
    test_calls();
    rows_end();
    return 0;
}
