/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's own way to set and see all vector registers. Only for code that
 * is compiled without using them.
 */
#ifndef SELKIE_TESTS_ENGINE_DIRECT_VECTOR_REGISTERS_H
#define SELKIE_TESTS_ENGINE_DIRECT_VECTOR_REGISTERS_H

#include <stdint.h>

#include "kernel/kernel.h"

enum {
    IMAGE_SIZE = KERNEL_VECTOR_AREA_SIZE,
    IMAGE_FCW = 0,
    IMAGE_MXCSR = 24,
    IMAGE_XMM = 160,
    IMAGE_XMM_END = 416,
    IMAGE_COMPONENTS = 512,
    COMPONENT_X87 = 1,
    COMPONENT_SSE = 2,
    COMPONENT_AVX = 4
};

struct image {
    _Alignas(64) unsigned char bytes[IMAGE_SIZE];
};

static inline void registers_set(const struct image *image, uint64_t components)
{
    __asm__ volatile("xrstor64 %0" ::"m"(*image), "a"((uint32_t)components), "d"(0) : "memory");
}

static inline void registers_see(struct image *image, uint64_t components)
{
    __asm__ volatile("xsave64 %0" : "+m"(*image) : "a"((uint32_t)components), "d"(0) : "memory");
}

static inline uint64_t registers_in_use(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
    return (uint64_t)high << 32 | low;
}

#endif
