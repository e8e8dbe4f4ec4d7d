/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host objects as engines have to carry them: descriptors that all VSpaces share, memory in many pieces, a page whose
 * system calls an engine may have patched, errors that are signals elsewhere, and events while everybody waits or
 * somebody computes. The command line gives the directory "files" with in.txt (64 KiB, byte i is i % 251) and
 * code.bin, the directory "dev", a network and a clock.
 */
#include <sel4_util.h>
#include <selkie/host.h>

#include "guest_host_engine.h"

SEL4_UTIL_EMBEDDED(image_other);

enum {
    PAGE = 4096,
    SIZE = 65536,
    PERIOD = 251,
    READS = 20000,
    READ_SIZE = 16,
    MESSAGE = 32,
    PATCH_CALLS = 10,
    BADGE = 4,
    PORT_BYTES = 2
};

static struct sel4_util_allocator allocator;
static const seL4_BootInfo *boot;
static seL4_CPtr files, dev, network, clock, ready, notification;
static unsigned char buffer[SIZE + 3 * PAGE];

/* A page of its own: a system call, and a function whose constant is in code.bin once more, as 2 instead of 1. */
extern const unsigned char page_call[], page_constant[];
__asm__(".balign 4096\n"
        "page_call:\n"
        "    movq %rdi, %rdx\n"
        "    syscall\n"
        "    xorl %eax, %eax\n"
        "    nop\n"
        "    nop\n"
        "    nop\n"
        "    ret\n"
        ".balign 64\n"
        "page_constant:\n"
        "    movl $1, %eax\n"
        "    ret\n"
        ".balign 4096\n");

static void expect(const char *what, long answer, long expected)
{
    if (answer != expected)
        sel4_util_panic("%s: %ld, not %ld\n", what, answer, expected);
}

static seL4_CPtr object_new(void)
{
    seL4_CPtr object = sel4_util_object_alloc(&allocator, HOST_IO_TYPE, HOST_IO_BITS);
    if (!object)
        sel4_util_panic("no host object\n");
    return object;
}

static void object_delete(seL4_CPtr object)
{
    SEL4_UTIL_CHECK(seL4_CNode_Delete(seL4_CapInitThreadCNode, object, seL4_WordBits));
}

static seL4_CPtr file_open(const char *path, seL4_Word flags)
{
    seL4_CPtr file = object_new();
    expect(path, selkie_host_directory_open(files, path, flags, 0600, file), 0);
    return file;
}

static bool is_pattern(const unsigned char *bytes, seL4_Word offset, seL4_Word size)
{
    for (seL4_Word i = 0; i < size; i++)
        if (bytes[i] != (offset + i) % PERIOD)
            return false;
    return true;
}

static void test_file(void)
{
    seL4_CPtr file = file_open("in.txt", SELKIE_O_RDONLY), out;
    expect("a large read", selkie_host_file_read(file, buffer + 5, SIZE), SIZE);
    expect("its bytes", is_pattern(buffer + 5, 0, SIZE), true);
    expect("the end", selkie_host_file_read(file, buffer, SIZE), 0);
    expect("writing what is open for reading", selkie_host_file_write(file, buffer, 1), -SELKIE_EBADF);
    expect("no memory", selkie_host_file_read(file, (void *)0x1000, 1), -SELKIE_EFAULT);
    object_delete(file);
    out = file_open("out.txt", SELKIE_O_RDWR | SELKIE_O_CREAT);
    expect("a large write", selkie_host_file_write(out, buffer + 5, SIZE), SIZE);
    expect("reading it back", selkie_host_file_read_at(out, buffer + 1, PAGE, PERIOD, 0), PAGE);
    expect("its bytes", is_pattern(buffer + 1, 0, PAGE), true);
    object_delete(out);
    sel4_util_printf("files\n");
}

static long page_run(const unsigned char *function)
{
    long answer;
    __asm__ volatile("call *%1"
                     : "=a"(answer)
                     : "r"(function), "D"((long)(int)seL4_SysYield)
                     : "rcx", "rdx", "r11", "memory");
    return answer;
}

/* The engine's copy of a page must not outlive what the host writes there. */
static void test_code(void)
{
    seL4_CPtr file = file_open("code.bin", SELKIE_O_RDONLY);
    for (unsigned i = 0; i < PATCH_CALLS; i++)
        expect("a call in the page", page_run(page_call), 0);
    expect("the page before", page_run(page_constant), 1);
    expect("code", selkie_host_file_read_at(file, (void *)page_constant, 6, 0, 0), 6);
    expect("the page after", page_run(page_constant), 2);
    for (unsigned i = 0; i < PATCH_CALLS; i++)
        expect("a call in the page afterwards", page_run(page_call), 0);
    object_delete(file);
    sel4_util_printf("code\n");
}

