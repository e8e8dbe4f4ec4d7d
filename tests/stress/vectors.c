/* SPDX-License-Identifier: BSD-2-Clause */
/* See vectors.h. No clobbers are named below: the compiler does not know of these registers. */
#include "vectors.h"

enum {
    TABLE_SLACK = 512 /* words */
};

static seL4_Word table[VECTOR_WORDS_MAX + TABLE_SLACK] __attribute__((aligned(64)));

#define EACH_16 ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
#define EACH_32                                                                                              \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, " \
    "26, 27, 28, 29, 30, 31\n"

static void cpuid(seL4_Uint32 leaf, seL4_Uint32 words[4])
{
    asm volatile("cpuid"
                 : "=a"(words[0]), "=b"(words[1]), "=c"(words[2]), "=d"(words[3])
                 : "a"(leaf), "c"(0));
}

static enum vector_level level_find(void)
{
    seL4_Uint32 words[4], enabled, high;
    const seL4_Uint32 osxsave_and_avx = 1u << 27 | 1u << 28;
    const seL4_Uint32 avx512 = 1u << 16 | 1u << 30;
    cpuid(1, words);
    if ((words[2] & osxsave_and_avx) != osxsave_and_avx) {
        return VECTOR_SSE;
    }
    asm volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    if ((enabled & 6) != 6) {
        return VECTOR_SSE;
    }
    cpuid(0, words);
    if (words[0] < 7 || (enabled & 0xe6) != 0xe6) {
        return VECTOR_AVX;
    }
    cpuid(7, words);
    return (words[1] & avx512) == avx512 ? VECTOR_AVX512 : VECTOR_AVX;
}

static unsigned word_count(enum vector_level level)
{
    return level == VECTOR_SSE ? 16 * 2 : level == VECTOR_AVX ? 16 * 4 : 32 * 8;
}

void vectors_prepare(void)
{
    seL4_Word state = 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        table[i] = state;
    }
}

void vectors_start(struct vectors *v, unsigned number)
{
    *v = (struct vectors){.level = level_find()};
    v->control = (seL4_Uint16)(0x37f & ~0xc00u) | (seL4_Uint16)((number & 3) << 10);
    v->mxcsr = 0x1f80 | (seL4_Uint32)(number >> 1 & 3) << 13;
    asm volatile("fninit\n\tfldcw %0\n\tldmxcsr %1" : : "m"(v->control), "m"(v->mxcsr));
    for (unsigned i = X87_USED; i--;) {
        v->x87[i] = i < 2 ? 0 : (seL4_Int64)table[8 * (number % 64) + i] >> 2;
        asm volatile("fildll %0" : : "m"(v->x87[i]));
    }
    if (v->level == VECTOR_SSE) {
        asm volatile(EACH_16 "pxor %%xmm\\n, %%xmm\\n\n.endr" : :);
    } else {
        asm volatile("vzeroall");
    }
    if (v->level == VECTOR_AVX512) {
        asm volatile(EACH_32 "vpxorq %%zmm\\n, %%zmm\\n, %%zmm\\n\n.endr\n\tkxorq %%k5, %%k5, %%k5" : :);
    }
}

void vectors_add(struct vectors *v, seL4_Word seed)
{
    const seL4_Word *from = &table[seed % (TABLE_SLACK / 8) * 8];
    switch (v->level) {
    case VECTOR_SSE:
        asm volatile(EACH_16 "paddq 16 * \\n(%0), %%xmm\\n\n.endr" : : "r"(from), "m"(table));
        break;
    case VECTOR_AVX:
        asm volatile(EACH_16 "vpaddq 32 * \\n(%0), %%ymm\\n, %%ymm\\n\n.endr" : : "r"(from), "m"(table));
        break;
    case VECTOR_AVX512:
        asm volatile(EACH_32 "vpaddq 64 * \\n(%0), %%zmm\\n, %%zmm\\n\n.endr\n\tkmovq %1, %%k5"
                     :
                     : "r"(from), "r"(seed), "m"(table));
        v->mask = seed;
    }
    unsigned count = word_count(v->level);
    for (unsigned i = 0; i < count; i++) {
        v->sums[i] += from[i];
    }
    /* Small enough for ten million of them to be exact. */
    seL4_Int64 addends[2] = {(seL4_Int64)(seed >> 8 & 0xffffff), -(seL4_Int64)(seed >> 32 & 0xffffff)};
    asm volatile("fildll %0\n\tfaddp %%st, %%st(1)\n\tfildll %1\n\tfaddp %%st, %%st(2)"
                 :
                 : "m"(addends[0]), "m"(addends[1]));
    v->x87[0] += addends[0];
    v->x87[1] += addends[1];
}

static bool differs(enum wrong kind, seL4_Word expected, seL4_Word found, enum wrong *kind_out,
                    seL4_Word *expected_out, seL4_Word *found_out)
{
    if (expected == found) {
        return false;
    }
    *kind_out = kind;
    *expected_out = expected;
    *found_out = found;
    return true;
}

bool vectors_right(struct vectors *v, enum wrong *kind, seL4_Word *expected, seL4_Word *found)
{
    seL4_Word mask = v->mask;
    switch (v->level) {
    case VECTOR_SSE:
        asm volatile(EACH_16 "movdqa %%xmm\\n, 16 * \\n(%0)\n.endr" : : "r"(v->found) : "memory");
        break;
    case VECTOR_AVX:
        asm volatile(EACH_16 "vmovdqa %%ymm\\n, 32 * \\n(%0)\n.endr" : : "r"(v->found) : "memory");
        break;
    case VECTOR_AVX512:
        asm volatile(EACH_32 "vmovdqa64 %%zmm\\n, 64 * \\n(%1)\n.endr\n\tkmovq %%k5, %0"
                     : "=&r"(mask)
                     : "r"(v->found)
                     : "memory");
    }
    seL4_Int64 x87[X87_USED];
    seL4_Uint32 mxcsr;
    seL4_Uint16 control;
    asm volatile(".irp n, 0, 1, 2, 3, 4, 5, 6\n\tfld %%st(\\n)\n\tfistpll 8 * \\n(%0)\n.endr"
                 :
                 : "r"(x87)
                 : "memory");
    asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    unsigned count = word_count(v->level);
    for (unsigned i = 0; i < count; i++) {
        if (differs(WRONG_VECTOR, v->sums[i], v->found[i], kind, expected, found)) {
            return false;
        }
    }
    for (unsigned i = 0; i < X87_USED; i++) {
        if (differs(WRONG_X87, (seL4_Word)v->x87[i], (seL4_Word)x87[i], kind, expected, found)) {
            return false;
        }
    }
    return !differs(WRONG_CONTROL, v->control, control, kind, expected, found) &&
           !differs(WRONG_MXCSR, v->mxcsr, mxcsr, kind, expected, found) &&
           !differs(WRONG_MASK, v->mask, mask, kind, expected, found);
}
