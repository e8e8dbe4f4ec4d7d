/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects over Linux: what stands behind struct machine_host.
 *
 * Freestanding (no libc, no TLS, no errno), because on the direct engine it runs inside guest processes: every host
 * call goes through `system`, and the table lies in memory that all who use it share. One caller at a time.
 *
 * Descriptors belong to the process, or the processes with one descriptor table, that call. The epoll instance may be
 * waited for from elsewhere.
 */
#ifndef SELKIE_HOSTIO_HOSTIO_H
#define SELKIE_HOSTIO_HOSTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"

enum {
    HOSTIO_HANDLES = 65536,
    HOSTIO_RULES = 32,         /* of a network policy */
    HOSTIO_POLICIES = 256,     /* those of the roots, then one that allows nothing, then restrictions */
    HOSTIO_SCRATCH = 32768,    /* bytes that one listing of a directory moves */
    HOSTIO_WINDOWS = 16384,    /* on files, of up to 2^HOSTIO_WINDOW_BITS bytes each */
    HOSTIO_WINDOWS_LARGE = 64, /* and of up to 2^HOST_IO_WINDOW_BITS */
    HOSTIO_WINDOW_BITS = 30,
    HOSTIO_COOKIE_SHIFT = 16 /* cookies are below 2^48 */
};

/* Where sockets may go: one rule allows. */
struct hostio_rule {
    uint8_t is_listen; /* bind and listen; else connect and send */
    uint8_t family;    /* AF_INET, AF_INET6, AF_UNIX */
    uint8_t prefix;    /* leading bits of `address` that must be equal */
    uint8_t address[16];            /* AF_UNIX: of an abstract name */
    uint16_t port_first, port_last; /* host byte order, inclusive; a bind to port 0 needs 0 in the range */
};

struct hostio_policy {
    unsigned count;
    struct hostio_rule rule[HOSTIO_RULES];
};

struct hostio_entry {
    int32_t fd;      /* -1: has none */
    uint32_t next;   /* of a free one: the handle of the next free one, plus 1; 0: none */
    uint8_t kind;    /* enum host_kind; HOST_EMPTY: free */
    bool is_watched; /* registered with epoll */
    bool is_armed;   /* and an event may still come */
    bool may_listen; /* a socket that was bound within its policy */
    uint32_t policy; /* of a network or socket */
    uint32_t window; /* of a window: its number */
};

/* What shows at the addresses of a window (machine/host.h). */
struct hostio_window {
    uint32_t handle; /* of the window, plus 1; 0: there is none */
    uint8_t bits;    /* of its size */
    uint64_t offset; /* in the file */
};

/* All of the state. Starts as zeros; hostio_init. */
struct hostio {
    int64_t (*system)(uint64_t number, const uint64_t argument[6]); /* the result or -errno */
    const unsigned char *arena; /* as the caller sees it, to hand pieces to the host */
    int32_t epoll;
    uint32_t free;                                /* the first free handle below `used`, plus 1; 0: none */
    uint32_t used;                                /* handles from here on were never used */
    uint32_t watched;                             /* how many handles may still bring a TRAP_HOST */
    struct hostio_policy policy[HOSTIO_POLICIES]; /* of root i */
    struct {
        uint32_t users;  /* of a restriction: entries and restrictions of it; 0: free */
        uint32_t parent; /* the policy that must allow, too, plus 1; 0: none */
    } policy_use[HOSTIO_POLICIES];
    struct hostio_entry entry[HOSTIO_HANDLES];
    struct hostio_window window[HOSTIO_WINDOWS + HOSTIO_WINDOWS_LARGE];
    unsigned char scratch[HOSTIO_SCRATCH]; /* within one call */
};

/* What a run gives its system, in the order of handles 0, 1, ... */
struct hostio_root {
    int fd; /* open; -1 for a network or a clock */
    uint8_t kind, access;
    struct hostio_policy policy;
};

struct hostio_roots {
    int epoll; /* the instance whose events become TRAP_HOST (hostio_take) */
    unsigned count;
    struct hostio_root root[HOST_IO_ROOTS];
};

/* `fd_of_root[i]` is root i's descriptor in the processes that will call. */
void hostio_init(struct hostio *hostio, const struct hostio_roots *roots, const int32_t fd_of_root[],
                 int32_t epoll);

/* Network policies as people write them:
 *
 *     RULES   = "any" | RULE { "," RULE }
 *     RULE    = ( "listen" | "connect" ) ":" ( HOST ":" PORTS | "unix" [ "@" NAME ] )
 *     HOST    = "*" | ADDRESS [ "/" BITS ]         ADDRESS is IPv4, or IPv6 in brackets
 *     PORTS   = "*" | PORT [ "-" PORT ]
 *
 * "*" is every address of both families; 0.0.0.0 and [::] without BITS are every address of one. "any" is
 * listen:*:*,connect:*:*. Listening at a port that the host chooses needs port 0. "unix@NAME" is every
 * Unix socket with an abstract name that begins so, 15 letters, digits, dots or dashes at most; "unix" is every socket with
 * a name in the host's file system, which no directory confines.
 *
 * False: one of them is none. */
struct rules_error {
    const char *what; /* is wrong */
    const char *rule; /* with it, `length` bytes of the text */
    uint64_t length;
};
bool rules_parse(struct hostio_policy *policy, const char *rules, struct rules_error *error);

/* The members of struct machine_host. */
int64_t hostio_call(struct hostio *hostio, struct machine_host_call *call);
int64_t hostio_watch(struct hostio *hostio, uint32_t handle, uint32_t events, uint64_t cookie);
void hostio_close(struct hostio *hostio, uint32_t handle);

/* Which file shows at the addresses [paddr, paddr + size) of a window: its descriptor, and from where on. -1: none
 * does, or not all of it. */
int32_t hostio_window_find(const struct hostio *hostio, uint64_t paddr, uint64_t size, uint64_t *offset);

/* An event came from the epoll instance with these `data`. True: it is the one that the watch was for, and `cookie` is
 * filled; no more come until the next watch. Makes no host call. */
bool hostio_take(struct hostio *hostio, uint64_t data, uint64_t *cookie);

/* Linux system calls that it may make, ascending: for filters and for the docs. */
extern const uint16_t hostio_system_calls[];
extern const unsigned hostio_system_call_count;

#endif
