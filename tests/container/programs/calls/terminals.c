/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo terminals: both sides, sessions, foreground groups, signals by key, sizes, hangup. */
#include "tell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t seen[65];

static void note(int number)
{
    seen[number]++;
}

static void told(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
    fflush(stdout);
}

static int master_open(char name[64])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, 64)) {
        perror("no terminal");
        exit(1);
    }
    return master;
}

static void expect(int fd, const char *text)
{
    char got[256];
    size_t size = 0, wanted = strlen(text);
    while (size < wanted) {
        ssize_t count = read(fd, got + size, wanted - size);
        if (count <= 0) {
            printf("read: %zd %s after %zu\n", count, count < 0 ? strerrorname_np(errno) : "", size);
            return;
        }
        size += (size_t)count;
    }
    printf("%s\n", memcmp(got, text, wanted) == 0 ? "as expected" : "something else");
    fflush(stdout);
}

static void test_names(void)
{
    char name[64], other[64];
    struct stat by_name, by_file;
    int master = master_open(name), locked = -1;
    unsigned number = 0;
    told("TIOCGPTN", ioctl(master, TIOCGPTN, &number));
    told("TIOCGPTN of an int", syscall(SYS_ioctl, master, (long)(int)TIOCGPTN, &number));
    snprintf(other, sizeof other, "/dev/pts/%u", number);
    printf("name: %d\n", strcmp(name, other) == 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    told("open", slave);
    printf("isatty: %d %d\n", isatty(master), isatty(slave));
    told("ttyname", ttyname_r(slave, other, sizeof other) ? -1 : 0);
    printf("ttyname: %d\n", strcmp(name, other) == 0);
    told("stat", stat(name, &by_name));
    told("fstat", fstat(slave, &by_file));
    printf("the same: %d, mode %o\n", by_name.st_rdev == by_file.st_rdev && by_name.st_ino == by_file.st_ino,
           by_name.st_mode & S_IFMT);
    told("TIOCGPTLCK", ioctl(master, TIOCGPTLCK, &locked));
    printf("locked: %d\n", locked);
    locked = 1;
    told("TIOCSPTLCK", ioctl(master, TIOCSPTLCK, &locked));
    told("open while locked", open(name, O_RDWR | O_NOCTTY));
    locked = 0;
    told("TIOCSPTLCK", ioctl(master, TIOCSPTLCK, &locked));
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    told("TIOCGPTPEER", peer);
    told("write", write(peer, "a\n", 2));
    expect(master, "a\r\n");
    told("TIOCGPTN of a terminal", ioctl(slave, TIOCGPTN, &number));
    told("TIOCGPGRP of another's terminal", tcgetpgrp(slave));
    told("TIOCGSID", tcgetsid(slave));
    close(peer);
    close(slave);
    close(master);
    told("open after the end", open(name, O_RDWR | O_NOCTTY));
}

static void test_data(void)
{
    char name[64];
    struct termios settings;
    int master = master_open(name), slave = open(name, O_RDWR | O_NOCTTY);
    told("write", write(master, "line\n", 5));
    expect(slave, "line\n");
    expect(master, "line\r\n");
    tcgetattr(slave, &settings);
    cfmakeraw(&settings);
    told("raw", tcsetattr(slave, TCSANOW, &settings));
    told("write", write(master, "\003raw", 4));
    expect(slave, "\003raw");
    struct pollfd ready = {.fd = slave, .events = POLLIN | POLLOUT};
    poll(&ready, 1, 0);
    printf("poll: %x\n", ready.revents);
    close(slave);
    ready = (struct pollfd){.fd = master, .events = POLLIN};
    poll(&ready, 1, 1000);
    printf("poll of a master without terminal: %x\n", ready.revents);
    char byte;
    told("read of it", read(master, &byte, 1));
    slave = open(name, O_RDWR | O_NOCTTY);
    told("open again", slave);
    told("write", write(slave, "x", 1));
    expect(master, "x");
    close(master);
    ready = (struct pollfd){.fd = slave, .events = POLLIN};
    poll(&ready, 1, 1000);
    printf("poll after hangup: %x\n", ready.revents & POLLHUP);
    printf("read after hangup: %zd\n", read(slave, &byte, 1));
    told("write after hangup", write(slave, "x", 1));
    close(slave);
}

static void wait_for(int number)
{
    for (int i = 0; i < 500 && !seen[number]; i++) {
        usleep(10000);
    }
    printf("%s: %s\n", sigabbrev_np(number), seen[number] ? "came" : "did not come");
    seen[number] = 0;
    fflush(stdout);
}

/* In a session of its own; what it does is asked for by bytes on a pipe, and told on another. */
static void leader(const char *name, int orders, int ready)
{
    char order;
    told("no terminal yet", open("/dev/tty", O_RDWR));
    printf("setsid: %d\n", setsid() == getpid());
    told("setsid again", setsid());
    int slave = open(name, O_RDWR);
    told("open", slave);
    printf("session: %d, foreground: %d\n", tcgetsid(slave) == getpid(), tcgetpgrp(slave) == getpid());
    told("TIOCSCTTY again", ioctl(slave, TIOCSCTTY, 0));
    int tty = open("/dev/tty", O_RDWR);
    told("/dev/tty", tty);
    printf("its foreground: %d\n", tcgetpgrp(tty) == getpid());
    told("foreground of nobody", tcsetpgrp(slave, 4000000));
    told("foreground of group -1", tcsetpgrp(slave, -1));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGINT, SIG_DFL);
        signal(SIGCONT, SIG_DFL);
        char byte;
        printf("in the background: %zd\n", read(slave, &byte, 1));
        _exit(1);
    }
    setpgid(child, child);
    int status;
    waitpid(child, &status, WUNTRACED);
    printf("the child: %s\n", WIFSTOPPED(status) ? sigabbrev_np(WSTOPSIG(status)) : "?");
    told("foreground", tcsetpgrp(slave, child));
    printf("it is: %d\n", tcgetpgrp(slave) == child);
    kill(child, SIGCONT);
    fflush(stdout);
    (void)!write(ready, "c", 1); /* Ctrl-C comes for the child */
    waitpid(child, &status, 0);
    printf("the child: %s\n", WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "?");
    printf("for us: %d\n", seen[SIGINT]);
    signal(SIGTTOU, SIG_IGN);
    told("foreground", tcsetpgrp(slave, getpid()));
    for (const char *what = "iqzw"; *what; what++) {
        fflush(stdout);
        (void)!write(ready, what, 1);
        wait_for(*what == 'i' ? SIGINT : *what == 'q' ? SIGQUIT : *what == 'z' ? SIGTSTP : SIGWINCH);
    }
    (void)!read(orders, &order, 1);
    (void)!write(ready, "h", 1); /* hang up */
    wait_for(SIGHUP);
    told("/dev/tty is gone", open("/dev/tty", O_RDWR));
    exit(7);
}

