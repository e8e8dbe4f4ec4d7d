/* SPDX-License-Identifier: BSD-2-Clause */
/* How much untyped memory an object takes; for everybody who keeps account of it. */
#ifndef SEL4_UTIL_OBJECT_BITS_H
#define SEL4_UTIL_OBJECT_BITS_H

#include <sel4/sel4.h>

/* log2 of the bytes. `size_bits` is the argument of seL4_Untyped_Retype; objects of an extension take 2^size_bits. */
static inline unsigned sel4_util_object_bits(seL4_Word type, unsigned size_bits)
{
    switch (type) {
    case seL4_TCBObject:
        return seL4_TCBBits;
    case seL4_EndpointObject:
        return seL4_EndpointBits;
    case seL4_NotificationObject:
        return seL4_NotificationBits;
    case seL4_CapTableObject:
        return size_bits + seL4_SlotBits;
    case seL4_X86_LargePageObject:
        return seL4_LargePageBits;
    case seL4_X64_HugePageObject:
        return seL4_HugePageBits;
#ifdef CONFIG_KERNEL_MCS
    case seL4_ReplyObject:
        return seL4_ReplyBits;
#endif
    case seL4_X86_4K:
    case seL4_X86_PageTableObject:
    case seL4_X86_PageDirectoryObject:
    case seL4_X86_PDPTObject:
    case seL4_X64_PML4Object:
        return seL4_PageBits;
    default: /* untyped, scheduling contexts */
        return size_bits;
    }
}

#endif
