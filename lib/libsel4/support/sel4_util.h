/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a small seL4 program needs besides the API: printing, memory functions,
 * capabilities and objects from the boot information, mapping, threads and
 * components. It lets an example be one C file. It is no operating system: nothing
 * here blocks, keeps hidden state beyond the console, or is needed by a program
 * that does these things itself.
 *
 * Functions that answer seL4_Error return what the kernel said. Those that answer
 * a capability return seL4_CapNull when slots or memory are used up.
 */
#ifndef SEL4_UTIL_H
#define SEL4_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sel4/sel4.h>

/* Memory and strings: as in the C library. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strcpy(char *restrict to, const char *restrict from);

/* The console: the kernel's where it prints, else the first serial port (of the initial thread only). The
 * formats are %d %i %u %x %X %p %s %c %%, with flags - and 0, width, precision of a string, and l, ll, z. */
void sel4_util_putchar(char c);
void sel4_util_puts(const char *s); /* no newline is added */
int sel4_util_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int sel4_util_vprintf(const char *format, va_list arguments);
int sel4_util_snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The enumerator's name: "seL4_FailedLookup". */
const char *sel4_util_error_name(seL4_Word error);

/* Print and never return: the calling thread suspends itself if it can. */
_Noreturn void sel4_util_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Panic, naming the call, unless it answers seL4_NoError. */
#define SEL4_UTIL_CHECK(call)                                                                                \
    do {                                                                                                     \
        seL4_Word sel4_util_answer_ = (seL4_Word)(call);                                                     \
        if (sel4_util_answer_ != seL4_NoError) {                                                             \
            sel4_util_panic("%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                                    \
                            sel4_util_error_name(sel4_util_answer_));                                        \
        }                                                                                                    \
    } while (0)

/* Suspend a thread for good: the caller's own, as a rule. */
_Noreturn void sel4_util_stop(seL4_TCB tcb);

/*
 * The allocator: free slots of the calling thread's root CNode, and untyped memory
 * that is handed out from its start. Nothing is given back one by one; an allocator
 * that was carved from another gives everything back at once.
 */
enum {
    SEL4_UTIL_MAX_UNTYPEDS = 64
};

struct sel4_util_untyped {
    seL4_Untyped cap;
    seL4_Uint8 size_bits;
    seL4_Word used; /* bytes from the start */
};

struct sel4_util_allocator {
    seL4_CNode cnode; /* all capabilities go here, at depth seL4_WordBits */
    seL4_CPtr vspace; /* and mappings for the caller's own use, here */
    seL4_CPtr asid_pool;
    seL4_CPtr sched_control; /* MCS */
    seL4_SlotPos slot_start;
    seL4_SlotPos slot_next;
    seL4_SlotPos slot_end;
    seL4_Word vaddr_next; /* the next address for stacks and buffers */
    unsigned untyped_count;
    struct sel4_util_untyped untypeds[SEL4_UTIL_MAX_UNTYPEDS]; /* ascending sizes, no device memory */
};

/* Take everything that the boot information offers. Addresses from 0x10000000 on are taken for stacks. */
void sel4_util_allocator_init(struct sel4_util_allocator *allocator, const seL4_BootInfo *info);

/* A free slot. */
seL4_CPtr sel4_util_slot_alloc(struct sel4_util_allocator *allocator);

/* A new object; size_bits as for Untyped_Retype. Panics never: null means no slot or no memory. */
seL4_CPtr sel4_util_object_alloc(struct sel4_util_allocator *allocator, seL4_Word type, seL4_Word size_bits);

/* A second capability to the same object, with fewer rights and a badge if it is not 0. */
seL4_CPtr sel4_util_cap_mint(struct sel4_util_allocator *allocator, seL4_CPtr cap, seL4_CapRights_t rights,
                             seL4_Word badge);

/* Set up `child` over 2^size_bits bytes and so many slots of `parent`. */
seL4_Error sel4_util_allocator_carve(struct sel4_util_allocator *child, struct sel4_util_allocator *parent,
                                     seL4_Word size_bits, seL4_Word slots);

/* Destroy all that a carved allocator handed out; it starts anew. */
seL4_Error sel4_util_allocator_reset(struct sel4_util_allocator *child);

/* Map a frame, making the paging structures that are missing. */
seL4_Error sel4_util_map(struct sel4_util_allocator *allocator, seL4_CPtr vspace, seL4_CPtr frame,
                         seL4_Word vaddr, seL4_CapRights_t rights);

/* Map new zeroed 4 KiB frames for the caller's own use, after an unmapped page. Null when out of memory. */
void *sel4_util_pages_alloc(struct sel4_util_allocator *allocator, unsigned pages);

/*
 * Threads of the caller's own address space, with a stack of 16 KiB, an IPC buffer
 * and thread-local storage. When `entry` returns, the thread suspends itself.
 */
struct sel4_util_thread {
    seL4_TCB tcb;
    seL4_IPCBuffer *ipc_buffer;
    seL4_CPtr ipc_frame;
    void *stack_top;
};

struct sel4_util_thread_config {
    const char *name;
    void (*entry)(void *argument);
    void *argument;
    seL4_Word priority;
    seL4_CPtr fault_endpoint; /* null: none */
};

/* Make a thread and let it run. */
seL4_Error sel4_util_thread_start(struct sel4_util_thread *thread, struct sel4_util_allocator *allocator,
                                  const struct sel4_util_thread_config *config);

/*
 * Components: programs with an address space and a capability space of their own,
 * built with the component start code and loaded from an ELF image in memory.
 */
enum {
    SEL4_UTIL_COMPONENT_CNODE_BITS = 6,
    SEL4_UTIL_COMPONENT_SLOT_TCB = 1, /* the component's own thread */
    SEL4_UTIL_COMPONENT_SLOT_FREE = 2 /* the first that sel4_util_component_give may use */
};

struct sel4_util_component {
    struct sel4_util_allocator *allocator;
    seL4_TCB tcb;
    seL4_CNode cnode;
    seL4_CPtr vspace;
    seL4_Word entry;
    seL4_Word ipc_buffer; /* address in the component */
};

struct sel4_util_component_config {
    const char *name;
    const void *image; /* ELF64, static, any alignment */
    size_t image_size;
    seL4_Word priority;
    seL4_CPtr fault_endpoint; /* null: none */
};

/* Make the component's objects and load the image; it does not run yet. seL4_InvalidArgument: a bad image. */
seL4_Error sel4_util_component_load(struct sel4_util_component *component,
                                    struct sel4_util_allocator *allocator,
                                    const struct sel4_util_component_config *config);

/* Put a capability, with these rights and this badge (0: none), into a slot of the component's CNode. */
seL4_Error sel4_util_component_give(const struct sel4_util_component *component, seL4_Word slot,
                                    seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge);

/* Let it run; the words are the arguments of its main. */
seL4_Error sel4_util_component_start(const struct sel4_util_component *component, seL4_Word a, seL4_Word b,
                                     seL4_Word c, seL4_Word d);

/* Give an executable that holds another one: see selkie_sel4_embed in CMakeLists.txt. */
#define SEL4_UTIL_EMBEDDED(symbol)                                                                           \
    extern const unsigned char symbol##_start[];                                                             \
    extern const unsigned char symbol##_end[]
#define SEL4_UTIL_EMBEDDED_SIZE(symbol) ((size_t)(symbol##_end - symbol##_start))

#endif
