/* SPDX-License-Identifier: BSD-2-Clause */
/* dup(2), fcntl(2), close_range(2), ioctl(2), limits of descriptors. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tell.h"

static void duplicates(void)
{
    int fd = (int)TELL(open("file", O_RDWR | O_CREAT, 0600));
    TELL(dup(fd));
    TELL(write(fd, "12345", 5));
    TELL(lseek(4, 0, SEEK_CUR));
    TELL(dup2(fd, 10));
    TELL(dup2(fd, fd));
    TELL(dup2(99, 99));
    TELL(dup2(99, 5));
    TELL(dup2(fd, -1));
    TELL(dup2(fd, 1 << 30));
    TELL(dup3(fd, fd, 0));
    TELL(dup3(fd, 11, O_CLOEXEC));
    TELL(fcntl(11, F_GETFD));
    TELL(dup3(fd, 11, 12345));
    TELL(dup2(fd, 11));
    TELL(fcntl(11, F_GETFD));
    TELL(dup(99));
    TELL(fcntl(fd, F_DUPFD, 20));
    TELL(fcntl(fd, F_DUPFD, 20));
    TELL(fcntl(fd, F_DUPFD_CLOEXEC, 20));
    TELL(fcntl(22, F_GETFD));
    TELL(fcntl(fd, F_DUPFD, -1));
    TELL(fcntl(fd, F_DUPFD, 1 << 30));
    TELL(fcntl(fd, F_SETFL, O_NONBLOCK));
    TELL(fcntl(4, F_GETFL) & O_NONBLOCK);
    TELL(fcntl(fd, F_SETFD, FD_CLOEXEC));
    TELL(fcntl(fd, F_GETFD));
    TELL(fcntl(4, F_GETFD));
    TELL(fcntl(99, F_GETFD));
    TELL(fcntl(fd, 7777));
    TELL(close_range(20, 22, 0));
    TELL(fcntl(21, F_GETFD));
    TELL(close_range(11, 10, 0));
    TELL(close_range(10, 10, 77));
    TELL(close_range(10, ~0u, CLOSE_RANGE_CLOEXEC));
    TELL(fcntl(10, F_GETFD));
    TELL(close_range(3, ~0u, 0));
    TELL(fcntl(3, F_GETFD));
    TELL(close(-1));
}

static void flags(void)
{
    const int modes[] = {O_RDONLY,
                         O_WRONLY,
                         O_RDWR,
                         O_RDWR | O_APPEND,
                         O_RDWR | O_NONBLOCK,
                         O_RDWR | O_SYNC,
                         O_RDWR | O_DSYNC,
                         O_RDWR | O_CREAT,
                         O_RDONLY | O_CLOEXEC,
                         O_RDWR | O_TRUNC,
                         O_RDWR | O_NOCTTY,
                         O_RDONLY | O_NOFOLLOW,
                         O_RDONLY | O_NOATIME};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        int fd = open("file", modes[i], 0600);
        printf("%o: %d %o %d\n", modes[i], fd, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
        close(fd);
    }
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    printf("directory %o\n", fcntl(fd, F_GETFL));
    close(fd);
    int ends[2];
    TELL(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    printf("pipe %o %o %d\n", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL), fcntl(ends[1], F_GETFD));
    TELL(fcntl(ends[0], F_GETPIPE_SZ));
    TELL(fcntl(ends[0], F_SETPIPE_SZ, 8192));
    TELL(fcntl(ends[1], F_GETPIPE_SZ));
    TELL(fcntl(0, F_GETPIPE_SZ) >= -1);
    TELL(fcntl(ends[0], F_SETFL, O_RDWR | O_APPEND));
    printf("%o\n", fcntl(ends[0], F_GETFL));
    close(ends[0]);
    close(ends[1]);
}

static void controls(void)
{
    int ends[2], value = 1;
    struct winsize size;
    TELL(pipe(ends));
    TELL(ioctl(ends[0], FIONBIO, &value));
    TELL(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    value = 0;
    TELL(ioctl(ends[0], FIONBIO, &value));
    TELL(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    TELL(ioctl(ends[0], FIONBIO, NOWHERE));
    TELL(write(ends[1], "12345", 5));
    TELL(ioctl(ends[0], FIONREAD, &value));
    TELL(value);
    TELL(ioctl(ends[0], FIOCLEX));
    TELL(fcntl(ends[0], F_GETFD));
    TELL(ioctl(ends[0], FIONCLEX));
    TELL(fcntl(ends[0], F_GETFD));
    TELL(ioctl(ends[0], TIOCGWINSZ, &size));
    TELL(isatty(ends[0]));
    TELL(ioctl(99, FIONREAD, &value));
    int fd = open("file", O_RDWR);
    TELL(ftruncate(fd, 100));
    TELL(ioctl(fd, FIONREAD, &value));
    TELL(value);
    TELL(ioctl(fd, TCGETS, &size));
    TELL(ioctl(fd, 0x12345678, 0));
    TELL(isatty(fd));
    close(fd);
    fd = open("/dev/null", O_RDWR);
    TELL(ioctl(fd, TCGETS, &size));
    TELL(write(fd, "x", 1));
    TELL(read(fd, &value, 1));
    TELL(lseek(fd, 100, SEEK_SET));
    close(fd);
}

static void limits(void)
{
    struct rlimit limit, old;
    TELL(getrlimit(RLIMIT_NOFILE, &old));
    limit = old;
    limit.rlim_cur = 20;
    TELL(setrlimit(RLIMIT_NOFILE, &limit));
    int last = -1, fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
        last = fd;
    }
    TELL(errno == EMFILE);
    TELL(last);
    TELL(dup(0));
    TELL(dup2(0, 20));
    TELL(dup2(0, 19));
    TELL(fcntl(0, F_DUPFD, 19));
    TELL(fcntl(0, F_DUPFD, 20));
    TELL(socket(AF_UNIX, 1, 0) < 0);
    int ends[2];
    TELL(pipe(ends));
    TELL(setrlimit(RLIMIT_NOFILE, &old));
    TELL(open("/dev/null", O_RDONLY));
    limit.rlim_cur = limit.rlim_max + 1;
    TELL(setrlimit(RLIMIT_NOFILE, &limit));
    TELL(getrlimit(99, &limit));
    TELL(getrlimit(RLIMIT_CPU, NOWHERE));
    TELL(getrlimit(RLIMIT_STACK, &limit));
    TELL(limit.rlim_cur >= 65536);
    TELL(prlimit(0, RLIMIT_CORE, NULL, &limit));
    TELL(prlimit(1 << 20, RLIMIT_CORE, NULL, &limit));
    for (__rlimit_resource_t i = RLIMIT_CPU; i <= RLIMIT_SIGPENDING;
         i++) { /* what is set is told, also to a child */
        if (i != RLIMIT_NOFILE && i != RLIMIT_NPROC && i != RLIMIT_STACK && i != RLIMIT_AS &&
            i != RLIMIT_DATA) {
            limit = (struct rlimit){.rlim_cur = 0, .rlim_max = 0};
            if (i != RLIMIT_CORE) {
                getrlimit(i, &limit);
                limit.rlim_cur = limit.rlim_max > 123456 ? 123456 : limit.rlim_max;
            }
            TELL(setrlimit(i, &limit));
        }
    }
    TELL(setrlimit(RLIMIT_FSIZE, NOWHERE));
    TELL(setrlimit(RLIMIT_FSIZE, &(struct rlimit){2, 1}));
    fflush(stdout);
    if (fork() == 0) {
        TELL(getrlimit(RLIMIT_FSIZE, &limit));
        TELL(limit.rlim_cur);
        TELL(getrlimit(RLIMIT_CORE, &limit));
        TELL(limit.rlim_max);
        TELL(prlimit(getpid(), RLIMIT_CORE, &(struct rlimit){0, 0}, &limit));
        _exit(0);
    }
    wait(NULL);
}

