/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guarded work: it returns, crashes, gives up, recurses for ever, or never ends (which takes the patience once).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host/guard.h"

static int failed;

static void work_well(void *world)
{
    *(int *)world += 1;
}

static void work_crash(void *world)
{
    (void)world;
    volatile uintptr_t nowhere = 0x10;
    *(volatile int *)nowhere = 1;
}

static void work_divide(void *world)
{
    __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; divl %0" ::"r"(*(int *)world) : "rax", "rdx", "cc");
}

static void work_leave(void *world)
{
    (void)world;
    guard_leave("enough");
}

static void work_loop(void *world)
{
    (void)world;
    for (;;)
        __asm__ volatile("");
}

static void work_deep(void *world) /* NOLINT: it is meant */
{
    volatile char frame[4096];
    frame[0] = 1;
    if (world)
        work_deep(world);
    frame[1] = frame[0];
}

static void work_inner(void *world)
{
    char why[100];
    guard_call(work_crash, world, why, sizeof(why));
}

static void expect(const char *name, void (*work)(void *), int number, const char *words)
{
    char why[200] = "";
    bool is_done = guard_call(work, &number, why, sizeof(why));
    if (is_done == !words && (!words || strstr(why, words)))
        return;
    printf("FAIL %s: %s, \"%s\"\n", name, is_done ? "returned" : "ended", why);
    failed++;
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        expect("work that returns", work_well, 0, NULL);
        expect("a crash", work_crash, 0, "signal 11");
        expect("a division by zero", work_divide, 0, "signal 8");
        expect("words", work_leave, 0, "enough");
        expect("a crash in an inner guard", work_inner, 0, "signal 11");
    }
    expect("endless recursion", work_deep, 1, "signal 11");
    expect("an endless loop", work_loop, 0, "without an end");
    guard_leave("nothing is guarded"); /* returns */
    printf("%d failed\n", failed);
    return failed != 0;
}
