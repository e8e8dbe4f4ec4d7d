/* SPDX-License-Identifier: BSD-2-Clause */
/* The sum is in the page that all processes of the container share; what they make of it is their own matter. */
#include "container/linux/turn.h"

#include "container/interface.h"
#include "container/linux/kernel.h"
#include "container/linux/vdso_data.h"

enum {
    TURN_NS = 5000000
};

static uint64_t *spent(void)
{
    return &((struct container_times *)CONTAINER_TIMES)->turn;
}

void turn_count(uint64_t cycles)
{
    __atomic_fetch_add(spent(), cycles, __ATOMIC_RELAXED);
}

bool turn_end(void)
{
    if (vdso_span(__atomic_load_n(spent(), __ATOMIC_RELAXED)) < TURN_NS) {
        return false;
    }
    __atomic_store_n(spent(), 0, __ATOMIC_RELAXED);
    kernel_give_way();
    return true;
}
