/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap fuzzer's parts: a random source, a small world to begin with, and
 * messages that are plausible more often than not.
 */
#ifndef SELKIE_TESTS_FUZZ_FUZZ_H
#define SELKIE_TESTS_FUZZ_FUZZ_H

#include "tests/kernel/rig.h"

struct random {
    uint64_t state; /* never 0 */
};
uint64_t random_word(struct random *random);
uint64_t random_below(struct random *random, uint64_t end); /* 0 if end is 0 */
bool random_chance(struct random *random, unsigned per_thousand);

/* A world full of objects: threads of several priorities, endpoints with badges, nested CNodes, untypeds
 * of several sizes, a second VSpace. Every choice comes from `random`. */
struct world {
    struct rig rig;
    /* A thread with a program of its own, as long as random programs let it: it answers faults, and an
     * interrupt makes it resume the initial thread. So a world lives longer. Capability addresses. */
    uint64_t doctor, doctor_endpoint, doctor_irq;
    uint64_t doctor_reply; /* MCS */
};
enum {
    DOCTOR_IRQ = 16 + 40
};
struct world world_open(struct random *random, bool is_mcs);

/* What a thread might say to the capability at `cptr`. */
void grammar_message(struct rig *rig, struct random *random, uint64_t cptr, struct message *message);
/* Some capability address, most often of a filled slot. */
uint64_t grammar_cptr(struct rig *rig, struct random *random);
/* An address that user code might touch. */
uint64_t grammar_vaddr(struct random *random);
uint64_t grammar_edge_word(struct random *random);

/* A host that answers at random, to be asked from the next call on. */
void grammar_host_init(struct sim *sim, struct random *random);
/* Some handle that the host watches. False: there is none. */
bool grammar_host_is_watching(const struct sim *sim, struct random *random, uint32_t *handle);
/* A cookie that may be one of something that is not watched. */
uint64_t grammar_host_cookie(const struct rig *rig, struct random *random);

#endif
