/* SPDX-License-Identifier: BSD-2-Clause */
/* mkfifo(3) and open(2): who opens waits for the other side, an end of file is a writer's end. */
#include "tell.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static char text[65536];

/* A child writes this much after a while, in two goes; -1: nothing, it only opens and closes. */
static pid_t writer(const char *name, long size, int delay_ms)
{
    pid_t child = fork();
    if (child == 0) {
        usleep((useconds_t)delay_ms * 1000);
        int fd = open(name, O_WRONLY);
        if (size > 0) {
            usleep(20000);
            if (write(fd, text, (size_t)size / 2) != size / 2) {
                _exit(1);
            }
            usleep(20000);
            if (write(fd, text, (size_t)(size - size / 2)) != size - size / 2) {
                _exit(2);
            }
        }
        _exit(0);
    }
    return child;
}

static long read_all(int fd)
{
    long total = 0;
    for (long got; (got = read(fd, text, sizeof text)) != 0; total += got) {
        if (got < 0) {
            return -1;
        }
    }
    return total;
}

static void ended(pid_t child)
{
    int status;
    TELL(waitpid(child, &status, 0) == child);
    TELL(status);
}

static void nothing(int signal)
{
    (void)signal;
}

int main(void)
{
    TELL(mkfifo("fifo", 0600));
    TELL(open("fifo", O_WRONLY | O_NONBLOCK));
    int fd = (int)TELL(open("fifo", O_RDONLY | O_NONBLOCK));
    TELL(read(fd, text, 10));
    struct pollfd entry = {fd, POLLIN, 0};
    TELL(poll(&entry, 1, 10));
    pid_t child = writer("fifo", 1000, 0);
    TELL(poll(&entry, 1, 5000));
    TELL(entry.revents);
    ended(child);
    TELL(fcntl(fd, F_SETFL, 0));
    TELL(read_all(fd));
    TELL(poll(&entry, 1, 10));
    TELL(entry.revents);
    TELL(close(fd));
    for (int delay = 0; delay < 60; delay += 30) {
        child = writer("fifo", 60000, delay);
        fd = (int)TELL(open("fifo", O_RDONLY));
        TELL(read_all(fd));
        ended(child);
        TELL(close(fd));
        child = writer("fifo", -1, delay);
        fd = (int)TELL(open("fifo", O_RDONLY));
        TELL(read_all(fd));
        ended(child);
        TELL(close(fd));
    }
    child = fork();
    if (child == 0) {
        usleep(50000);
        fd = open("fifo", O_RDONLY);
        _exit(read_all(fd) == 5 ? 7 : 8);
    }
    fd = (int)TELL(open("fifo", O_WRONLY)); /* waits for the child */
    TELL(write(fd, "12345", 5));
    TELL(close(fd));
    ended(child);
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    TELL(open("fifo", O_WRONLY));
    fd = (int)TELL(open("fifo", O_RDWR));
    TELL(write(fd, "x", 1));
    TELL(read(fd, text, 10));
    TELL(close(fd));
    fd = (int)TELL(open("fifo", O_RDONLY | O_NONBLOCK));
    TELL(read(fd, text, 10));
    TELL(fcntl(fd, F_SETFL, 0));
    TELL(read(fd, text, 10)); /* nobody writes: that is its end, now as before */
    TELL(close(fd));
    return 0;
}
