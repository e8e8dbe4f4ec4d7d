/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of an invocation: pieces of bulk data, paths, and what is copied
 * through the kernel.
 */
#include "tests/kernel/host/host_rig.h"

#include "kernel/state.h"

enum {
    DATA = IMAGE + 2 * PAGE,
    UNMAPPED = 0x600000,
    LARGE = 0x800000 /* a place for a large page */
};
#define NOWHERE 0xffff800000000000ull

static uint64_t paddr_of(const struct rig *rig, uint64_t vaddr)
{
    struct translation page = kernel_translate(rig->k, rig->sim->next.vspace, vaddr);
    CHECK(page.is_present);
    return page.paddr + (vaddr & ((1ull << page.size_bits) - 1));
}

static int64_t read_at(struct rig *rig, uint64_t vaddr, uint64_t size)
{
    return host_result(host_invoke(rig, host_root(rig, ROOT_INPUT), HOST_FILE_READ,
                                   WORDS(vaddr, size, UINT64_MAX, 0), NO_CAPS));
}

static int64_t write_at(struct rig *rig, uint64_t vaddr, uint64_t size)
{
    return host_result(host_invoke(rig, host_root(rig, ROOT_OUTPUT), HOST_FILE_WRITE,
                                   WORDS(vaddr, size, UINT64_MAX, 0), NO_CAPS));
}

static uint64_t pieces_size(const struct rig *rig)
{
    uint64_t size = 0;
    for (unsigned i = 0; i < sim_host_last(rig->sim, 0)->piece_count; i++)
        size += rig->sim->host.piece[i].size;
    return size;
}

/* The last call had these pieces: pairs of address and size. */
#define CHECK_PIECES(rig, ...) check_pieces(rig, WORDS(__VA_ARGS__), __LINE__)
static void check_pieces(const struct rig *rig, const uint64_t *words, size_t count, int line)
{
    check_report_eq(sim_host_last(rig->sim, 0)->piece_count, count / 2, __FILE__, line, "pieces");
    for (unsigned i = 0; i < count / 2; i++) {
        check_report_eq(rig->sim->host.piece[i].paddr, words[2 * i], __FILE__, line, "address of a piece");
        check_report_eq(rig->sim->host.piece[i].size, words[2 * i + 1], __FILE__, line, "size of a piece");
    }
}

/* The image's pages follow each other, so they are one piece. */
static void test_neighbours_are_one_piece(void)
{
    struct rig rig = host_rig_open();
    CHECK_EQ(read_at(&rig, DATA + 100, 3 * PAGE), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA + 100), 3 * PAGE);
    CHECK_EQ(write_at(&rig, DATA, 1), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA), 1);
    CHECK_EQ(read_at(&rig, UNMAPPED, 0), 0);
    CHECK_EQ(sim_host_last(rig.sim, 0)->piece_count, 0);
    CHECK_EQ(read_at(&rig, NOWHERE, 0), 0);
    rig_close(&rig);
}

static void test_scattered_pages(void)
{
    struct rig rig = host_rig_open();
    uint64_t page = rig_free_slot(&rig);
    host_unmap(&rig, 3);
    CHECK_OK(rig_copy(&rig, page, rig.image_frame + 9, RIGHTS_ALL));
    host_map(&rig, 3, page, RIGHT_READ | RIGHT_WRITE);
    CHECK_EQ(read_at(&rig, DATA + 4000, 96 + PAGE + 10), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA + 4000), 96, paddr_of(&rig, IMAGE + 9 * PAGE), PAGE,
                 paddr_of(&rig, IMAGE + 4 * PAGE), 10);
    rig_close(&rig);
}

/* What ends at a page that is not there is done as far as it goes. */
static void test_short_at_a_hole(void)
{
    struct rig rig = host_rig_open();
    host_unmap(&rig, 4);
    CHECK_EQ(read_at(&rig, DATA + 100, 3 * PAGE), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA + 100), 2 * PAGE - 100);
    CHECK_EQ(read_at(&rig, IMAGE + 4 * PAGE, 8), -HOST_ERROR_FAULT);
    CHECK_EQ(write_at(&rig, IMAGE + 5 * PAGE - 1, 8), -HOST_ERROR_FAULT);
    CHECK_EQ(write_at(&rig, IMAGE + IMAGE_PAGES * PAGE + 2 * PAGE, 8), -HOST_ERROR_FAULT);
    CHECK_EQ(read_at(&rig, ABI_USER_TOP - 1, 8), -HOST_ERROR_FAULT);
    rig_close(&rig);
}

