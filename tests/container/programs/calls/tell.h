/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the programs of the differential test: each runs natively and in a container, in an empty directory, and must
 * print the same. TELL prints an expression's text, its result, and the error when it is -1; results that may differ
 * (addresses, times) are compared in the expression.
 */
#ifndef TELL_H
#define TELL_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static inline long tell(const char *what, long result, int error)
{
    if (result == -1) {
        printf("%s = %s\n", what, error ? strerrorname_np(error) : "-1");
    } else {
        printf("%s = %ld\n", what, result);
    }
    fflush(stdout);
    return result;
}

#define TELL(expression)                                                                                     \
    ({                                                                                                       \
        errno = 0;                                                                                           \
        long result_ = (long)(expression);                                                                   \
        tell(#expression, result_, errno);                                                                   \
    })

/* An address that no program has; the compiler must not know it. */
static void *volatile nowhere = (void *)8;
#define NOWHERE ((void *)nowhere)

/* Counts that the compiler would warn of. */
static volatile int odd_count = -1;

static inline long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A file with this text. */
static inline void file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        perror(path);
    }
    close(fd);
}

static inline void file_show(const char *path)
{
    static char text[65536];
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    printf("%s: ", path);
    if (size < 0) {
        printf("%s\n", strerrorname_np(errno));
    } else {
        text[size] = '\0';
        printf("[%s] %zd\n", text, size);
    }
    close(fd);
}

#endif
