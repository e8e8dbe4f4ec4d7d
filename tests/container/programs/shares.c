/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shares WHAT [N] [SECONDS]: uses the processor in the ways in which a container may try to get more of it. All go on
 * until they are ended, but for `work`, which prints how much it did, and `alarms`, how many came.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_bool is_over;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void nap(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&time, &time) < 0 && errno == EINTR) {
    }
}

static void *spin(void *argument)
{
    long *count = argument;
    volatile long turns = 0;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        turns++;
    }
    if (count) {
        *count = turns;
    }
    return NULL;
}

static void *spin_briefly(void *argument)
{
    double end = now() + 0.002;
    (void)argument;
    while (now() < end) {
    }
    return NULL;
}

/* All wait for the same moment, with as much of their time left as they can, and use it together. */
static void *spin_together(void *argument)
{
    (void)argument;
    for (;;) {
        double start = (double)(long)(now() + 1);
        nap(start - now());
        double end = now() + 0.2;
        while (now() < end) {
        }
    }
    return NULL;
}

static void start(unsigned count, void *(*function)(void *argument), long *results, pthread_t *threads)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&threads[i], &attributes, function, results ? &results[i] : NULL) != 0) {
            printf("no thread %u\n", i);
            exit(1);
        }
    }
}

static void fork_some(unsigned count, void *(*function)(void *argument))
{
    for (unsigned i = 0; i < count; i++) {
        if (fork() == 0) {
            (void)function(NULL);
            _exit(0);
        }
    }
}

static void *call_much(void *argument)
{
    (void)argument;
    while (getpgid(1) >= 0) {
    }
    return NULL;
}

static void churn(unsigned count)
{
    pthread_t threads[64];
    for (;;) {
        start(count, spin_briefly, NULL, threads);
        fork_some(2, spin_briefly);
        for (unsigned i = 0; i < count; i++) {
            pthread_join(threads[i], NULL);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
}

static void work(unsigned count, double seconds)
{
    pthread_t threads[64];
    long results[64] = {0}, sum = 0;
    start(count, spin, results, threads);
    nap(seconds);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        sum += results[i];
    }
    printf("%ld\n", sum);
}

static volatile sig_atomic_t alarm_count;

static void alarm_count_up(int signal)
{
    (void)signal;
    alarm_count = alarm_count + 1;
}

/* Signals find a thread that computes, and one that waits for its time. */
static void alarms(double seconds)
{
    struct sigaction action = {.sa_handler = alarm_count_up, .sa_flags = SA_RESTART};
    struct itimerval interval = {.it_interval.tv_usec = 7000, .it_value.tv_usec = 7000};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &interval, NULL);
    double end = now() + seconds;
    while (now() < end) {
    }
    printf("%d\n", (int)alarm_count);
}

int main(int count, char **arguments)
{
    static pthread_t threads[512];
    const char *what = count > 1 ? arguments[1] : "";
    unsigned number = count > 2 ? (unsigned)atoi(arguments[2]) : 1;
    double seconds = count > 3 ? atof(arguments[3]) : 1;
    if (strcmp(what, "work") == 0) {
        work(number <= 64 ? number : 64, seconds);
        return 0;
    }
    if (strcmp(what, "alarms") == 0) {
        alarms(seconds);
        return 0;
    }
    if (strcmp(what, "threads") == 0) {
        start(number <= 512 ? number : 512, spin, NULL, threads);
    } else if (strcmp(what, "processes") == 0) {
        fork_some(number, spin);
    } else if (strcmp(what, "together") == 0) {
        start(number <= 512 ? number : 512, spin_together, NULL, threads);
    } else if (strcmp(what, "calls") == 0) {
        fork_some(number, call_much);
    } else if (strcmp(what, "churn") == 0) {
        churn(number <= 64 ? number : 64);
    } else {
        return 2;
    }
    for (;;) {
        pause();
    }
}
