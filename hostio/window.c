/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows on files: which part of which file shows at which physical addresses. Engines map it from there.
 *
 * Addresses are given out by number: windows of up to 1 GiB in the lower half, each at a multiple of that, larger ones
 * above. Those that may not be written are at the same places of the upper half of all window addresses. The kernel
 * closes a window when nothing of it is mapped any more, so that numbers can be used again.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "hostio/parts.h"

enum {
    PAGE_BITS = 12,
    LARGE = HOSTIO_WINDOWS, /* the number of the first large one */
    WINDOWS = HOSTIO_WINDOWS + HOSTIO_WINDOWS_LARGE
};

#define LARGE_START (1ull << 44)

_Static_assert((uint64_t)HOSTIO_WINDOWS << HOSTIO_WINDOW_BITS <= LARGE_START,
               "small ones end where large ones begin");
_Static_assert((uint64_t)HOSTIO_WINDOWS_LARGE << HOST_IO_WINDOW_BITS <= LARGE_START,
               "and these where the others begin");

static uint64_t window_address(uint32_t number, bool is_writable)
{
    uint64_t base = is_writable ? MACHINE_WINDOWS : MACHINE_WINDOWS_READ_ONLY;
    return number < LARGE ? base + ((uint64_t)number << HOSTIO_WINDOW_BITS)
                          : base + LARGE_START + ((uint64_t)(number - LARGE) << HOST_IO_WINDOW_BITS);
}

/* The window that could have this address, and how far into it that is. */
static uint32_t window_number(uint64_t paddr, uint64_t *inside)
{
    uint64_t at = paddr & (MACHINE_WINDOWS_READ_ONLY - MACHINE_WINDOWS - 1);
    unsigned bits = at < LARGE_START ? HOSTIO_WINDOW_BITS : HOST_IO_WINDOW_BITS;
    *inside = at & ((1ull << bits) - 1);
    return (uint32_t)(at < LARGE_START ? at >> bits : LARGE + ((at - LARGE_START) >> bits));
}

int32_t hostio_window_find(const struct hostio *h, uint64_t paddr, uint64_t size, uint64_t *offset)
{
    uint64_t inside;
    uint32_t number = window_number(paddr, &inside);
    if (!machine_is_window(paddr) || number >= WINDOWS)
        return -1;
    const struct hostio_window *window = &h->window[number];
    uint32_t handle = window->handle - 1;
    if (window->handle == 0 || handle >= HOSTIO_HANDLES || h->entry[handle].kind != HOST_WINDOW ||
        inside + size > 1ull << window->bits)
        return -1;
    *offset = window->offset + inside;
    return h->entry[handle].fd;
}

static unsigned bits_for(uint64_t size)
{
    unsigned bits = PAGE_BITS;
    while (bits < 63 && 1ull << bits < size)
        bits++;
    return bits;
}

/* WINDOWS: there is none. */
static uint32_t window_find_free(const struct hostio *h, unsigned bits)
{
    uint32_t number = bits <= HOSTIO_WINDOW_BITS ? 0 : LARGE;
    uint32_t end = bits <= HOSTIO_WINDOW_BITS ? LARGE : WINDOWS;
    while (number < end && h->window[number].handle)
        number++;
    return number < end ? number : WINDOWS;
}

static bool is_regular(const struct hostio *h, const struct hostio_entry *entry)
{
    union {
        struct statx status;
        unsigned char bytes[HOST_IO_SMALL];
    } u;
    return descriptor_status(h, entry->fd, &u) >= 0 && S_ISREG(u.status.stx_mode);
}

int64_t window_make(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    uint64_t offset = call->argument[0], size = call->argument[1];
    unsigned bits = bits_for(size);
    if (offset & ((1u << PAGE_BITS) - 1) || offset > INT64_MAX || size == 0)
        return -EINVAL;
    if (bits > HOST_IO_WINDOW_BITS || offset + (1ull << bits) > INT64_MAX)
        return -EFBIG;
    if (!is_regular(h, entry))
        return -ENODEV;
    uint32_t number = window_find_free(h, bits);
    if (number == WINDOWS || !table_has_room(h))
        return -ENFILE;
    int64_t fd = host3(h, __NR_fcntl, (uint64_t)entry->fd, F_DUPFD_CLOEXEC, 0);
    int64_t result = entry_answer(h, call, fd, HOST_WINDOW, call->access, POLICY_NOTHING);
    if (result < 0)
        return result;
    h->entry[call->new_handle].window = number;
    h->window[number] =
        (struct hostio_window){.handle = call->new_handle + 1, .bits = (uint8_t)bits, .offset = offset};
    call->window = window_address(number, call->access & HOST_WRITE);
    call->window_bits = (uint8_t)bits;
    return 0;
}

void window_close(struct hostio *h, const struct hostio_entry *entry)
{
    h->window[entry->window % WINDOWS].handle = 0;
}
