/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network policies as text and as what they let pass, and sockets on the loopback.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"
#include "run/network_rules.h"

static bool policy_set(const char *rules)
{
    struct diag diag = {0};
    return network_rules_parse(&fixture.h->policy[NETWORK], rules, &diag);
}

static int64_t socket_make(uint64_t domain, uint64_t type)
{
    int64_t result = CALL(HOST_NETWORK_SOCKET, NETWORK, NULL, NULL, domain, type, 0);
    return result < 0 ? result : fixture.call.new_handle;
}

/* "1.2.3.4" or "::1" and a port, as small memory. */
static void address_set(const char *text, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        small_set(&in, sizeof(in));
    } else {
        CHECK_EQ(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        small_set(&in6, sizeof(in6));
    }
}

static void test_rules_text(void)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"any", true},
        {"listen:127.0.0.1:8080", true},
        {"listen:127.0.0.1:8080,connect:10.0.0.0/8:80-443,connect:[::1]:*", true},
        {"connect:*:*", true},
        {"connect:[fd00::]/8:53", true},
        {"listen:unix,connect:unix", true},
        {"listen:unix@selkie-0.A,connect:unix@123456789012345", true},
        {"listen:*:0", true},
        {"", false},
        {",", false},
        {"any,", false},
        {"any,connect:*:*", false},
        {"listen:127.0.0.1:8080,", false},
        {"Listen:127.0.0.1:80", false},
        {"listen:127.0.0.1", false},
        {"listen:127.0.0.1:", false},
        {"listen:127.0.0.1:+80", false},
        {"listen:127.0.0.1: 80", false},
        {"listen:127.0.0.1:65536", false},
        {"listen:127.0.0.1:443-80", false},
        {"listen:127.0.0.1:80-", false},
        {"listen:127.0.0.1:1-2-3", false},
        {"listen:localhost:80", false},
        {"listen::80", false},
        {"listen:::1:80", false},
        {"listen:[]:80", false},
        {"listen:[::1:80", false},
        {"connect:10.0.0.0/33:80", false},
        {"connect:10.0.0.0/:80", false},
        {"connect:10.0.0.1/8:80", false},
        {"connect:10.0.0/8:80", false},
        {"connect:[::ffff:10.0.0.1]:80", false},
        {"connect:unix:80", false},
        {"connect:unix@", false},
        {"connect:unix@1234567890123456", false},
        {"connect:unix@a/b", false},
        {"connect:unixes@a", false},
        {"connect:*/0:80", false},
    };
    struct hostio_policy policy;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = {0};
        if (!CHECK_EQ(network_rules_parse(&policy, cases[i].text, &diag), cases[i].is_good)) {
            fprintf(stderr, "    %s: %s\n", cases[i].text, diag.text);
        }
        CHECK_EQ(diag.text[0] == '\0', cases[i].is_good);
    }
    struct diag diag = {0};
    char many[1024] = "";
    for (unsigned i = 0; i <= HOSTIO_RULES; i++) {
        (void)strcat(many, i ? ",listen:1.1.1.1:1" : "listen:1.1.1.1:1");
    }
    CHECK(!network_rules_parse(&policy, many, &diag));
}

