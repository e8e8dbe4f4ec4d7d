/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the grammar share: finding capabilities and places that
 * fit, and filling in a message.
 */
#ifndef SELKIE_TESTS_FUZZ_GRAMMAR_H
#define SELKIE_TESTS_FUZZ_GRAMMAR_H

#include "tests/fuzz/fuzz.h"

/* A slot within a CNode, as index and depth. */
struct place {
    uint64_t index, depth;
};

enum wanted {
    WANT_EMPTY,
    WANT_FILLED
};

/* Some slot of the initial CNode for which the type fits; CAP_NULL finds an empty one. Any slot if there is
 * none. */
uint64_t grammar_slot(const struct rig *rig, struct random *random, enum cap_type type);
/* Where in `cnode` there is something, or nothing; now and then nonsense. */
struct place grammar_place(const struct rig *rig, struct random *random, struct cap cnode,
                           enum wanted wanted);
void message_add_cap(struct message *message, uint64_t cptr);
void message_set_words(struct message *message, const uint64_t *words, size_t count);
enum operation random_operation(struct random *random, const enum operation *operations, size_t count);
uint64_t grammar_cnode(const struct rig *rig, struct random *random);
uint64_t grammar_rights(struct random *random);
uint64_t grammar_slots(const struct rig *rig); /* of the initial CNode */

#define ONE_OF(random, ...)                                                                                  \
    random_operation((random), (enum operation[]){__VA_ARGS__},                                              \
                     sizeof((enum operation[]){__VA_ARGS__}) / sizeof(enum operation))

/* Invocations of threads, of frames and paging structures, and of whatever belongs to a device. */
void grammar_make_thread(struct rig *rig, struct random *random, struct cap thread, struct message *message);
void grammar_make_mapping(struct rig *rig, struct random *random, struct cap cap, struct message *message);
void grammar_make_time(struct rig *rig, struct random *random, struct cap cap, struct message *message);
void grammar_make_device(struct rig *rig, struct random *random, struct cap cap, struct message *message);

/* Host objects, and the extension of threads that comes with them. */
void grammar_make_host(struct rig *rig, struct random *random, struct cap cap, struct message *message);
void grammar_make_syscall_range(struct random *random, struct message *message);

#endif
