/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information: not its numbers, which depend on the machine, but how they go together. */
#include "conformance.h"

static void holds(const char *what, bool true_or_not)
{
    SAY("%s: %s\n", what, true_or_not ? "yes" : "no");
}

static seL4_Word size(seL4_SlotRegion region)
{
    return region.end - region.start;
}

static bool all_of_kind(seL4_SlotRegion region, seL4_Word expected)
{
    for (seL4_SlotPos cap = region.start; cap < region.end; cap++) {
        if (kind(cap) != expected) {
            return false;
        }
    }
    return true;
}

static void test_header(void)
{
    section("header");
    SAY("node %lu of %lu, domain %lu, CNode 2^%lu slots\n", boot->nodeID, boot->numNodes,
        boot->initThreadDomain, boot->initThreadCNodeSizeBits);
    holds("aligned to a page", ((seL4_Word)boot & 0xfff) == 0);
    holds("IPC buffer aligned to a page", ((seL4_Word)boot->ipcBuffer & 0xfff) == 0);
    holds("boot information right after the IPC buffer",
          (seL4_Word)boot == (seL4_Word)boot->ipcBuffer + 0x1000);
    SAY("I/O page table levels %lx, shared frames %lu, I/O spaces %lu\n", boot->numIOPTLevels,
        size(boot->sharedFrames), size(boot->ioSpaceCaps));
    holds("empty slots to the end of the CNode", boot->empty.end == 1ul << boot->initThreadCNodeSizeBits);
}

/* How many pages of extra information there are. */
static seL4_Word pages_after_boot(void)
{
    return (boot->extraLen + 0xfff) >> 12;
}

extern const char __ehdr_start[], _end[];

static void test_image(void)
{
    section("image");
    seL4_Word first = (seL4_Word)__ehdr_start & ~0xffful, last = ((seL4_Word)_end + 0xfff) & ~0xffful;
    holds("a frame for each page of the image", size(boot->userImageFrames) == (last - first) >> 12);
    holds("the IPC buffer follows the image", (seL4_Word)boot->ipcBuffer == last);
    holds("all are frames", all_of_kind(boot->userImageFrames, 1));
    SAY("paging structures:");
    for (seL4_SlotPos cap = boot->userImagePaging.start; cap < boot->userImagePaging.end; cap++) {
        SAY(" %lx", kind(cap));
    }
    SAY("\n");
    seL4_Word start = seL4_X86_Page_GetAddress(boot->userImageFrames.start).paddr;
    bool contiguous = true;
    for (seL4_Word i = 0; i < size(boot->userImageFrames); i++) {
        contiguous &= seL4_X86_Page_GetAddress(boot->userImageFrames.start + i).paddr == start + i * 0x1000;
    }
    holds("in order and contiguous", contiguous);
    SEL4_UTIL_CHECK(seL4_CNode_Copy(CNODE, boot->empty.start, WORD, CNODE, boot->userImageFrames.start, WORD,
                                    seL4_AllRights));
    CASE(seL4_X86_Page_Map(boot->empty.start, VSPACE, (seL4_Word)boot + 0x1000 * (pages_after_boot() + 1),
                           seL4_CanRead, 0),
         "map the first frame once more");
}

static void test_extra(void)
{
    section("extra");
    holds("frames for the extra information", size(boot->extraBIPages) == pages_after_boot());
    holds("all are frames", all_of_kind(boot->extraBIPages, 1));
    const char *at = (const char *)boot + 0x1000, *end = at + boot->extraLen;
    seL4_Word counts[8] = {0};
    bool sound = true;
    while (at < end) {
        const seL4_BootInfoHeader *header = (const seL4_BootInfoHeader *)at;
        if (header->len < sizeof(*header) || header->len > (seL4_Word)(end - at)) {
            sound = false;
            break;
        }
        counts[header->id & 7]++;
        if (header->id == SEL4_BOOTINFO_HEADER_X86_TSC_FREQ) {
            SAY("TSC frequency: %lu bytes, sensible: %d\n", header->len,
                *(const seL4_Uint32 *)(header + 1) > 100);
        }
        at += header->len;
    }
    holds("chunks fill the length exactly", sound);
    SAY("TSC frequency: %lu, memory map: %lu, padding: %lu\n", counts[SEL4_BOOTINFO_HEADER_X86_TSC_FREQ],
        counts[SEL4_BOOTINFO_HEADER_X86_MBMMAP], counts[SEL4_BOOTINFO_HEADER_PADDING]);
}

