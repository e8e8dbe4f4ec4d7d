/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel asks of the host for host objects (abi/host_io.h). Like all of the machine, it never waits.
 *
 * A handle is an index into a table behind this seam; the kernel never sees a descriptor. The kernel has checked
 * kind, access and user memory; whatever concerns the outside (paths, policy, flags of calls) is checked behind the
 * seam, since errors about it are the host's.
 */
#ifndef SELKIE_MACHINE_HOST_H
#define SELKIE_MACHINE_HOST_H

#include <stdint.h>

#include "abi/host_io.h"

/* Physical addresses of windows on files. What is memory there, an engine knows; to the kernel it is a device's. In the
 * upper half, nothing may be written. */
#define MACHINE_WINDOWS           (1ull << 46)
#define MACHINE_WINDOWS_READ_ONLY (MACHINE_WINDOWS + (1ull << 45))
#define MACHINE_WINDOWS_END       (1ull << 47)

static inline int machine_is_window(uint64_t paddr)
{
    return paddr >= MACHINE_WINDOWS && paddr < MACHINE_WINDOWS_END;
}

struct machine_host_piece {
    uint64_t paddr, size; /* within the arena */
};

struct machine_host_call {
    enum host_operation operation;
    uint32_t handle; /* of the invoked object; an empty one has none */
    uint32_t
        other; /* of extra capability 0: the new directory of a rename or link, the file of a message, what an
                      * epoll instance watches */
    uint8_t access;  /* enum host_access that capability and object allow */
    uint8_t other_access; /* the same of `other` */
    uint64_t argument[6]; /* the message words, as they came */
    const char *path, *new_path; /* terminated, no zero inside; NULL where there is none */
    void *small; /* HOST_IO_SMALL bytes: what the caller passed in, and room for the answer */
    uint64_t small_size; /* bytes passed in, or that the caller has room for (less than it says, if that is more than
                          * HOST_IO_SMALL); set to the bytes to hand back (address length, statx, option) */
    const struct machine_host_piece *pieces; /* where the data is or goes */
    unsigned piece_count;
    /* Answers of operations with "-> object", when the result is not negative: */
    uint32_t new_handle;
    uint8_t new_kind, new_access; /* HOST_EMPTY: there is none after all */
    /* And what an invoked object that was empty becomes. */
    uint32_t own_handle;
    uint8_t own_kind, own_access;
    /* Of a new HOST_WINDOW: its addresses, which nobody else has until it is closed, aligned to their size. */
    uint64_t window;
    uint8_t window_bits;
    /* Word 1 of the answer, where there is one. */
    uint64_t second;
};

struct machine_host {
    void *world;
    /* Result or -errno. NULL: this machine has no host objects, and Retype knows no such type. */
    int64_t (*call)(void *world, struct machine_host_call *call);
    /* Deliver one TRAP_HOST with address `cookie` when one of `events` is true of `handle`; then no more until the
     * next call. events 0: not any more. 0 or -errno. After `close`, nothing is delivered for the handle. */
    int64_t (*watch)(void *world, uint32_t handle, uint32_t events, uint64_t cookie);
    void (*close)(void *world, uint32_t handle);
};

#endif
