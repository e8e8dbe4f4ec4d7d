/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap check: walks everything that a booted kernel remembers and asserts
 * what must hold between any two traps.
 *
 * The named invariants:
 * - "reachable": every slot lies in the initial CNode, an interrupt's slot, or an
 *   object that some capability names; no object has two shapes;
 * - "derivation": the lists are doubly linked, free of cycles and depth-first,
 *   capabilities to one object stand together, the two flags say what insertion
 *   makes them say, empty slots are all zeros;
 * - "untyped": objects lie inside the memory their capability came from, below its
 *   watermark, disjoint from siblings; what is above the watermark reads as zeros;
 * - "threads": states, slots and links of every TCB; the list of all threads;
 * - "run queues", "current": who is ready, who runs, and that nobody better waits;
 * - "endpoint queues", "notification queues": agree with the threads in them;
 * - "replies": each reply capability and the caller it answers (classic);
 * - MCS: "refills" add up to the budget and follow each other; "scheduling contexts" and those who have them name
 *   each other, and whoever is ready has time; the "release queue" is sorted; "reply stacks" are linked both ways;
 *   "time": whoever runs pays, and can;
 * - "asid": the pools, and the PML4 of each identifier;
 * - "page tables": each entry was put there by a capability that says so;
 * - "irq", "ports": what is issued, and to whom;
 * - "host objects": the lists of what ready sets watch, and the files in them.
 *
 * For tests, development, and engines whose guests can write to the heap: hosted
 * code, uses the C library's allocator, one caller at a time. It never changes the
 * heap.
 */
#ifndef SELKIE_CHECK_CHECK_H
#define SELKIE_CHECK_CHECK_H

#include "kernel/kernel.h"

/* Assert every invariant between two traps. Prints the broken one with the addresses involved, then
 * kernel_assert_failed. False: nothing is broken, but part of the heap is adrift: a CNode holds its own
 * last capability, or some of a circle of them do, and the untyped it was made from is named no more.
 * Nobody can ever reach such objects again, neither can this check; what they take part in was judged
 * leniently. */
bool kernel_check(const struct kernel *k);

/* The same, but reads only two pages of each untyped's free memory, one of which `salt` chooses. */
bool kernel_check_sampled(const struct kernel *k, uint64_t salt);

/* Says whether a page of the arena was never touched: then it is zero, and is not read, because that would make the
 * host provide it. NULL: all are read. */
extern bool (*kernel_check_page_is_absent)(const void *page);

/* Is nothing broken, as far as a sampled check can see? Asserts nothing: false: `why` names the invariant and the
 * addresses. A heap too large for a quick look counts as sound. On memory that anybody may have written to it can still
 * crash or take for ever, so the caller guards it (host/guard.h). */
bool kernel_check_quick(const struct kernel *k, uint64_t salt, char *why, size_t size);

#endif
