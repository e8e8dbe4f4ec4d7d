/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every operation: who answers it, what it takes to be allowed, in which order
 * refusals come, and what the host is told.
 */
#include "tests/kernel/host/host_rig.h"

enum {
    DATA = IMAGE + 2 * PAGE,
    PATH = IMAGE,
    NEW_PATH = IMAGE + 256,
    UNMAPPED = 0x600000,
    WORDS_MAX = 6
};
#define NOWHERE 0xffff800000000000ull

/* The objects that the table of the test needs, one of each kind. */
struct objects {
    uint64_t of_kind[HOST_WINDOW + 1];
    uint64_t spare, set, notification;
};

static struct objects objects_make(struct rig *rig)
{
    struct objects o = {.spare = host_new(rig), .set = host_new_set(rig)};
    o.notification = rig_new(rig, OBJECT_NOTIFICATION, 0);
    o.of_kind[HOST_EMPTY] = host_new(rig);
    o.of_kind[HOST_DIRECTORY] = host_root(rig, ROOT_DIRECTORY);
    o.of_kind[HOST_FILE] = host_open(rig, host_root(rig, ROOT_DIRECTORY));
    o.of_kind[HOST_SOCKET] = host_open_socket(rig);
    o.of_kind[HOST_NETWORK] = host_root(rig, ROOT_NETWORK);
    o.of_kind[HOST_CLOCK] = host_root(rig, ROOT_CLOCK);
    o.of_kind[HOST_TIMER] = host_open_timer(rig);
    o.of_kind[HOST_READY_SET] = o.set;
    o.of_kind[HOST_WINDOW] = host_open_window(rig, o.of_kind[HOST_FILE]);
    return o;
}

enum extra {
    NONE,
    SPARE,
    DIRECTORY,
    SET,
    OPTIONAL
};

/* An invocation that is right; `kind` is one that answers it. */
struct example {
    enum host_operation operation;
    enum host_kind kind;
    unsigned access; /* 0: any */
    unsigned count;
    uint64_t word[WORDS_MAX];
    enum extra extra;
    uint64_t addresses; /* bit per word that is an address */
    bool is_host;       /* the machine is asked */
};

#define EXAMPLE(operation, kind, access, extra, addresses, is_host, ...)                                     \
    {                                                                                                        \
        HOST_##operation, HOST_##kind, access, sizeof((uint64_t[]){__VA_ARGS__}) / 8, {__VA_ARGS__}, extra,  \
            addresses, is_host                                                                               \
    }

