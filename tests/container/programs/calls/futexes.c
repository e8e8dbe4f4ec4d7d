/* SPDX-License-Identifier: BSD-2-Clause */
/* futex(2): waiting, waking, requeueing, wake_op, bitsets, timeouts, mistakes. */
#include <linux/futex.h>
#include <pthread.h>

#include "tell.h"

static int word, other;
static int woken;

static long futex(int *at, int operation, int value, const void *timeout, int *second, int third)
{
    return syscall(SYS_futex, at, operation, value, timeout, second, third);
}

static void *wait_at_word(void *mask)
{
    long result = futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (int)(long)mask);
    __atomic_add_fetch(&woken, result == 0, __ATOMIC_SEQ_CST);
    return NULL;
}

static void start(pthread_t *thread, int count, const int *masks)
{
    for (int i = 0; i < count; i++) {
        pthread_create(&thread[i], NULL, wait_at_word, (void *)(long)(masks ? masks[i] : -1));
    }
    usleep(60000);
}

static void settle(const char *what)
{
    usleep(60000);
    printf("%s: %d woken\n", what, __atomic_load_n(&woken, __ATOMIC_SEQ_CST));
}

int main(void)
{
    pthread_t thread[6];
    struct timespec brief = {0, 20000000}, bad = {0, 1000000000}, past = {1, 0}, until;
    TELL(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    long before = milliseconds();
    TELL(futex(&word, FUTEX_WAIT, 0, &brief, NULL, 0));
    TELL(milliseconds() - before >= 19);
    TELL(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0));
    TELL(futex(&word, FUTEX_WAIT, 0, NOWHERE, NULL, 0));
    TELL(futex((int *)(void *)((char *)&word + 1), FUTEX_WAIT, 0, &brief, NULL, 0));
    TELL(futex(NOWHERE, FUTEX_WAIT, 0, &brief, NULL, 0));
    TELL(futex(&word, FUTEX_WAIT_BITSET, 0, &past, NULL, -1));
    TELL(futex(&word, FUTEX_WAIT_BITSET, 0, &brief, NULL, 0));
    clock_gettime(CLOCK_REALTIME, &until);
    TELL(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &until, NULL, -1));
    TELL(futex(&word, 77, 0, NULL, NULL, 0));
    TELL(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0));
    start(thread, 3, NULL);
    TELL(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    settle("one");
    TELL(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    settle("rest");
    const int masks[] = {1, 2, 3};
    start(thread, 3, masks);
    TELL(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 1));
    settle("bit 0");
    TELL(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 0));
    TELL(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 2));
    settle("bit 1");
    start(thread, 4, NULL);
    TELL(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 5));
    TELL(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 0));
    settle("requeue");
    TELL(futex(&other, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    settle("requeued");
    TELL(futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)10, &other, 0));
    TELL(futex(&other, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    settle("all");
    start(thread, 2, NULL);
    other = 5;
    TELL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)10, &other,
               FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    TELL(other);
    TELL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)10, &other,
               FUTEX_OP(FUTEX_OP_SET, 9, FUTEX_OP_CMP_GT, 50)));
    TELL(other);
    settle("operation");
    return 0;
}
