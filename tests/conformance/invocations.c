/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every label on every kind of capability: which are illegal, and for the others how many message words and
 * capabilities they want. Each label is invoked with 0 to 24 words (all zero) and three capabilities, then with 24
 * words and 0 to 3 capabilities; equal answers in a row are shown as one.
 */
#include "conformance.h"

enum {
    WORDS = 24
};

#define LABEL(label)                                                                                         \
    {                                                                                                        \
        label, #label                                                                                        \
    }
static const struct {
    seL4_Word number;
    const char *name;
} labels[] = {
    {0, "InvalidInvocation"},
    LABEL(UntypedRetype),
    LABEL(TCBReadRegisters),
    LABEL(TCBWriteRegisters),
    LABEL(TCBCopyRegisters),
    LABEL(TCBConfigure),
    LABEL(TCBSetPriority),
    LABEL(TCBSetMCPriority),
    LABEL(TCBSetSchedParams),
    LABEL(TCBSetIPCBuffer),
    LABEL(TCBSetSpace),
    LABEL(TCBSuspend),
    LABEL(TCBResume),
    LABEL(TCBBindNotification),
    LABEL(TCBUnbindNotification),
    LABEL(TCBSetTLSBase),
    LABEL(TCBSetFlags),
    LABEL(CNodeRevoke),
    LABEL(CNodeDelete),
    LABEL(CNodeCancelBadgedSends),
    LABEL(CNodeCopy),
    LABEL(CNodeMint),
    LABEL(CNodeMove),
    LABEL(CNodeMutate),
    LABEL(CNodeRotate),
#ifdef CONFIG_KERNEL_MCS
    LABEL(TCBSetTimeoutEndpoint),
    LABEL(SchedControlConfigureFlags),
    LABEL(SchedContextBind),
    LABEL(SchedContextUnbind),
    LABEL(SchedContextUnbindObject),
    LABEL(SchedContextConsumed),
    LABEL(SchedContextYieldTo),
#else
    LABEL(CNodeSaveCaller),
#endif
    LABEL(IRQIssueIRQHandler),
    LABEL(IRQAckIRQ),
    LABEL(IRQSetIRQHandler),
    LABEL(IRQClearIRQHandler),
    LABEL(DomainSetSet),
    LABEL(DomainScheduleConfigure),
    LABEL(DomainScheduleSetStart),
    LABEL(X86PDPTMap),
    LABEL(X86PDPTUnmap),
    LABEL(X86PageDirectoryMap),
    LABEL(X86PageDirectoryUnmap),
    LABEL(X86PageTableMap),
    LABEL(X86PageTableUnmap),
    LABEL(X86PageMap),
    LABEL(X86PageUnmap),
    LABEL(X86PageGetAddress),
    LABEL(X86ASIDControlMakePool),
    LABEL(X86ASIDPoolAssign),
    LABEL(X86IOPortControlIssue),
    LABEL(X86IOPortIn8),
    LABEL(X86IOPortIn16),
    LABEL(X86IOPortIn32),
    LABEL(X86IOPortOut8),
    LABEL(X86IOPortOut16),
    LABEL(X86IOPortOut32),
    LABEL(X86IRQIssueIRQHandlerIOAPIC),
    LABEL(X86IRQIssueIRQHandlerMSI),
    {X86IRQIssueIRQHandlerMSI + 1, "the next"},
    {0xfffffffffffff, "all ones"},
};
enum {
    LABELS = sizeof(labels) / sizeof(*labels)
};

static seL4_CPtr endpoint;

/* What an invocation answered, as far as it is compared and shown. */
struct answer {
    seL4_Word error;
    seL4_Word length;
    seL4_Word words[5];
};

