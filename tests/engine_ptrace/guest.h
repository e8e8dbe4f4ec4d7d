/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of guest code (guest.S). Each starts at its label; the whole is a page
 * or less and runs anywhere.
 */
#ifndef SELKIE_TESTS_GUEST_H
#define SELKIE_TESTS_GUEST_H

#define GUEST_PIECES(X)                                                                                      \
    X(syscalls)                                                                                              \
    X(spin)                                                                                                  \
    X(read)                                                                                                  \
    X(write) X(add) X(push) X(call) X(jump) X(copy) X(divide) X(breakpoint) X(undefined) X(int_80) X(int_21) \
        X(int_4) X(port_in) X(port_out) X(halt) X(disable) X(x87) X(simd) X(step) X(selector) X(unaligned)   \
            X(load_vector) X(show_vector) X(bases) X(compat) X(fetch_add)

#define GUEST_DECLARE(name) extern const unsigned char guest_##name[];
GUEST_PIECES(GUEST_DECLARE)
#undef GUEST_DECLARE

extern const unsigned char guest_code[], guest_code_end[];
extern const unsigned char guest_simd_fault[], guest_x87_fault[], guest_step_end[];

#endif
