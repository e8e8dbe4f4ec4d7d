/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How menus are written down: a line per step. Private to menu*.c.
 */
#ifndef SELKIE_TESTS_EXHAUSTIVE_MENU_H
#define SELKIE_TESTS_EXHAUSTIVE_MENU_H

#include "tests/exhaustive/exhaustive.h"

extern struct tiny *tiny; /* that the menu is for */
extern bool is_mcs;       /* its personality */

__attribute__((format(printf, 2, 3))) struct step *add(enum step_kind kind, const char *format, ...);
/* A system call with `length` message words; one that receives has the actor's reply object with it. */
struct step *add_syscall(enum actor actors, enum syscall syscall, const char *what, uint64_t cptr,
                         uint64_t label, unsigned length);
struct step *add_call(enum actor actors, const char *what, uint64_t cptr, enum operation operation,
                      const uint64_t *words, size_t count, const uint64_t *caps, size_t cap_count);
void with_cap(struct step *step, uint64_t cap);
/* The last step again, with an interrupt that is pending at the preemption point of this number. */
void interrupted(unsigned preempt_at);
void add_retype(enum actor actor, const char *what, uint64_t untyped, enum object object, uint64_t bits,
                uint64_t slot, uint64_t count, uint64_t node);
void add_fault_of(enum actor actor);
/* Give the child other spaces, its fault handler stays. */
void add_set_space(const char *what, uint64_t cspace, uint64_t guard, uint64_t vspace);

#define ROOT(what, cptr, operation, ...)  add_call(ACTOR_ROOT, what, cptr, operation, __VA_ARGS__)
#define CHILD(what, cptr, operation, ...) add_call(ACTOR_CHILD, what, cptr, operation, __VA_ARGS__)
#define NODE                              CAPS(ABI_SLOT_CNODE)

/* The subjects. */
void add_ipc(void);
void add_notify(void);
void add_caps(void);
void add_memory(void); /* menu_objects.c */
void add_threads(void);
void add_spaces(void);
void add_time(void); /* menu_mcs.c */

#endif
