/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of threads that wait for an object: doubly linked through the TCBs,
 * first come first served; with MCS among those of a priority, the highest first. A thread waits for one object at a
 * time.
 */
#ifndef SELKIE_KERNEL_TCB_QUEUE_H
#define SELKIE_KERNEL_TCB_QUEUE_H

#include "kernel/state.h"

struct queue tcb_queue_append(struct kernel *k, struct queue queue, struct tcb *tcb);
struct queue tcb_queue_remove(struct kernel *k, struct queue queue, struct tcb *tcb);

#endif
