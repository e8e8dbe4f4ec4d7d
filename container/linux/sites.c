/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows of stubs, and the table of what was rewritten. A window's pages begin with the addresses that its stubs go
 * to; the rest are stubs, all of one size, each with its entry in the window's table.
 * Invariant: a site's page holds its jump for as long as the table holds the site.
 */
#include "container/linux/sites.h"

#include "container/linux/entry.h"
#include "container/linux/heap.h"
#include "container/linux/page_map.h"
#include "container/linux/site_find.h"
#include "container/linux/space.h"

enum {
    WINDOWS = 3,
    WINDOW_PAGES = 16,
    STUB_SIZE = 32,
    TARGETS = 16, /* addresses at the start of a page: TARGET_CALL, then one for each number of entry_for */
    STUBS_SKIPPED = TARGETS * 8 / STUB_SIZE,
    STUBS_IN_PAGE = (int)PAGE_SIZE / STUB_SIZE - STUBS_SKIPPED,
    STUBS = WINDOW_PAGES * STUBS_IN_PAGE,
    NUMBERS = 512
};

#define WINDOW_BYTES (WINDOW_PAGES * PAGE_SIZE)
#define REACH        0x7ff00000ul

struct site {
    uint64_t address; /* of the displaced instruction; 0: the stub is free */
    uint8_t length;   /* of it */
    int8_t hop;       /* from `address` to padding that holds the long jump; 0: it is at `address` itself */
    uint8_t padding[SITE_JUMP]; /* what stood there */
};

struct window {
    uint64_t start;
    bool is_mapped;
    struct site *site;
    unsigned count, room;
    uint64_t low, high; /* all sites lie in between */
};

/* Above where libraries are mapped, below where position-independent programs are, below all others. */
static struct window windows[WINDOWS] = {
    {.start = SPACE_MMAP_TOP}, {.start = 0x555555544000}, {.start = 0x100000}};
static bool is_disabled;

static struct window *window_near(uint64_t address)
{
    for (unsigned i = 0; i < WINDOWS; i++) {
        if (address - windows[i].start + REACH < 2 * REACH) {
            return &windows[i];
        }
    }
    return NULL;
}

static bool is_code(const struct region *region)
{
    return region->file && !region->is_shared && (region->protection & PROT_EXEC) &&
           !(region->protection & PROT_WRITE);
}

void sites_prepare(const struct region *region)
{
    struct window *window = is_disabled || !is_code(region) ? NULL : window_near(region->start);
    if (!window || window->is_mapped || !space_is_free(window->start, window->start + WINDOW_BYTES)) {
        return;
    }
    struct region stubs = {.start = window->start,
                           .end = window->start + WINDOW_BYTES,
                           .protection = PROT_READ | PROT_WRITE | PROT_EXEC};
    window->is_mapped = space_map(&stubs) == 0;
}

static uint64_t stub_address(const struct window *window, unsigned index)
{
    return window->start + index / STUBS_IN_PAGE * PAGE_SIZE +
           (index % STUBS_IN_PAGE + STUBS_SKIPPED) * (uint64_t)STUB_SIZE;
}

/* The page of a stub, ready to be written. */
static bool stub_page(uint64_t stub)
{
    uint64_t page = page_down(stub);
    const struct page *present = page_find(page);
    if (present && present->frame) {
        return space_fill(page, PAGE_SIZE, true) == 0;
    }
    if (!page_add(page, PAGE_WRITE, true)) {
        return false;
    }
    uint64_t *targets = (uint64_t *)page;
    unsigned count = 0;
    targets[count++] = (uint64_t)entry_call;
    for (unsigned number = 0; number < NUMBERS && count < TARGETS; number++) {
        const void *entry = entry_for(number);
        if (entry) {
            targets[count++] = (uint64_t)entry;
        }
    }
    return true;
}

/* Where in the page the target for a number stands. */
static uint64_t target_address(uint64_t stub, int number)
{
    const void *entry = number >= 0 ? entry_for((unsigned)number) : NULL;
    const uint64_t *targets = (const uint64_t *)page_down(stub);
    unsigned index = 0;
    for (unsigned i = 0; entry && i < TARGETS; i++) {
        index = targets[i] == (uint64_t)entry ? i : index;
    }
    return (uint64_t)&targets[index];
}

static unsigned char *put(unsigned char *to, const void *bytes, size_t size)
{
    memcpy(to, bytes, size);
    return to + size;
}

/* Four bytes that say how far `target` is from behind them. */
static unsigned char *put_distance(unsigned char *to, uint64_t target)
{
    uint32_t distance = (uint32_t)(target - (uint64_t)to - sizeof distance);
    return put(to, &distance, sizeof distance);
}

static void stub_write(uint64_t stub, const struct found_site *found)
{
    static const unsigned char LOAD_RCX[] = {0x48, 0x8d, 0x0d}, JUMP[] = {0xff, 0x25};
    unsigned char *at = put((unsigned char *)stub, (const void *)found->address, found->length);
    at = put(at, LOAD_RCX, sizeof LOAD_RCX);
    at = put_distance(at, found->address + found->length + SITE_SYSCALL);
    at = put(at, JUMP, sizeof JUMP);
    put_distance(at, target_address(stub, found->number));
}

/* A free place in the table, or one more. -1: there is none. */
static int site_place(struct window *window)
{
    for (unsigned i = 0; i < window->count; i++) {
        if (!window->site[i].address) {
            return (int)i;
        }
    }
    if (window->count == window->room) {
        unsigned room = window->room ? 2 * window->room : 64;
        struct site *more = room <= 2 * STUBS ? heap_alloc(room * sizeof *more) : NULL;
        if (!more) {
            return -1;
        }
        if (window->site) {
            memcpy(more, window->site, window->count * sizeof *more);
            heap_free(window->site, window->room * sizeof *more);
        }
        window->site = more;
        window->room = room;
    }
    return window->count < STUBS ? (int)window->count++ : -1;
}