static void test_read_only_memory(void)
{
    struct rig rig = host_rig_open();
    host_map(&rig, 3, rig.image_frame + 3, RIGHT_READ);
    CHECK_EQ(read_at(&rig, DATA, 2 * PAGE), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA), PAGE);
    CHECK_EQ(write_at(&rig, DATA, 2 * PAGE), 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA), 2 * PAGE);
    CHECK_EQ(read_at(&rig, DATA + PAGE, 1), -HOST_ERROR_FAULT);
    uint64_t directory = host_root(&rig, ROOT_DIRECTORY);
    CHECK_EQ(
        host_result(host_invoke(&rig, directory, HOST_DIRECTORY_STAT, WORDS(0, 0, 0, DATA + PAGE), NO_CAPS)),
        -HOST_ERROR_FAULT);
    CHECK_EQ(host_result(host_invoke(&rig, directory, HOST_DIRECTORY_STAT, WORDS(0, 0, 0, DATA + PAGE - 255),
                                     NO_CAPS)),
             -HOST_ERROR_FAULT);
    host_map(&rig, 3, rig.image_frame + 3, 0); /* there, but for nobody */
    CHECK_EQ(write_at(&rig, DATA + PAGE, 1), -HOST_ERROR_FAULT);
    rig_close(&rig);
}

static void test_device_memory(void)
{
    static const struct boot_device_region device = {1ull << 32, (1ull << 32) + (1 << 20)};
    struct rig rig = host_rig_open_with((struct sim_options){.devices = &device, .device_count = 1});
    uint64_t frame = rig_free_slot(&rig);
    CHECK_OK(rig_retype(&rig, rig.device, OBJECT_SMALL_PAGE, 0, frame, 1));
    host_unmap(&rig, 3);
    host_map(&rig, 3, frame, RIGHT_READ | RIGHT_WRITE);
    CHECK_EQ(read_at(&rig, DATA + PAGE, 8), -HOST_ERROR_FAULT);
    CHECK_EQ(read_at(&rig, DATA, 2 * PAGE), 0);
    CHECK_EQ(pieces_size(&rig), PAGE);
    CHECK_EQ(host_result(host_invoke(&rig, host_root(&rig, ROOT_DIRECTORY), HOST_DIRECTORY_MAKE,
                                     WORDS(DATA + PAGE, 4, 0), NO_CAPS)),
             -HOST_ERROR_FAULT);
    rig_close(&rig);
}

static void test_large_page(void)
{
    struct rig rig = host_rig_open_with((struct sim_options){.memory_size = 64 << 20});
    uint64_t frame = rig_new(&rig, OBJECT_LARGE_PAGE, 0);
    CHECK_OK(
        rig_invoke(&rig, frame, OPERATION_X86_PAGE_MAP, WORDS(LARGE, 3, 0), CAPS(ABI_SLOT_VSPACE)).label);
    CHECK_EQ(read_at(&rig, LARGE + 5, 1 << 19), 0);
    CHECK_PIECES(&rig, rig_cap(&rig, frame).paddr + 5, 1 << 19);
    CHECK_EQ(read_at(&rig, LARGE + 5, UINT64_MAX), 0);
    CHECK_PIECES(&rig, rig_cap(&rig, frame).paddr + 5, HOST_IO_BYTES);
    CHECK_EQ(read_at(&rig, LARGE + (2 << 20) - 7, 100), 0);
    CHECK_PIECES(&rig, rig_cap(&rig, frame).paddr + (2 << 20) - 7, 7);
    rig_close(&rig);
}

/* One page over and over is as many pieces. */
static void test_piece_limit(void)
{
    struct rig rig = host_rig_open();
    for (unsigned i = 0; i < 40; i++) {
        uint64_t copy = rig_free_slot(&rig);
        CHECK_OK(rig_copy(&rig, copy, rig.image_frame + 1, RIGHTS_ALL));
        host_map(&rig, 64 + i, copy, RIGHT_READ | RIGHT_WRITE);
    }
    CHECK_EQ(read_at(&rig, IMAGE + 64 * PAGE + 10, 40 * PAGE), 0);
    CHECK_EQ(sim_host_last(rig.sim, 0)->piece_count, HOST_IO_PIECES);
    CHECK_EQ(pieces_size(&rig), HOST_IO_PIECES * PAGE - 10);
    rig_close(&rig);
}

