/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A rig with host objects: what the boot gives, how to make and invoke them, and
 * the pages of the image as memory to pass.
 */
#ifndef SELKIE_TESTS_KERNEL_HOST_RIG_H
#define SELKIE_TESTS_KERNEL_HOST_RIG_H

#include "kernel/host/host.h"
#include "tests/kernel/rig.h"

enum { /* handles, and the order of the boot's capabilities */
    ROOT_DIRECTORY,
    ROOT_READ_ONLY,
    ROOT_INPUT,
    ROOT_OUTPUT,
    ROOT_NETWORK,
    ROOT_CLOCK,
    ROOTS
};

enum {
    IMAGE = 0x400000,
    IMAGE_PAGES = 12,
    PAGE = 4096,
    BOTH = HOST_READ | HOST_WRITE
};

static inline struct rig host_rig_open_with(struct sim_options options)
{
    static const struct boot_host host[ROOTS] = {
        [ROOT_DIRECTORY] = {HOST_DIRECTORY, BOTH, ROOT_DIRECTORY},
        [ROOT_READ_ONLY] = {HOST_DIRECTORY, HOST_READ, ROOT_READ_ONLY},
        [ROOT_INPUT] = {HOST_FILE, HOST_READ, ROOT_INPUT},
        [ROOT_OUTPUT] = {HOST_FILE, HOST_WRITE, ROOT_OUTPUT},
        [ROOT_NETWORK] = {HOST_NETWORK, BOTH, ROOT_NETWORK},
        [ROOT_CLOCK] = {HOST_CLOCK, BOTH, ROOT_CLOCK},
    };
    options.has_host = true;
    options.host = host;
    options.host_count = ROOTS;
    options.root_cnode_bits = 10;
    options.image_pages = IMAGE_PAGES;
    return rig_open_with(options);
}

static inline struct rig host_rig_open(void)
{
    return host_rig_open_with((struct sim_options){.release = 16});
}

/* The boot's capability to a root. */
static inline uint64_t host_root(const struct rig *rig, unsigned root)
{
    return rig->first_slot - ROOTS + root;
}

static inline struct host_object *host_object_of(const struct rig *rig, uint64_t cptr)
{
    return host_at(rig->k, rig_cap(rig, cptr).paddr);
}

static inline struct answer host_invoke(struct rig *rig, uint64_t cptr, enum host_operation operation,
                                        const uint64_t *words, size_t word_count, const uint64_t *caps,
                                        size_t cap_count)
{
    uint64_t label = HOST_IO_LABEL + (uint64_t)operation;
    rig_syscall(rig, SYSCALL_CALL, cptr, rig_info(label, (unsigned)cap_count, (unsigned)word_count), words,
                word_count, caps, cap_count);
    return rig_answer(rig);
}

/* The result, of an invocation that seL4 has nothing against. */
static inline int64_t host_result(struct answer answer)
{
    CHECK_EQ(answer.label, ABI_NO_ERROR);
    CHECK_EQ(answer.length, 2);
    return (int64_t)answer.word[0];
}

/* Did seL4 refuse it, saying this? `index` where the error carries one. */
#define CHECK_REFUSED(answer, error, index) CHECK_ANSWER(answer, error, index)

static inline uint64_t host_retype(struct rig *rig, uint64_t untyped, uint64_t slot, uint64_t count)
{
    return rig_invoke(rig, untyped, OPERATION_UNTYPED_RETYPE, WORDS(HOST_IO_TYPE, 5, 0, 0, slot, count),
                      CAPS(ABI_SLOT_CNODE))
        .label;
}

/* An empty object in a free slot. */
static inline uint64_t host_new(struct rig *rig)
{
    uint64_t slot = rig_free_slot(rig);
    CHECK_OK(host_retype(rig, rig->untyped, slot, 1));
    return slot;
}

static inline uint64_t host_new_set(struct rig *rig)
{
    uint64_t set = host_new(rig);
    CHECK_EQ(host_result(host_invoke(rig, set, HOST_OBJECT_MAKE_READY_SET, NO_WORDS, NO_CAPS)), 0);
    return set;
}

/* Open something through a directory; the path is "f". */
static inline uint64_t host_open(struct rig *rig, uint64_t directory)
{
    uint64_t file = host_new(rig);
    *(char *)sim_user_memory(rig->sim, IMAGE, true) = 'f';
    CHECK_EQ(host_result(host_invoke(rig, directory, HOST_DIRECTORY_OPEN, WORDS(IMAGE, 1, 2, 0), CAPS(file))),
             0);
    return file;
}

static inline uint64_t host_open_socket(struct rig *rig)
{
    uint64_t socket = host_new(rig);
    CHECK_EQ(host_result(host_invoke(rig, host_root(rig, ROOT_NETWORK), HOST_NETWORK_SOCKET, WORDS(2, 1, 0),
                                     CAPS(socket))),
             0);
    return socket;
}

static inline uint64_t host_open_timer(struct rig *rig)
{
    uint64_t timer = host_new(rig);
    CHECK_EQ(
        host_result(host_invoke(rig, host_root(rig, ROOT_CLOCK), HOST_CLOCK_TIMER, WORDS(1), CAPS(timer))),
        0);
    return timer;
}

/* A window on a file; each is 4 MiB large. */
static inline uint64_t host_open_window(struct rig *rig, uint64_t file)
{
    uint64_t window = host_new(rig);
    CHECK_EQ(host_result(host_invoke(rig, file, HOST_FILE_WINDOW, WORDS(0, 1), CAPS(window))), 0);
    return window;
}

static inline uint64_t host_with_rights(struct rig *rig, uint64_t cptr, uint64_t rights)
{
    uint64_t copy = rig_free_slot(rig);
    CHECK_OK(rig_copy(rig, copy, cptr, rights));
    return copy;
}

/* User memory of the root's, for test data: a byte string at `vaddr`, within one page. */
static inline void host_put(struct rig *rig, uint64_t vaddr, const void *bytes, size_t size)
{
    memcpy(sim_user_memory(rig->sim, vaddr, true), bytes, size);
}

static inline const void *host_get(struct rig *rig, uint64_t vaddr)
{
    return sim_user_memory(rig->sim, vaddr, false);
}

static inline void host_unmap(struct rig *rig, unsigned page)
{
    CHECK_OK(rig_invoke(rig, rig->image_frame + page, OPERATION_X86_PAGE_UNMAP, NO_WORDS, NO_CAPS).label);
}

static inline void host_map(struct rig *rig, unsigned page, uint64_t frame, uint64_t rights)
{
    CHECK_OK(rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(IMAGE + (uint64_t)page * PAGE, rights, 0),
                        CAPS(ABI_SLOT_VSPACE))
                 .label);
}

/* How many calls the fake host saw so far. */
static inline uint64_t host_calls(const struct rig *rig)
{
    return rig->sim->host.count;
}

/* A test that runs on both kernels; its file has a `static bool is_mcs`, which its rig asks. */
#define ON_BOTH(test)                                                                                        \
    static void test##_classic(void)                                                                         \
    {                                                                                                        \
        is_mcs = false;                                                                                      \
        test();                                                                                              \
    }                                                                                                        \
    static void test##_mcs(void)                                                                             \
    {                                                                                                        \
        is_mcs = true;                                                                                       \
        test();                                                                                              \
    }
#define BOTH_TESTS(test) CHECK_TEST(test##_classic), CHECK_TEST(test##_mcs)

#endif