static const struct example EXAMPLES[] = {
    EXAMPLE(OBJECT_MAKE_SOCKET_PAIR, EMPTY, BOTH, SPARE, 0, true, 1),
    EXAMPLE(OBJECT_MAKE_EVENT, EMPTY, BOTH, NONE, 0, true, 3, 1),
    EXAMPLE(READY_TAKE, READY_SET, HOST_READ, NONE, 1, false, DATA, 4),
    EXAMPLE(FILE_WATCH, FILE, 0, SET, 0, false, 1, 77),
    EXAMPLE(FILE_POLL, FILE, 0, NONE, 0, true, 1),
    EXAMPLE(FILE_READ, FILE, HOST_READ, NONE, 1, true, DATA, 100, UINT64_MAX, 0),
    EXAMPLE(FILE_READ, TIMER, HOST_READ, NONE, 1, true, DATA, 8, UINT64_MAX, 0),
    EXAMPLE(FILE_WRITE, SOCKET, HOST_WRITE, NONE, 1, true, DATA, 100, UINT64_MAX, 0),
    EXAMPLE(FILE_SEEK, FILE, 0, NONE, 0, true, 5, 1),
    EXAMPLE(FILE_STAT, FILE, 0, NONE, 1, true, DATA),
    EXAMPLE(FILE_SET_SIZE, FILE, HOST_WRITE, NONE, 0, true, 100),
    EXAMPLE(FILE_ALLOCATE, FILE, HOST_WRITE, NONE, 0, true, 0, 1, 2),
    EXAMPLE(FILE_SYNC, FILE, 0, NONE, 0, true, 1),
    EXAMPLE(FILE_SET_MODE, FILE, HOST_WRITE, NONE, 0, true, 0644),
    EXAMPLE(FILE_SET_TIMES, FILE, HOST_WRITE, NONE, 1, true, DATA),
    EXAMPLE(FILE_CONTROL, FILE, 0, NONE, 0, true, 0x5401, DATA),
    EXAMPLE(FILE_PIPE_SIZE, FILE, 0, NONE, 0, true, 4096),
    EXAMPLE(FILE_LOCK, FILE, 0, NONE, 0, true, 0, 1, 0, 0),
    EXAMPLE(FILE_WINDOW, FILE, HOST_READ, SPARE, 0, true, 4096, 8192),
    EXAMPLE(DIRECTORY_OPEN, DIRECTORY, 0, SPARE, 1, true, PATH, 3, 2, 0),
    EXAMPLE(DIRECTORY_LIST, DIRECTORY, HOST_READ, NONE, 1, true, DATA, 1000),
    EXAMPLE(DIRECTORY_REWIND, DIRECTORY, HOST_READ, NONE, 0, true, 0),
    EXAMPLE(DIRECTORY_STAT, DIRECTORY, HOST_READ, NONE, 9, true, PATH, 3, 0, DATA),
    EXAMPLE(DIRECTORY_READ_LINK, DIRECTORY, HOST_READ, NONE, 5, true, PATH, 3, DATA, 50),
    EXAMPLE(DIRECTORY_MAKE, DIRECTORY, HOST_WRITE, NONE, 1, true, PATH, 3, 0755),
    EXAMPLE(DIRECTORY_MAKE_NODE, DIRECTORY, HOST_WRITE, NONE, 1, true, PATH, 3, 010644),
    EXAMPLE(DIRECTORY_REMOVE, DIRECTORY, HOST_WRITE, NONE, 1, true, PATH, 3, 0),
    EXAMPLE(DIRECTORY_RENAME, DIRECTORY, HOST_WRITE, DIRECTORY, 5, true, PATH, 3, NEW_PATH, 3, 0),
    EXAMPLE(DIRECTORY_LINK, DIRECTORY, HOST_WRITE, DIRECTORY, 5, true, PATH, 3, NEW_PATH, 3),
    EXAMPLE(DIRECTORY_SYMLINK, DIRECTORY, HOST_WRITE, NONE, 5, true, PATH, 3, NEW_PATH, 3),
    EXAMPLE(DIRECTORY_SET_MODE, DIRECTORY, HOST_WRITE, NONE, 1, true, PATH, 3, 0644),
    EXAMPLE(DIRECTORY_SET_TIMES, DIRECTORY, HOST_WRITE, NONE, 9, true, PATH, 3, 0, DATA),
    EXAMPLE(NETWORK_SOCKET, NETWORK, 0, SPARE, 0, true, 2, 1, 0),
    EXAMPLE(NETWORK_RESTRICT, NETWORK, 0, SPARE, 1, true, PATH, 3),
    EXAMPLE(SOCKET_BIND, SOCKET, HOST_WRITE, NONE, 1, true, DATA, 16),
    EXAMPLE(SOCKET_CONNECT, SOCKET, HOST_WRITE, NONE, 1, true, DATA, 16),
    EXAMPLE(SOCKET_LISTEN, SOCKET, HOST_WRITE, NONE, 0, true, 5),
    EXAMPLE(SOCKET_ACCEPT, SOCKET, HOST_READ, SPARE, 1, true, DATA, 16),
    EXAMPLE(SOCKET_SEND, SOCKET, HOST_WRITE, NONE, 9, true, DATA, 100, 0, DATA, 16),
    EXAMPLE(SOCKET_RECEIVE, SOCKET, HOST_READ, NONE, 9, true, DATA, 100, 0, DATA, 16),
    EXAMPLE(SOCKET_RECEIVE_OBJECT, SOCKET, HOST_READ, SPARE, 9, true, DATA, 100, 0, DATA, 16),
    EXAMPLE(SOCKET_SHUTDOWN, SOCKET, 0, NONE, 0, true, 1),
    EXAMPLE(SOCKET_GET_OPTION, SOCKET, 0, NONE, 4, true, 1, 4, DATA, 4),
    EXAMPLE(SOCKET_SET_OPTION, SOCKET, 0, NONE, 4, true, 1, 2, DATA, 4),
    EXAMPLE(SOCKET_NAME, SOCKET, 0, NONE, 2, true, 0, DATA, 16),
    EXAMPLE(CLOCK_READ, CLOCK, 0, NONE, 0, true, 1),
    EXAMPLE(CLOCK_TIMER, CLOCK, 0, SPARE, 0, true, 1),
    EXAMPLE(TIMER_SET, TIMER, HOST_WRITE, NONE, 0, true, 5, 0, 0),
};

