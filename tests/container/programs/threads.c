/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: mutexes, conditions, timeouts, joins, thread-local storage, robust mutexes, many short lives. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 8,
    ROUNDS = 2000
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static unsigned turn;
static _Thread_local long own;

static void *count(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        own++;
    }
    return (void *)own;
}

static void *take_turns(void *argument)
{
    unsigned me = (unsigned)(unsigned long)argument;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != me) {
            pthread_cond_wait(&condition, &mutex);
        }
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *die_holding(void *argument)
{
    pthread_mutex_lock(argument);
    return NULL;
}

static void *signal_later(void *argument)
{
    unsigned long one = 1;
    usleep(20000);
    return (void *)write(*(int *)argument, &one, sizeof one);
}

static void start_all(void *(*entry)(void *), const char *what)
{
    pthread_t thread[THREADS];
    long sum = 0;
    for (unsigned long i = 0; i < THREADS; i++) {
        pthread_create(&thread[i], NULL, entry, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(thread[i], &result);
        sum += (long)result;
    }
    printf("%s: sum %ld counter %ld turn %u\n", what, sum, counter, turn);
}

static void timeout(void)
{
    struct timespec start, until, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&mutex);
    int error = pthread_cond_timedwait(&condition, &mutex, &until);
    pthread_mutex_unlock(&mutex);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    printf("timeout %d, in time %d\n", error == ETIMEDOUT, ms >= 29 && ms < 5000);
}

int main(void)
{
    start_all(count, "count");
    start_all(take_turns, "turns");
    timeout();
    pthread_mutexattr_t attributes;
    pthread_mutex_t robust;
    pthread_t thread;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&thread, NULL, die_holding, &robust);
    pthread_join(thread, NULL);
    printf("owner died %d\n", pthread_mutex_lock(&robust) == EOWNERDEAD);
    int event = eventfd(0, 0);
    struct pollfd wait = {.fd = event, .events = POLLIN};
    printf("early %d\n", poll(&wait, 1, 5));
    pthread_create(&thread, NULL, signal_later, &event);
    printf("poll %d %d\n", poll(&wait, 1, 10000), wait.revents);
    pthread_join(thread, NULL);
    for (int i = 0; i < 200; i++) {
        pthread_create(&thread, NULL, count, NULL);
        pthread_join(thread, NULL);
    }
    printf("short lives %ld\n", counter);
    return 0;
}
