/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What saving and loading vector state costs on this host, in nanoseconds, by what is
 * in use; beside it what the processor's own instructions take.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/direct/pad/vector.h"
#include "tests/engine_direct/vector_registers.h"

enum {
    LOOPS = 500000,
    RUNS = 9
};

static struct vector_layout layout;
static struct image state, area, other;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void step_save(void)
{
    pad_vector_save(area.bytes, &layout);
}

static void step_load(void)
{
    pad_vector_load(other.bytes, &layout);
}

static void step_switch(void)
{
    pad_vector_switch(area.bytes, other.bytes, &layout);
}

static void step_xsave(void)
{
    registers_see(&area, layout.components);
}

static void step_xrstor(void)
{
    registers_set(&other, layout.components);
}

static void step_both(void)
{
    step_xsave();
    step_xrstor();
}

static void measure(const char *name, void (*step)(void))
{
    uint64_t best = UINT64_MAX;
    for (int run = 0; run < RUNS; run++) {
        registers_set(&state, layout.components);
        uint64_t start = now_ns();
        registers_set(&state, layout.components); /* clock_gettime is the library's */
        for (int i = 0; i < LOOPS; i++)
            step();
        uint64_t time = now_ns() - start;
        best = time < best ? time : best;
    }
    uint64_t tenths = best * 10 / LOOPS;
    printf("  %-16s %5llu.%llu\n", name, (unsigned long long)tenths / 10, (unsigned long long)tenths % 10);
}

static void measure_all(const char *title, uint64_t components)
{
    memset(&state, 0, sizeof(state));
    memset(state.bytes + IMAGE_XMM, 0x11, IMAGE_XMM_END - IMAGE_XMM);
    memset(state.bytes + 576, 0x22, layout.size - 576);
    memcpy(state.bytes + IMAGE_FCW, &(uint16_t){0x27f}, 2);
    memcpy(state.bytes + IMAGE_MXCSR, &(uint32_t){0x1f80}, 4);
    memcpy(state.bytes + IMAGE_COMPONENTS, &components, sizeof(components));
    area = other = state;
    printf("%s\n", title);
    measure("save", step_save);
    measure("load", step_load);
    measure("switch", step_switch);
    measure("XSAVE", step_xsave);
    measure("XRSTOR", step_xrstor);
    measure("XSAVE, XRSTOR", step_both);
}

int main(void)
{
    if (!vector_layout_ask(&layout))
        return 1;
    measure_all("SSE", COMPONENT_SSE);
    if (layout.components & COMPONENT_AVX)
        measure_all("SSE, AVX", COMPONENT_SSE | COMPONENT_AVX);
    measure_all("x87, SSE", COMPONENT_X87 | COMPONENT_SSE);
    return 0;
}