enum {
    EXAMPLE_COUNT = sizeof EXAMPLES / sizeof *EXAMPLES
};

static uint64_t extra_of(const struct objects *o, enum extra extra)
{
    switch (extra) {
    case SPARE:
        return o->spare;
    case DIRECTORY:
        return o->of_kind[HOST_DIRECTORY];
    case SET:
        return o->set;
    default:
        return 0;
    }
}

static struct answer example_invoke(struct rig *rig, const struct example *x, uint64_t cptr, unsigned count,
                                    uint64_t extra)
{
    return host_invoke(rig, cptr, x->operation, x->word, count, &extra, extra != 0);
}

static struct rig rig_with_paths(void)
{
    struct rig rig = host_rig_open();
    host_put(&rig, PATH, "a/b", 3);
    host_put(&rig, NEW_PATH, "c/d", 3);
    return rig;
}

static void name_failure(const struct example *x, unsigned before)
{
    if (check_failures != before)
        fprintf(stderr, "  in operation %d of kind %d\n", (int)x->operation, (int)x->kind);
}

static void test_everything_works_once(void)
{
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        const struct example *x = &EXAMPLES[i];
        unsigned before = check_failures;
        struct rig rig = rig_with_paths();
        struct objects o = objects_make(&rig);
        uint64_t calls = host_calls(&rig);
        uint64_t cptr = o.of_kind[x->kind];
        uint32_t handle = host_object_of(&rig, cptr)->handle;
        CHECK_EQ(host_result(example_invoke(&rig, x, cptr, x->count, extra_of(&o, x->extra))), 0);
        CHECK_EQ(host_calls(&rig), calls + x->is_host);
        if (x->is_host) {
            const struct machine_host_call *call = sim_host_last(rig.sim, 0);
            CHECK_EQ(call->operation, x->operation);
            CHECK_EQ(call->handle, handle);
            CHECK_EQ(call->access, BOTH);
            for (unsigned w = 0; w < WORDS_MAX; w++)
                CHECK_EQ(call->argument[w], w < x->count ? x->word[w] : 0);
        }
        name_failure(x, before);
        rig_close(&rig);
    }
}

static bool kind_answers(const struct example *x, unsigned kind)
{
    unsigned file = 1u << HOST_FILE | 1u << HOST_SOCKET | 1u << HOST_TIMER;
    bool is_file = x->operation >= HOST_FILE_WATCH && x->operation <= HOST_FILE_WINDOW;
    if (x->operation == HOST_FILE_WINDOW)
        return kind == HOST_FILE;
    if (x->operation == HOST_FILE_SYNC && kind == HOST_DIRECTORY)
        return true;
    return is_file ? file >> kind & 1 : kind == x->kind;
}

