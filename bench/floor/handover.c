/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor handed from one process to another and back, in the three ways that
 * Linux offers to two processes on one processor. The client counts up `asked`, the
 * server follows with `answered`; a round trip is over when they are equal again.
 *
 * Both run in the scheduling class of the caller, except the asymmetric pair: there the
 * server's higher priority makes the client's wake-up call the whole hand-over.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/floor/child.h"
#include "bench/floor/sample.h"
#include "bench/floor/ways.h"
#include "host/map.h"
#include "host/process.h"

struct handover {
    _Alignas(64) uint32_t asked;
    _Alignas(64) uint32_t answered;
};

/* How a side waits and wakes; errors show as a wait that never ends, which the caller's parent cuts short. */
struct handover_style {
    void (*serve)(struct handover *handover); /* never returns */
    int (*ask)(void *handover, unsigned count);
};

static uint32_t word_load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void word_store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void word_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void word_wait_change(uint32_t *word, uint32_t value)
{
    while (word_load(word) == value)
        syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_serve(struct handover *handover)
{
    for (uint32_t served = 0;; served++) {
        word_wait_change(&handover->asked, served);
        word_store(&handover->answered, served + 1);
        word_wake(&handover->answered);
    }
}

static int futex_ask(void *world, unsigned count)
{
    struct handover *handover = world;
    uint32_t asked = handover->asked;
    for (unsigned i = 0; i < count; i++, asked++) {
        word_store(&handover->asked, asked + 1);
        word_wake(&handover->asked);
        word_wait_change(&handover->answered, asked);
    }
    return 0;
}

static void word_yield_change(const uint32_t *word, uint32_t value)
{
    while (word_load(word) == value)
        sched_yield();
}

static void yield_serve(struct handover *handover)
{
    for (uint32_t served = 0;; served++) {
        word_yield_change(&handover->asked, served);
        word_store(&handover->answered, served + 1);
    }
}

static int yield_ask(void *world, unsigned count)
{
    struct handover *handover = world;
    uint32_t asked = handover->asked;
    for (unsigned i = 0; i < count; i++, asked++) {
        word_store(&handover->asked, asked + 1);
        word_yield_change(&handover->answered, asked);
    }
    return 0;
}

static void asymmetric_serve(struct handover *handover)
{
    for (uint32_t served = 0;; served++) {
        word_wait_change(&handover->asked, served);
        word_store(&handover->answered, served + 1);
    }
}

static int asymmetric_ask(void *world, unsigned count)
{
    struct handover *handover = world;
    uint32_t asked = handover->asked;
    for (unsigned i = 0; i < count; i++, asked++) {
        word_store(&handover->asked, asked + 1);
        word_wake(&handover->asked);
        if (word_load(&handover->answered) == asked)
            return -EPROTO; /* the server did not go first: this is no hand-over */
    }
    return 0;
}

/* Gives up the processor until the server has answered once: then it is in its loop. */
static void first_answer_await(struct handover *handover)
{
    word_store(&handover->asked, 1);
    while (word_load(&handover->answered) == 0) {
        word_wake(&handover->asked);
        usleep(50);
    }
}

static int priority_take(int priority)
{
    struct sched_param parameters = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO, &parameters) < 0 ? -errno : 0;
}

/* `client_priority`: real-time priority to go down to once the server has inherited ours; 0 is none. */
static int pair_measure(struct sample *sample, const struct handover_style *style, int client_priority)
{
    struct handover *handover =
        mmap(NULL, HOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (handover == MAP_FAILED)
        return -errno;
    pid_t server = child_fork();
    if (server == 0)
        style->serve(handover);
    int error = server < 0 ? server : 0;
    if (!error && client_priority)
        error = priority_take(client_priority);
    if (!error) {
        first_answer_await(handover);
        error = sample_take(sample, style->ask, handover);
    }
    process_end(server);
    map_release(handover, HOST_PAGE);
    return error;
}

int handover_futex(struct sample *sample)
{
    static const struct handover_style style = {futex_serve, futex_ask};
    return pair_measure(sample, &style, 0);
}

int handover_yield(struct sample *sample)
{
    static const struct handover_style style = {yield_serve, yield_ask};
    return pair_measure(sample, &style, 0);
}

int handover_asymmetric(struct sample *sample)
{
    static const struct handover_style style = {asymmetric_serve, asymmetric_ask};
    int error = priority_take(2);
    return error ? error : pair_measure(sample, &style, 1);
}
