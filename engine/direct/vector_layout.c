/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's XSAVE image looks like.
 *
 * Kept are the components that seL4 switches and that user code may change: x87, SSE,
 * AVX, AVX-512. Not AMX, which Linux gives only to those who ask for it.
 */
#include "engine/direct/vector_layout.h"

#include <cpuid.h>
#include <stddef.h>

#include "kernel/kernel.h"

enum {
    LEAF_XSAVE = 0xd,
    XGETBV_ONE = 1 << 2, /* of sub-leaf 1 */
    COMPONENTS_NEEDED = 0x3,
    COMPONENTS_KEPT = 0xe7,
    COMPONENT_AVX = 2,
    COMPONENT_LAST = 7,
    LEGACY_SIZE = 576 /* x87, SSE and the header */
};

/* As vector.S has it. */
_Static_assert(offsetof(struct vector_layout, components) == 0, "LAYOUT_COMPONENTS");
_Static_assert(offsetof(struct vector_layout, avx_offset) == 12, "LAYOUT_AVX");

static uint64_t components_enabled(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

bool vector_layout_ask(struct vector_layout *layout)
{
    uint32_t a, b, c, d;
    *layout = (struct vector_layout){.size = LEGACY_SIZE};
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return false;
    if (!__get_cpuid_count(LEAF_XSAVE, 1, &a, &b, &c, &d) || !(a & XGETBV_ONE))
        return false;
    layout->components = components_enabled() & COMPONENTS_KEPT;
    for (uint32_t i = COMPONENT_AVX; i <= COMPONENT_LAST; i++) {
        if (!(layout->components >> i & 1))
            continue;
        __cpuid_count(LEAF_XSAVE, i, a, b, c, d); /* size, offset */
        if (i == COMPONENT_AVX)
            layout->avx_offset = b;
        if (a + b > layout->size)
            layout->size = a + b;
    }
    return (layout->components & COMPONENTS_NEEDED) == COMPONENTS_NEEDED &&
           layout->size <= KERNEL_VECTOR_AREA_SIZE - sizeof(uint64_t);
}