/* Before anything else the kind must be right, whatever is in the message. */
static void test_kinds(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        for (unsigned kind = HOST_EMPTY; kind <= HOST_WINDOW; kind++) {
            uint64_t calls = host_calls(&rig);
            if (kind_answers(&EXAMPLES[i], kind))
                continue;
            CHECK_ANSWER_EMPTY(example_invoke(&rig, &EXAMPLES[i], o.of_kind[kind], 0, 0),
                               ABI_ILLEGAL_OPERATION);
            CHECK_EQ(host_calls(&rig), calls);
        }
    }
    for (unsigned kind = HOST_DIRECTORY; kind <= HOST_WINDOW; kind++)
        CHECK_ANSWER_EMPTY(host_invoke(&rig, o.of_kind[kind], HOST_OBJECT_MAKE_READY_SET, NO_WORDS, NO_CAPS),
                           ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, o.of_kind[HOST_FILE], HOST_OPERATIONS, NO_WORDS, NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    /* Labels of seL4's, and host labels on what is none. */
    CHECK_ANSWER_EMPTY(rig_invoke(&rig, o.of_kind[HOST_FILE], OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, ABI_SLOT_CNODE, HOST_FILE_SYNC, WORDS(1), NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    CHECK_ANSWER_EMPTY(host_invoke(&rig, rig.untyped, HOST_FILE_SYNC, WORDS(1), NO_CAPS),
                       ABI_ILLEGAL_OPERATION);
    rig_close(&rig);
}

static void test_truncated(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        const struct example *x = &EXAMPLES[i];
        unsigned before = check_failures;
        uint64_t cptr = o.of_kind[x->kind], extra = extra_of(&o, x->extra), calls = host_calls(&rig);
        CHECK_ANSWER_EMPTY(example_invoke(&rig, x, cptr, x->count - 1, extra), ABI_TRUNCATED_MESSAGE);
        if (x->extra != NONE)
            CHECK_ANSWER_EMPTY(example_invoke(&rig, x, cptr, x->count, 0), ABI_TRUNCATED_MESSAGE);
        CHECK_EQ(host_calls(&rig), calls);
        name_failure(x, before);
    }
    rig_close(&rig);
}

static int64_t refusal_of(const struct example *x)
{
    switch (x->kind) {
    case HOST_DIRECTORY:
        return x->access == HOST_WRITE ? -HOST_ERROR_READ_ONLY : -HOST_ERROR_ACCESS;
    case HOST_FILE:
    case HOST_SOCKET:
    case HOST_TIMER:
        return -HOST_ERROR_BAD_FILE;
    default:
        return -HOST_ERROR_ACCESS;
    }
}

/* Without the access, the wrong extra capability does not even matter. */
static void test_access(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        const struct example *x = &EXAMPLES[i];
        unsigned before = check_failures;
        uint64_t calls = host_calls(&rig);
        if (x->access == 0)
            continue;
        uint64_t less = rig.next_slot;
        CHECK_OK(rig_copy(&rig, less, o.of_kind[x->kind], x->access == HOST_READ ? RIGHT_WRITE : RIGHT_READ));
        uint64_t extra = x->extra == NONE ? 0 : ABI_SLOT_TCB;
        CHECK_EQ(host_result(example_invoke(&rig, x, less, x->count, extra)), refusal_of(x));
        CHECK_OK(rig_delete(&rig, less));
        /* The same with all rights to something that was opened with less. */
        struct host_object *object = host_object_of(&rig, o.of_kind[x->kind]);
        if (x->kind == HOST_EMPTY)
            continue;
        object->access = (uint8_t)(BOTH & ~x->access);
        CHECK_EQ(host_result(example_invoke(&rig, x, o.of_kind[x->kind], x->count, extra)), refusal_of(x));
        object->access = BOTH;
        CHECK_EQ(host_calls(&rig), calls);
        name_failure(x, before);
    }
    rig_close(&rig);
}

