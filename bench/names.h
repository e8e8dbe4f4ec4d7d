/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmarks that one guest image holds, in the order of their output, and how the host tells the image
 * which of them to run. Shared by the guest and the host; needs no other header.
 */
#ifndef SELKIE_BENCH_NAMES_H
#define SELKIE_BENCH_NAMES_H

#define BENCH_GUEST_LIST(X)                                                                                  \
    X(null_invocation)                                                                                       \
    X(null_invocation_trapped)                                                                               \
    X(yield_alone)                                                                                           \
    X(yield_two)                                                                                             \
    X(signal_poll)                                                                                           \
    X(call_same_vspace)                                                                                      \
    X(call_cross_vspace)                                                                                     \
    X(call_64_words)                                                                                         \
    X(notification_pingpong)                                                                                 \
    X(notification_cross_vspace)                                                                             \
    X(read_registers)                                                                                        \
    X(map_unmap)                                                                                             \
    X(map_touch_unmap)                                                                                       \
    X(map_run_64)                                                                                            \
    X(user_exception)                                                                                        \
    X(retype_delete)                                                                                         \
    X(copy_delete)                                                                                           \
    X(host_read)                                                                                             \
    X(integer_loop)                                                                                          \
    X(memory_loop)                                                                                           \
    X(memory_loop_large)                                                                                     \
    X(float_loop)                                                                                            \
    X(macro_calls)                                                                                           \
    X(macro_compute)

enum bench_guest {
#define X(name) BENCH_##name,
    BENCH_GUEST_LIST(X)
#undef X
    BENCH_GUEST_COUNT
};

/* Stands once in the image. A root task has no arguments, so the host finds the mark in the file and sets the
 * mask behind it: bit n is the benchmark with index n. As built, all are chosen. */
#define BENCH_SELECTION_MARK "selkie-benchmark"
struct bench_selection {
    char mark[16]; /* not terminated */
    unsigned long mask;
};

#endif