static void test_untyped(void)
{
    section("untyped memory");
    seL4_Word count = size(boot->untyped);
    bool aligned = true, sizes = true, disjoint = true, device_first = true, normal_seen = false;
    for (seL4_Word i = 0; i < count; i++) {
        const seL4_UntypedDesc *one = &boot->untypedList[i];
        /* The real kernel's device memory far above RAM is not aligned. */
        aligned &= one->isDevice || (one->paddr & ((1ul << one->sizeBits) - 1)) == 0;
        sizes &= one->sizeBits >= seL4_MinUntypedBits && one->sizeBits <= seL4_MaxUntypedBits;
        normal_seen |= !one->isDevice;
        device_first &= !(one->isDevice && normal_seen);
        for (seL4_Word j = 0; j < i; j++) {
            const seL4_UntypedDesc *other = &boot->untypedList[j];
            disjoint &= one->paddr + (1ul << one->sizeBits) <= other->paddr ||
                        other->paddr + (1ul << other->sizeBits) <= one->paddr;
        }
    }
    holds("all are untyped", all_of_kind(boot->untyped, 2));
    holds("what is no device memory is aligned to its size", aligned);
    holds("sizes within the limits", sizes);
    holds("none overlap", disjoint);
    holds("device memory comes first", device_first);
    holds("some device memory", boot->untypedList[0].isDevice);
    holds("some other", normal_seen);
    seL4_X86_Page_GetAddress_t own = seL4_X86_Page_GetAddress(seL4_CapInitThreadIPCBuffer);
    bool outside = true;
    for (seL4_Word i = 0; i < count; i++) {
        outside &= own.paddr < boot->untypedList[i].paddr ||
                   own.paddr >= boot->untypedList[i].paddr + (1ul << boot->untypedList[i].sizeBits);
    }
    holds("the IPC buffer in none of them", outside);
}

static void test_slots(void)
{
    section("slots");
    holds("regions within the CNode and before the empty ones",
          boot->untyped.end <= boot->empty.start && boot->userImageFrames.end <= boot->empty.start &&
              boot->userImagePaging.end <= boot->empty.start && boot->extraBIPages.end <= boot->empty.start);
    seL4_SlotRegion empty = {boot->empty.start + 1, boot->empty.start + 100};
    holds("empty slots are empty", all_of_kind(empty, 0));
    const seL4_SlotRegion *regions[] = {&boot->extraBIPages, &boot->userImagePaging, &boot->userImageFrames,
                                        &boot->untyped};
    static const char *const names[] = {"extra", "paging", "frames", "untyped"};
    SAY("in the order of slots:");
    for (seL4_SlotPos at = seL4_NumInitialCaps; at < boot->empty.start;) {
        int found = -1;
        for (int i = 0; i < 4; i++) {
            found = regions[i]->start == at && regions[i]->end > at ? i : found;
        }
        if (found < 0) {
            SAY(" a gap");
            break;
        }
        SAY(" %s", names[found]);
        at = regions[found]->end;
    }
    SAY("\n");
}

static void test_initial_thread(void)
{
    section("initial thread");
    SAY("initial capabilities:");
    for (seL4_CPtr cap = 0; cap < seL4_NumInitialCaps; cap++) {
        SAY(" %lx", kind(cap));
    }
    SAY("\n");
    CASE(seL4_TCB_SetPriority(SELF, SELF, 255), "its MCP allows the highest priority");
    CASE(
        seL4_CNode_Copy(CNODE, boot->empty.end - 1, WORD, CNODE, seL4_CapInitThreadTCB, WORD, seL4_AllRights),
        "the last slot is usable");
}

int main(seL4_BootInfo *info)
{
    boot = info;
    test_header();
    test_image();
    test_extra();
    test_untyped();
    test_slots();
    test_initial_thread();
    close();
    return 0;
}