static void test_extra_capabilities(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    uint64_t half = host_with_rights(&rig, o.spare, RIGHT_READ);
    uint64_t other_half = host_with_rights(&rig, o.spare, RIGHT_WRITE);
    uint64_t reader = host_with_rights(&rig, o.set, RIGHT_READ);
    uint64_t empty_slot = rig_free_slot(&rig);
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        const struct example *x = &EXAMPLES[i];
        unsigned before = check_failures;
        uint64_t wrong[] = {ABI_SLOT_TCB, empty_slot, o.of_kind[HOST_FILE],
                            x->extra == SPARE ? other_half : ABI_SLOT_CNODE,
                            x->extra == SET     ? reader
                            : x->extra == SPARE ? half
                                                : o.set};
        uint64_t calls = host_calls(&rig);
        for (unsigned n = 0; x->extra != NONE && n < sizeof wrong / sizeof *wrong; n++)
            CHECK_REFUSED(example_invoke(&rig, x, o.of_kind[x->kind], x->count, wrong[n]),
                          ABI_INVALID_CAPABILITY, 0);
        CHECK_EQ(host_calls(&rig), calls);
        name_failure(x, before);
    }
    /* The invoked object itself is open, so it is no empty one. */
    CHECK_REFUSED(host_invoke(&rig, o.of_kind[HOST_DIRECTORY], HOST_DIRECTORY_OPEN, WORDS(PATH, 3, 2, 0),
                              CAPS(o.of_kind[HOST_DIRECTORY])),
                  ABI_INVALID_CAPABILITY, 0);
    rig_close(&rig);
}

/* The second directory of a rename or link must be writable, too; which one it is, the host is told. */
static void test_second_directory(void)
{
    struct rig rig = rig_with_paths();
    uint64_t directory = host_root(&rig, ROOT_DIRECTORY), other = host_root(&rig, ROOT_READ_ONLY);
    CHECK_EQ(host_result(
                 host_invoke(&rig, directory, HOST_DIRECTORY_LINK, WORDS(PATH, 3, NEW_PATH, 3), CAPS(other))),
             -HOST_ERROR_READ_ONLY);
    host_object_of(&rig, other)->access = BOTH;
    CHECK_EQ(host_result(
                 host_invoke(&rig, directory, HOST_DIRECTORY_LINK, WORDS(PATH, 3, NEW_PATH, 3), CAPS(other))),
             0);
    CHECK_EQ(sim_host_last(rig.sim, 0)->other, ROOT_READ_ONLY);
    CHECK_STR_EQ(rig.sim->host.path, "a/b");
    CHECK_STR_EQ(rig.sim->host.new_path, "c/d");
    rig_close(&rig);
}

/* An address above user space is an argument error, and says which word; one where nothing is, is the host's. */
static void test_addresses(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        unsigned before = check_failures;
        uint64_t calls = host_calls(&rig);
        for (unsigned w = 0; w < EXAMPLES[i].count; w++) {
            struct example x = EXAMPLES[i];
            if (!(x.addresses >> w & 1))
                continue;
            uint64_t cptr = o.of_kind[x.kind], extra = extra_of(&o, x.extra);
            x.word[w] = NOWHERE;
            CHECK_REFUSED(example_invoke(&rig, &x, cptr, x.count, extra), ABI_INVALID_ARGUMENT, w);
            x.word[w] = ABI_USER_TOP;
            CHECK_REFUSED(example_invoke(&rig, &x, cptr, x.count, extra), ABI_INVALID_ARGUMENT, w);
            x.word[w] = UNMAPPED;
            CHECK_EQ(host_result(example_invoke(&rig, &x, cptr, x.count, extra)), -HOST_ERROR_FAULT);
        }
        CHECK_EQ(host_calls(&rig), calls);
        name_failure(&EXAMPLES[i], before);
    }
    CHECK_EQ(host_object_of(&rig, o.spare)->kind, HOST_EMPTY);
    rig_close(&rig);
}

/* --- errors and answers of the host's --- */

static int64_t answer_again(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    call->second = 9;
    call->new_kind = HOST_FILE;
    return -11;
}

