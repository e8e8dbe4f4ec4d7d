/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects: what lies outside the system, as capabilities (abi/host_io.h).
 *
 * The kernel knows of an open object what it is, what it may be used for, and a
 * number that the machine gave it (machine/host.h). It checks capability, kind,
 * access and memory, and hands the rest over; it never waits.
 *
 * A file may be *watched* by one ready set: it is in that set's armed list until
 * the machine says that it is ready, then in its ready list until somebody takes
 * it from there or watches it anew. The machine's name of a watched file (its
 * cookie) is the object's paddr; it is valid because whatever ends a watch tells
 * the machine first.
 *
 * Invariants (kernel_check: "host objects"): an object that is no ready set has an
 * empty slot and empty lists, but for a window, whose slot holds the device untyped of its addresses; a file is in the list that its state says, of the
 * set that it names, or in none; a set's slot is empty or holds a notification
 * capability that can send; of an empty object nothing is set.
 *
 * Links are physical addresses, 0 is none. Nothing of this exists on a real seL4.
 */
#ifndef SELKIE_KERNEL_HOST_HOST_H
#define SELKIE_KERNEL_HOST_HOST_H

#include "abi/host_io.h"
#include "kernel/invocation.h"
#include "kernel/state.h"

/* Linux's error numbers, as far as the kernel itself answers with them. */
enum host_error {
    HOST_ERROR_NO_ENTRY = 2,
    HOST_ERROR_BAD_FILE = 9,
    HOST_ERROR_ACCESS = 13,
    HOST_ERROR_FAULT = 14,
    HOST_ERROR_INVALID = 22,
    HOST_ERROR_NO_TERMINAL = 25,
    HOST_ERROR_READ_ONLY = 30,
    HOST_ERROR_NAME_TOO_LONG = 36
};

enum host_watch {
    HOST_IDLE, /* by nobody */
    HOST_ARMED,
    HOST_REPORTED /* it was ready, and is in the ready list */
};

struct host_object {
    struct slot slot; /* of a ready set: a notification capability, or nothing; of a window: its untyped */
    uint8_t kind;     /* enum host_kind */
    uint8_t access;   /* enum host_access; 0 of an empty one */
    uint8_t watch;    /* enum host_watch */
    uint32_t handle;  /* unless empty or a ready set */

    /* of what is watched */
    uint64_t set;        /* the ready set */
    uint64_t prev, next; /* in its list */
    uint64_t token;
    uint64_t events; /* that came true, while HOST_REPORTED */

    /* of a ready set */
    struct queue armed, reported; /* files; the oldest first */
};

_Static_assert(sizeof(struct host_object) <= 1 << HOST_IO_BITS, "a host object is 2^8 bytes");

static inline struct host_object *host_at(const struct kernel *k, uint64_t paddr)
{
    return (struct host_object *)arena_at(k, paddr);
}

static inline bool host_is_available(const struct kernel *k)
{
    return k->machine->host.call != NULL;
}

static inline bool host_kind_is_watched(unsigned kind)
{
    return kind == HOST_FILE || kind == HOST_SOCKET || kind == HOST_TIMER || kind == HOST_EPOLL;
}

/* What may be done through this capability. */
static inline unsigned host_access_of(const struct kernel *k, struct cap cap)
{
    unsigned rights = (cap.can_receive ? HOST_READ : 0u) | (cap.can_send ? HOST_WRITE : 0u);
    const struct host_object *object = host_at(k, cap.paddr);
    return object->kind == HOST_EMPTY ? rights : rights & object->access;
}

/* All rights to the object at `paddr`, in zeroed memory. At boot, it is open already. */
struct cap cap_host(uint64_t paddr);
struct cap host_open_at_boot(struct kernel *k, uint64_t paddr, enum host_kind kind, unsigned access,
                             uint32_t handle);

/* The last capability goes. First the files that a ready set still watches leave it, or the capabilities to a window's
 * memory go, one at a time because there may be many: true if one did. From the first on, nobody can use the object.
 * Then it ends. */
bool host_release_one(struct kernel *k, uint64_t paddr);
void host_finalise(struct kernel *k, uint64_t paddr);

/* --- invocations --- */

