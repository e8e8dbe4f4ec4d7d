/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiler attributes and small checks that the other headers share. */
#pragma once

#include <sel4/config.h>

#ifndef CONST
#define CONST __attribute__((__const__))
#endif

#ifndef PURE
#define PURE __attribute__((__pure__))
#endif

#define SEL4_PACKED             __attribute__((packed))
#define SEL4_DEPRECATED(text)   __attribute__((deprecated(text)))
#define SEL4_DEPRECATE_MACRO(x) _Pragma("deprecated") x

#define LIBSEL4_UNUSED   __attribute__((unused))
#define LIBSEL4_WEAK     __attribute__((weak))
#define LIBSEL4_NOINLINE __attribute__((noinline))

#define LIBSEL4_INLINE      static inline
#define LIBSEL4_INLINE_FUNC static inline

#ifdef CONFIG_LIB_SEL4_USE_THREAD_LOCALS
#define LIBSEL4_THREAD_LOCAL __thread
#else
#define LIBSEL4_THREAD_LOCAL
#endif

#ifdef __cplusplus
#define SEL4_COMPILE_ASSERT(name, expr) static_assert(expr, #name);
#else
#define SEL4_COMPILE_ASSERT(name, expr) _Static_assert(expr, #name);
#endif

/* 2^index entries of 2^entry bytes take 2^size bytes. */
#define SEL4_SIZE_SANITY(index, entry, size)                                                                 \
    SEL4_COMPILE_ASSERT(index##_##entry##_##size, (index) + (entry) == (size))

/* An enumerator so large that the enumeration takes a word. */
#define SEL4_FORCE_LONG_ENUM(type) _enum_pad_##type = (1ull << (sizeof(long) * 8 - 1)) - 1

#define LIBSEL4_BIT(n) (1ul << (n))
