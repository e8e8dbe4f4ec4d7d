/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * busy map|fork|spin PROCESSES: so many processes that make system calls without end, or none.
 * busy sleep SECONDS: sleep 10 ms again and again; tells how often, and how long the longest took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BYTES = 1 << 20
};

static void map(void)
{
    char *page = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        _exit(1);
    }
    for (int at = 0; at < BYTES; at += 4096) {
        page[at] = 1;
    }
    munmap(page, BYTES);
}

static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void sleep_for(int seconds)
{
    static const struct timespec NAP = {.tv_nsec = 10000000};
    double last = now_ms(), end = last + seconds * 1e3, longest = 0;
    int count = 0;
    for (; last < end; count++) {
        nanosleep(&NAP, NULL);
        double now = now_ms();
        longest = now - last > longest ? now - last : longest;
        last = now;
    }
    printf("woke %d longest %.0f\n", count, longest);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    int number = count > 2 ? atoi(arguments[2]) : 1;
    if (strcmp(what, "sleep") == 0) {
        sleep_for(number);
        return 0;
    }
    for (int i = 1; i < number && fork() > 0; i++) {
    }
    for (;;) {
        if (strcmp(what, "map") == 0) {
            map();
        } else if (strcmp(what, "fork") == 0) {
            fork_once();
        }
    }
}
