/* SPDX-License-Identifier: BSD-2-Clause */
/* Untyped_Retype: types, sizes, windows, rights of device memory, alignment, the watermark, and getting memory back. */
#include "conformance.h"

enum {
    BITS = 16
};

static seL4_Untyped untyped;
static seL4_CPtr first; /* of a row of free slots */
static seL4_CPtr endpoint;

static void fresh(void)
{
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, untyped, WORD));
}

static seL4_Error retype(seL4_Word type, seL4_Word size_bits, seL4_Word count)
{
    return (seL4_Error)seL4_Untyped_Retype(untyped, type, size_bits, CNODE, 0, 0, first, count);
}

static void test_types(void)
{
    section("types and sizes");
    static const seL4_Word sizes[] = {0,  1,  3,  4,  5,  11, 12, 16,  17,  42,
                                      43, 47, 48, 58, 59, 63, 64, 255, ~0ul};
    for (seL4_Word type = 0; type < 14; type++) {
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            bool sized = type == seL4_UntypedObject || type == seL4_CapTableObject;
            if (!sized && sizes[i] != 0 && sizes[i] != 12 && sizes[i] != ~0ul) {
                continue;
            }
            fresh();
            CASE(retype(type, sizes[i], 1), "type %lu, size %lu", type, sizes[i]);
            SAY("  %lx\n", kind(first));
        }
    }
    fresh();
    CASE(retype(~0ul, 0, 1), "type all ones");
    CASE(retype(1ul << 32, 0, 1), "type 2^32");
}

static void test_window(void)
{
    section("windows");
    seL4_CNode small = make_sized(seL4_CapTableObject, 4);
    fresh();
    static const struct {
        const char *name;
        seL4_Word index, depth, offset, count;
    } windows[] = {
        {"none", 0, 0, 0, 0},
        {"257", 0, 0, 0, 257},
        {"2^63", 0, 0, 0, 1ul << 63},
        {"offset at the end", 0, 0, 16, 1},
        {"offset past the end", 0, 0, ~0ul, 1},
        {"one too many", 0, 0, 0, 17},
        {"one too many from 10", 0, 0, 10, 7},
        {"offset 15, two", 0, 0, 15, 2},
        {"exactly to the end", 0, 0, 10, 6},
        {"over a used slot", 0, 0, 8, 4},
        {"over a used slot at its end", 0, 0, 5, 6},
        {"all, over used slots", 0, 0, 0, 16},
        {"before the used ones", 0, 0, 0, 10},
    };
    for (unsigned i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
        CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, small, windows[i].index, windows[i].depth,
                                 windows[i].offset, windows[i].count),
             "%s", windows[i].name);
    }
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, endpoint, 0, 0, 0, 1), "root an endpoint");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, first, 0, 0, 0, 1), "root an empty slot");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, endpoint, WORD, 0, 1),
         "node an endpoint");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, first, WORD, 0, 1),
         "node an empty slot");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, small, 65, 0, 1), "node depth 65");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, small, 1, 0, 1), "node depth 1");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, small, 11, 0, 1), "node depth 11");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, small, 3, 5, 0, 1), "node depth 5 of 4");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 1ul << 40, WORD, 0, 1),
         "node past the guard");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, small, WORD, 0, 1),
         "node found, slot used");
    SEL4_UTIL_CHECK(seL4_CNode_Delete(small, 3, 4));
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, small, WORD, 3, 1), "node found");
}

