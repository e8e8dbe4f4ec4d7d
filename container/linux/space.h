/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's address space as mmap(2) knows it: regions with a protection and where their contents come from.
 * Pages get their frames when somebody touches them, or when the personality is about to (space_fill): an untouched
 * region costs its description only.
 */
#ifndef SELKIE_LINUX_SPACE_H
#define SELKIE_LINUX_SPACE_H

#include "container/linux/base.h"

enum {
    PROT_NONE = 0,
    PROT_READ = 1,
    PROT_WRITE = 2,
    PROT_EXEC = 4,
    MAP_SHARED = 1,
    MAP_PRIVATE = 2,
    MAP_FIXED = 0x10,
    MAP_ANONYMOUS = 0x20,
    MAP_GROWSDOWN = 0x100,
    MAP_STACK = 0x20000,
    MAP_NORESERVE = 0x4000,
    MAP_POPULATE = 0x8000,
    MAP_FIXED_NOREPLACE = 0x100000
};

#define SPACE_START     0x10000ul
#define SPACE_MMAP_TOP  0x7c0000000000ul /* regions without a wish lie below */
#define SPACE_STACK_TOP 0x7cfffffff000ul
#define SPACE_STACK     (8ul << 20)
#define SPACE_END       0x7d0000000000ul

struct file;
struct window;

struct region {
    uint64_t start, end;
    struct file *file; /* what pages are filled from; NULL: zeros */
    uint64_t offset;   /* in the file, of `start` */
    struct window *window; /* through which the file itself is seen; NULL: pages are copies */
    uint8_t protection;
    bool is_shared;
    bool is_heap, is_stack;
};

/* Regions in ascending order, for /proc/self/maps. */
size_t space_regions(const struct region **regions);

/* Put `region` there, in place of what is there. -ENOMEM, or 0. Takes a reference to the file. */
long space_map(const struct region *region);
long space_unmap(uint64_t start, uint64_t end);
long space_protect(uint64_t start, uint64_t end, unsigned protection);

/* A free range, at `wish` if that is free, else below SPACE_MMAP_TOP. 0: there is none. */
uint64_t space_find(uint64_t wish, uint64_t size);
bool space_is_free(uint64_t start, uint64_t end);
const struct region *space_region(uint64_t vaddr);

/* Resize or move. */
long space_remap(uint64_t old, uint64_t old_size, uint64_t size, uint64_t to, bool may_move);

/* Make the memory [start, start + size) present for reading or writing by the personality or the host: 0, -EFAULT
 * when the program may not, -ENOMEM. */
long space_fill(uint64_t start, uint64_t size, bool is_write);

/* Drop contents: madvise(MADV_DONTNEED). */
void space_forget(uint64_t start, uint64_t end);

/* The program's break. */
void space_set_break(uint64_t start);
uint64_t space_break(uint64_t wish);

/* Fork: frames become common to both sides, and are copied when one writes. `share` is told each. */
long space_fork(void (*share)(uint32_t frame));

/* Exec: nothing is left. In a copy of the personality without the program's frames: nothing is there. */
void space_clear(void);
void space_abandon(void);

/* Data of the program, checked: 0, -EFAULT or -ENOMEM. */
long user_read(void *to, uint64_t from, size_t size);
long user_write(uint64_t to, const void *from, size_t size);
long user_zero(uint64_t to, size_t size);
/* Copy a string; its length without the zero, or -EFAULT, -ENAMETOOLONG. */
long user_string(char *to, uint64_t from, size_t room);

/* A piece of the program's memory, as readv(2) and sendmsg(2) have it. */
struct io_vector {
    uint64_t base, size;
};

#endif
