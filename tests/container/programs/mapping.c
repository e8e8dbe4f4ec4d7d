/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared mappings of files: mapping DIRECTORY. What is written through them, and what is not there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    LARGE = 5 << 20
};

static sigjmp_buf back;
static volatile int is_expected, caught;

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (!is_expected) {
        _exit(100);
    }
    caught = number * 100 + info->si_code;
    siglongjmp(back, 1);
}

/* The signal that touching it brings, and its code; 0: none. */
static int touch(volatile char *at, int is_write)
{
    caught = 0;
    is_expected = 1;
    if (sigsetjmp(back, 1) == 0) {
        if (is_write) {
            *at = 'x';
        } else {
            (void)*at;
        }
    }
    is_expected = 0;
    return caught;
}

static char *map(int fd, size_t size, int protection, off_t offset)
{
    char *at = mmap(NULL, size, protection, MAP_SHARED, fd, offset);
    say("mmap", at == MAP_FAILED ? -1 : 0);
    return at;
}

static void test_write(int fd)
{
    char text[32] = "";
    char *at = map(fd, 3 * PAGE, PROT_READ | PROT_WRITE, 0);
    char *other = map(fd, PAGE, PROT_READ, PAGE);
    say("zero", at[0] + at[2 * PAGE - 1]);
    memcpy(at + PAGE - 2, "across", 6);
    say("other mapping", memcmp(other, "ross", 4));
    say("pread", pread(fd, text, 6, PAGE - 2));
    say("the same", strcmp(text, "across"));
    say("pwrite", pwrite(fd, "changed", 7, 100));
    say("seen", memcmp(at + 100, "changed", 7));
    say("behind the end", touch(at + 2 * PAGE, 0));
    say("grow", ftruncate(fd, 3 * PAGE));
    say("no more", touch(at + 2 * PAGE, 1));
    say("shrink", ftruncate(fd, PAGE));
    say("gone", touch(at + PAGE, 0));
    say("there", touch(at, 1));
    say("msync", msync(at, 3 * PAGE, MS_SYNC));
    say("read-only", mprotect(at, PAGE, PROT_READ));
    say("write", touch(at, 1));
    say("read", touch(at, 0));
    say("munmap", munmap(at, 3 * PAGE));
    say("after it", touch(at, 0));
    munmap(other, PAGE);
}

/* System calls whose memory is in a mapping. */
static void test_calls(int fd)
{
    char *at = map(fd, LARGE, PROT_READ | PROT_WRITE, 0), *copy = malloc(LARGE);
    int pipes[2], pair[2], twin = fcntl(fd, F_DUPFD, 0);
    say("size", ftruncate(fd, LARGE));
    for (int i = 0; i < LARGE; i++) {
        at[i] = (char)(i * 31 + i / 4096);
    }
    say("pread", pread(fd, copy, LARGE, 0));
    say("the same", memcmp(copy, at, LARGE));
    say("pwrite from it", pwrite(twin, at + 1, LARGE - 1, 0));
    say("moved", memcmp(at, copy + 1, LARGE - 1));
    say("pread to it", pread(twin, at + PAGE, 3 * PAGE, 0));
    say("moved", memcmp(at + PAGE, at, PAGE));
    if (pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
        say("to a pipe", write(pipes[1], at, 60000));
        say("from a pipe", read(pipes[0], at + 100000, 60000));
        say("send", send(pair[0], at, 50000, 0));
        say("recv", recv(pair[1], at + 200000, 50000, MSG_WAITALL));
        say("the same", memcmp(at, at + 200000, 50000));
    }
    strcpy(at + 300, "/proc/self/exe");
    say("a name", access(at + 300, R_OK));
    munmap(at, LARGE);
    close(twin);
    free(copy);
}

static void test_moved(int fd)
{
    char *at = map(fd, PAGE, PROT_READ | PROT_WRITE, 0);
    memcpy(at, "first", 6);
    at = mremap(at, PAGE, 300 * PAGE, MREMAP_MAYMOVE);
    say("grown", at == MAP_FAILED ? -1 : strcmp(at, "first"));
    at[299 * PAGE] = 'l';
    char last = 0;
    say("pread", pread(fd, &last, 1, 299L * PAGE));
    say("last", last);
    say("munmap a part", munmap(at + PAGE, 298 * PAGE));
    say("the rest", at[0] + at[299 * PAGE]);
    say("between", touch(at + PAGE, 0));
    munmap(at, PAGE);
    munmap(at + 299 * PAGE, PAGE);
}

/* What one process writes the other sees. */
static void test_fork(int fd)
{
    char *at = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, 0);
    int status = 0;
    strcpy(at, "of the parent");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int is_same = strcmp(at, "of the parent") == 0;
        strcpy(at + PAGE, "of the child");
        _exit(is_same ? 5 : 6);
    }
    say("wait", waitpid(child, &status, 0) == child);
    say("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    say("written", strcmp(at + PAGE, "of the child"));
    munmap(at, 2 * PAGE);
}

static void test_refused(const char *path)
{
    int reader = open(path, O_RDONLY), writer = open(path, O_WRONLY), pipes[2];
    say("writable", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED ? -1 : 0);
    say("unreadable", mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writer, 0) == MAP_FAILED ? -1 : 0);
    char *at = map(reader, PAGE, PROT_READ, 0);
    say("mprotect", mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    say("read", touch(at, 0));
    say("write", touch(at, 1));
    munmap(at, PAGE);
    if (pipe(pipes) == 0) {
        say("pipe", mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pipes[0], 0) == MAP_FAILED ? -1 : 0);
    }
    close(reader);
    close(writer);
}

int main(int count, char **words)
{
    char path[256];
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    snprintf(path, sizeof(path), "%s/mapping.XXXXXX", count > 1 ? words[1] : "/tmp");
    int fd = mkstemp(path); /* a process id says nothing here: in each container it is the same */
    if (fd < 0 || ftruncate(fd, 2 * PAGE) < 0) {
        perror(path);
        return 1;
    }
    test_write(fd);
    test_calls(fd);
    test_moved(fd);
    if (count > 2) {
        test_fork(fd);
    }
    test_refused(path);
    close(fd);
    unlink(path);
    return 0;
}
