/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root task's ELF image: is it one, and where do its segments go.
 *
 * `image_open` believes nothing that the file says: after it returned 0, every
 * segment lies inside the file and inside user space, no two overlap, and the
 * entry point lies in one of them. Sections and debug information are not
 * looked at here (run/symbols.h does, and survives whatever it finds).
 *
 * Manual: section "Initial Thread's Environment". Source of the format: System V
 * ABI, chapter "Object Files", AMD64 supplement.
 */
#ifndef SELKIE_RUN_IMAGE_H
#define SELKIE_RUN_IMAGE_H

#include <libelf.h>
#include <stdint.h>

#include "host/diag.h"

enum {
    IMAGE_MAX_SEGMENTS = 64
};

struct image_segment {
    uint64_t vaddr;
    uint64_t memory_size; /* at least file_size; the rest is zeros */
    uint64_t file_offset;
    uint64_t file_size;
};

struct image {
    const char *path; /* the caller's */
    int fd;
    Elf *elf;
    uint64_t entry;
    uint64_t vaddr_start; /* of the lowest page */
    uint64_t vaddr_end;   /* exclusive, page-aligned */
    unsigned segment_count;
    struct image_segment segment[IMAGE_MAX_SEGMENTS]; /* ascending */
};

/* Open and check. On failure `image` holds nothing to close, and `diag` names the file and the reason. */
int image_open(struct image *image, const char *path, struct diag *diag);

/* Copy the segments to memory whose first byte stands for vaddr_start; it must be zero and hold
 * vaddr_end - vaddr_start bytes. */
int image_load(const struct image *image, unsigned char *memory, struct diag *diag);

void image_close(struct image *image);

#endif
