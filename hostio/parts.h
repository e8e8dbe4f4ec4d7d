/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder offer each other.
 *
 * Operations take the call as the kernel made it and return the result or -errno. Their entry is there and of
 * a kind that answers the operation (dispatch.c).
 */
#ifndef SELKIE_HOSTIO_PARTS_H
#define SELKIE_HOSTIO_PARTS_H

#include <asm-generic/errno.h>
#include <asm/unistd.h>
#include <linux/uio.h>
#include <stddef.h>

#include "hostio/hostio.h"

enum {
    EINTR_TRIES = 16,
    NR_FCHMODAT2 = 452 /* not in all headers */
};

static inline uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* An interrupted call has done nothing, and a signal is no business of the system's. */
static inline int64_t host6(const struct hostio *h, uint64_t number, uint64_t a, uint64_t b, uint64_t c,
                            uint64_t d, uint64_t e, uint64_t f)
{
    const uint64_t argument[6] = {a, b, c, d, e, f};
    int64_t result = -EINTR;
    for (unsigned i = 0; i < EINTR_TRIES && result == -EINTR; i++)
        result = h->system(number, argument);
    return result;
}

static inline int64_t host3(const struct hostio *h, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    return host6(h, number, a, b, c, 0, 0, 0);
}

static inline int64_t host4(const struct hostio *h, uint64_t number, uint64_t a, uint64_t b, uint64_t c,
                            uint64_t d)
{
    return host6(h, number, a, b, c, d, 0, 0);
}

static inline int64_t host5(const struct hostio *h, uint64_t number, uint64_t a, uint64_t b, uint64_t c,
                            uint64_t d, uint64_t e)
{
    return host6(h, number, a, b, c, d, e, 0);
}

/* table.c. A handle that is not in use gives NULL. */
struct hostio_entry *entry_find(struct hostio *h, uint32_t handle);
bool table_has_room(const struct hostio *h);
bool table_has_room_for_two(const struct hostio *h);
/* There must be room. */
uint32_t entry_take(struct hostio *h, int64_t fd, enum host_kind kind, uint32_t policy);
void descriptor_close(const struct hostio *h, int64_t fd);
/* The answer of an operation with "-> object": `fd`, or -errno, becomes the new object. */
int64_t entry_answer(struct hostio *h, struct machine_host_call *call, int64_t fd, enum host_kind kind,
                     uint8_t access, uint32_t policy);
/* The same, where there may be no descriptor (-1). */
int64_t entry_give(struct hostio *h, struct machine_host_call *call, int64_t fd, enum host_kind kind,
                   uint8_t access, uint32_t policy);

/* file.c */
unsigned pieces_list(const struct hostio *h, const struct machine_host_call *call,
                     struct iovec vector[HOST_IO_PIECES]);
uint64_t pieces_size(const struct machine_host_call *call);
/* `size` bytes of the scratch memory to where the caller wants them. */
void pieces_fill(const struct hostio *h, const struct machine_host_call *call, uint64_t size);
/* The status of what `fd` is open on, into memory of HOST_IO_SMALL bytes. */
int64_t descriptor_status(const struct hostio *h, int64_t fd, void *status);
int64_t pipe_size(const struct hostio *h, const struct hostio_entry *entry, uint64_t size);
int64_t file_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t file_sync(struct hostio *h, const struct hostio_entry *entry, const struct machine_host_call *call);

/* names.c: paths */
struct name {
    int64_t parent;   /* descriptor of the directory that the last component is in; -errno */
    bool is_borrowed; /* it is the caller's */
    const char *last; /* with slashes behind it, if any */
};
enum name_kind {
    NAME_PLAIN,
    NAME_SLASH, /* with slashes behind it: only a directory will do */
    NAME_SELF,  /* the directory itself: "", "/", "." */
    NAME_UP     /* ".." */
};
/* Open beneath `directory` with O_* `flags`; -errno. */
int64_t name_open(const struct hostio *h, int64_t directory, const char *path, uint64_t flags, uint64_t mode);
/* The same for one that only names the object. An empty path is the directory. */
int64_t name_open_path(const struct hostio *h, int64_t directory, const char *path, bool follows);
/* The same of a path whose last component alone may be a symbolic link, which is opened then; else -ELOOP. */
int64_t name_open_no_links(const struct hostio *h, int64_t directory, const char *path);
/* Where the last component stands. Anything but NAME_PLAIN and NAME_SLASH is no name to make or remove. */
struct name name_find(struct hostio *h, int64_t directory, const char *path);
void name_drop(const struct hostio *h, const struct name *name);
enum name_kind name_kind(const char *last);