/* What is only a path. */
static void paths(void)
{
    int fd = (int)TELL(open("file", O_PATH)), pipes[2], epoll = epoll_create1(0);
    char buffer[200];
    struct pollfd poll_one = {.fd = fd, .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    struct flock lock = {.l_type = F_RDLCK};
    TELL(fcntl(fd, F_SETFL, O_NONBLOCK));
    TELL(fcntl(fd, F_GETLK, &lock));
    TELL(fcntl(fd, F_SETFD, FD_CLOEXEC));
    TELL(fcntl(fd, F_GETFD));
    TELL(fcntl(fd, F_SETFD, 0));
    TELL(syscall(SYS_fcntl, fd, 0xffffffff00000000ul | F_GETFD));
    TELL(ioctl(fd, FIONREAD, buffer));
    TELL(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL));
    TELL(poll(&poll_one, 1, 0));
    TELL(poll_one.revents);
    TELL(pipe(pipes));
    TELL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    TELL(epoll_ctl(fd, EPOLL_CTL_ADD, pipes[0], &event));
    int directory = open(".", O_PATH);
    TELL(syscall(SYS_getdents64, directory, buffer, sizeof buffer));
    close(directory);
    close(epoll);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
}

int main(void)
{
    umask(022);
    duplicates();
    flags();
    controls();
    limits();
    paths();
    return 0;
}
