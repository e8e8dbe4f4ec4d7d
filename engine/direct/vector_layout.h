/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the components of the host's XSAVE image lie, in the standard format.
 * Asked once by the monitor; pad/vector.S knows the offsets of the fields.
 */
#ifndef SELKIE_ENGINE_DIRECT_VECTOR_LAYOUT_H
#define SELKIE_ENGINE_DIRECT_VECTOR_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

struct vector_layout {
    uint64_t components; /* XSAVE component bits that are kept; always x87 and SSE */
    uint32_t size;       /* bytes of an image with all of them */
    uint32_t avx_offset; /* of the upper YMM halves; 0 on a host without AVX */
};

/* False: this host lacks XSAVE or XGETBV(1), or its image is larger than a vector area. */
bool vector_layout_ask(struct vector_layout *layout);

#endif