static void test_order(void)
{
    section("which error comes first");
    fresh();
    seL4_CPtr taken = endpoint;
    CASE(seL4_Untyped_Retype(untyped, 99, 64, endpoint, 0, 65, 1ul << 40, 0), "everything");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 64, endpoint, 0, 65, 1ul << 40, 0),
         "all but the type");
    CASE(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 0, endpoint, 0, 65, 1ul << 40, 0),
         "CNode of size 0 and the rest");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 3, endpoint, 0, 65, 1ul << 40, 0),
         "untyped of size 3 and the rest");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, endpoint, 0, 65, 1ul << 40, 0),
         "root, depth, offset, count");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, endpoint, 65, 1ul << 40, 0),
         "depth, offset, count");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, endpoint, WORD, 1ul << 40, 0),
         "node, offset, count");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, 0, 0, 1ul << 40, 0),
         "offset, count, memory");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, 0, 0, taken, 0), "count, memory");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, 0, 0, taken, 300),
         "count 300, slots, memory");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, 0, 0, taken, 1), "slot used, memory");
    CASE(seL4_Untyped_Retype(untyped, seL4_UntypedObject, 20, CNODE, 0, 0, first, 1), "memory");
}

/* How much is free: ask for more than there can be, the answer tells. */
static void show_free(const char *when)
{
    seL4_Error error =
        (seL4_Error)seL4_Untyped_Retype(untyped, seL4_UntypedObject, BITS + 1, CNODE, 0, 0, first + 40, 1);
    SAY("%s: %s, %lu bytes free\n", when, sel4_util_error_name(error), seL4_GetMR(0));
}

static void test_watermark(void)
{
    section("watermark");
    fresh();
    show_free("fresh");
    CASE(retype(seL4_EndpointObject, 0, 1), "an endpoint");
    show_free("after 16 bytes");
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, first + 20, WORD, CNODE, first, WORD));
    CASE(retype(seL4_TCBObject, 0, 1), "a TCB, aligned to its size");
    show_free("after 2048 bytes at 2048");
    SEL4_UTIL_CHECK(seL4_CNode_Move(CNODE, first + 21, WORD, CNODE, first, WORD));
    CASE(retype(seL4_UntypedObject, 15, 1), "the upper half");
    show_free("after the upper half");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, first + 1, 1), "one more, below");
    SEL4_UTIL_CHECK(discard(first));
    show_free("the upper half deleted, others not");
    SEL4_UTIL_CHECK(discard(first + 20));
    SEL4_UTIL_CHECK(discard(first + 21));
    show_free("all deleted");
    CASE(retype(seL4_EndpointObject, 0, 1), "an endpoint from the start");
    show_free("after it");
    SEL4_UTIL_CHECK(discard(first));
    CASE(retype(seL4_UntypedObject, 13, 8), "eight of 2^13");
    show_free("full");
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, untyped, WORD));
    show_free("revoked");
    CASE(retype(seL4_UntypedObject, 13, 9), "nine of 2^13");
    CASE(retype(seL4_EndpointObject, 0, 256), "256 endpoints");
    show_free("after 256 endpoints");
}

static void test_copies(void)
{
    section("copies of an untyped");
    fresh();
    seL4_Untyped twin = copy(untyped);
    show_free("copied");
    CASE(seL4_Untyped_Retype(twin, seL4_EndpointObject, 0, CNODE, 0, 0, first, 1), "retype the copy");
    CASE(seL4_Untyped_Retype(twin, seL4_UntypedObject, BITS, CNODE, 0, 0, first + 1, 1),
         "retype the copy again");
    CASE(retype(seL4_EndpointObject, 0, 1), "retype the original, slot used");
    CASE(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, first + 1, 1),
         "retype the original");
    CASE(seL4_CNode_Revoke(CNODE, twin, WORD), "revoke the copy");
    SAY("object %lx, original %lx\n", kind(first), kind(untyped));
    CASE(seL4_CNode_Revoke(CNODE, untyped, WORD), "revoke the original");
    SAY("copy %lx\n", kind(twin));
    show_free("all revoked");
    CASE(retype(seL4_UntypedObject, 12, 1), "a child untyped");
    CASE(seL4_Untyped_Retype(first, seL4_EndpointObject, 0, CNODE, 0, 0, first + 1, 2), "grandchildren");
    CASE(seL4_CNode_Copy(CNODE, first + 5, WORD, CNODE, first, WORD, seL4_AllRights), "copy the child");
    CASE(seL4_CNode_Move(CNODE, first + 5, WORD, CNODE, first, WORD), "move the child");
    CASE(seL4_CNode_Revoke(CNODE, untyped, WORD), "revoke the grandparent");
    SAY("child %lx, grandchildren %lx %lx\n", kind(first + 5), kind(first + 1), kind(first + 2));
}

