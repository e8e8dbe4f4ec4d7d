/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can this `syscall` be replaced by a jump, and what does its thunk look like? Pure: bytes in, bytes out.
 *
 * The jump takes five bytes, the `syscall` two: the instructions behind it, up to a whole one that ends at or
 * behind the fifth byte, move into the thunk as they are. So they must mean the same elsewhere and show
 * nobody where they stand. Nothing tells whether the program jumps to one of them from somewhere else;
 * therefore the thunk's address is chosen so that the bytes of the jump at which a displaced instruction
 * started are instructions that do not exist. A jump there raises #UD, and the pad goes on in the thunk.
 */
#ifndef SELKIE_ENGINE_DIRECT_SITE_H
#define SELKIE_ENGINE_DIRECT_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/direct/layout.h"

enum site_refusal {
    SITE_OK,
    SITE_NO_SYSCALL,    /* something else stands there */
    SITE_PREFIXED,      /* with an operand size prefix, which would change the jump */
    SITE_PAGE_END,      /* the instructions to displace go on in the next page */
    SITE_UNDECODABLE,   /* they are none */
    SITE_BRANCH,        /* one of them jumps, calls, or returns elsewhere than a plain `ret` */
    SITE_RELATIVE,      /* names memory relative to its own address */
    SITE_ENTRY,         /* another system call, software interrupt or privileged instruction */
    SITE_SHOWS_ADDRESS, /* x87 (which remembers where it stood), or loads the flags */
    SITE_DATA,          /* what follows a `ret` is no padding, so it may be data */
    SITE_OVERLAP,       /* within another patch */
    SITE_LARGE_PAGE,
    SITE_DEVICE,   /* in device memory */
    SITE_WRITTEN,  /* the program keeps writing to this page */
    SITE_ENTERED,  /* the program resumes threads in the middle of a displaced instruction */
    SITE_NO_PLACE, /* no address for a thunk within reach */
    SITE_NO_ROOM,  /* one of the tables is full */
    SITE_HOST_REFUSED,
    SITE_REFUSALS
};

const char *site_refusal_text(enum site_refusal refusal);

enum {
    SITE_SYSCALL_SIZE = 2,
    SITE_JUMP_SIZE = 5,
    SITE_ENTRY_SIZE = 20,       /* bytes of a thunk up to the first displaced instruction */
    SITE_PREFIX_MAX = 14,       /* bytes before a site that may matter to it */
    SITE_NO_INSTRUCTION = 0x06, /* one byte that raises #UD, whatever follows */
    SITE_JUMPS = 13 * 16 * 16   /* choices of site_jump_choice */
};

/* Decide about the `syscall` at `address`, given the `size` bytes from there to the end of its page. Fills
 * all of `site` that does not depend on the thunk. */
enum site_refusal site_decide(const unsigned char *bytes, size_t size, uint64_t address,
                              struct pad_site *site);

/* Do the bytes before a `syscall` end in prefixes that would make the jump another instruction? Errs towards
 * yes. */
bool site_is_prefixed(const unsigned char *before, size_t size);

/* Write the thunk for guest address `thunk`, at most PATCH_SLOT bytes, and note where what stands in `site`.
 * `literal` is the guest address of a word that holds the address of the pad's entry; `bytes` are those of
 * site_decide. Returns the thunk's size. */
size_t site_thunk(struct pad_site *site, const unsigned char *bytes, uint64_t thunk, uint64_t literal,
                  unsigned char *out);

/* Write what stands at the site from now on: site->length bytes. */
void site_jump(const struct pad_site *site, unsigned char *out);

/* Does this byte, whatever follows, raise #UD when it is executed? */
bool site_is_no_instruction(unsigned byte);

/* May the thunk stand there? Within reach, and with the jump's bytes as the head of this file says. */
bool site_is_reachable(const struct pad_site *site, uint64_t thunk);

/* The `index`th (below SITE_JUMPS) address that site_is_reachable for any site whose address is `site`; 0:
 * not an address of user space. Its lowest seven bits can be chosen freely: add up to 127. */
uint64_t site_jump_choice(uint64_t site, unsigned index);

#endif