static void site_rewrite(struct window *window, const struct found_site *found)
{
    int index = site_place(window);
    uint64_t stub = index < 0 ? 0 : stub_address(window, (unsigned)index);
    if (!stub || !stub_page(stub)) {
        return;
    }
    struct site *site = &window->site[index];
    *site = (struct site){.address = found->address, .length = found->length, .hop = found->hop};
    unsigned char *at = (unsigned char *)found->address + found->hop;
    stub_write(stub, found);
    memcpy(site->padding, at, sizeof site->padding);
    *at = 0xe9;
    put_distance(at + 1, stub);
    if (found->hop) {
        unsigned char *first = (unsigned char *)found->address;
        first[0] = 0xeb;
        first[1] = (unsigned char)(found->hop - 2);
    }
    window->low = !window->low || found->address < window->low ? found->address : window->low;
    window->high = found->address > window->high ? found->address : window->high;
}

void sites_rewrite(const struct region *region, uint64_t start, uint64_t size)
{
    struct window *window = is_disabled || !is_code(region) ? NULL : window_near(start);
    if (!window || !window->is_mapped) {
        return;
    }
    struct found_site found = {0};
    uint64_t end = start + size;
    while (site_find(start, &end, &found)) {
        site_rewrite(window, &found);
    }
}

static bool is_touched(const struct window *window, uint64_t start, uint64_t end)
{
    return window->count && window->low < end && window->high + PAGE_SIZE > start;
}

/* The program's bytes from a site on, which are to stand where its jump does. */
static void site_restore(const struct window *window, unsigned index)
{
    const struct site *site = &window->site[index];
    const void *displaced = (const void *)stub_address(window, index);
    if (site->hop) {
        (void)user_write(site->address + (uint64_t)(int64_t)site->hop, site->padding, sizeof site->padding);
    }
    (void)user_write(site->address, displaced, site->length);
}

void sites_restore(uint64_t start, uint64_t end)
{
    for (struct window *window = windows; window < windows + WINDOWS; window++) {
        for (unsigned i = 0; is_touched(window, start, end) && i < window->count; i++) {
            struct site *site = &window->site[i];
            if (site->address && page_down(site->address) < end && site->address >= start) {
                site_restore(window, i);
                site->address = 0;
            }
        }
    }
}

static bool is_used(const struct window *window)
{
    for (unsigned i = 0; i < window->count; i++) {
        if (window->site[i].address) {
            return true;
        }
    }
    return false;
}

/* Code that is to stay must not lead to stubs that go. */
static void window_close(struct window *window)
{
    if (is_used(window)) {
        sites_disable();
    }
    window->is_mapped = false;
}

void sites_forget(uint64_t start, uint64_t end)
{
    for (struct window *window = windows; window < windows + WINDOWS; window++) {
        for (unsigned i = 0; is_touched(window, start, end) && i < window->count; i++) {
            struct site *site = &window->site[i];
            if (site->address >= start && site->address < end) {
                site->address = 0;
            }
        }
    }
    for (struct window *window = windows; window < windows + WINDOWS; window++) {
        if (window->is_mapped && window->start < end && window->start + WINDOW_BYTES > start) {
            window_close(window);
        }
    }
}

static void region_restore(uint64_t start, uint64_t end, unsigned protection)
{
    if (space_protect(start, end, protection | PROT_WRITE) == 0) { /* which calls sites_restore */
        (void)space_protect(start, end, protection);
    }
}

void sites_disable(void)
{
    is_disabled = true;
    const struct region *regions;
    size_t count = space_regions(&regions);
    for (size_t i = 0; i < count; i++) {
        if (is_code(&regions[i])) {
            region_restore(regions[i].start, regions[i].end, regions[i].protection);
            count = space_regions(&regions);
        }
    }
}

void sites_clear(void)
{
    for (struct window *window = windows; window < windows + WINDOWS; window++) {
        window->is_mapped = false;
        window->count = 0;
        window->low = window->high = 0;
    }
    is_disabled = false;
}

bool sites_are_disabled(void)
{
    return is_disabled;
}

/* The instruction that ip is at has not been done yet, and may as well be done where it stood. */
static bool stub_settle(const struct window *window, uint64_t ip, struct user_registers *registers)
{
    uint64_t page = (ip - window->start) / PAGE_SIZE, in_page = ip % PAGE_SIZE / STUB_SIZE;
    uint64_t index = page * STUBS_IN_PAGE + in_page - STUBS_SKIPPED;
    if (in_page < STUBS_SKIPPED || index >= window->count || !window->site[index].address) {
        return false;
    }
    const struct site *site = &window->site[index];
    registers->rip = site->address + (ip % STUB_SIZE ? site->length : 0);
    return true;
}

void sites_settle(struct user_registers *registers)
{
    uint64_t ip = registers->rip;
    for (const struct window *window = windows; window < windows + WINDOWS; window++) {
        if (ip - window->start < WINDOW_BYTES) {
            stub_settle(window, ip, registers);
            return;
        }
        for (unsigned i = 0; is_touched(window, ip, ip + 1) && i < window->count; i++) {
            const struct site *site = &window->site[i];
            if (site->address && site->hop && site->address + (uint64_t)(int64_t)site->hop == ip) {
                registers->rip = site->address;
                return;
            }
        }
    }
}