/* open.c, directory.c */
int64_t directory_open(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t directory_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);

/* make.c: what needs no other authority */
int64_t object_make(struct hostio *h, struct machine_host_call *call);
int64_t terminal_peer(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t object_duplicate(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);

/* window.c */
int64_t window_make(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
void window_close(struct hostio *h, const struct hostio_entry *entry);

/* epoll.c */
int64_t epoll_call(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);

/* receive.c */
int64_t receive_object(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t send_object(struct hostio *h, const struct hostio_entry *entry, const struct machine_host_call *call);

/* socket.c, option.c */
/* struct msghdr as the host's kernel has it */
struct message {
    void *address;
    int32_t address_size;
    struct iovec *vector;
    uint64_t count;
    void *control;
    uint64_t control_size;
    uint32_t flags;
};
enum {
    TYPE_STREAM = 1,
    TYPE_DATAGRAM = 2,
    TYPE_SEQUENCED = 5
};
int64_t network_socket(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t socket_call(struct hostio *h, struct hostio_entry *entry, struct machine_host_call *call);
int64_t socket_send(const struct hostio *h, const struct hostio_entry *entry,
                    const struct machine_host_call *call, uint64_t flags, uint64_t address_size);
int64_t socket_receive(const struct hostio *h, const struct hostio_entry *entry,
                       struct machine_host_call *call, uint64_t flags, uint64_t address_size);
/* The same with control data, of which `control` has room for `size` bytes, and gets how many there are. */
int64_t socket_send_with(const struct hostio *h, const struct hostio_entry *entry,
                         const struct machine_host_call *call, uint64_t flags, uint64_t address_size,
                         void *control, uint64_t size);
int64_t socket_receive_with(const struct hostio *h, const struct hostio_entry *entry,
                            struct machine_host_call *call, uint64_t flags, uint64_t address_size,
                            void *control, uint64_t *size);
int64_t option_get(const struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);
int64_t option_set(const struct hostio *h, const struct hostio_entry *entry,
                   const struct machine_host_call *call);

/* policy.c */
enum {
    FAMILY_UNSPECIFIED = 0,
    FAMILY_UNIX = 1,
    FAMILY_INET = 2,
    FAMILY_INET6 = 10
};
struct target {
    uint16_t family;
    uint8_t address[16]; /* an IPv4 address in IPv6's clothes is one of FAMILY_INET */
    bool is_any;         /* the address of a socket that takes what comes to any */
    uint16_t port;
};
/* From a struct sockaddr_*; -errno. */
int64_t target_read(struct target *target, const void *address, uint64_t size);
bool policy_has_family(const struct hostio *h, uint32_t policy, uint64_t family);
bool policy_allows_listen(const struct hostio *h, uint32_t policy, const struct target *target);
bool policy_allows_connect(const struct hostio *h, uint32_t policy, const struct target *target);
enum {
    POLICY_NOTHING = HOST_IO_ROOTS /* allows nothing */
};
/* One more, or one less, entry goes by it. */
void policy_hold(struct hostio *h, uint32_t policy);
void policy_release(struct hostio *h, uint32_t policy);
int64_t network_restrict(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call);

/* clock.c */
int64_t clock_read(const struct hostio *h, struct machine_host_call *call);
int64_t clock_timer(struct hostio *h, struct machine_host_call *call);
int64_t timer_set(const struct hostio *h, const struct hostio_entry *entry,
                  const struct machine_host_call *call);

/* ready.c */
void watch_drop(struct hostio *h, struct hostio_entry *entry);
int64_t ready_poll(const struct hostio *h, const struct hostio_entry *entry, uint64_t events);

#endif