static void test_pipe(void)
{
    expect("mkfifo", selkie_host_directory_make_node(files, "pipe", SELKIE_S_IFIFO | 0600), 0);
    seL4_CPtr reader = file_open("pipe", SELKIE_O_RDONLY), writer = file_open("pipe", SELKIE_O_WRONLY);
    expect("an empty pipe", selkie_host_file_read(reader, buffer, 1), -SELKIE_EAGAIN);
    expect("into the pipe", selkie_host_file_write(writer, "abc", 3), 3);
    expect("out of it", selkie_host_file_read(reader, buffer, SIZE), 3);
    expect("the bytes", buffer[0] == 'a' && buffer[2] == 'c', true);
    object_delete(reader);
    expect("a pipe without reader", selkie_host_file_write(writer, "abc", 3), -SELKIE_EPIPE);
    object_delete(writer);
    sel4_util_printf("pipe\n");
}

static void ready_wait(seL4_Word token, seL4_Word event)
{
    struct host_event events[2];
    seL4_Word badge = 0;
    long count;
    while ((count = selkie_host_ready_take(ready, events, 2)) == 0)
        seL4_Wait(notification, &badge);
    expect("how many are ready", count, 1);
    expect("which", (long)events[0].token, (long)token);
    expect("for what", (long)(events[0].events & event), (long)event);
}

static void watch(seL4_CPtr file, seL4_Word events, seL4_Word token)
{
    expect("watch", selkie_host_file_watch(file, ready, events, token), 0);
}

static void test_sockets(void)
{
    seL4_CPtr server = object_new(), client = object_new(), peer = object_new();
    struct selkie_host_inet_address address = selkie_host_inet(127, 0, 0, 1, 0);
    seL4_Word length = 0;
    expect("socket", selkie_host_network_socket(network, SELKIE_AF_INET, SELKIE_SOCK_STREAM, 0, server), 0);
    expect("socket", selkie_host_network_socket(network, SELKIE_AF_INET, SELKIE_SOCK_STREAM, 0, client), 0);
    expect("bind", selkie_host_socket_bind(server, &address, sizeof(address)), 0);
    expect("listen", selkie_host_socket_listen(server, 1), 0);
    expect("accept", selkie_host_socket_accept(server, peer, NULL, 0, NULL), -SELKIE_EAGAIN);
    expect("name", selkie_host_socket_name(server, 0, &address, sizeof(address), &length), 0);
    watch(server, SELKIE_EPOLLIN, 1);
    long connected = selkie_host_socket_connect(client, &address, sizeof(address));
    expect("connect", connected == 0 || connected == -SELKIE_EINPROGRESS, true);
    ready_wait(1, SELKIE_EPOLLIN);
    expect("accept", selkie_host_socket_accept(server, peer, NULL, 0, NULL), 0);
    for (unsigned i = 0; i < 100; i++) {
        watch(peer, SELKIE_EPOLLIN, 2);
        expect("send", selkie_host_file_write(client, buffer + 5, MESSAGE), MESSAGE);
        ready_wait(2, SELKIE_EPOLLIN);
        expect("receive", selkie_host_file_read(peer, buffer + PAGE, PAGE), MESSAGE);
        watch(client, SELKIE_EPOLLIN, 3);
        expect("echo", selkie_host_file_write(peer, buffer + PAGE, MESSAGE), MESSAGE);
        ready_wait(3, SELKIE_EPOLLIN);
        expect("the echo", selkie_host_file_read(client, buffer, PAGE), MESSAGE);
    }
    object_delete(client);
    expect("the end", selkie_host_file_read(peer, buffer, PAGE), 0);
    (void)selkie_host_file_write(peer, buffer, 1);
    long answer;
    while ((answer = selkie_host_file_write(peer, buffer, 1)) == 1) {
    }
    expect("a socket without peer", answer == -SELKIE_EPIPE || answer == -SELKIE_ECONNRESET, true);
    object_delete(peer);
    object_delete(server);
    sel4_util_printf("sockets\n");
}

static struct sel4_util_thread spinner;
static volatile seL4_Word turns;

static void spin(void *argument)
{
    (void)argument;
    for (;;)
        turns++;
}

static long now_ns(void)
{
    struct selkie_host_time now;
    expect("the time", selkie_host_clock_read(clock, SELKIE_CLOCK_MONOTONIC, &now), 0);
    return now.seconds * 1000000000l + now.nanoseconds;
}

