/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices, and the console. Random bytes come from the processor's generator. null(4), random(4). */
#include "container/linux/synthetic_parts.h"

#include <sel4_util.h>

#include "container/linux/names.h"

static long null_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)to;
    (void)size;
    (void)offset;
    return 0;
}

static long null_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)from;
    (void)offset;
    return (long)size;
}

static long zero_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    memset((void *)to, 0, size);
    return (long)size;
}

static long full_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)from;
    (void)offset;
    return size ? -ENOSPC : 0;
}

static long random_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    random_fill((void *)to, size);
    return (long)size;
}

static long console_write(struct file *file, uint64_t from, uint64_t size, int64_t offset)
{
    (void)file;
    (void)offset;
    for (uint64_t i = 0; i < size; i++) {
        sel4_util_putchar(((const char *)from)[i]);
    }
    return (long)size;
}

static long device_seek(struct file *file, int64_t offset, unsigned whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

static long device_stat(struct file *file, struct statx *status)
{
    *status = (struct statx){.mode = S_IFCHR | 0666,
                             .links = 1,
                             .block_size = PAGE_SIZE,
                             .rdev_major = 1,
                             .rdev_minor = (uint32_t)file->word[0]};
    names_status(file->kind->name, status);
    return 0;
}

void random_fill(void *to, size_t size)
{
    unsigned char *at = to;
    static uint64_t state;
    while (size > 0) {
        unsigned long value;
        unsigned char is_good = 0;
        for (unsigned i = 0; i < 100 && !is_good; i++) {
            asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(is_good) : : "cc");
        }
        if (!is_good) { /* a processor without one: no secrets from here */
            state = state * 6364136223846793005ul + __builtin_ia32_rdtsc();
            value = state ^ state >> 29;
        }
        size_t part = size < sizeof value ? size : sizeof value;
        memcpy(at, &value, part);
        at += part;
        size -= part;
    }
}

static const struct file_kind NULL_KIND = {
    .name = "/dev/null", .read = null_read, .write = null_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind ZERO_KIND = {
    .name = "/dev/zero", .read = zero_read, .write = null_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind FULL_KIND = {
    .name = "/dev/full", .read = zero_read, .write = full_write, .seek = device_seek, .stat = device_stat};
static const struct file_kind RANDOM_KIND = {.name = "/dev/urandom",
                                             .is_ready_for_ever = true,
                                             .read = random_read,
                                             .write = null_write,
                                             .seek = device_seek,
                                             .stat = device_stat};
static const struct file_kind CONSOLE_KIND = {.name = "/dev/console",
                                              .is_ready_for_ever = true,
                                              .read = null_read,
                                              .write = console_write,
                                              .stat = device_stat};

static const struct {
    const char *path;
    const struct file_kind *kind;
    uint32_t minor;
} DEVICES[] = {
    {"/dev/null", &NULL_KIND, 3},     {"/dev/zero", &ZERO_KIND, 5},      {"/dev/full", &FULL_KIND, 7},
    {"/dev/random", &RANDOM_KIND, 8}, {"/dev/urandom", &RANDOM_KIND, 9},
};

const char *device_name(unsigned index)
{
    return index < sizeof DEVICES / sizeof *DEVICES ? DEVICES[index].path : NULL;
}

long device_open(const char *path, unsigned flags, struct file **file)
{
    for (unsigned i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++) {
        if (strcmp(path, DEVICES[i].path) == 0) {
            *file = file_make(DEVICES[i].kind, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND));
            if (*file) {
                (*file)->word[0] = DEVICES[i].minor;
            }
            return *file ? 0 : -ENOMEM;
        }
    }
    return -ENOENT;
}

struct file *synthetic_console(void)
{
    return file_make(&CONSOLE_KIND, O_RDWR);
}