/* Refused is -EACCES; anything else is the host's answer to what was let pass. */
static void test_policy(void)
{
    static const struct {
        const char *rules, *address;
        uint16_t port;
        bool is_listen, passes;
    } cases[] = {
        {"listen:127.0.0.1:8080", "127.0.0.1", 8080, true, true},
        {"listen:127.0.0.1:8080", "127.0.0.1", 8081, true, false},
        {"listen:127.0.0.1:8080", "127.0.0.2", 8080, true, false},
        {"listen:127.0.0.1:8080", "0.0.0.0", 8080, true, false},
        {"listen:127.0.0.1:8080", "127.0.0.1", 0, true, false},
        {"listen:127.0.0.1:8080", "127.0.0.1", 8080, false, false},
        {"listen:127.0.0.1:0", "127.0.0.1", 0, true, true},
        {"listen:0.0.0.0:*", "127.0.0.1", 0, true, true},
        {"listen:0.0.0.0/32:*", "127.0.0.1", 0, true, false},
        {"listen:127.0.0.1:8080", "::ffff:127.0.0.1", 8080, true, true},
        {"listen:127.0.0.1:8080", "::", 8080, true, false},
        {"listen:[::]:8080", "::ffff:127.0.0.1", 8080, true, false},
        {"listen:[::]:8080", "::1", 8080, true, true},
        {"connect:127.0.0.0/9:1-3", "127.127.0.1", 3, false, true},
        {"connect:127.0.0.0/9:1-3", "127.128.0.1", 3, false, false},
        {"connect:127.0.0.0/9:1-3", "127.0.0.1", 4, false, false},
        {"connect:127.0.0.0/9:1-3", "::ffff:127.1.1.1", 1, false, true},
        {"connect:127.0.0.0/9:1-3", "::ffff:128.1.1.1", 1, false, false},
        {"connect:127.0.0.0/9:1-3", "0.0.0.0", 1, false, true}, /* is 127.0.0.1 */
        {"connect:0.0.0.0/32:1", "0.0.0.0", 1, false, false},
        {"connect:[::1]:1", "::", 1, false, true},
        {"connect:[::1]:1", "::2", 1, false, false},
        {"connect:[::1]:1", "127.0.0.1", 1, false, false},
        {"connect:*:1", "::1", 1, false, true},
        {"connect:*:1", "127.0.0.1", 1, false, true},
        {"connect:unix", "127.0.0.1", 1, false, false},
    };
    fixture_begin();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_inet6 = strchr(cases[i].address, ':');
        CHECK(policy_set("any"));
        int64_t made = socket_make(is_inet6 ? AF_INET6 : AF_INET, SOCK_DGRAM);
        CHECK(policy_set(cases[i].rules));
        if (made < 0) {
            CHECK_EQ(made, -EAFNOSUPPORT); /* a host without IPv6 */
            continue;
        }
        address_set(cases[i].address, cases[i].port);
        int64_t result =
            CALL(cases[i].is_listen ? HOST_SOCKET_BIND : HOST_SOCKET_CONNECT, (uint32_t)made, NULL, NULL, 0);
        if (!CHECK_EQ(result != -EACCES, cases[i].passes)) {
            fprintf(stderr, "    %s: %s %d\n", cases[i].rules, cases[i].address, cases[i].port);
        }
        if (!cases[i].is_listen) {
            address_set(cases[i].address, cases[i].port);
            pieces_set(1, 1, 0);
            result = CALL(HOST_SOCKET_SEND, (uint32_t)made, NULL, NULL, 0);
            CHECK_EQ(result != -EACCES, cases[i].passes);
        }
        hostio_close(fixture.h, (uint32_t)made);
    }
    fixture_end();
}