/* Whoever keeps copies of pages is told of each that is about to be written, and of no other. */
static uint64_t written[64];
static unsigned written_count;

static void note_written(void *world, uint64_t paddr)
{
    (void)world;
    if (written_count < 64)
        written[written_count++] = paddr & ~(uint64_t)(PAGE - 1);
}

static void test_written_pages_are_told(void)
{
    struct rig rig = host_rig_open();
    rig.sim->machine.mmu.written = note_written;
    uint64_t first = paddr_of(&rig, DATA);
    written_count = 0;
    CHECK_EQ(write_at(&rig, DATA + 10, 2 * PAGE), 0);
    for (unsigned i = 0; i < written_count; i++) /* its IPC buffer may be among them */
        CHECK(written[i] < first || written[i] >= first + 3 * PAGE);
    written_count = 0;
    CHECK_EQ(read_at(&rig, DATA + 10, 2 * PAGE), 0);
    unsigned found = 0;
    for (unsigned i = 0; i < written_count; i++)
        found += written[i] >= first && written[i] < first + 3 * PAGE;
    CHECK_EQ(found, 3);
    written_count = 0;
    CHECK_EQ(
        host_result(host_invoke(&rig, host_root(&rig, ROOT_INPUT), HOST_FILE_STAT, WORDS(DATA), NO_CAPS)), 0);
    found = 0;
    for (unsigned i = 0; i < written_count; i++)
        found += written[i] == first;
    CHECK_EQ(found, 1);
    rig_close(&rig);
}

/* --- paths --- */

static int64_t make_path(struct rig *rig, uint64_t vaddr, uint64_t size)
{
    return host_result(host_invoke(rig, host_root(rig, ROOT_DIRECTORY), HOST_DIRECTORY_MAKE,
                                   WORDS(vaddr, size, 0), NO_CAPS));
}

static void test_paths(void)
{
    struct rig rig = host_rig_open();
    uint64_t calls = host_calls(&rig);
    host_put(&rig, DATA + PAGE - 3, "abc", 3);
    host_put(&rig, DATA + PAGE, "/def", 4);
    CHECK_EQ(make_path(&rig, DATA + PAGE - 3, 7), 0);
    CHECK_STR_EQ(rig.sim->host.path, "abc/def");
    CHECK_EQ(make_path(&rig, DATA + PAGE - 3, 2), 0);
    CHECK_STR_EQ(rig.sim->host.path, "ab");
    CHECK_EQ(make_path(&rig, NOWHERE, 0), 0);
    CHECK_STR_EQ(rig.sim->host.path, "");
    CHECK_EQ(host_calls(&rig), calls + 3);
    CHECK_EQ(make_path(&rig, DATA, 3), -HOST_ERROR_NO_ENTRY);        /* a zero inside */
    CHECK_EQ(make_path(&rig, DATA + PAGE, 5), -HOST_ERROR_NO_ENTRY); /* or at its end */
    CHECK_EQ(make_path(&rig, DATA, 4096), -HOST_ERROR_NAME_TOO_LONG);
    CHECK_EQ(make_path(&rig, UNMAPPED, UINT64_MAX), -HOST_ERROR_NAME_TOO_LONG);
    memset(sim_user_memory(rig.sim, DATA, true), 'x', PAGE);
    CHECK_EQ(make_path(&rig, DATA, 4095), 0);
    CHECK_EQ(strlen(rig.sim->host.path), 4095);
    host_unmap(&rig, 4);
    CHECK_EQ(make_path(&rig, IMAGE + 4 * PAGE - 2, 3), -HOST_ERROR_FAULT);
    rig_close(&rig);
}

/* --- small buffers --- */

static int64_t answer_name(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    memcpy(call->small, "0123456789abcdefghij", 20);
    call->small_size = call->argument[2] < 20 ? call->argument[2] : 20;
    call->second = 20;
    return 0;
}

