/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory: every kernel object comes out of it by seL4_Untyped_Retype, in
 * order of addresses, and memory comes back when the objects are gone. All of this
 * happens in one piece of 16 KiB, so that each byte can be accounted for.
 * Manual: section "Kernel Memory Allocation".
 */
#include <sel4_util.h>

enum {
    POOL_BITS = 14,
    POOL_SIZE = 1 << POOL_BITS,
    PAGE = 1 << seL4_PageBits,
    MAX_OBJECTS = 8,
    WINDOW_VADDR = 0x20000000
};

static struct sel4_util_allocator allocator;
static const seL4_CNode root = seL4_CapInitThreadCNode;
static seL4_Untyped pool;
static seL4_CPtr slots; /* MAX_OBJECTS of them, side by side */

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

static void show(const char *what, seL4_Word error)
{
    sel4_util_printf("  %-56s %s\n", what, sel4_util_error_name(error));
}

static seL4_Error retype(seL4_Untyped untyped, seL4_Word type, seL4_Word size_bits, unsigned slot,
                         seL4_Word count)
{
    return (seL4_Error)seL4_Untyped_Retype(untyped, type, size_bits, root, 0, 0, slots + slot, count);
}

/* Retype, and say what the kernel adds to its refusal. */
static void show_retype(const char *what, seL4_Word type, seL4_Word size_bits, unsigned slot, seL4_Word count)
{
    seL4_Error error = retype(pool, type, size_bits, slot, count);
    show(what, error);
    if (error == seL4_NotEnoughMemory) {
        sel4_util_printf("    bytes that are left: %lu\n", seL4_GetMR(0));
    } else if (error == seL4_RangeError) {
        sel4_util_printf("    allowed: %lu to %lu\n", seL4_GetMR(0), seL4_GetMR(1));
    } else if (error == seL4_InvalidArgument) {
        sel4_util_printf("    argument: number %lu\n", seL4_GetMR(0));
    }
}

static void pool_empty(void)
{
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(root, pool, seL4_WordBits));
}

static seL4_Word frame_paddr(unsigned slot)
{
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(slots + slot);
    SEL4_UTIL_CHECK(address.error);
    return address.paddr;
}

static void demonstrate_watermark(void)
{
    heading("The watermark: objects follow each other, aligned to their size");
    show_retype("one endpoint, 16 bytes", seL4_EndpointObject, 0, 0, 1);
    show_retype("three frames, 4 KiB each", seL4_X86_4K, 0, 1, 3);
    seL4_Word first = frame_paddr(1);
    sel4_util_printf("    the frames lie at +%lu, +%lu and +%lu\n", first % POOL_SIZE,
                     frame_paddr(2) - first + first % POOL_SIZE, frame_paddr(3) - first + first % POOL_SIZE);
    show_retype("one endpoint more: the gap after the first is lost", seL4_EndpointObject, 0, 4, 1);
    show("delete the endpoint", (seL4_Word)seL4_CNode_Delete(root, slots, seL4_WordBits));
    show_retype("  no room: the watermark does not move back", seL4_EndpointObject, 0, 0, 1);
    pool_empty();
    show_retype("revoke the untyped; then one endpoint", seL4_EndpointObject, 0, 0, 1);
    pool_empty();
}

static void demonstrate_reuse(void)
{
    heading("Reuse: when the last object goes, the memory comes back, cleared");
    volatile seL4_Word *word = (seL4_Word *)WINDOW_VADDR;
    show_retype("four frames fill the pool", seL4_X86_4K, 0, 0, 4);
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, slots, WINDOW_VADDR, seL4_ReadWrite));
    *word = 0x5ec2e7;
    sel4_util_printf("  write a secret into the first frame: %lx\n", *word);
    for (unsigned i = 0; i < 4; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Delete(root, slots + i, seL4_WordBits));
    }
    show_retype("delete all four; four frames again", seL4_X86_4K, 0, 0, 4);
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, slots, WINDOW_VADDR, seL4_ReadWrite));
    sel4_util_printf("  what the first frame holds now: %lx\n", *word);
    pool_empty();
}

static void demonstrate_trees(void)
{
    heading("Untyped out of untyped");
    show_retype("two pieces of 4 KiB", seL4_UntypedObject, 12, 0, 2);
    show("a TCB from the first piece", retype(slots, seL4_TCBObject, 0, 2, 1));
    show("a CNode of 64 slots, 2 KiB, beside it", retype(slots, seL4_CapTableObject, 6, 3, 1));
    show("copy the second piece, which is unused",
         (seL4_Word)seL4_CNode_Copy(root, slots + 4, seL4_WordBits, root, slots + 1, seL4_WordBits,
                                    seL4_AllRights));
    show("copy the first piece, which has children",
         (seL4_Word)seL4_CNode_Copy(root, slots + 5, seL4_WordBits, root, slots, seL4_WordBits,
                                    seL4_AllRights));
    show("use the copy of the second piece", retype(slots + 4, seL4_NotificationObject, 0, 5, 1));
    show("revoke the pool: six capabilities go at once",
         (seL4_Word)seL4_CNode_Revoke(root, pool, seL4_WordBits));
    show("  the TCB is gone", (seL4_Word)seL4_TCB_Suspend(slots + 2));
}

static void demonstrate_refusals(void)
{
    heading("What the kernel refuses");
    show_retype("an object type that does not exist", 99, 0, 0, 1);
    show_retype("a CNode with 2^0 slots", seL4_CapTableObject, 0, 0, 1);
    show_retype("an untyped of 2^60 bytes", seL4_UntypedObject, 60, 0, 1);
    show_retype("no objects at all", seL4_EndpointObject, 0, 0, 0);
    show_retype("257 objects at once", seL4_EndpointObject, 0, 0, 257);
    show_retype("a frame of 2 MiB", seL4_X86_LargePageObject, 0, 0, 1);
    SEL4_UTIL_CHECK(retype(pool, seL4_EndpointObject, 0, 1, 1));
    show_retype("into slots of which one is full", seL4_EndpointObject, 0, 0, 2);
    pool_empty();
}

/* Device memory becomes frames only: the kernel will not keep its own objects where a device may write. */
static void demonstrate_device_memory(const seL4_BootInfo *info)
{
    heading("Device memory");
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        if (info->untypedList[i].isDevice && info->untypedList[i].sizeBits >= seL4_PageBits) {
            seL4_Untyped device = info->untyped.start + i;
            show("an endpoint in device memory", retype(device, seL4_EndpointObject, 0, 0, 1));
            show("a frame of device memory", retype(device, seL4_X86_4K, 0, 0, 1));
            sel4_util_printf("    it lies where the boot information said: %s\n",
                             frame_paddr(0) == info->untypedList[i].paddr ? "yes" : "no");
            return;
        }
    }
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("untyped: where kernel objects come from\n");
    pool = sel4_util_object_alloc(&allocator, seL4_UntypedObject, POOL_BITS);
    slots = sel4_util_slot_alloc(&allocator);
    for (unsigned i = 1; i < MAX_OBJECTS; i++) {
        sel4_util_slot_alloc(&allocator);
    }
    demonstrate_watermark();
    demonstrate_reuse();
    demonstrate_trees();
    demonstrate_refusals();
    demonstrate_device_memory(info);
    sel4_util_printf("\nuntyped: done\n");
    return 0;
}