MUST_USE struct result host_decode(struct kernel *k, struct invocation *in);

/* Answer with a result, and a second word. */
void host_answer(struct kernel *k, struct invocation *in, int64_t result, uint64_t second);

/* --- watching (ready.c); the arguments were checked but for user memory --- */

/* `set`: 0 only if events is 0. 0 or -errno. */
int64_t host_watch(struct kernel *k, struct host_object *file, uint64_t set, uint32_t events, uint64_t token);
/* Take a file out of its set without a word to the machine. */
void host_unlink(struct kernel *k, struct host_object *file);
/* `notification` may be NULL: none from now on. */
void host_set_bind(struct kernel *k, struct host_object *set, struct slot *notification);
MUST_USE struct result host_set_take(struct kernel *k, struct invocation *in, struct host_object *set);

/* The machine says that something that is watched is ready (TRAP_HOST). Does nothing where no object waits
 * for that; but only the machine knows that there is an object at all. */
void host_ready(struct kernel *k, uint64_t cookie, uint32_t events);

/* --- windows (window.c): parts of files that are memory --- */

MUST_USE struct result host_window_take(struct kernel *k, struct invocation *in, struct host_object *window);
/* A new one has these addresses. */
void host_window_open(struct host_object *window, uint64_t paddr, unsigned bits);
/* Delete one of the capabilities to its memory; false: there is none. */
bool host_window_release_one(struct kernel *k, struct host_object *window);

/* --- user memory (memory.c), of the VSpace that `caller` runs in --- */

/* [vaddr, vaddr + size) as pieces of the arena, up to the first page that is not there, is a device's or, if
 * `is_written`, may not be written; at most HOST_IO_BYTES. What is to be written is told to the engine. */
struct host_memory {
    unsigned count;
    uint64_t size; /* of all pieces */
    struct machine_host_piece piece[HOST_IO_PIECES];
};
void host_memory_find(const struct kernel *k, const struct tcb *caller, uint64_t vaddr, uint64_t size,
                      bool is_written, struct host_memory *memory);
/* Copy to what was found, from byte `offset` on; what has no room there is left out. */
void host_memory_fill(const struct kernel *k, const struct host_memory *memory, uint64_t offset,
                      const void *bytes, uint64_t size);
/* Copy from the caller: all of it, or false. */
bool host_memory_read(const struct kernel *k, const struct tcb *caller, uint64_t vaddr, void *bytes,
                      uint64_t size);

/* --- the table of operations (operation.c) --- */

enum host_extra {
    HOST_EXTRA_NONE,
    HOST_EXTRA_OBJECT,       /* an empty object, with both rights */
    HOST_EXTRA_DIRECTORY,    /* with write access */
    HOST_EXTRA_SET,          /* a ready set, with the right to write */
    HOST_EXTRA_NOTIFICATION, /* with the right to send; may be missing */
    HOST_EXTRA_CNODE,
    HOST_EXTRA_READY, /* what can be watched, with any right */
    HOST_EXTRA_FILE   /* with any right */
};

/* Arguments in memory are given as the number of the message word with the address, plus one; 0: there is
 * none. The word behind it is the size, but where it says otherwise. */
struct host_rule {
    uint16_t kinds; /* a bit for each enum host_kind that answers */
    uint8_t access; /* enum host_access, all of it; 0: any */
    uint8_t words;  /* that must be there */
    uint8_t extra;  /* enum host_extra, of extra capability 0 */
    uint8_t path, new_path;
    uint8_t small_in, small_out;
    uint16_t small_size;       /* 0: the word behind says it */
    uint8_t data_out, data_in; /* what the host takes, or gives */
};

/* NULL: no such operation. */
const struct host_rule *host_rule_find(uint64_t operation);

/* What a terminal request brings and takes away, in bytes. False: no such request. */
struct host_control {
    uint64_t request;
    uint8_t in, out;
};
bool host_control_find(uint64_t request, struct host_control *control);

/* --- requests (request.c): what the machine does, once capabilities and the message were checked --- */

MUST_USE struct result host_request_perform(struct kernel *k, struct invocation *in,
                                            const struct host_rule *rule, uint64_t operation);

#endif
