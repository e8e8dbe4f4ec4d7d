/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of host files as memory: what MAP_SHARED mappings of files are. The pages are the host's own, so that whoever
 * else has the file sees what is written; they are no memory of the container's.
 *
 * The host cannot be handed addresses in a window (docs/host-io.md): what is read and written there goes by way of a
 * buffer (bounce_*).
 */
#ifndef SELKIE_LINUX_WINDOW_H
#define SELKIE_LINUX_WINDOW_H

#include "container/linux/base.h"

struct file;
struct region;
struct window;

/* A window on `size` bytes of a file of the host from `offset` on; one reference. -errno in `error` and NULL. */
struct window *window_make(struct file *file, uint64_t offset, uint64_t size, long *error);
void window_hold(struct window *window);
void window_release(struct window *window);

bool window_is_writable(const struct window *window);

/* Make the page at `vaddr` of a region that shows a window present, and others around it: those up to `end` are, then.
 * 0, -ENOMEM, or -EFAULT behind the end of the file. */
long window_fill(const struct region *region, uint64_t vaddr, unsigned rights, uint64_t *end);

/* A touch of a page of a window that is there already, and once more: the host has nothing for it (a file system that
 * is full). window_settle: something else happened. */
bool window_is_refused(uint64_t vaddr, uint64_t ip, bool is_write);
void window_settle(void);

/* The child of a fork: windows are made anew when they are touched. Their pages are gone (pages_forked). */
void windows_fork(void);

/* Where the host shall read `size` bytes from that the program has at `from`: there, or a buffer, which may hold less. */
uint64_t bounce_out(uint64_t from, uint64_t *size);
/* Where the host shall write them to; bounce_back puts `size` bytes that came where they belong. */
uint64_t bounce_in(uint64_t to, uint64_t *size);
void bounce_back(uint64_t to, uint64_t place, long size);

#endif
