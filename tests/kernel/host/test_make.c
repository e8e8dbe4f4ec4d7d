/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that are made of empty ones alone, open files once more, and objects that come or do not come with data.
 */
#include "tests/kernel/host/host_rig.h"

enum {
    DATA = IMAGE + 2 * PAGE
};

static void check_object(const struct rig *rig, uint64_t cptr, enum host_kind kind, unsigned access)
{
    const struct host_object *object = host_object_of(rig, cptr);
    CHECK_EQ(object->kind, kind);
    CHECK_EQ(object->access, access);
    CHECK(rig->sim->host.is_open[object->handle]);
}

static void test_pairs(void)
{
    struct rig rig = host_rig_open();
    uint64_t reader = host_new(&rig), writer = host_new(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, reader, HOST_OBJECT_MAKE_PIPE, NO_WORDS, CAPS(writer))), 0);
    check_object(&rig, reader, HOST_FILE, HOST_READ);
    check_object(&rig, writer, HOST_FILE, HOST_WRITE);
    CHECK(host_object_of(&rig, reader)->handle != host_object_of(&rig, writer)->handle);
    CHECK_EQ(host_result(host_invoke(&rig, reader, HOST_FILE_WRITE, WORDS(DATA, 1, UINT64_MAX, 0), NO_CAPS)),
             -HOST_ERROR_BAD_FILE);
    /* What is open cannot be made anew. */
    CHECK_ANSWER_EMPTY(host_invoke(&rig, reader, HOST_OBJECT_MAKE_PIPE, NO_WORDS, CAPS(writer)),
                       ABI_ILLEGAL_OPERATION);
    uint64_t first = host_new(&rig), second = host_new(&rig);
    CHECK_REFUSED(host_invoke(&rig, first, HOST_OBJECT_MAKE_PIPE, NO_WORDS, CAPS(writer)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, first, HOST_OBJECT_MAKE_PIPE, NO_WORDS, NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    CHECK_EQ(host_result(host_invoke(&rig, first, HOST_OBJECT_MAKE_SOCKET_PAIR, WORDS(1), CAPS(second))), 0);
    check_object(&rig, first, HOST_SOCKET, BOTH);
    check_object(&rig, second, HOST_SOCKET, BOTH);
    uint64_t master = host_new(&rig), slave = host_new(&rig), event = host_new(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, master, HOST_OBJECT_MAKE_TERMINAL, NO_WORDS, CAPS(slave))), 0);
    check_object(&rig, master, HOST_FILE, BOTH);
    check_object(&rig, slave, HOST_FILE, BOTH);
    uint64_t peer = host_new(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, master, HOST_FILE_PEER, NO_WORDS, CAPS(peer))), 0);
    check_object(&rig, peer, HOST_FILE, BOTH);
    CHECK_EQ(host_result(host_invoke(&rig, event, HOST_OBJECT_MAKE_EVENT, WORDS(0, 0), NO_CAPS)), 0);
    check_object(&rig, event, HOST_FILE, BOTH);
    uint64_t epoll = host_new(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, epoll, HOST_OBJECT_MAKE_EPOLL, NO_WORDS, NO_CAPS)), 0);
    check_object(&rig, epoll, HOST_EPOLL, BOTH);
    /* Each end is closed by itself. */
    uint64_t closed = rig.sim->host.close_calls;
    CHECK_OK(rig_delete(&rig, reader));
    CHECK_EQ(rig.sim->host.close_calls, closed + 1);
    check_object(&rig, writer, HOST_FILE, HOST_WRITE);
    rig_close(&rig);
}