static void test_session(void)
{
    char name[64], what;
    int master = master_open(name), orders[2], ready[2];
    (void)!pipe(orders);
    (void)!pipe(ready);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(master);
        static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGCONT};
        for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            struct sigaction action = {.sa_handler = note};
            sigaction(numbers[i], &action, NULL);
        }
        leader(name, orders[0], ready[1]);
    }
    close(ready[1]);
    struct winsize size = {.ws_row = 11, .ws_col = 22};
    while (read(ready[0], &what, 1) == 1) {
        const char *keys = what == 'q' ? "\034" : what == 'z' ? "\032" : "\003";
        if (what == 'w') {
            (void)ioctl(master, TIOCSWINSZ, &size);
            (void)!write(orders[1], "g", 1);
        } else if (what == 'h') {
            close(master);
        } else {
            (void)!write(master, keys, 1);
        }
    }
    int status;
    waitpid(pid, &status, 0);
    printf("status: %d\n", WEXITSTATUS(status));
}

/* A child that keeps the master keeps the terminal. */
static void test_fork(void)
{
    char name[64];
    int master = master_open(name), slave = open(name, O_RDWR | O_NOCTTY), go[2];
    (void)!pipe(go);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(go[1]);
        (void)!read(go[0], &byte, 1);
        (void)!write(master, "c\n", 2);
        (void)!read(go[0], &byte, 1);
        _exit(0);
    }
    close(master);
    int again = open(name, O_RDWR | O_NOCTTY);
    told("open while the child has the master", again);
    close(again);
    (void)!write(go[1], "g", 1);
    expect(slave, "c\n");
    (void)!write(go[1], "g", 1);
    waitpid(pid, NULL, 0);
    told("open after its end", open(name, O_RDWR | O_NOCTTY));
}

int main(void)
{
    test_names();
    test_data();
    test_session();
    test_fork();
    return 0;
}
