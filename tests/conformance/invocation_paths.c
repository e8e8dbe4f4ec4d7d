/* SPDX-License-Identifier: BSD-2-Clause */
/* Invocations apart from their arguments: by which system call, with capabilities that are not there, without IPC
 * buffer, with more words than fit. */
#include "conformance.h"

static seL4_CPtr fault_endpoint, notification, target;
static seL4_TCB tcb;

static seL4_Word priority_limit(void)
{
    /* The MCP shows in the range error of the next call. */
    seL4_TCB_SetPriority(tcb, tcb, 255);
    return seL4_GetMR(1);
}

static void prepare(seL4_Word mcp)
{
    seL4_SetCap(0, SELF);
    seL4_SetMR(0, mcp);
}

static void test_system_calls(void)
{
    section("by which system call");
    seL4_MessageInfo_t info = seL4_MessageInfo_new(TCBSetMCPriority, 0, 1, 1);
    prepare(11);
    seL4_Send(tcb, info);
    SAY("send: MCP %lu\n", priority_limit());
    prepare(12);
    seL4_NBSend(tcb, info);
    SAY("nbsend: MCP %lu\n", priority_limit());
    prepare(13);
    seL4_Call(tcb, info);
    SAY("call: MCP %lu\n", priority_limit());
    prepare(14);
    seL4_Reply(info);
    SAY("reply: MCP %lu\n", priority_limit());
    seL4_Signal(notification);
    prepare(15);
    seL4_ReplyRecv(notification, info, NULL);
    SAY("replyrecv: MCP %lu\n", priority_limit());
    prepare(300);
    seL4_Send(tcb, info);
    SAY("send, range error: MCP %lu\n", priority_limit());
}

static void test_lengths(void)
{
    section("lengths and labels");
    static const seL4_Word lengths[] = {1, 120, 121, 127};
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        prepare(20 + i);
        seL4_MessageInfo_t info =
            seL4_Call(tcb, (seL4_MessageInfo_t){{(seL4_Word)TCBSetMCPriority << 12 | 1 << 7 | lengths[i]}});
        SAY("length %lu: %s, %lu words; MCP %lu\n", lengths[i],
            sel4_util_error_name(seL4_MessageInfo_get_label(info)), seL4_MessageInfo_get_length(info),
            priority_limit());
    }
    prepare(30);
    seL4_MessageInfo_t info = seL4_Call(tcb, seL4_MessageInfo_new(TCBSetMCPriority, 7, 1, 1));
    SAY("capsUnwrapped set: reply %lx; MCP %lu\n", info.words[0], priority_limit());
    prepare(31);
    info = seL4_Call(tcb, seL4_MessageInfo_new(TCBSetMCPriority + (1ul << 32), 0, 1, 1));
    SAY("label plus 2^32: reply %lx; MCP %lu\n", info.words[0], priority_limit());
}

/* What a helper invokes, with an extra capability. */
static struct {
    seL4_CPtr cap;
    seL4_Word label, caps, words;
    seL4_CPtr extra[3];
} volatile request;

static void follow(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        seL4_SetCap(i, request.extra[i]);
    }
    for (int i = 0; i < 8; i++) {
        seL4_SetMR(i, 0);
    }
    seL4_SetMR(0, target);
    seL4_SetMR(1, WORD);
    seL4_SetMR(2, notification);
    seL4_SetMR(3, WORD);
    seL4_MessageInfo_t info =
        seL4_Call(request.cap, seL4_MessageInfo_new(request.label, 0, request.caps, request.words));
    SAY("  answered %s, %lu words: %lx %lx\n", sel4_util_error_name(seL4_MessageInfo_get_label(info)),
        seL4_MessageInfo_get_length(info), seL4_MessageInfo_get_length(info) > 0 ? seL4_GetMR(0) : 0,
        seL4_MessageInfo_get_length(info) > 1 ? seL4_GetMR(1) : 0);
}

static void ask(const char *name, bool with_buffer)
{
    SAY("%s\n", name);
    struct sel4_util_thread *thread = spawn_faulting("asker", follow, NULL, PRIORITY_LOW, fault_endpoint);
    if (!with_buffer) {
        SEL4_UTIL_CHECK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, 0));
    }
    let_run();
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(fault_endpoint, &badge);
    if (badge) {
        SAY("  fault %lx, %lu words: address %lx, receive phase %lx, failure %lx",
            seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info), seL4_GetMR(1), seL4_GetMR(2),
            seL4_GetMR(3));
        for (int i = 4; i < (int)seL4_MessageInfo_get_length(info); i++) {
            SAY(" %lx", seL4_GetMR(i));
        }
        SAY("\n");
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(discard(target));
}

static void request_set(seL4_CPtr cap, seL4_Word label, seL4_Word words, seL4_Word caps, seL4_CPtr a,
                        seL4_CPtr b, seL4_CPtr c)
{
    request.cap = cap;
    request.label = label;
    request.words = words;
    request.caps = caps;
    request.extra[0] = a;
    request.extra[1] = b;
    request.extra[2] = c;
}

static void test_extra_caps(void)
{
    section("extra capabilities that are not there");
    request_set(CNODE, CNodeCopy, 5, 1, CNODE, 0, 0);
    ask("all there", true);
    request_set(CNODE, CNodeCopy, 5, 1, NO_CAP, 0, 0);
    ask("the only one is nowhere", true);
    request_set(CNODE, CNodeCopy, 5, 2, CNODE, NO_CAP, 0);
    ask("the second, not needed, is nowhere", true);
    request_set(CNODE, CNodeCopy, 5, 3, CNODE, CNODE, NO_CAP);
    ask("the third, not needed, is nowhere", true);
    request_set(CNODE, CNodeCopy, 1, 1, NO_CAP, 0, 0);
    ask("nowhere, and too few words", true);
    request_set(CNODE, 0xfff, 5, 1, NO_CAP, 0, 0);
    ask("nowhere, and no such label", true);
    request_set(slot(), CNodeCopy, 5, 1, NO_CAP, 0, 0);
    ask("nowhere, invoked through an empty slot", true);
    request_set(NO_CAP - 1, CNodeCopy, 5, 1, NO_CAP, 0, 0);
    ask("nowhere, invoked through one that is nowhere", true);
    request_set(notification, 0, 0, 1, NO_CAP, 0, 0);
    ask("nowhere, to a notification", true);
}

static void test_without_buffer(void)
{
    section("without IPC buffer");
    request_set(CNODE, CNodeCopy, 5, 1, CNODE, 0, 0);
    ask("a capability and five words", false);
    request_set(CNODE, CNodeDelete, 2, 0, 0, 0, 0);
    ask("two words", false);
    request_set(CNODE, CNodeDelete, 2, 1, NO_CAP, 0, 0);
    ask("two words, a capability that is nowhere", false);
    request_set(tcb, TCBWriteRegisters, 8, 0, 0, 0, 0);
    ask("eight words", false);
    request_set(tcb, TCBSetFlags, 2, 0, 0, 0, 0);
    ask("a word is returned", false);
    request_set(CNODE, CNodeMove, 4, 1, CNODE, 0, 0);
    ask("four words and a capability", false);
}

int main(seL4_BootInfo *info)
{
    open(info);
    tcb = make(seL4_TCBObject);
    notification = make(seL4_NotificationObject);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    target = slot();
    test_system_calls();
    test_lengths();
    test_extra_caps();
    test_without_buffer();
    close();
    return 0;
}
