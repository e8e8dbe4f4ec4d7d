/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What single Linux calls cost, natively or in a container: prints "NAME NANOSECONDS" for each, the smallest mean of
 * several rounds. An ordinary Linux program; it knows nothing of containers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS = 15,
    MAP_BYTES = 1 << 22
};

static int zero_fd, null_fd;
static char buffer[64];

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

static void do_getppid(void)
{
    getppid();
}

static void do_getuid(void)
{
    getuid();
}

static void do_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
}

static void do_timeofday(void)
{
    struct timeval time;
    gettimeofday(&time, NULL);
}

static void do_read(void)
{
    if (read(zero_fd, buffer, 16) != 16) {
        exit(1);
    }
}

static void do_write(void)
{
    if (write(null_fd, buffer, 16) != 16) {
        exit(1);
    }
}

static void do_lseek(void)
{
    lseek(-1, 0, SEEK_SET);
}

/* A page that nobody touched yet, one for each call; mapped anew when they are used up. */
static void do_touch(void)
{
    static char *map, *at;
    if (!map || at == map + MAP_BYTES) {
        if (map) {
            munmap(map, MAP_BYTES);
        }
        map = at = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    *at = 1;
    at += 4096;
}

static void do_mmap(void)
{
    void *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(map, 65536);
}

static const struct {
    const char *name;
    void (*call)(void);
    unsigned count;
} BENCHES[] = {
    {"getppid", do_getppid, 100000},     {"getuid", do_getuid, 100000},
    {"clock_gettime", do_clock, 100000}, {"gettimeofday", do_timeofday, 100000},
    {"lseek_bad", do_lseek, 50000},      {"read_zero_16", do_read, 50000},
    {"write_null_16", do_write, 50000},  {"mmap_munmap_64k", do_mmap, 5000},
    {"touch_page", do_touch, 1024},
};

int main(void)
{
    zero_fd = open("/dev/zero", O_RDONLY);
    null_fd = open("/dev/null", O_WRONLY);
    for (unsigned i = 0; i < sizeof BENCHES / sizeof *BENCHES; i++) {
        double best = 1e9;
        for (unsigned round = 0; round < ROUNDS; round++) {
            int64_t start = now_ns();
            for (unsigned n = 0; n < BENCHES[i].count; n++) {
                BENCHES[i].call();
            }
            double mean = (double)(now_ns() - start) / BENCHES[i].count;
            best = mean < best ? mean : best;
        }
        printf("%s %.2f\n", BENCHES[i].name, best);
        fflush(stdout);
    }
    return 0;
}