static void test_small_out(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig);
    rig.sim->host.answer = answer_name;
    CHECK_ANSWER(host_invoke(&rig, socket, HOST_SOCKET_NAME, WORDS(0, DATA + PAGE - 6, 100), NO_CAPS),
                 ABI_NO_ERROR, 0, 20);
    CHECK(memcmp(host_get(&rig, DATA + PAGE - 6), "012345", 6) == 0);
    CHECK(memcmp(host_get(&rig, DATA + PAGE), "6789abcdefghij\0", 15) == 0);
    CHECK_ANSWER(host_invoke(&rig, socket, HOST_SOCKET_NAME, WORDS(1, DATA, 4), NO_CAPS), ABI_NO_ERROR, 0,
                 20);
    CHECK(memcmp(host_get(&rig, DATA), "0123\0", 5) == 0);
    /* No room asked for: nothing is written, wherever the address is. */
    CHECK_ANSWER(host_invoke(&rig, socket, HOST_SOCKET_NAME, WORDS(1, NOWHERE, 0), NO_CAPS), ABI_NO_ERROR, 0,
                 20);
    /* More room than there can be: the kernel's part of it must be there. */
    CHECK_ANSWER(host_invoke(&rig, socket, HOST_SOCKET_NAME, WORDS(1, DATA, UINT64_MAX), NO_CAPS),
                 ABI_NO_ERROR, 0, 20);
    rig_close(&rig);
}

static void test_accept_without_room_loses_nothing(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig), spare = host_new(&rig), calls = host_calls(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_ACCEPT, WORDS(UNMAPPED, 16), CAPS(spare))),
             -HOST_ERROR_FAULT);
    CHECK_EQ(host_calls(&rig), calls);
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_ACCEPT, WORDS(0, 0), CAPS(spare))), 0);
    CHECK_EQ(host_object_of(&rig, spare)->kind, HOST_SOCKET);
    rig_close(&rig);
}

static void test_small_in(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig);
    host_put(&rig, DATA, "address", 7);
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_CONNECT, WORDS(DATA, 7), NO_CAPS)), 0);
    CHECK_EQ(sim_host_last(rig.sim, 0)->small_size, 7);
    CHECK(memcmp(rig.sim->host.small, "address", 7) == 0);
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_CONNECT, WORDS(DATA, HOST_IO_SMALL), NO_CAPS)),
             0);
    CHECK_EQ(
        host_result(host_invoke(&rig, socket, HOST_SOCKET_CONNECT, WORDS(DATA, HOST_IO_SMALL + 1), NO_CAPS)),
        -HOST_ERROR_INVALID);
    CHECK_EQ(host_result(
                 host_invoke(&rig, socket, HOST_SOCKET_SEND, WORDS(DATA, 4, 0, DATA, UINT64_MAX), NO_CAPS)),
             -HOST_ERROR_INVALID);
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_SEND, WORDS(DATA, 4, 0, NOWHERE, 0), NO_CAPS)),
             0);
    CHECK_EQ(sim_host_last(rig.sim, 0)->small_size, 0);
    CHECK_PIECES(&rig, paddr_of(&rig, DATA), 4);
    rig_close(&rig);
}

static int64_t answer_too_much(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    memset(call->small, 0xee, HOST_IO_SMALL);
    call->small_size = UINT64_MAX;
    return 0;
}

/* Whatever the host says it handed back, no more is written than the caller has room for. */
static void test_host_cannot_overrun(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig);
    rig.sim->host.answer = answer_too_much;
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_NAME, WORDS(0, DATA, 10), NO_CAPS)), 0);
    CHECK(memcmp(host_get(&rig, DATA), "\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\0\0", 12) == 0);
    rig_close(&rig);
}

/* Nobody may reach memory through a thread that has no VSpace. */
static void test_without_vspace(void)
{
    struct rig rig = host_rig_open();
    CHECK_OK(rig_invoke(&rig, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(ABI_SLOT_ASID_POOL, 64), NO_CAPS)
                 .label);
    CHECK_EQ(rig.sim->next.vspace, 0);
    CHECK_EQ(read_at(&rig, DATA, 8), -HOST_ERROR_FAULT);
    CHECK_EQ(make_path(&rig, DATA, 3), -HOST_ERROR_FAULT);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_neighbours_are_one_piece), CHECK_TEST(test_scattered_pages),
           CHECK_TEST(test_short_at_a_hole), CHECK_TEST(test_read_only_memory),
           CHECK_TEST(test_device_memory), CHECK_TEST(test_large_page), CHECK_TEST(test_piece_limit),
           CHECK_TEST(test_written_pages_are_told), CHECK_TEST(test_paths), CHECK_TEST(test_small_out),
           CHECK_TEST(test_accept_without_room_loses_nothing), CHECK_TEST(test_small_in),
           CHECK_TEST(test_host_cannot_overrun), CHECK_TEST(test_without_vspace))