static void test_sockets_refused(void)
{
    fixture_begin();
    CHECK_EQ(socket_make(AF_INET, SOCK_STREAM), -EACCES);
    CHECK(policy_set("any"));
    CHECK_EQ(socket_make(AF_UNIX, SOCK_STREAM), -EACCES);
    CHECK_EQ(socket_make(AF_INET, SOCK_RAW), -EACCES);
    CHECK_EQ(socket_make(AF_NETLINK, SOCK_RAW), -EAFNOSUPPORT);
    CHECK_EQ(socket_make(AF_PACKET, SOCK_DGRAM), -EAFNOSUPPORT);
    CHECK_EQ(CALL(HOST_NETWORK_SOCKET, NETWORK, NULL, NULL, AF_INET, SOCK_DGRAM, 1), -EPROTONOSUPPORT);
    CHECK_EQ(CALL(HOST_NETWORK_SOCKET, NETWORK, NULL, NULL, AF_INET, SOCK_STREAM, 262), -EPROTONOSUPPORT);
    int64_t made = socket_make(AF_INET, SOCK_STREAM);
    static const struct {
        uint64_t level, name;
        int64_t result;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 0},        {SOL_SOCKET, SO_BINDTODEVICE, -EPERM},
        {SOL_SOCKET, SO_MARK, -EPERM},        {SOL_SOCKET, SO_ATTACH_FILTER, -EPERM},
        {SOL_SOCKET, SO_ATTACH_BPF, -EPERM},  {SOL_SOCKET, SO_TYPE, -EPERM},
        {SOL_IP, IP_OPTIONS, -EPERM},         {SOL_IP, IP_TRANSPARENT, -EPERM},
        {SOL_IP, IP_FREEBIND, -EPERM},        {SOL_IP, IP_ADD_MEMBERSHIP, -EPERM},
        {SOL_IPV6, IPV6_ADDRFORM, -EPERM},    {SOL_TCP, TCP_NODELAY, 0},
        {SOL_TCP, TCP_ULP, -EPERM},           {SOL_TCP, TCP_REPAIR, -EPERM},
        {SOL_TCP + 256, TCP_NODELAY, -EPERM},
    };
    for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const int32_t one = 1;
        small_set(&one, sizeof(one));
        CHECK_EQ(CALL(HOST_SOCKET_SET_OPTION, (uint32_t)made, NULL, NULL, options[i].level, options[i].name),
                 options[i].result);
    }
    const int32_t linger[2] = {1, 10};
    small_set(linger, sizeof(linger));
    CHECK_EQ(CALL(HOST_SOCKET_SET_OPTION, (uint32_t)made, NULL, NULL, SOL_SOCKET, SO_LINGER), -EPERM);
    CHECK_EQ(CALL(HOST_SOCKET_GET_OPTION, (uint32_t)made, NULL, NULL, SOL_TCP, TCP_NODELAY, 0, 4), 0);
    CHECK_EQ(fixture.call.small_size, 4);
    CHECK_EQ(fixture.small[0], 1);
    CHECK_EQ(CALL(HOST_SOCKET_GET_OPTION, (uint32_t)made, NULL, NULL, SOL_SOCKET, SO_PEERCRED, 0, 4),
             -ENOPROTOOPT);
    pieces_set(1, 1, 0);
    fixture.call.small_size = 0;
    CHECK_EQ(CALL(HOST_SOCKET_SEND, (uint32_t)made, NULL, NULL, 0, 1, MSG_FASTOPEN), -EINVAL);
    CHECK_EQ(CALL(HOST_SOCKET_SEND, (uint32_t)made, NULL, NULL, 0, 1, 0), -EPIPE); /* and no signal */
    fixture_end();
}

/* Families that the host takes for others, and addresses that end before they begin. */
static void test_addresses_refused(void)
{
    fixture_begin();
    CHECK(policy_set("connect:10.0.0.1:1"));
    int64_t made = socket_make(AF_INET, SOCK_DGRAM);
    struct sockaddr_in in = {
        .sin_family = AF_UNSPEC, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    pieces_set(1, 1, 0);
    small_set(&in, sizeof(in));
    CHECK_EQ(CALL(HOST_SOCKET_SEND, (uint32_t)made, NULL, NULL, 0, 1, 0), -EAFNOSUPPORT);
    CHECK_EQ(CALL(HOST_SOCKET_BIND, (uint32_t)made, NULL, NULL, 0), -EAFNOSUPPORT);
    CHECK_EQ(CALL(HOST_SOCKET_CONNECT, (uint32_t)made, NULL, NULL, 0),
             0); /* ends an association, if there is one */
    in.sin_family = AF_INET;
    small_set(&in, 8);
    CHECK_EQ(CALL(HOST_SOCKET_SEND, (uint32_t)made, NULL, NULL, 0, 1, 0), -EINVAL);
    small_set(&in, 1);
    CHECK_EQ(CALL(HOST_SOCKET_CONNECT, (uint32_t)made, NULL, NULL, 0), -EINVAL);
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};
    small_set(&un, sizeof(un));
    CHECK_EQ(CALL(HOST_SOCKET_CONNECT, (uint32_t)made, NULL, NULL, 0), -EACCES);
    fixture_end();
}

