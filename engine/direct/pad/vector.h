/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector registers of this process, to and from the vector areas of threads.
 *
 * An area (kernel_vector_area) is an XSAVE image in the standard format that any
 * XRSTOR accepts. Every bit counts: x87 with its pointers and tags, MXCSR, XMM, the
 * upper halves of YMM, and AVX-512 where the host has it. What the processor says
 * is initial is neither stored nor loaded, so that the usual thread, which uses
 * SSE and perhaps AVX, costs plain moves and one question (XGETBV).
 *
 * Invariants of an area: where x87 is not among its components (the first word
 * of the header), the bytes of x87 hold initial values nevertheless, since other
 * readers of the image may take them; MXCSR always counts; nothing from byte
 * layout.size on is touched.
 */
#ifndef SELKIE_ENGINE_DIRECT_PAD_VECTOR_H
#define SELKIE_ENGINE_DIRECT_PAD_VECTOR_H

#include <stdint.h>

#include "engine/direct/vector_layout.h"

/* The live registers into `area`, which are unchanged. Returns the components that are live, i.e. that are
 * perhaps not in their initial state. */
uint64_t pad_vector_save(unsigned char *area, const struct vector_layout *layout);

/* All registers from `area`. */
void pad_vector_load(const unsigned char *area, const struct vector_layout *layout);

/* The same without the question: `live` is what pad_vector_save returned, and nobody has written a vector
 * register since. Too many bits do no harm. */
void pad_vector_load_over(const unsigned char *area, const struct vector_layout *layout, uint64_t live);

/* All registers from the fpstate of a signal frame (asm/sigcontext.h). The host marks x87 as in use in each
 * frame; where it is initial that mark is taken out of the frame, lest every later save pay for it. */
void pad_vector_load_frame(void *fpstate);

/* The live registers into `from` and all registers from `to`: a save and a load with one question. */
void pad_vector_switch(unsigned char *from, const unsigned char *to, const struct vector_layout *layout);

#endif
