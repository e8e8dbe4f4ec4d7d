/* SPDX-License-Identifier: BSD-2-Clause */
/* What every file of the personality may use: integers, strings, a log, and how it ends when it cannot go on. */
#ifndef SELKIE_LINUX_BASE_H
#define SELKIE_LINUX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/interface.h"
#include "container/linux/errno.h"

#define PAGE_SIZE 4096ul
#define PAGE_MASK (PAGE_SIZE - 1)

/* For large buffers whose contents nobody needs when a call is over: in the copy of a process they are zero. */
#define SCRATCH __attribute__((section(".bss.scratch.1")))

static inline uint64_t page_down(uint64_t address)
{
    return address & ~PAGE_MASK;
}

static inline uint64_t page_up(uint64_t address)
{
    return (address + PAGE_MASK) & ~PAGE_MASK;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);

int sel4_util_snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define format_text sel4_util_snprintf

/* A line of the personality's own, prefixed "linux: ". */
enum {
    LOG_LINE = 256
};
void log_text(const char *text);
void log_to(uint64_t file); /* a capability of the host's; 0: to the container's standard error */
#define log_line(...)                                                                                        \
    do {                                                                                                     \
        char log_buffer_[LOG_LINE];                                                                          \
        format_text(log_buffer_, sizeof log_buffer_, __VA_ARGS__);                                           \
        log_text(log_buffer_);                                                                               \
    } while (0)

/* What a negative errno means to whoever reads the log; valid until the next one. */
const char *error_text(long error);

/* Who it is that says so. */
extern const char broken_prefix[];

/* Say why, tell the manager, and stop. */
_Noreturn void broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(fact)                                                                                         \
    do {                                                                                                     \
        if (!(fact)) {                                                                                       \
            broken("%s:%d: %s", __FILE__, __LINE__, #fact);                                                  \
        }                                                                                                    \
    } while (0)

#endif