/* A socket that nobody bound would listen everywhere. */
static void test_listen_unbound(void)
{
    fixture_begin();
    CHECK(policy_set("listen:127.0.0.1:*,connect:*:*"));
    int64_t made = socket_make(AF_INET, SOCK_STREAM);
    CHECK_EQ(CALL(HOST_SOCKET_LISTEN, (uint32_t)made, NULL, NULL, 1), -EACCES);
    address_set("127.0.0.1", 0);
    CHECK_EQ(CALL(HOST_SOCKET_BIND, (uint32_t)made, NULL, NULL, 0), 0);
    CHECK_EQ(CALL(HOST_SOCKET_LISTEN, (uint32_t)made, NULL, NULL, 1), 0);
    made = socket_make(AF_INET, SOCK_STREAM);
    CHECK(policy_set("listen:0.0.0.0:0"));
    CHECK_EQ(CALL(HOST_SOCKET_LISTEN, (uint32_t)made, NULL, NULL, 1), 0);
    /* Of both families, if both are allowed. */
    CHECK(policy_set("listen:[::]:0"));
    int64_t six = socket_make(AF_INET6, SOCK_STREAM);
    if (six >= 0) {
        address_set("::", 0);
        CHECK_EQ(CALL(HOST_SOCKET_BIND, (uint32_t)six, NULL, NULL, 0), 0);
        CHECK_EQ(CALL(HOST_SOCKET_GET_OPTION, (uint32_t)six, NULL, NULL, SOL_IPV6, IPV6_V6ONLY, 0, 4), 0);
        CHECK_EQ(fixture.small[0], 1);
        const int32_t zero = 0;
        small_set(&zero, sizeof(zero));
        CHECK_EQ(CALL(HOST_SOCKET_SET_OPTION, (uint32_t)six, NULL, NULL, SOL_IPV6, IPV6_V6ONLY), -EINVAL);
    }
    fixture_end();
}

/* A conversation: connect, accept, send, receive, close; and no descriptor comes along. */
static void test_stream(void)
{
    fixture_begin();
    CHECK(policy_set("listen:127.0.0.1:0,connect:127.0.0.1:*"));
    int64_t server = socket_make(AF_INET, SOCK_STREAM), client = socket_make(AF_INET, SOCK_STREAM);
    address_set("127.0.0.1", 0);
    CHECK_EQ(CALL(HOST_SOCKET_BIND, (uint32_t)server, NULL, NULL, 0), 0);
    CHECK_EQ(CALL(HOST_SOCKET_LISTEN, (uint32_t)server, NULL, NULL, 5), 0);
    CHECK_EQ(CALL(HOST_SOCKET_ACCEPT, (uint32_t)server, NULL, NULL, 0, 16), -EAGAIN);
    CHECK_EQ(CALL(HOST_SOCKET_NAME, (uint32_t)server, NULL, NULL, 0, 0, 128), 0);
    CHECK_EQ(fixture.call.small_size, sizeof(struct sockaddr_in));
    int64_t result = CALL(HOST_SOCKET_CONNECT, (uint32_t)client, NULL, NULL, 0);
    CHECK(result == 0 || result == -EINPROGRESS);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)server, EPOLLIN, 0x700), 0);
    CHECK_EQ(event_take(), 0x700);
    CHECK_EQ(CALL(HOST_SOCKET_ACCEPT, (uint32_t)server, NULL, NULL, 0, 4), 0);
    CHECK_EQ(fixture.call.new_kind, HOST_SOCKET);
    CHECK_EQ(fixture.call.second, sizeof(struct sockaddr_in));
    CHECK_EQ(fixture.call.small_size, 4);
    uint32_t peer = fixture.call.new_handle;
    CHECK_EQ(fixture.h->entry[peer].policy, NETWORK);
    CHECK(fcntl(fixture.h->entry[peer].fd, F_GETFL) & O_NONBLOCK);
    memcpy(fixture.arena, "hello...", 8);
    pieces_set(2, 2, 0);
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)client, NULL, NULL, 0, 4, UINT64_MAX, 0), 4);
    fixture.call.small_size = 0;
    CHECK_EQ(CALL(HOST_SOCKET_SEND, (uint32_t)client, NULL, NULL, 0, 4, MSG_MORE), 4);
    CHECK_EQ(hostio_watch(fixture.h, peer, EPOLLIN, 0x900), 0);
    CHECK_EQ(event_take(), 0x900);
    memset(fixture.arena, 0, 16);
    CHECK_EQ(CALL(HOST_SOCKET_RECEIVE, peer, NULL, NULL, 0, 4, MSG_PEEK, 0, 0), 4);
    CHECK_EQ(CALL(HOST_FILE_READ, peer, NULL, NULL, 0, 4, UINT64_MAX, 0), 4);
    CHECK(memcmp(fixture.arena, "hell", 4) == 0);
    CHECK_EQ(CALL(HOST_FILE_READ, peer, NULL, NULL, 0, 4, 0, 0), -ESPIPE);
    CHECK_EQ(CALL(HOST_SOCKET_SHUTDOWN, (uint32_t)client, NULL, NULL, SHUT_RDWR), 0);
    (void)signal(SIGPIPE, SIG_DFL); /* which does not come */
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)client, NULL, NULL, 0, 4, UINT64_MAX, 0), -EPIPE);
    pieces_set(0, 0, 0);
    CHECK_EQ(CALL(HOST_FILE_READ, peer, NULL, NULL, 0, 0, UINT64_MAX, 0), 0);
    fixture_end();
}

