/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of MCS: how large they are, what they may be made of, what their capabilities are called. */
#include "mcs.h"

static void test_sizes(void)
{
    section("sizes");
    seL4_Untyped untyped = make_sized(seL4_UntypedObject, 16);
    seL4_CPtr to = slot();
    static const struct {
        const char *name;
        seL4_Word type;
    } types[] = {{"scheduling context", seL4_SchedContextObject},
                 {"reply", seL4_ReplyObject},
                 {"notification", seL4_NotificationObject},
                 {"endpoint", seL4_EndpointObject},
                 {"TCB", seL4_TCBObject}};
    static const seL4_Word sizes[] = {0,  1,  4,  5,  6,  7,  8,  9,  10,
                                      12, 15, 16, 17, 47, 48, 63, 64, ~(seL4_Word)0};
    for (unsigned t = 0; t < sizeof(types) / sizeof(*types); t++) {
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            CASE(seL4_Untyped_Retype(untyped, types[t].type, sizes[i], CNODE, 0, 0, to, 1), "%s, size %lu",
                 types[t].name, sizes[i]);
            SEL4_UTIL_CHECK(discard(to));
        }
    }
    SAY("types: scheduling context %d, reply %d, 4K frame %d, page directory %d\n",
        (int)seL4_SchedContextObject, (int)seL4_ReplyObject, (int)seL4_X86_4K,
        (int)seL4_X86_PageDirectoryObject);
    CASE(seL4_Untyped_Retype(untyped, seL4_X86_PageDirectoryObject + 1, 12, CNODE, 0, 0, to, 1),
         "the next type");
}

/* So many fit into 4096 bytes. */
static void test_count(void)
{
    section("how many fit into a page");
    seL4_CPtr first = slot();
    for (int i = 0; i < 255; i++) {
        (void)slot();
    }
    static const struct {
        const char *name;
        seL4_Word type, size;
    } kinds[] = {{"scheduling contexts of 7", seL4_SchedContextObject, 7},
                 {"scheduling contexts of 9", seL4_SchedContextObject, 9},
                 {"scheduling contexts of 12", seL4_SchedContextObject, 12},
                 {"reply objects", seL4_ReplyObject, 0},
                 {"notifications", seL4_NotificationObject, 0},
                 {"endpoints", seL4_EndpointObject, 0},
                 {"threads", seL4_TCBObject, 0}};
    for (unsigned k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        seL4_Untyped page = make_sized(seL4_UntypedObject, 12);
        seL4_Word count = 0;
        while (count < 256 && seL4_Untyped_Retype(page, kinds[k].type, kinds[k].size, CNODE, 0, 0,
                                                  first + count, 1) == seL4_NoError) {
            count++;
        }
        SAY("%s: %lu\n", kinds[k].name, count);
        CASE(seL4_CNode_Revoke(CNODE, page, WORD), "revoke the page");
    }
}

static void test_kinds(void)
{
    section("kinds of capabilities");
    seL4_CPtr reply = make(seL4_ReplyObject), context = context_make();
    SAY("endpoint %lx, notification %lx, reply %lx, scheduling context %lx, schedule control %lx\n",
        kind(make(seL4_EndpointObject)), kind(make(seL4_NotificationObject)), kind(reply), kind(context),
        kind(sched_control));
    SAY("untyped %lx, TCB %lx, CNode %lx, frame %lx, table %lx, directory %lx, PDPT %lx, PML4 %lx\n",
        kind(make_sized(seL4_UntypedObject, 12)), kind(SELF), kind(CNODE), kind(make(seL4_X86_4K)),
        kind(make(seL4_X86_PageTableObject)), kind(make(seL4_X86_PageDirectoryObject)),
        kind(make(seL4_X86_PDPTObject)), kind(VSPACE));
    SAY("IRQ control %lx, ASID control %lx, ASID pool %lx, I/O port control %lx, domain %lx, nothing %lx\n",
        kind(seL4_CapIRQControl), kind(seL4_CapASIDControl), kind(seL4_CapInitThreadASIDPool),
        kind(seL4_CapIOPortControl), kind(seL4_CapDomain), kind(slot()));

    section("derivation");
    seL4_CPtr to = slot();
    CASE(seL4_CNode_Copy(CNODE, to, WORD, CNODE, reply, WORD, seL4_AllRights), "copy a reply object");
    CASE(seL4_CNode_Delete(CNODE, to, WORD), "delete the copy");
    CASE(seL4_CNode_Mint(CNODE, to, WORD, CNODE, reply, WORD, seL4_NoRights, 0),
         "mint a reply object, no rights");
    CASE(seL4_CNode_Delete(CNODE, to, WORD), "delete it");
    CASE(seL4_CNode_Mint(CNODE, to, WORD, CNODE, reply, WORD, seL4_AllRights, 5),
         "mint a reply object, badge 5");
    SEL4_UTIL_CHECK(discard(to));
    CASE(seL4_CNode_Copy(CNODE, to, WORD, CNODE, context, WORD, seL4_AllRights), "copy a scheduling context");
    CASE(seL4_CNode_Revoke(CNODE, context, WORD), "revoke it");
    SAY("the copy is %lx\n", kind(to));
    SEL4_UTIL_CHECK(discard(to));
    CASE(seL4_CNode_Mint(CNODE, to, WORD, CNODE, context, WORD, seL4_NoRights, 5),
         "mint a scheduling context, badge 5");
    SEL4_UTIL_CHECK(discard(to));
    CASE(seL4_CNode_Copy(CNODE, to, WORD, CNODE, sched_control, WORD, seL4_AllRights),
         "copy schedule control");
    CASE(seL4_CNode_Revoke(CNODE, sched_control, WORD), "revoke schedule control");
    SAY("the copy is %lx\n", kind(to));
    CASE(seL4_CNode_Mint(CNODE, slot(), WORD, CNODE, sched_control, WORD, seL4_NoRights, 1),
         "mint schedule control");
    CASE(seL4_CNode_Move(CNODE, slot(), WORD, CNODE, reply, WORD), "move a reply object");
    CASE(seL4_CNode_Mutate(CNODE, slot(), WORD, CNODE, context, WORD, 1), "mutate a scheduling context");
}

static void invalid_labels(seL4_CPtr cap, const char *name)
{
    unsigned illegal = 0, other = 0;
    for (seL4_Word label = 0; label <= X86IRQIssueIRQHandlerMSI + 1; label++) {
        seL4_Word error = seL4_MessageInfo_get_label(invoke(cap, label, ARGUMENTS(0, {0}, 0, {0})));
        if (error == seL4_IllegalOperation) {
            illegal++;
        } else {
            other++;
        }
    }
    SAY("%s: %u labels are illegal, %u not\n", name, illegal, other);
}

int main(seL4_BootInfo *info)
{
    mcs_open(info);
    section("boot information");
    SAY("schedule controls from %lu to %lu, own scheduling context %lu, node %lu of %lu\n",
        info->schedcontrol.start, info->schedcontrol.end, OWN_CONTEXT, info->nodeID, info->numNodes);
    SAY("empty from %s, domain %lu, CNode of 2^%lu\n",
        info->empty.start == info->untyped.end ? "the end of untyped memory" : "elsewhere",
        (seL4_Word)info->initThreadDomain, info->initThreadCNodeSizeBits);
    for (seL4_CPtr cap = 0; cap < 20; cap++) {
        SAY(" %lx", kind(cap));
    }
    SAY("\n");
    test_sizes();
    test_count();
    test_kinds();
    section("labels");
    invalid_labels(context_make(), "scheduling context");
    invalid_labels(sched_control, "schedule control");
    close();
    return 0;
}
