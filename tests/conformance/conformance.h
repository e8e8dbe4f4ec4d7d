/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the conformance programs share: a line per case, and objects to play with.
 *
 * A program is a root task about one subject. It prints nothing that depends on a
 * kernel's own addresses or on the compiler, and it asserts nothing: what the real
 * kernel printed is kept in NAME.expected (see record.sh).
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <sel4_util.h>

/* The capabilities of the initial thread, by what they are. */
#define CNODE  seL4_CapInitThreadCNode
#define SELF   seL4_CapInitThreadTCB
#define VSPACE seL4_CapInitThreadVSpace
#define WORD   seL4_WordBits
#define NO_CAP ((seL4_CPtr)0x123456789) /* a capability address that resolves to nothing */

enum {
    PRIORITY_HIGH = 200, /* above the initial thread, once `open` has run */
    PRIORITY_ROOT = 100,
    PRIORITY_SAME = 100,
    PRIORITY_LOW = 50
};

extern struct sel4_util_allocator pool;
extern const seL4_BootInfo *boot;

/* First of all: take the boot information, lower the own priority to PRIORITY_ROOT. */
void open(const seL4_BootInfo *info);

/* A heading line. */
void section(const char *title);

/* A case that has only an observation. */
#define SAY(...) sel4_util_printf(__VA_ARGS__)

/* A case: make a call, print its name, the error it answered and the words that go with that error. */
#define CASE(call, ...) case_print((seL4_Word)(call), __VA_ARGS__)
void case_print(seL4_Word error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the words of a raw invocation's reply: exactly as many as the kernel says it returned. */
struct arguments {
    unsigned cap_count;
    seL4_CPtr caps[3];
    unsigned word_count;
    seL4_Word words[24];
};
#define ARGUMENTS(...) (&(struct arguments){__VA_ARGS__})
seL4_MessageInfo_t invoke(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments);
void invoke_case(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Objects and slots; panics when there are no more. */
seL4_CPtr slot(void);
seL4_CPtr make(seL4_Word type);
seL4_CPtr make_sized(seL4_Word type, seL4_Word size_bits);
seL4_CPtr mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge); /* a new slot */
seL4_CPtr copy(seL4_CPtr cap);
seL4_Error discard(seL4_CPtr cap); /* delete what is in the slot */

/* What a slot of the initial CNode holds, as the kernel numbers capability types; 0 is nothing. Not in a release build. */
seL4_Word kind(seL4_CPtr cap);

/* A thread of the same spaces. It runs as soon as its priority allows. */
struct sel4_util_thread *spawn(const char *name, void (*entry)(void *), void *argument, seL4_Word priority);
struct sel4_util_thread *spawn_faulting(const char *name, void (*entry)(void *), void *argument,
                                        seL4_Word priority, seL4_CPtr fault_endpoint);

/* Let the threads of PRIORITY_LOW run until they block: the caller is below them for that long. */
void let_run(void);

/* The end of the program: one line, then silence. */
void close(void);

#endif
