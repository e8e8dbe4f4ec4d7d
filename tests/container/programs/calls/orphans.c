/* SPDX-License-Identifier: BSD-2-Clause */
/* Orphaned process groups: what stops their members, and what they are told when they become one. setpgid(2),
 * credentials(7), tty(4). */
#include "tell.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

static int line[2]; /* what processes of which nobody can wait say */
static volatile sig_atomic_t seen[65];

static void note(int number)
{
    seen[number]++;
}

static void say(const char *text)
{
    (void)!write(line[1], text, strlen(text));
}

/* What was said within a while, in the order of the alphabet. */
static void heard(const char *what, size_t count)
{
    char text[32] = "";
    size_t size = 0;
    struct pollfd ready = {.fd = line[0], .events = POLLIN};
    while (size < count && poll(&ready, 1, 5000) == 1) {
        size += (size_t)read(line[0], text + size, 1);
    }
    for (size_t i = 0; i + 1 < size; i += text[i] > text[i + 1] ? -i : 1) {
        if (text[i] > text[i + 1]) {
            char kept = text[i];
            text[i] = text[i + 1];
            text[i + 1] = kept;
        }
    }
    printf("%s: %s, more: %d\n", what, text, poll(&ready, 1, 100));
    fflush(stdout);
}

static void handle(int number)
{
    sigaction(number, &(struct sigaction){.sa_handler = note, .sa_flags = SA_RESTART}, NULL);
}

static int reap(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

/* The session's leader, whose parent is in another one. */
static void alone(int number)
{
    pid_t child = fork();
    if (!child) {
        setsid();
        raise(number);
        _exit(7);
    }
    int status = -1;
    waitpid(child, &status, WUNTRACED);
    printf("leader, signal %d: %x\n", number, (unsigned)status);
    if (WIFSTOPPED(status)) {
        kill(child, SIGCONT);
        printf("continued: %x\n", (unsigned)reap(child));
    }
    fflush(stdout);
}

/* One that was sent while it was blocked. */
static void blocked(void)
{
    pid_t child = fork();
    if (!child) {
        sigset_t set;
        setsid();
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGTSTP);
        sigpending(&set);
        int was = sigismember(&set, SIGTSTP);
        sigemptyset(&set);
        sigprocmask(SIG_SETMASK, &set, NULL);
        _exit(was);
    }
    printf("blocked: %x\n", (unsigned)reap(child));
}

/* A child of the session's leader, in its group or in another one. */
static void below(bool is_own_group, int number)
{
    pid_t leader = fork();
    if (!leader) {
        setsid();
        pid_t child = fork();
        if (!child) {
            if (is_own_group) {
                setpgid(0, 0);
            }
            raise(number);
            _exit(9);
        }
        int status = -1;
        waitpid(child, &status, WUNTRACED);
        printf("child, own group %d, signal %d: %x\n", is_own_group, number, (unsigned)status);
        fflush(stdout);
        if (WIFSTOPPED(status)) {
            kill(child, SIGCONT);
            reap(child);
        }
        _exit(0);
    }
    reap(leader);
}

/* What was stopped is continued when the leader ends, which was all that tied its group to the session. */
static void left_behind(bool is_stopped)
{
    pid_t leader = fork();
    if (!leader) {
        setsid();
        pid_t child = fork();
        if (!child) {
            setpgid(0, 0);
            handle(SIGHUP);
            handle(SIGCONT);
            say("r");
            if (is_stopped) {
                raise(SIGTSTP);
            } else {
                usleep(300000);
            }
            say(seen[SIGHUP] ? "h" : "n");
            say(seen[SIGCONT] ? "c" : "n");
            _exit(0);
        }
        int status;
        if (is_stopped) {
            waitpid(child, &status, WUNTRACED);
        } else {
            usleep(100000);
        }
        _exit(0);
    }
    reap(leader);
    heard(is_stopped ? "stopped and left behind" : "left behind", 3);
    wait(NULL);
}

/* The member that tied the group to the session ends; another one was stopped. */
static void last_tie(void)
{
    pid_t leader = fork();
    if (!leader) {
        setsid();
        pid_t member = fork();
        if (!member) {
            setpgid(0, 0);
            pid_t other = fork();
            if (!other) {
                handle(SIGHUP);
                handle(SIGCONT);
                raise(SIGTTIN);
                say(seen[SIGHUP] ? "h" : "n");
                say(seen[SIGCONT] ? "c" : "n");
                _exit(0);
            }
            int status = -1;
            waitpid(other, &status, WUNTRACED);
            say(WIFSTOPPED(status) ? "s" : "n");
            _exit(0);
        }
        reap(member);
        usleep(300000);
        _exit(0);
    }
    heard("the last tie", 3);
    reap(leader);
    wait(NULL);
}

/* Tried when the parent has gone. */
static void terminal_try(const char *name, pid_t parent)
{
    char byte;
    struct termios settings;
    int terminal = open(name, O_RDWR | O_NOCTTY);
    for (int i = 0; i < 300 && getppid() == parent; i++) {
        usleep(10000);
    }
    handle(SIGTTIN);
    handle(SIGTTOU);
    say(read(terminal, &byte, 1) == -1 && errno == EIO ? "a" : "x");
    say(tcgetattr(terminal, &settings) == 0 ? "b" : "x");
    say(tcsetattr(terminal, TCSANOW, &settings) == -1 && errno == EIO ? "c" : "x");
    say(tcsetpgrp(terminal, getpgrp()) == -1 && errno == ENOTTY ? "d" : "x");
    say(write(terminal, "x", 1) == 1 ? "e" : "x");
    say(seen[SIGTTIN] + seen[SIGTTOU] == 0 ? "f" : "x");
    signal(SIGTTOU, SIG_IGN);
    say(tcsetattr(terminal, TCSANOW, &settings) == 0 ? "g" : "x");
}

/* In the background of a terminal, with nobody who could put it into the foreground. */
static void background(void)
{
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof name)) {
        perror("no terminal");
        return;
    }
    pid_t leader = fork();
    if (!leader) {
        setsid();
        int terminal = open(name, O_RDWR);
        TELL(tcgetsid(terminal) == getpid());
        pid_t member = fork();
        if (!member) {
            setpgid(0, 0);
            pid_t parent = getpid();
            if (!fork()) {
                setpgid(0, 0);
                terminal_try(name, parent);
                _exit(0);
            }
            usleep(100000);
            _exit(0);
        }
        reap(member);
        sleep(2);
        _exit(0);
    }
    heard("in the background", 7);
    kill(leader, SIGKILL);
    reap(leader);
    wait(NULL);
    close(master);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (pipe2(line, O_CLOEXEC)) {
        return 1;
    }
    alone(SIGTSTP);
    alone(SIGTTIN);
    alone(SIGTTOU);
    alone(SIGSTOP);
    blocked();
    below(false, SIGTSTP);
    below(false, SIGSTOP);
    below(true, SIGTSTP);
    below(true, SIGTTOU);
    left_behind(true);
    left_behind(false);
    last_tie();
    background();
    return 0;
}