static struct answer ask(seL4_CPtr cap, seL4_Word label, unsigned cap_count, unsigned word_count)
{
    struct arguments arguments = {
        .cap_count = cap_count, .caps = {endpoint, endpoint, endpoint}, .word_count = word_count};
    seL4_MessageInfo_t info = invoke(cap, label, &arguments);
    struct answer answer = {.error = seL4_MessageInfo_get_label(info),
                            .length = seL4_MessageInfo_get_length(info)};
    /* What a success returns may be an address. */
    for (seL4_Word i = 0; answer.error && i < answer.length && i < 5; i++) {
        answer.words[i] = seL4_GetMR((int)i);
    }
    return answer;
}

static void answer_show(const struct answer *answer, unsigned from, unsigned to)
{
    SAY(" %u..%u %s", from, to, sel4_util_error_name(answer->error) + 5);
    if (answer->length) {
        SAY("/%lu", answer->length);
    }
    for (seL4_Word i = 0; answer->error && i < answer->length && i < 5; i++) {
        SAY(" %lx", answer->words[i]);
    }
    SAY(";");
}

static void sweep(seL4_CPtr cap, seL4_Word label, bool words)
{
    struct answer last = {0};
    unsigned from = 0, count = words ? WORDS : 3;
    for (unsigned i = 0; i <= count; i++) {
        struct answer answer = words ? ask(cap, label, 3, i) : ask(cap, label, i, WORDS);
        if (i > 0 && memcmp(&answer, &last, sizeof(answer)) != 0) {
            answer_show(&last, from, i - 1);
            from = i;
        }
        last = answer;
    }
    answer_show(&last, from, count);
}

static void test_kind(const char *name, seL4_CPtr cap)
{
    section(name);
    unsigned illegal = 0, invalid = 0;
    for (unsigned i = 0; i < LABELS; i++) {
        struct answer answer = ask(cap, labels[i].number, 3, WORDS);
        struct answer bare = ask(cap, labels[i].number, 0, 0);
        if (answer.error == seL4_IllegalOperation && bare.error == seL4_IllegalOperation) {
            illegal++;
            continue;
        }
        if (answer.error == seL4_InvalidCapability && memcmp(&answer, &bare, sizeof(answer)) == 0) {
            invalid++;
            continue;
        }
        SAY("%s: words", labels[i].name);
        sweep(cap, labels[i].number, true);
        SAY(" caps");
        sweep(cap, labels[i].number, false);
        SAY("\n");
    }
    SAY("of %u labels, %u are illegal, %u find the capability invalid\n", LABELS, illegal, invalid);
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    seL4_CPtr handler = slot(), port = slot(), pool_cap = slot();
    SEL4_UTIL_CHECK(seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, CNODE, handler, WORD, 0, 3, 0, 0, 3));
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x2f8, 0x2ff, CNODE, port, WORD));
    SEL4_UTIL_CHECK(seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, make_sized(seL4_UntypedObject, 12),
                                                  CNODE, pool_cap, WORD));
    seL4_CPtr pml4 = make(seL4_X64_PML4Object);
    test_kind("an empty slot", slot());
    test_kind("untyped", make_sized(seL4_UntypedObject, 12));
    seL4_TCB tcb = make(seL4_TCBObject);
    test_kind("TCB", tcb);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(tcb));
    test_kind("CNode", make_sized(seL4_CapTableObject, 4));
    test_kind("IRQ control", seL4_CapIRQControl);
    test_kind("IRQ handler", handler);
    test_kind("domain", seL4_CapDomain);
    test_kind("frame", make(seL4_X86_4K));
    test_kind("page table", make(seL4_X86_PageTableObject));
    test_kind("page directory", make(seL4_X86_PageDirectoryObject));
    test_kind("PDPT", make(seL4_X86_PDPTObject));
    test_kind("PML4", pml4);
    test_kind("ASID control", seL4_CapASIDControl);
    test_kind("ASID pool", pool_cap);
    test_kind("I/O port control", seL4_CapIOPortControl);
    test_kind("I/O ports", port);
#ifdef CONFIG_KERNEL_MCS
    test_kind("scheduling control", info->schedcontrol.start);
    test_kind("scheduling context", make_sized(seL4_SchedContextObject, seL4_MinSchedContextBits));
#endif
    close();
    return 0;
}