/* Abstract names that begin as the rule says, and no others; names of files never. */
static void test_unix_names(void)
{
    static const struct {
        const char *name; /* a '@' is the zero in front of an abstract one */
        int64_t error;
    } cases[] = {{"@mine:1", 0},      {"@mine", 0},        {"@min", -EACCES},
                 {"@yours", -EACCES}, {"mine:1", -EACCES}, {"/mine", -EACCES},
                 {"", -EACCES},       {"@", -EACCES},      {"@@mine", -EACCES}};
    fixture_begin();
    CHECK(policy_set("listen:unix@mine,connect:unix@mine"));
    CHECK_EQ(socket_make(AF_INET, SOCK_STREAM), -EACCES);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t length = strlen(cases[i].name);
        memcpy(address.sun_path, cases[i].name, length);
        if (address.sun_path[0] == '@') {
            address.sun_path[0] = '\0';
        }
        int64_t made = socket_make(AF_UNIX, SOCK_DGRAM), other = socket_make(AF_UNIX, SOCK_DGRAM);
        CHECK(made >= 0 && other >= 0);
        small_set(&address, offsetof(struct sockaddr_un, sun_path) + length);
        int64_t bound = CALL(HOST_SOCKET_BIND, (uint32_t)made, NULL, NULL, 0, 0);
        small_set(&address, offsetof(struct sockaddr_un, sun_path) + length);
        int64_t connected = CALL(HOST_SOCKET_CONNECT, (uint32_t)other, NULL, NULL, 0, 0);
        if (!CHECK(bound == cases[i].error && connected == cases[i].error)) {
            fprintf(stderr, "    %s: %ld %ld\n", cases[i].name, (long)bound, (long)connected);
        }
        hostio_close(fixture.h, (uint32_t)made);
        hostio_close(fixture.h, (uint32_t)other);
    }
    fixture_end();
}

