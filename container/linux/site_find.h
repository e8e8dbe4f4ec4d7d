/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding `syscall` instructions whose predecessor can be displaced by a jump (sites.h). Reads memory, changes none. */
#ifndef SELKIE_LINUX_SITE_FIND_H
#define SELKIE_LINUX_SITE_FIND_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SITE_SYSCALL = 2,   /* bytes of a `syscall` */
    SITE_JUMP = 5,      /* of a jump to anywhere within reach */
    SITE_JUMP_SHORT = 2 /* of one to within 127 bytes */
};

struct found_site {
    uint64_t address; /* of the instruction in front of the `syscall` */
    uint8_t length;   /* of it: SITE_JUMP or more, or with a hop SITE_JUMP_SHORT or more */
    int8_t hop;       /* from there to SITE_JUMP bytes of padding that nothing runs into; 0: needs none */
    int number;       /* that it puts into eax; -1: it does something else */
};

/* The last one from `start` to `*end`, which moves down to it; both are pages' ends at first. All that is found lies
 * in one page.
 * From the end on because each is judged by what stands in front of it, which must be as the program has it. */
bool site_find(uint64_t start, uint64_t *end, struct found_site *found);

#endif
