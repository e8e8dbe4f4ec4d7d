/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzzer's random source (xorshift64*), and words that tend to be at the
 * edge of something.
 */
#include "tests/fuzz/fuzz.h"

uint64_t random_word(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1dull;
}

uint64_t random_below(struct random *random, uint64_t end)
{
    return end ? (random_word(random) >> 11) % end : 0;
}

bool random_chance(struct random *random, unsigned per_thousand)
{
    return random_below(random, 1000) < per_thousand;
}

uint64_t grammar_edge_word(struct random *random)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     7,
                                     8,
                                     11,
                                     12,
                                     15,
                                     16,
                                     20,
                                     21,
                                     47,
                                     48,
                                     63,
                                     64,
                                     65,
                                     255,
                                     256,
                                     257,
                                     511,
                                     512,
                                     4095,
                                     4096,
                                     65535,
                                     65536,
                                     1ull << 31,
                                     1ull << 32,
                                     1ull << 47,
                                     (1ull << 47) - 1,
                                     ABI_USER_TOP,
                                     ABI_USER_TOP - 4096,
                                     1ull << 62,
                                     1ull << 63,
                                     UINT64_MAX,
                                     UINT64_MAX - 1};
    if (random_chance(random, 200))
        return random_word(random);
    return edges[random_below(random, sizeof edges / sizeof *edges)];
}

uint64_t grammar_vaddr(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return random_below(random, 4) << 39;
    case 1:
        return random_below(random, 4) << 30;
    case 2:
        return random_below(random, 8) << 21;
    case 3:
        return grammar_edge_word(random);
    case 4:
        return 0x10000000 + (random_below(random, 8) << 12);
    default:
        return 0x400000 + (random_below(random, 32) << 12);
    }
}
