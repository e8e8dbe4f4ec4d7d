/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving, comparing and hashing states. The whole arena counts, but only the
 * pages that the kernel ever writes to are looked at: the others are write-protected,
 * and the first write to one reports itself as a fault.
 *
 * A state's hash is a sum over the lines that differ from the initial state, so a
 * step changes it by the lines that the step changed.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/exhaustive/exhaustive.h"

enum {
    PAGE_SIZE = 4096,
    WATCHED_MAX = 512
};

struct page {
    unsigned char *now;
    uint64_t paddr;
    unsigned char initial[PAGE_SIZE];
    unsigned char marked[PAGE_SIZE];
};

static struct kernel *kernel;
static struct page pages[WATCHED_MAX];
static unsigned page_count;
static struct page *page_of[1 << 12]; /* by page number */

static void write_seen(int signal, siginfo_t *info, void *context)
{
    unsigned char *at = (unsigned char *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE_SIZE - 1));
    (void)context;
    if (at < kernel->arena || at >= kernel->arena + kernel->memory_size || page_count == WATCHED_MAX ||
        page_of[(at - kernel->arena) / PAGE_SIZE]) {
        struct sigaction otherwise = {.sa_handler = SIG_DFL};
        sigaction(signal, &otherwise, NULL);
        return;
    }
    struct page *page = &pages[page_count++];
    page->now = at;
    page->paddr = (uint64_t)(at - kernel->arena);
    page_of[page->paddr / PAGE_SIZE] = page;
    memcpy(page->initial, at, PAGE_SIZE);
    memcpy(page->marked, at, PAGE_SIZE);
    mprotect(at, PAGE_SIZE, PROT_READ | PROT_WRITE);
}

void arena_watch(struct kernel *k)
{
    struct sigaction action = {.sa_sigaction = write_seen, .sa_flags = SA_SIGINFO};
    if (k->memory_size / PAGE_SIZE > sizeof page_of / sizeof *page_of)
        abort();
    kernel = k;
    page_count = 0;
    memset(page_of, 0, sizeof page_of);
    sigaction(SIGSEGV, &action, NULL);
    if (mprotect(k->arena, k->memory_size, PROT_READ) != 0)
        abort();
}

void arena_unwatch(void)
{
    mprotect(kernel->arena, kernel->memory_size, PROT_READ | PROT_WRITE);
}

unsigned arena_pages(void)
{
    return page_count;
}

void arena_reset(void)
{
    for (unsigned i = 0; i < page_count; i++)
        memcpy(pages[i].now, pages[i].initial, PAGE_SIZE);
}

void arena_mark(void)
{
    for (unsigned i = 0; i < page_count; i++)
        memcpy(pages[i].marked, pages[i].now, PAGE_SIZE);
}

const void *arena_before(const struct kernel *k, uint64_t paddr)
{
    const struct page *page = page_of[paddr / PAGE_SIZE];
    return page ? page->marked + paddr % PAGE_SIZE : k->arena + paddr;
}

unsigned arena_changes(struct change changes[CHANGES_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < page_count; i++) {
        struct page *page = &pages[i];
        for (unsigned line = 0; line < PAGE_SIZE; line += LINE_SIZE) {
            if (memcmp(page->now + line, page->marked + line, LINE_SIZE) == 0)
                continue;
            if (count == CHANGES_MAX)
                abort();
            changes[count++] = (struct change){page->now + line, page->marked + line, page->paddr + line};
        }
    }
    return count;
}

void arena_undo(const struct change *changes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        memcpy(changes[i].now, changes[i].before, LINE_SIZE);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static struct hash line_hash(uint64_t paddr, const unsigned char *line)
{
    uint64_t words[LINE_SIZE / 8];
    struct hash hash = {paddr * 0x9e3779b97f4a7c15ull + 1, paddr * 0xc2b2ae3d27d4eb4full + 3};
    memcpy(words, line, sizeof words);
    for (unsigned i = 0; i < LINE_SIZE / 8; i++) {
        hash.a = mix(hash.a ^ words[i], 0xa0761d6478bd642full + 2 * i) + words[i];
        hash.b = mix(hash.b ^ words[i], 0xe7037ed1a0b428dbull - 2 * i) + words[i];
    }
    return (struct hash){mix(hash.a, 0x8ebc6af09c88c6e3ull), mix(hash.b, 0x589965cc75374cc3ull)};
}

struct hash arena_hash(struct hash before, const struct change *changes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct hash old = line_hash(changes[i].paddr, changes[i].before);
        struct hash now = line_hash(changes[i].paddr, changes[i].now);
        before.a += now.a - old.a;
        before.b += now.b - old.b;
    }
    return before;
}
