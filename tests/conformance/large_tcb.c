/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that saves AVX state has larger TCBs: their size in untyped memory, many of them beside each
 * other, and the upper halves of vector registers kept over switches between threads.
 */
#include "subject.h"

enum {
    UNTYPED_BITS = 16,
    THREADS = 8,
    ROUNDS = 50
};

static seL4_CPtr done;

/* The size and the place of TCBs, by how many fit and by where the next object lies. */
static void sizes(void)
{
    section("sizes");
    seL4_CPtr untyped = make_sized(seL4_UntypedObject, UNTYPED_BITS);
    unsigned count = 0;
    while (seL4_Untyped_Retype(untyped, seL4_TCBObject, 0, CNODE, 0, 0, slot(), 1) == seL4_NoError) {
        count++;
    }
    SAY("a TCB is 2^%u, %u fit\n", (unsigned)seL4_TCBBits, count);
    seL4_CPtr again = make_sized(seL4_UntypedObject, UNTYPED_BITS), page = slot();
    CASE(seL4_Untyped_Retype(again, seL4_TCBObject, 0, CNODE, 0, 0, slot(), 1), "a TCB");
    CASE(seL4_Untyped_Retype(again, seL4_EndpointObject, 0, CNODE, 0, 0, slot(), 1), "an endpoint behind it");
    CASE(seL4_Untyped_Retype(again, seL4_TCBObject, 0, CNODE, 0, 0, slot(), 1), "a TCB behind that");
    CASE(seL4_Untyped_Retype(again, seL4_X86_4K, 0, CNODE, 0, 0, page, 1), "a page behind that");
    seL4_CPtr quarters = slot();
    slot();
    slot();
    CASE(seL4_Untyped_Retype(again, seL4_UntypedObject, UNTYPED_BITS - 2, CNODE, 0, 0, quarters, 3),
         "the other quarters");
}

/* Fill the upper halves, let others do the same, look. */
static void work(void *argument)
{
    seL4_Word value = (seL4_Word)argument, wrong = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        seL4_Word words[4] = {value, value + i, value * 3, ~value}, seen[4];
        asm volatile("vmovups (%0), %%ymm7" ::"r"(words) : "memory", "xmm7");
        seL4_Yield();
        asm volatile("vmovups %%ymm7, (%0)" ::"r"(seen) : "memory");
        for (unsigned w = 0; w < 4; w++) {
            wrong += seen[w] != words[w];
        }
    }
    seL4_SetMR(0, wrong);
    seL4_Call(done, seL4_MessageInfo_new(value, 0, 0, 1));
}

static void vectors(void)
{
    section("vectors");
    done = make(seL4_EndpointObject);
    for (seL4_Word i = 0; i < THREADS; i++) {
        spawn("vector", work, (void *)(i + 1), PRIORITY_LOW);
    }
    seL4_Word sum = 0, wrong = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        seL4_MessageInfo_t info = seL4_Recv(done, NULL);
        sum += seL4_MessageInfo_get_label(info);
        wrong += seL4_GetMR(0);
    }
    SAY("sum %lu, wrong %lu\n", sum, wrong);
}

int main(seL4_BootInfo *info)
{
    open(info);
    sizes();
    vectors();
    close();
    return 0;
}