/* An epoll instance gets the handle of what it watches, and only what can be watched. */
static void test_epoll(void)
{
    struct rig rig = host_rig_open();
    uint64_t epoll = host_new(&rig), other = host_new(&rig), empty = host_new(&rig);
    uint64_t directory = host_root(&rig, ROOT_DIRECTORY), file = host_open(&rig, directory);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, epoll, HOST_EPOLL_CONTROL, WORDS(1, 1, 7), CAPS(file)), ABI_ILLEGAL_OPERATION);
    CHECK_EQ(host_result(host_invoke(&rig, epoll, HOST_OBJECT_MAKE_EPOLL, NO_WORDS, NO_CAPS)), 0);
    CHECK_EQ(host_result(host_invoke(&rig, other, HOST_OBJECT_MAKE_EPOLL, NO_WORDS, NO_CAPS)), 0);
    uint64_t calls = host_calls(&rig);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, epoll, HOST_EPOLL_CONTROL, WORDS(1, 1), CAPS(file)), ABI_TRUNCATED_MESSAGE);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, epoll, HOST_EPOLL_CONTROL, WORDS(1, 1, 7), NO_CAPS), ABI_TRUNCATED_MESSAGE);
    const uint64_t unfit[] = {directory, empty, host_root(&rig, ROOT_CLOCK), host_with_rights(&rig, file, 0)};
    for (unsigned i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        CHECK_REFUSED(host_invoke(&rig, epoll, HOST_EPOLL_CONTROL, WORDS(1, 1, 7), CAPS(unfit[i])),
                      ABI_INVALID_CAPABILITY, 0);
    }
    uint64_t reader = host_with_rights(&rig, epoll, RIGHT_READ), writer = host_with_rights(&rig, epoll, RIGHT_WRITE);
    CHECK_EQ(host_result(host_invoke(&rig, reader, HOST_EPOLL_CONTROL, WORDS(1, 1, 7), CAPS(file))), -HOST_ERROR_BAD_FILE);
    CHECK_EQ(host_result(host_invoke(&rig, writer, HOST_EPOLL_TAKE, WORDS(IMAGE, 12), NO_CAPS)),
             -HOST_ERROR_BAD_FILE);
    CHECK_EQ(host_calls(&rig), calls);
    CHECK_EQ(host_result(host_invoke(&rig, writer, HOST_EPOLL_CONTROL, WORDS(1, 5, 7), CAPS(file))), 0);
    const struct sim_host *host = &rig.sim->host;
    const struct machine_host_call *call = &host->calls[(host->count - 1) % SIM_HOST_CALLS];
    CHECK_EQ(call->other, host_object_of(&rig, file)->handle);
    CHECK_EQ(call->argument[1], 5);
    CHECK_EQ(call->argument[2], 7);
    CHECK_EQ(host_result(host_invoke(&rig, epoll, HOST_EPOLL_CONTROL, WORDS(1, 1, 7), CAPS(other))), 0);
    CHECK_EQ(host->calls[(host->count - 1) % SIM_HOST_CALLS].other, host_object_of(&rig, other)->handle);
    rig_close(&rig);
}

/* Two ends in one object are none, through whatever capabilities it is named. */
static void test_same_object(void)
{
    struct rig rig = host_rig_open();
    uint64_t object = host_new(&rig), copy = host_with_rights(&rig, object, RIGHT_READ | RIGHT_WRITE);
    uint64_t calls = host_calls(&rig);
    CHECK_REFUSED(host_invoke(&rig, object, HOST_OBJECT_MAKE_PIPE, NO_WORDS, CAPS(object)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_REFUSED(host_invoke(&rig, object, HOST_OBJECT_MAKE_SOCKET_PAIR, WORDS(1), CAPS(copy)),
                  ABI_INVALID_CAPABILITY, 0);
    CHECK_EQ(host_calls(&rig), calls);
    CHECK_EQ(host_object_of(&rig, object)->kind, HOST_EMPTY);
    rig_close(&rig);
}

static void test_duplicate(void)
{
    struct rig rig = host_rig_open();
    const uint64_t open[] = {
        host_root(&rig, ROOT_DIRECTORY), host_open(&rig, host_root(&rig, ROOT_DIRECTORY)),
        host_open_socket(&rig),          host_root(&rig, ROOT_NETWORK),
        host_root(&rig, ROOT_CLOCK),     host_open_timer(&rig)};
    for (unsigned i = 0; i < sizeof open / sizeof *open; i++) {
        uint64_t object = host_new(&rig);
        CHECK_EQ(host_result(host_invoke(&rig, open[i], HOST_OBJECT_DUPLICATE, NO_WORDS, CAPS(object))), 0);
        CHECK_EQ(sim_host_last(rig.sim, 0)->handle, host_object_of(&rig, open[i])->handle);
        CHECK(host_object_of(&rig, object)->handle != host_object_of(&rig, open[i])->handle);
    }
    uint64_t set = host_new_set(&rig), empty = host_new(&rig), object = host_new(&rig);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, set, HOST_OBJECT_DUPLICATE, NO_WORDS, CAPS(object)),
                       ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, empty, HOST_OBJECT_DUPLICATE, NO_WORDS, CAPS(object)),
                       ABI_ILLEGAL_OPERATION);
    /* No more than the capability allowed, and watched by itself. */
    uint64_t reader = host_with_rights(&rig, open[1], RIGHT_READ);
    CHECK_EQ(host_result(host_invoke(&rig, reader, HOST_OBJECT_DUPLICATE, NO_WORDS, CAPS(object))), 0);
    CHECK_EQ(host_object_of(&rig, object)->access, HOST_READ);
    uint64_t other = host_new_set(&rig);
    CHECK_EQ(host_result(host_invoke(&rig, open[1], HOST_FILE_WATCH, WORDS(1, 7), CAPS(set))), 0);
    CHECK_EQ(host_result(host_invoke(&rig, object, HOST_FILE_WATCH, WORDS(1, 8), CAPS(other))), 0);
    CHECK_EQ(host_object_of(&rig, open[1])->set, rig_cap(&rig, set).paddr);
    CHECK_EQ(host_object_of(&rig, object)->set, rig_cap(&rig, other).paddr);
    rig_close(&rig);
}