static void test_contents(void)
{
    section("contents");
    const seL4_Word vaddr = 0x7000000000;
    fresh();
    CASE(retype(seL4_X86_4K, 0, 2), "two frames");
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, first, vaddr, seL4_ReadWrite));
    volatile seL4_Word *words = (volatile seL4_Word *)vaddr;
    SAY("zero at first: %lx %lx\n", words[0], words[511]);
    words[0] = words[511] = 0x5555;
    fresh();
    CASE(retype(seL4_UntypedObject, 12, 1), "an untyped in its place");
    CASE(seL4_Untyped_Retype(first, seL4_X86_4K, 0, CNODE, 0, 0, first + 1, 1), "a frame of it");
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, first + 1, vaddr, seL4_ReadWrite));
    SAY("zero again: %lx %lx\n", words[0], words[511]);
    words[0] = 0x77;
    SEL4_UTIL_CHECK(discard(first + 1));
    CASE(seL4_Untyped_Retype(first, seL4_X86_4K, 0, CNODE, 0, 0, first + 1, 1), "the frame anew");
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, first + 1, vaddr, seL4_ReadWrite));
    SAY("zero again: %lx\n", words[0]);
}

/* Device memory: the first that holds 2^14 bytes. It is only named here, never touched. */
static void test_device(void)
{
    section("device memory");
    seL4_Untyped device = 0;
    for (seL4_Word i = 0; i < boot->untyped.end - boot->untyped.start && !device; i++) {
        if (boot->untypedList[i].isDevice && boot->untypedList[i].sizeBits >= 14) {
            device = boot->untyped.start + i;
        }
    }
    for (seL4_Word type = 0; type < 12; type++) {
        if (type == seL4_X64_HugePageObject || type == seL4_X86_LargePageObject) {
            continue; /* depends on how large it is */
        }
        CASE(seL4_Untyped_Retype(device, type, type == seL4_UntypedObject ? 12 : 1, CNODE, 0, 0, first + 30,
                                 1),
             "type %lu", type);
        SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, device, WORD));
    }
    CASE(seL4_Untyped_Retype(device, seL4_TCBObject, 0, CNODE, 0, 0, endpoint, 1), "a TCB, slot used");
    CASE(seL4_Untyped_Retype(device, seL4_TCBObject, 0, CNODE, 0, 0, first, 300), "300 TCBs");
    CASE(seL4_Untyped_Retype(device, seL4_UntypedObject, 12, CNODE, 0, 0, first + 30, 1), "an untyped");
    CASE(seL4_Untyped_Retype(first + 30, seL4_EndpointObject, 0, CNODE, 0, 0, first + 31, 1),
         "an endpoint of that");
    CASE(seL4_Untyped_Retype(first + 30, seL4_UntypedObject, 13, CNODE, 0, 0, first + 31, 1),
         "too much of that");
    CASE(seL4_Untyped_Retype(first + 30, seL4_X86_4K, 0, CNODE, 0, 0, first + 31, 1), "a frame of that");
    CASE(seL4_TCB_SetIPCBuffer(SELF, 0x1000, first + 31), "a device frame as IPC buffer");
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, device, WORD));
}

int main(seL4_BootInfo *info)
{
    open(info);
    endpoint = make(seL4_EndpointObject);
    untyped = make_sized(seL4_UntypedObject, BITS);
    first = slot();
    for (int i = 0; i < 300; i++) {
        slot();
    }
    test_types();
    test_window();
    test_order();
    test_watermark();
    test_copies();
    test_contents();
    test_device();
    close();
    return 0;
}
