/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct hostio over this process, with handle 0 the directory "in" of a fresh temporary directory, and the
 * rest of the world beside it:
 *
 *     TOP/secret          a file that nobody must reach, with the text "secret"
 *     TOP/in/file         "0123456789"
 *     TOP/in/sub/deep     "deep"
 *
 * Handle 1 is the same directory, read-only; 2 a network without rules; 3 a clock.
 */
#ifndef SELKIE_TESTS_HOSTIO_FIXTURE_H
#define SELKIE_TESTS_HOSTIO_FIXTURE_H

#include "hostio/hostio.h"
#include "tests/check.h"

enum {
    ROOT,
    ROOT_READ_ONLY,
    NETWORK,
    CLOCK,
    ROOTS,
    ARENA_SIZE = 1 << 20
};

struct fixture {
    struct hostio *h;
    struct machine_host_call call; /* the last one, with its answers */
    struct machine_host_piece piece[HOST_IO_PIECES];
    unsigned char arena[ARENA_SIZE], small[HOST_IO_SMALL];
    char top[64];
    int epoll, foreign_calls; /* system calls that hostio_system_calls does not name */
};

extern struct fixture fixture;

void fixture_begin(void);
void fixture_end(void);

/* The path of something in TOP; valid until the next but three calls. */
const char *outside(const char *name);
void make_file(const char *name, const char *text);

/* Make one call; `access` is what handle and capability allow. */
int64_t call_with(uint8_t access, enum host_operation operation, uint32_t handle, const char *path,
                  const char *new_path, const uint64_t argument[6]);
/* With both rights; the rest are message words. */
#define CALL(operation, handle, path, new_path, ...)                                                         \
    call_with(HOST_READ | HOST_WRITE, operation, handle, path, new_path, (const uint64_t[6]){__VA_ARGS__})

/* Pieces of `size` bytes each, `gap` apart, from the beginning of the arena on, for the next calls. */
void pieces_set(unsigned count, uint64_t size, uint64_t gap);
/* What is passed in small memory. */
void small_set(const void *bytes, uint64_t size);

/* Open with flags; the new handle, or -errno. */
int64_t open_in(uint32_t handle, const char *path, uint64_t flags);
/* Does what the path leads to hold this text? */
bool reads(uint32_t handle, const char *path, const char *text);
unsigned descriptors_open(void);
bool exists(const char *name); /* in TOP */

/* The next event's cookie; UINT64_MAX if there is none within a moment. */
uint64_t event_take(void);

#endif
