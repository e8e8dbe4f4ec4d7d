/* SPDX-License-Identifier: BSD-2-Clause */
/* The sum is in the page that all processes of the container share; what they make of it is their own matter. One that
 * is interrupted while it adds may undo what others have added; they will add more. */
#include "container/linux/turn.h"

#include "container/interface.h"
#include "container/linux/kernel.h"
#include "container/linux/vdso_data.h"

enum {
    TURN_NS = 5000000
};

static volatile uint64_t *spent(void)
{
    return &((volatile struct container_times *)CONTAINER_TIMES)->turn;
}

void turn_count(uint64_t cycles)
{
    *spent() += cycles;
}

bool turn_end(void)
{
    if (vdso_span(*spent()) < TURN_NS) {
        return false;
    }
    *spent() = 0;
    kernel_give_way();
    return true;
}
