/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP, UDP and Unix sockets on this machine: life, options, messages, mistakes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tell.h"

static char big[300000], text[65536];

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &length) ? -1 : ntohs(address.sin_port);
}

static int events(int fd, int timeout)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    poll(&entry, 1, timeout);
    return entry.revents;
}

static void *send_all(void *argument)
{
    memset(big, 'b', sizeof big);
    return (void *)send(*(int *)argument, big, sizeof big, 0);
}

static void tcp(void)
{
    struct sockaddr_in address = local(0), peer;
    socklen_t length = sizeof peer;
    int one = 1;
    int listener = (int)TELL(socket(AF_INET, SOCK_STREAM, 0));
    TELL(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
    TELL(accept(listener, NULL, NULL));
    TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
    TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
    TELL(listen(listener, 8));
    address = local(port_of(listener));
    int client = (int)TELL(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    TELL(send(client, "x", 1, MSG_NOSIGNAL));
    TELL(getpeername(client, (struct sockaddr *)&peer, &length));
    TELL(connect(client, (struct sockaddr *)&address, sizeof address));
    TELL(connect(client, (struct sockaddr *)&address, sizeof address));
    TELL(events(listener, 1000));
    int server =
        (int)TELL(accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    TELL(length);
    TELL(ntohs(peer.sin_port) == port_of(client));
    TELL(fcntl(server, F_GETFL));
    TELL(fcntl(server, F_GETFD));
    length = sizeof peer;
    TELL(getpeername(client, (struct sockaddr *)&peer, &length));
    TELL(ntohs(peer.sin_port) == port_of(listener));
    TELL(getsockname(client, NOWHERE, &length));
    TELL(recv(server, text, 10, 0));
    TELL(send(client, "hello", 5, 0));
    TELL(events(server, 1000));
    int count = 0;
    TELL(ioctl(server, FIONREAD, &count));
    TELL(count);
    TELL(recv(server, text, 3, MSG_PEEK));
    TELL(recv(server, text, 10, MSG_TRUNC));
    TELL(fcntl(server, F_SETFL, 0));
    pthread_t thread;
    void *sent;
    pthread_create(&thread, NULL, send_all, &client);
    TELL(recv(server, big, 100000, MSG_WAITALL));
    long rest = 0, got;
    while (rest < 200000 && (got = recv(server, text, sizeof text, 0)) > 0) {
        rest += got;
    }
    pthread_join(thread, &sent);
    TELL(rest);
    TELL(sent);
    TELL(shutdown(client, SHUT_WR));
    TELL(recv(server, text, 10, 0));
    TELL(events(server, 0));
    TELL(send(server, "bye", 3, 0));
    TELL(recv(client, text, 10, 0));
    TELL(shutdown(client, 77));
    TELL(send(client, "x", 1, MSG_NOSIGNAL));
    TELL(close(server));
    TELL(recv(client, text, 10, 0));
    TELL(close(client));
    TELL(close(listener));
    client = socket(AF_INET, SOCK_STREAM, 0);
    TELL(connect(client, (struct sockaddr *)&address, sizeof address));
    TELL(connect(client, (struct sockaddr *)&address, 3));
    TELL(connect(client, NOWHERE, sizeof address));
    address.sin_family = 99;
    TELL(connect(client, (struct sockaddr *)&address, sizeof address));
    TELL(close(client));
}

static void nonblocking(void)
{
    struct sockaddr_in address = local(0);
    int error = 7;
    socklen_t length = sizeof error;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
    TELL(listen(listener, 1));
    TELL(accept(listener, NULL, NULL));
    address = local(port_of(listener));
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    TELL(connect(client, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    TELL(events(client, 1000));
    TELL(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
    TELL(error);
    TELL(events(listener, 1000));
    int server = (int)TELL(accept(listener, NULL, NULL));
    TELL(fcntl(server, F_GETFL));
    long put, all = 0;
    while ((put = send(client, big, sizeof big, 0)) > 0) {
        all += put;
    }
    TELL(put < 0 && errno == EAGAIN && all > 50000);
    TELL(events(client, 0));
    TELL(close(listener));
    address = local(port_of(server));
    TELL(close(server));
    TELL(events(client, 1000) & (POLLERR | POLLHUP) ? 1 : 0);
    TELL(close(client));
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    TELL(connect(client, (struct sockaddr *)&address, sizeof address) < 0);
    TELL(events(client, 1000));
    TELL(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
    TELL(error == ECONNREFUSED);
    TELL(close(client));
}

static void udp(void)
{
    struct sockaddr_in address = local(0), from;
    socklen_t length = sizeof from;
    int a = (int)TELL(socket(AF_INET, SOCK_DGRAM, 0)), b = (int)TELL(socket(AF_INET, SOCK_DGRAM, 0));
    TELL(bind(a, (struct sockaddr *)&address, sizeof address));
    address = local(port_of(a));
    TELL(bind(b, (struct sockaddr *)&address, sizeof address));
    TELL(sendto(b, "datagram", 8, 0, (struct sockaddr *)&address, sizeof address));
    TELL(send(b, "x", 1, 0));
    TELL(recvfrom(a, text, 3, 0, (struct sockaddr *)&from, &length));
    TELL(length);
    TELL(ntohs(from.sin_port) == port_of(b));
    TELL(recv(a, text, 10, MSG_DONTWAIT));
    TELL(connect(b, (struct sockaddr *)&address, sizeof address));
    TELL(send(b, "", 0, 0));
    TELL(recv(a, text, 10, 0));
    TELL(send(b, "truncated", 9, 0));
    TELL(recv(a, text, 4, MSG_TRUNC));
    TELL(sendto(b, big, 70000, 0, NULL, 0));
    TELL(write(b, "w", 1));
    TELL(read(a, text, 10));
    struct iovec vector[2] = {{text, 2}, {text + 10, 20}}, parts[2] = {{"one", 3}, {"two", 3}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    TELL(sendmsg(b, &message, 0));
    message =
        (struct msghdr){.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = vector, .msg_iovlen = 2};
    TELL(recvmsg(a, &message, 0));
    printf("%.2s %.4s %d %x\n", text, text + 10, message.msg_namelen, message.msg_flags);
    TELL(sendmsg(b, &(struct msghdr){.msg_iov = parts, .msg_iovlen = 2}, 0));
    message.msg_iovlen = 1;
    TELL(recvmsg(a, &message, 0));
    printf("%x\n", message.msg_flags);
    struct mmsghdr both[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = parts + 1, .msg_iovlen = 1}}};
    TELL(sendmmsg(b, both, 2, 0));
    TELL(both[0].msg_len + both[1].msg_len);
    struct mmsghdr got[3] = {{.msg_hdr = {.msg_iov = vector, .msg_iovlen = 2}},
                             {.msg_hdr = {.msg_iov = vector, .msg_iovlen = 2}},
                             {.msg_hdr = {.msg_iov = vector, .msg_iovlen = 2}}};
    TELL(recvmmsg(a, got, 3, MSG_DONTWAIT, NULL));
    TELL(got[0].msg_len + got[1].msg_len);
    struct timeval brief = {0, 20000};
    TELL(setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
    long start = milliseconds();
    TELL(recv(a, text, 10, 0));
    TELL(milliseconds() - start >= 19);
    TELL(close(a));
    TELL(close(b));
}

static void local_sockets(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"}, from;
    socklen_t length = sizeof from, all = sizeof address;
    struct stat status;
    int listener = (int)TELL(socket(AF_UNIX, SOCK_STREAM, 0)),
        client = (int)TELL(socket(AF_UNIX, SOCK_STREAM, 0));
    TELL(connect(client, (struct sockaddr *)&address, all));
    TELL(bind(listener, (struct sockaddr *)&address, all));
    TELL(lstat("socket", &status));
    TELL(S_ISSOCK(status.st_mode));
    TELL(connect(client, (struct sockaddr *)&address, all));
    TELL(listen(listener, 5));
    TELL(connect(client, (struct sockaddr *)&address, all));
    int server = (int)TELL(accept(listener, (struct sockaddr *)&from, &length));
    TELL(length);
    TELL(getpeername(client, (struct sockaddr *)&from, (length = sizeof from, &length)));
    puts(from.sun_path);
    TELL(write(client, "unix", 4));
    TELL(read(server, text, 10));
    int file = open("passed", O_RDWR | O_CREAT, 0600);
    (void)!write(file, "content", 7);
    close(file);
    TELL(open("socket", O_RDONLY));
    TELL(bind(client, (struct sockaddr *)&address, all));
    TELL(unlink("socket"));
    TELL(close(listener));
    TELL(close(client));
    TELL(read(server, text, 10));
    TELL(close(server));
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    TELL(bind(a, (struct sockaddr *)&address, all));
    TELL(sendto(b, "unnamed", 7, 0, (struct sockaddr *)&address, all));
    TELL(recvfrom(a, text, 10, 0, (struct sockaddr *)&from, (length = sizeof from, &length)));
    TELL(length);
    TELL(close(a));
    TELL(close(b));
}

static void options(void)
{
    int value = 0;
    socklen_t length = sizeof value;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int names[] = {SO_TYPE,   SO_ERROR,    SO_REUSEADDR, SO_KEEPALIVE,
                         SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        length = sizeof value;
        printf("option %d: %d", names[i], getsockopt(fd, SOL_SOCKET, names[i], &value, &length));
        printf(" %d %d\n", value, length);
    }
    value = 1;
    TELL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value));
    TELL(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value));
    value = 0;
    length = sizeof value;
    TELL(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length));
    TELL(value);
    TELL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, sizeof value));
    TELL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 1));
    TELL(getsockopt(fd, SOL_SOCKET, SO_TYPE, NOWHERE, &length));
    TELL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, NOWHERE));
    length = 2;
    TELL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length));
    TELL(length);
    struct linger linger = {1, 0};
    TELL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    TELL(close(fd));
    TELL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length));
    TELL(socket(99, SOCK_STREAM, 0));
    TELL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    TELL(socket(AF_INET, SOCK_STREAM | 0x10000, 0));
    fd = open("passed", O_RDWR);
    TELL(bind(fd, NOWHERE, 16));
    TELL(listen(fd, 1));
    TELL(send(fd, "x", 1, 0));
    TELL(recv(fd, text, 1, 0));
    TELL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length));
    TELL(accept(fd, NULL, NULL));
    TELL(shutdown(fd, SHUT_RD));
    TELL(close(fd));
    TELL(listen(99, 1));
    TELL(connect(99, NOWHERE, 16));
    TELL(sendmsg(99, NOWHERE, 0));
    TELL(recvmsg(99, NOWHERE, 0));
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    length = sizeof value;
    TELL(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length));
    TELL(value);
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(pread(fd, text, 1, 0));
    TELL(ftruncate(fd, 0));
    TELL(close(fd));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    tcp();
    nonblocking();
    udp();
    local_sockets();
    options();
    return 0;
}