static int64_t answer_nothing_came(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    (void)call;
    return 5;
}

static int64_t answer_directory_came(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    call->second = 1;
    call->new_kind = HOST_DIRECTORY;
    call->new_access = HOST_READ;
    return 0;
}

static void test_receive(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig), object = host_new(&rig);
    rig.sim->host.answer = answer_nothing_came;
    rig.sim->host.opens_nothing = true;
    CHECK_ANSWER(host_invoke(&rig, socket, HOST_SOCKET_RECEIVE_OBJECT, WORDS(DATA, 9, 0, 0, 0), CAPS(object)),
                 ABI_NO_ERROR, 5, 0);
    CHECK_EQ(host_object_of(&rig, object)->kind, HOST_EMPTY);
    rig.sim->host.answer = answer_directory_came;
    rig.sim->host.opens_nothing = false;
    CHECK_EQ(host_result(host_invoke(&rig, socket, HOST_SOCKET_RECEIVE_OBJECT, WORDS(DATA, 9, 0, 0, 0),
                                     CAPS(object))),
             0);
    check_object(&rig, object, HOST_DIRECTORY, HOST_READ);
    rig_close(&rig);
}

/* What goes along is a file, and the machine hears what its capability allows. */
static void test_send(void)
{
    struct rig rig = host_rig_open();
    uint64_t socket = host_open_socket(&rig), directory = host_root(&rig, ROOT_DIRECTORY);
    uint64_t file = host_open(&rig, directory), reader = host_with_rights(&rig, file, RIGHT_READ);
    CHECK_EQ(host_result(
                 host_invoke(&rig, socket, HOST_SOCKET_SEND_OBJECT, WORDS(DATA, 9, 0, 0, 0), CAPS(reader))),
             0);
    const struct machine_host_call *last = sim_host_last(rig.sim, 0);
    CHECK_EQ(last->other, host_object_of(&rig, file)->handle);
    CHECK_EQ(last->other_access, HOST_READ);
    CHECK_REFUSED(
        host_invoke(&rig, socket, HOST_SOCKET_SEND_OBJECT, WORDS(DATA, 9, 0, 0, 0), CAPS(directory)),
        ABI_INVALID_CAPABILITY, 0);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, socket, HOST_SOCKET_SEND_OBJECT, WORDS(DATA, 9, 0, 0, 0), NO_CAPS),
                       ABI_TRUNCATED_MESSAGE);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_pairs), CHECK_TEST(test_epoll), CHECK_TEST(test_same_object),
           CHECK_TEST(test_duplicate), CHECK_TEST(test_receive), CHECK_TEST(test_send))