/* Somebody sends a descriptor along; it arrives nowhere. */
static void test_no_descriptor_passes(void)
{
    int pair[2];
    fixture_begin();
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    CHECK(policy_set("connect:unix"));
    int64_t made = socket_make(AF_UNIX, SOCK_STREAM);
    CHECK(made >= 0);
    CHECK_EQ(dup2(pair[0], fixture.h->entry[made].fd), fixture.h->entry[made].fd);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {
        .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &pair[1], sizeof(int));
    struct iovec vector = {"x", 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    CHECK_EQ(sendmsg(pair[1], &message, 0), 1);
    unsigned before = descriptors_open();
    pieces_set(1, 8, 0);
    CHECK_EQ(CALL(HOST_SOCKET_RECEIVE, (uint32_t)made, NULL, NULL, 0, 8, 0, 0, 0), 1);
    CHECK_EQ(descriptors_open(), before);
    (void)close(pair[0]);
    (void)close(pair[1]);
    fixture_end();
}

static int64_t restrict_to(uint32_t network, const char *rules)
{
    int64_t result = CALL(HOST_NETWORK_RESTRICT, network, rules, NULL, 0);
    return result < 0 ? result : fixture.call.new_handle;
}

static int64_t bind_in(uint32_t network, const char *address, uint16_t port)
{
    int64_t result = CALL(HOST_NETWORK_SOCKET, network, NULL, NULL, AF_INET, SOCK_DGRAM, 0);
    if (result < 0) {
        return result;
    }
    uint32_t made = fixture.call.new_handle;
    address_set(address, port);
    result = CALL(HOST_SOCKET_BIND, made, NULL, NULL, 0);
    hostio_close(fixture.h, made);
    return result == -EADDRINUSE ? 0 : result;
}

/* A narrower network allows what both allow, for as long as anything of it is there. */
static void test_restrict(void)
{
    fixture_begin();
    CHECK(policy_set("listen:127.0.0.1:*,listen:127.0.0.2:*"));
    CHECK_EQ(restrict_to(NETWORK, "listen:nowhere"), -EINVAL);
    CHECK_EQ(restrict_to(NETWORK, ""), -EINVAL);
    int64_t one = restrict_to(NETWORK, "listen:127.0.0.2:*,listen:127.0.0.3:*");
    CHECK(one >= 0);
    CHECK_EQ(fixture.call.new_kind, HOST_NETWORK);
    CHECK_EQ(bind_in(NETWORK, "127.0.0.1", 0), 0);
    CHECK_EQ(bind_in((uint32_t)one, "127.0.0.1", 0), -EACCES);
    CHECK_EQ(bind_in((uint32_t)one, "127.0.0.2", 0), 0);
    CHECK_EQ(bind_in((uint32_t)one, "127.0.0.3", 0), -EACCES); /* the first does not allow it */
    int64_t two = restrict_to((uint32_t)one, "any");
    CHECK_EQ(bind_in((uint32_t)two, "127.0.0.1", 0), -EACCES);
    CHECK_EQ(bind_in((uint32_t)two, "127.0.0.2", 0), 0);
    int64_t none = restrict_to((uint32_t)one, "connect:[::1]:1");
    CHECK_EQ(bind_in((uint32_t)none, "127.0.0.2", 0), -EACCES);
    /* Policies outlive their networks, and places are used again. */
    hostio_close(fixture.h, (uint32_t)one);
    CHECK_EQ(bind_in((uint32_t)two, "127.0.0.1", 0), -EACCES);
    hostio_close(fixture.h, (uint32_t)two);
    hostio_close(fixture.h, (uint32_t)none);
    for (unsigned i = 0; i < 3 * HOSTIO_POLICIES; i++) {
        one = restrict_to(NETWORK, "any");
        CHECK(one >= 0);
        hostio_close(fixture.h, (uint32_t)one);
    }
    uint32_t last = NETWORK;
    unsigned made = 0;
    for (; made < HOSTIO_POLICIES && (one = restrict_to(last, "any")) >= 0; made++) {
        last = (uint32_t)one;
    }
    CHECK_EQ(one, -ENFILE);
    CHECK_EQ(made, HOSTIO_POLICIES - HOST_IO_ROOTS - 1);
    CHECK_EQ(bind_in(last, "127.0.0.1", 0), 0);
    CHECK_EQ(bind_in(last, "127.0.0.3", 0), -EACCES);
    fixture_end();
}

CHECK_MAIN(CHECK_TEST(test_restrict), CHECK_TEST(test_rules_text), CHECK_TEST(test_policy),
           CHECK_TEST(test_sockets_refused), CHECK_TEST(test_addresses_refused),
           CHECK_TEST(test_listen_unbound), CHECK_TEST(test_stream), CHECK_TEST(test_unix_names),
           CHECK_TEST(test_no_descriptor_passes))