/* A timer of the host, while nobody runs and while somebody else does. */
static void test_timer(bool is_busy)
{
    seL4_CPtr timer = object_new();
    uint64_t count = 0;
    long late_ns = 0;
    expect("timer", selkie_host_clock_timer(clock, SELKIE_CLOCK_MONOTONIC, timer), 0);
    for (unsigned i = 0; i < 10; i++) {
        long at_ns = now_ns() + 3000000;
        expect("set", selkie_host_timer_set(timer, (seL4_Word)at_ns, 0, 1), 0);
        watch(timer, SELKIE_EPOLLIN, 4);
        ready_wait(4, SELKIE_EPOLLIN);
        late_ns += now_ns() - at_ns;
        expect("expirations", selkie_host_file_read(timer, &count, sizeof(count)), sizeof(count));
        expect("how many", (long)count, 1);
    }
    object_delete(timer);
    sel4_util_printf("timer%s\n", is_busy ? ", busy" : "");
    sel4_util_printf("late %ld ns\n", late_ns / 10);
}

static void spinner_start(void)
{
    const struct sel4_util_thread_config config = {.name = "spin", .entry = spin, .priority = 1};
    SEL4_UTIL_CHECK(sel4_util_thread_start(&spinner, &allocator, &config));
}

static void other_start(seL4_CPtr endpoint, seL4_CPtr file, seL4_CPtr object)
{
    static struct sel4_util_component component;
    const struct sel4_util_component_config config = {.name = "other",
                                                      .image = image_other_start,
                                                      .image_size = SEL4_UTIL_EMBEDDED_SIZE(image_other),
                                                      .priority = seL4_MaxPrio};
    SEL4_UTIL_CHECK(sel4_util_component_load(&component, &allocator, &config));
    SEL4_UTIL_CHECK(sel4_util_component_give(&component, OTHER_SLOT_ENDPOINT, endpoint, seL4_AllRights, 0));
    SEL4_UTIL_CHECK(sel4_util_component_give(&component, OTHER_SLOT_FILE, file, seL4_CanRead, 0));
    SEL4_UTIL_CHECK(sel4_util_component_give(&component, OTHER_SLOT_DIRECTORY, files, seL4_AllRights, 0));
    SEL4_UTIL_CHECK(sel4_util_component_give(&component, OTHER_SLOT_NEW, object, seL4_AllRights, 0));
    SEL4_UTIL_CHECK(sel4_util_component_start(&component, 0, 0, 0, 0));
}

static long other_ask(seL4_CPtr endpoint, enum other_command command)
{
    seL4_SetMR(0, command);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    return (long)seL4_GetMR(0);
}

/* What one VSpace opens, another one uses. */
static void test_shared(void)
{
    seL4_CPtr endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0), object = object_new();
    seL4_CPtr file = file_open("in.txt", SELKIE_O_RDONLY);
    other_start(endpoint, file, object);
    expect("our part", selkie_host_file_read(file, buffer, READ_SIZE), READ_SIZE);
    expect("the other's", other_ask(endpoint, OTHER_READ), READ_SIZE);
    expect("ours again", selkie_host_file_read(file, buffer, READ_SIZE), READ_SIZE);
    expect("goes on", buffer[0], 2 * READ_SIZE);
    expect("the other opens", other_ask(endpoint, OTHER_OPEN), 0);
    expect("and we read", selkie_host_file_read(object, buffer, READ_SIZE), READ_SIZE);
    expect("from the start", is_pattern(buffer, 0, READ_SIZE), true);
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, object, seL4_WordBits));
    object_delete(object);
    object_delete(file);
    sel4_util_printf("two spaces\n");
}

static void measure(void)
{
    seL4_CPtr zero = object_new();
    expect("zero", selkie_host_directory_open(dev, "zero", SELKIE_O_RDONLY, 0, zero), 0);
    for (unsigned round = 0; round < 3; round++) {
        long start_ns = now_ns();
        for (unsigned i = 0; i < READS; i++)
            expect("a read", selkie_host_file_read(zero, buffer, READ_SIZE), READ_SIZE);
        sel4_util_printf("read %ld ns\n", (now_ns() - start_ns) / READS);
        start_ns = now_ns();
        for (unsigned i = 0; i < READS; i++)
            expect("kind", selkie_host_object_kind(zero, NULL), HOST_FILE);
        sel4_util_printf("without a host call %ld ns\n", (now_ns() - start_ns) / READS);
    }
    object_delete(zero);
}

int main(seL4_BootInfo *info)
{
    boot = info;
    sel4_util_allocator_init(&allocator, info);
    files = selkie_host_find(boot, "files");
    dev = selkie_host_find(boot, "dev");
    network = selkie_host_find(boot, "network");
    clock = selkie_host_find(boot, "clock");
    ready = object_new();
    notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    expect("ready set", selkie_host_ready_make(ready), 0);
    expect("bind",
           selkie_host_ready_bind(ready, sel4_util_cap_mint(&allocator, notification, seL4_AllRights, BADGE)),
           0);
    test_file();
    test_code();
    test_pipe();
    test_sockets();
    test_timer(false);
    test_shared();
    measure();
    spinner_start();
    test_timer(true);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(spinner.tcb));
    sel4_util_printf("all right\n");
    return 0;
}
