/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe(2), FIFOs, socketpair(2): order, ends, full and empty. SIGPIPE is ignored. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tell.h"

static char big[200000];

static int events(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    poll(&entry, 1, 0);
    return entry.revents;
}

static void ends(void)
{
    int pair[2];
    char text[64];
    TELL(pipe(pair));
    TELL(pipe(NOWHERE));
    TELL(pipe2(pair, 12345));
    TELL(events(pair[0]));
    TELL(events(pair[1]));
    TELL(write(pair[1], "hello", 5));
    TELL(events(pair[0]));
    TELL(read(pair[0], text, 2));
    TELL(read(pair[0], text, 64));
    TELL(read(pair[1], text, 1));
    TELL(write(pair[0], text, 1));
    TELL(lseek(pair[0], 0, SEEK_SET));
    TELL(pread(pair[0], text, 1, 0));
    TELL(ftruncate(pair[1], 1));
    TELL(fsync(pair[1]));
    TELL(write(pair[1], "last", 4));
    TELL(close(pair[1]));
    TELL(events(pair[0]));
    TELL(read(pair[0], text, 64));
    TELL(events(pair[0]));
    TELL(read(pair[0], text, 64));
    TELL(close(pair[0]));
    TELL(pipe(pair));
    TELL(close(pair[0]));
    TELL(events(pair[1]));
    TELL(write(pair[1], "x", 1));
    TELL(close(pair[1]));
}

static void full(void)
{
    int pair[2];
    TELL(pipe2(pair, O_NONBLOCK));
    TELL(read(pair[0], big, 1));
    TELL(write(pair[1], big, sizeof big));
    TELL(write(pair[1], big, 1));
    TELL(events(pair[1]));
    TELL(read(pair[0], big, 4096));
    TELL(events(pair[1]));
    TELL(write(pair[1], big, 4096));
    TELL(write(pair[1], big, 4096));
    int count = 0;
    TELL(ioctl(pair[0], FIONREAD, &count));
    TELL(count);
    TELL(read(pair[0], big, sizeof big));
    TELL(read(pair[0], big, sizeof big));
    TELL(write(pair[1], big, 0));
    close(pair[0]);
    close(pair[1]);
}

static void *write_all(void *argument)
{
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (char)(i * 7);
    }
    return (void *)write(*(int *)argument, big, sizeof big);
}

static void waiting(void)
{
    int pair[2];
    char part[3000];
    void *result;
    pthread_t thread;
    TELL(pipe(pair));
    pthread_create(&thread, NULL, write_all, &pair[1]);
    size_t got = 0, wrong = 0;
    while (got < sizeof big) {
        ssize_t size = read(pair[0], part, sizeof part);
        if (size <= 0) {
            break;
        }
        for (ssize_t i = 0; i < size; i++) {
            wrong += part[i] != (char)((got + (size_t)i) * 7);
        }
        got += (size_t)size;
    }
    pthread_join(thread, &result);
    TELL(got);
    TELL(wrong);
    TELL(result);
    close(pair[0]);
    close(pair[1]);
}

static void fifos(void)
{
    char text[16];
    TELL(mkfifo("fifo", 0600));
    TELL(open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = (int)TELL(open("fifo", O_RDONLY | O_NONBLOCK));
    TELL(read(reader, text, 1));
    int writer = (int)TELL(open("fifo", O_WRONLY));
    TELL(read(reader, text, 1));
    TELL(write(writer, "through", 7));
    TELL(read(reader, text, 16));
    TELL(close(writer));
    TELL(read(reader, text, 16));
    TELL(close(reader));
    int both = (int)TELL(open("fifo", O_RDWR));
    TELL(write(both, "own", 3));
    TELL(read(both, text, 3));
    TELL(close(both));
}

static void pairs(void)
{
    int pair[2];
    char text[64];
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    TELL(write(pair[0], "there", 5));
    TELL(send(pair[1], "back", 4, 0));
    TELL(recv(pair[1], text, 64, MSG_PEEK));
    TELL(read(pair[1], text, 64));
    TELL(recv(pair[0], text, 2, 0));
    TELL(recv(pair[0], text, 64, MSG_DONTWAIT));
    TELL(recv(pair[0], text, 64, MSG_DONTWAIT));
    TELL(events(pair[0]));
    TELL(shutdown(pair[0], SHUT_WR));
    TELL(events(pair[1]));
    TELL(read(pair[1], text, 64));
    TELL(write(pair[0], "x", 1));
    TELL(write(pair[1], "y", 1));
    TELL(read(pair[0], text, 1));
    TELL(close(pair[1]));
    TELL(events(pair[0]));
    TELL(read(pair[0], text, 64));
    TELL(send(pair[0], "x", 1, MSG_NOSIGNAL));
    TELL(close(pair[0]));
    TELL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair));
    TELL(send(pair[0], "one", 3, 0));
    TELL(send(pair[0], "two22", 5, 0));
    TELL(recv(pair[1], text, 2, 0));
    TELL(recv(pair[1], text, 64, 0));
    TELL(recv(pair[1], text, 64, 0));
    TELL(close(pair[0]));
    TELL(send(pair[1], "x", 1, 0));
    TELL(close(pair[1]));
    TELL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    TELL(send(pair[0], "abc", 3, 0));
    TELL(send(pair[0], "de", 2, 0));
    TELL(recv(pair[1], text, 64, 0));
    TELL(recv(pair[1], text, 64, 0));
    TELL(close(pair[0]));
    TELL(recv(pair[1], text, 64, 0));
    TELL(close(pair[1]));
    TELL(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    TELL(socketpair(AF_UNIX, 77, 0, pair));
    TELL(socketpair(99, SOCK_STREAM, 0, pair));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    ends();
    full();
    waiting();
    fifos();
    pairs();
    return 0;
}
