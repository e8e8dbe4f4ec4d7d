/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorting, hashing, small matrices; see compute.h. The matrices hold small whole numbers, so that their
 * products are exact and the order of additions does not matter. As in loops.c, all code lies at the same place
 * within its page wherever it is linked.
 */
#include "bench/work/compute.h"

enum {
    GAP_FIRST = 1093, /* then 364, 121, 40, 13, 4, 1 */
    HASH_PASSES = 8
};

static void words_fill(unsigned long *words, unsigned long state)
{
    for (unsigned i = 0; i < COMPUTE_WORDS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[i] = state;
    }
}

/* Insertion sort of every gap-th word. */
static void words_sort_gap(unsigned long *words, unsigned gap)
{
    for (unsigned i = gap; i < COMPUTE_WORDS; i++) {
        unsigned long word = words[i];
        unsigned at = i;
        for (; at >= gap && words[at - gap] > word; at -= gap) {
            words[at] = words[at - gap];
        }
        words[at] = word;
    }
}

static void words_sort(unsigned long *words)
{
    for (unsigned gap = GAP_FIRST; gap; gap /= 3) {
        words_sort_gap(words, gap);
    }
}

static unsigned long words_hash(const unsigned long *words)
{
    unsigned long hash = 0xcbf29ce484222325;
    for (unsigned pass = 0; pass < HASH_PASSES; pass++) {
        for (unsigned i = 0; i < COMPUTE_WORDS; i++) {
            hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 29;
        }
    }
    return hash;
}

static void matrix_fill(double matrix[COMPUTE_ORDER][COMPUTE_ORDER], const unsigned long *words)
{
    for (unsigned row = 0; row < COMPUTE_ORDER; row++) {
        for (unsigned column = 0; column < COMPUTE_ORDER; column++) {
            matrix[row][column] = (double)(words[row * COMPUTE_ORDER + column] & 0xff);
        }
    }
}

static void matrix_multiply(struct compute_space *space)
{
    for (unsigned row = 0; row < COMPUTE_ORDER; row++) {
        for (unsigned column = 0; column < COMPUTE_ORDER; column++) {
            double sum = 0;
            for (unsigned i = 0; i < COMPUTE_ORDER; i++) {
                sum += space->left[row][i] * space->right[i][column];
            }
            space->product[row][column] = sum;
        }
    }
}

static unsigned long matrix_hash(double matrix[COMPUTE_ORDER][COMPUTE_ORDER])
{
    unsigned long hash = 0;
    for (unsigned row = 0; row < COMPUTE_ORDER; row++) {
        for (unsigned column = 0; column < COMPUTE_ORDER; column++) {
            hash = hash * 31 + (unsigned long)matrix[row][column];
        }
    }
    return hash;
}

__attribute__((aligned(4096))) unsigned long compute_job(struct compute_space *space, unsigned long seed)
{
    words_fill(space->words, seed);
    matrix_fill(space->left, space->words);
    matrix_fill(space->right, space->words + COMPUTE_ORDER * COMPUTE_ORDER);
    matrix_multiply(space);
    words_sort(space->words);
    return words_hash(space->words) + matrix_hash(space->product);
}