static void test_errors_of_the_host(void)
{
    struct rig rig = rig_with_paths();
    struct objects o = objects_make(&rig);
    rig.sim->host.answer = answer_again;
    for (unsigned i = 0; i < EXAMPLE_COUNT; i++) {
        const struct example *x = &EXAMPLES[i];
        if (!x->is_host)
            continue;
        CHECK_ANSWER(example_invoke(&rig, x, o.of_kind[x->kind], x->count, extra_of(&o, x->extra)),
                     ABI_NO_ERROR, (uint64_t)-11, 0);
    }
    CHECK_EQ(host_object_of(&rig, o.spare)->kind, HOST_EMPTY);
    CHECK_EQ(host_object_of(&rig, o.of_kind[HOST_EMPTY])->kind, HOST_EMPTY);
    rig_close(&rig);
}

static int64_t answer_two_words(struct sim *sim, struct machine_host_call *call)
{
    (void)sim;
    call->second = 123456789;
    return 42;
}

static void test_second_word(void)
{
    struct rig rig = host_rig_open();
    rig.sim->host.answer = answer_two_words;
    CHECK_ANSWER(host_invoke(&rig, host_root(&rig, ROOT_CLOCK), HOST_CLOCK_READ, WORDS(1), NO_CAPS),
                 ABI_NO_ERROR, 42, 123456789);
    rig_close(&rig);
}

static void test_controls(void)
{
    static const struct {
        uint64_t request, in, out;
    } CONTROLS[] = {{0x5401, 0, 36}, {0x5402, 36, 0}, {0x5403, 36, 0}, {0x5404, 36, 0},
                    {0x5413, 0, 8},  {0x5414, 8, 0},  {0x541b, 0, 4}};
    struct rig rig = host_rig_open();
    uint64_t output = host_root(&rig, ROOT_OUTPUT);
    uint64_t end = DATA + PAGE; /* the page behind is read-only, the next is not there */
    host_unmap(&rig, 4);
    host_map(&rig, 3, rig.image_frame + 3, RIGHT_READ);
    for (unsigned i = 0; i < sizeof CONTROLS / sizeof *CONTROLS; i++) {
        uint64_t size = CONTROLS[i].in + CONTROLS[i].out;
        CHECK_EQ(host_result(host_invoke(&rig, output, HOST_FILE_CONTROL,
                                         WORDS(CONTROLS[i].request, end - size), NO_CAPS)),
                 0);
        CHECK_EQ(sim_host_last(rig.sim, 0)->small_size, size);
        CHECK_EQ(host_result(host_invoke(&rig, output, HOST_FILE_CONTROL,
                                         WORDS(CONTROLS[i].request, end - size + 1), NO_CAPS)),
                 CONTROLS[i].out ? -HOST_ERROR_FAULT : 0);
        CHECK_EQ(host_result(host_invoke(&rig, output, HOST_FILE_CONTROL,
                                         WORDS(CONTROLS[i].request, end + PAGE - size + 1), NO_CAPS)),
                 -HOST_ERROR_FAULT);
        CHECK_EQ(host_result(host_invoke(&rig, output, HOST_FILE_CONTROL, WORDS(CONTROLS[i].request, NOWHERE),
                                         NO_CAPS)),
                 -HOST_ERROR_FAULT);
    }
    uint64_t calls = host_calls(&rig);
    CHECK_EQ(
        host_result(host_invoke(&rig, output, HOST_FILE_CONTROL, WORDS(0x5412, DATA), NO_CAPS)), /* TIOCSTI */
        -HOST_ERROR_NO_TERMINAL);
    CHECK_EQ(host_calls(&rig), calls);
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_everything_works_once), CHECK_TEST(test_kinds), CHECK_TEST(test_truncated),
           CHECK_TEST(test_access), CHECK_TEST(test_extra_capabilities), CHECK_TEST(test_second_directory),
           CHECK_TEST(test_addresses), CHECK_TEST(test_errors_of_the_host), CHECK_TEST(test_second_word),
           CHECK_TEST(test_controls))
