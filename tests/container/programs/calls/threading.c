/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that share descriptors, directories and waits. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "tell.h"

static pthread_barrier_t barrier;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_count, sum;
static pthread_key_t key;
static int destroyed;

static void count_once(void)
{
    once_count++;
}

static void destroy(void *value)
{
    __atomic_add_fetch(&destroyed, (int)(long)value, __ATOMIC_SEQ_CST);
}

static void *work(void *argument)
{
    pthread_setspecific(key, (void *)1);
    for (int i = 0; i < 20; i++) {
        pthread_barrier_wait(&barrier);
        pthread_once(&once, count_once);
        pthread_rwlock_wrlock(&lock);
        sum += (int)(long)argument;
        pthread_rwlock_unlock(&lock);
        pthread_rwlock_rdlock(&lock);
        pthread_rwlock_unlock(&lock);
        sem_post(&semaphore);
        sched_yield();
    }
    return NULL;
}

static void *read_one(void *argument)
{
    char byte;
    return (void *)read(*(int *)argument, &byte, 1);
}

static void *stuck(void *argument)
{
    pthread_setspecific(key, (void *)100);
    poll(NULL, 0, -1);
    return argument;
}

int main(void)
{
    pthread_t thread[5];
    void *result;
    pthread_key_create(&key, destroy);
    pthread_barrier_init(&barrier, NULL, 5);
    sem_init(&semaphore, 0, 0);
    for (long i = 0; i < 5; i++) {
        TELL(pthread_create(&thread[i], NULL, work, (void *)(i + 1)));
    }
    for (int i = 0; i < 100; i++) {
        sem_wait(&semaphore);
    }
    for (int i = 0; i < 5; i++) {
        TELL(pthread_join(thread[i], NULL));
    }
    TELL(sum);
    TELL(once_count);
    TELL(destroyed);
    TELL(sem_trywait(&semaphore));
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    TELL(sem_timedwait(&semaphore, &until));
    int ends[2];
    TELL(pipe(ends));
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread[i], NULL, read_one, &ends[0]);
    }
    usleep(20000);
    TELL(write(ends[1], "abc", 3));
    long all = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], &result);
        all += (long)result;
    }
    TELL(all);
    pthread_create(&thread[0], NULL, stuck, NULL);
    usleep(10000);
    TELL(pthread_cancel(thread[0]));
    TELL(pthread_join(thread[0], &result));
    TELL(result == PTHREAD_CANCELED);
    TELL(destroyed);
    TELL(syscall(SYS_gettid) == getpid());
    char name[16] = "";
    TELL(prctl(PR_SET_NAME, "a name that is too long"));
    TELL(prctl(PR_GET_NAME, name));
    puts(name);
    TELL(prctl(77777));
    cpu_set_t set;
    TELL(sched_getaffinity(0, sizeof set, &set));
    TELL(CPU_COUNT(&set) >= 1);
    TELL(sched_setaffinity(0, sizeof set, &set));
    TELL(syscall(SYS_sched_getaffinity, 0, 1, &set));
    TELL(sched_getscheduler(0));
    TELL(sched_get_priority_max(SCHED_FIFO));
    TELL(sched_get_priority_min(SCHED_FIFO));
    TELL(syscall(SYS_set_robust_list, NOWHERE, 1));
    TELL(getuid() + geteuid() + getgid() + getegid());
    TELL(syscall(999));
    return 0;
}
