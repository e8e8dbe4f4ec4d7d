/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector areas against the processor's own XSAVE and XRSTOR.
 *
 * Each round makes a random state the live one, saves it into an area that has a
 * history, makes another random state the live one, loads the area, and looks at
 * every bit. Every combination of components comes up, on both sides.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "engine/direct/pad/vector.h"
#include "tests/check.h"
#include "tests/engine_direct/vector_registers.h"

enum {
    ATTEMPTS = 8,
    ROUNDS = 100000,
    FRAME_ROUNDS = 5000,
    AREAS = 4
};

static struct vector_layout layout;
static uint64_t seed = 0x243f6a8885a308d3;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d;
}

static void put(struct image *image, unsigned offset, const void *value, size_t size)
{
    memcpy(image->bytes + offset, value, size);
}

static uint64_t components_of(const struct image *image)
{
    uint64_t components;
    memcpy(&components, image->bytes + IMAGE_COMPONENTS, sizeof(components));
    return components;
}

static void image_make_initial(struct image *image)
{
    memset(image, 0, sizeof(*image));
    put(image, IMAGE_FCW, &(uint16_t){0x37f}, 2);
    put(image, IMAGE_MXCSR, &(uint32_t){0x1f80}, 4);
}

static void fill(struct image *image, unsigned start, unsigned end)
{
    for (unsigned i = start; i < end; i += 4)
        put(image, i, &(uint32_t){(uint32_t)random_word()}, 4);
}

/* Of x87: one time in eight nothing and as often a single byte is not initial. */
static void x87_make_random(struct image *image)
{
    uint64_t kind = random_word() % 8;
    unsigned at = (unsigned)(random_word() % (24 + 80));
    if (kind == 1)
        image->bytes[at < 24 ? at : 32 + (at - 24) / 10 * 16 + (at - 24) % 10] ^=
            (unsigned char)random_word();
    if (kind < 2)
        return;
    fill(image, 0, IMAGE_MXCSR);
    fill(image, 32, IMAGE_XMM);
}

/* A state that the registers can take. What is in absent components does not matter. */
static void image_make_random(struct image *image)
{
    image_make_initial(image);
    uint64_t components = random_word() & layout.components;
    put(image, IMAGE_COMPONENTS, &components, sizeof(components));
    if (random_word() % 2)
        put(image, IMAGE_MXCSR, &(uint32_t){random_word() & 0xffff}, 4);
    if (components & COMPONENT_X87)
        x87_make_random(image);
    fill(image, IMAGE_XMM, IMAGE_XMM_END);
    fill(image, 576, layout.size);
}

/* As XSAVE would show what XRSTOR makes of it: the values of absent components are initial. */
static void image_expand(const struct image *image, struct image *expanded)
{
    memset(expanded, 0, sizeof(*expanded)); /* before: the library has vector registers */
    registers_set(image, layout.components);
    registers_see(expanded, layout.components);
}

static bool is_same(const struct image *a, const struct image *b)
{
    return memcmp(a->bytes, b->bytes, 28) == 0 && /* what follows is the mask of MXCSR, a constant */
           memcmp(a->bytes + 32, b->bytes + 32, IMAGE_XMM_END - 32) == 0 &&
           memcmp(a->bytes + 576, b->bytes + 576, layout.size - 576) == 0;
}

static void registers_reset(void)
{
    struct image initial;
    image_make_initial(&initial);
    registers_set(&initial, layout.components);
}

/* Save what is live as `state` says into `area`; the area says the same, and live registers stay. */
static bool save_is_exact(const struct image *state, struct image *area, struct image *truth)
{
    static struct image after, stored;
    struct image before = *area;
    memset(truth, 0, sizeof(*truth));
    memset(&after, 0, sizeof(after));
    uint64_t in_use = 0, live = 0;
    bool is_steady = false; /* a hypervisor in between may restore components as in use that were not: once more */
    for (unsigned i = 0; i < ATTEMPTS && !is_steady; i++) {
        registers_set(state, layout.components);
        registers_see(truth, layout.components);
        in_use = registers_in_use() & layout.components;
        live = pad_vector_save(area->bytes, &layout);
        is_steady = in_use == (registers_in_use() & layout.components);
        registers_see(&after, layout.components);
    }
    image_expand(area, &stored);
    registers_reset();

    uint64_t components = components_of(area);
    static const unsigned char none[56];
    return CHECK(is_same(truth, &after)) && CHECK(is_same(truth, &stored)) &&
           CHECK(is_steady) && CHECK_EQ(live | COMPONENT_SSE, in_use | COMPONENT_SSE) &&
           CHECK((components & ~(live | COMPONENT_SSE)) == 0) &&
           CHECK(components & COMPONENT_X87 || memcmp(area->bytes, truth->bytes, 24) == 0) &&
           CHECK(components & COMPONENT_X87 ||
                 memcmp(area->bytes + 32, truth->bytes + 32, IMAGE_XMM - 32) == 0) &&
           CHECK(memcmp(area->bytes + IMAGE_COMPONENTS + 8, none, sizeof(none)) == 0) &&
           CHECK(memcmp(area->bytes + layout.size, before.bytes + layout.size, IMAGE_SIZE - layout.size) ==
                 0);
}

enum load_way {
    LOAD,
    LOAD_OVER,
    LOAD_OVER_ALL
};

/* Load `area` over what `dirt` makes live. */
static bool load_is_exact(const struct image *area, const struct image *dirt, enum load_way way,
                          const struct image *truth)
{
    static struct image after, dump;
    memset(&after, 0, sizeof(after));
    registers_set(dirt, layout.components);
    if (way == LOAD)
        pad_vector_load(area->bytes, &layout);
    else if (way == LOAD_OVER)
        pad_vector_load_over(area->bytes, &layout, pad_vector_save(dump.bytes, &layout));
    else
        pad_vector_load_over(area->bytes, &layout, 0xe7);
    registers_see(&after, layout.components);
    uint64_t in_use = registers_in_use();
    registers_reset();
    bool tracks_x87 = !(registers_in_use() & COMPONENT_X87);
    return CHECK(is_same(truth, &after)) &&
           CHECK(!tracks_x87 || components_of(area) & COMPONENT_X87 || !(in_use & COMPONENT_X87));
}

static void test_random_rounds(void)
{
    static struct image area[AREAS], state, dirt, truth;
    for (unsigned i = 0; i < AREAS; i++)
        image_make_initial(&area[i]);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct image *a = &area[random_word() % AREAS];
        fill(a, layout.size, IMAGE_SIZE);
        a->bytes[IMAGE_COMPONENTS + 1] = (unsigned char)random_word(); /* components that are not kept */
        image_make_random(&state);
        image_make_random(&dirt);
        if (!save_is_exact(&state, a, &truth) ||
            !load_is_exact(a, &dirt, (enum load_way)(random_word() % 3), &truth))
            return;
    }
}

/* From any area to any other, by the quick way as often as not. */
static void test_switch(void)
{
    static struct image area[AREAS], state, truth_from, truth_to, after, stored;
    for (unsigned i = 0; i < AREAS; i++)
        image_make_initial(&area[i]);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned from = (unsigned)(random_word() % AREAS), to = (from + 1) % AREAS;
        memset(&truth_from, 0, sizeof(truth_from));
        memset(&after, 0, sizeof(after));
        image_make_random(&state);
        if (round / 64 % 2)
            put(&state, IMAGE_COMPONENTS, &(uint64_t){COMPONENT_SSE}, 8);
        image_expand(&area[to], &truth_to);
        registers_set(&state, layout.components);
        registers_see(&truth_from, layout.components);
        pad_vector_switch(area[from].bytes, area[to].bytes, &layout);
        registers_see(&after, layout.components);
        registers_reset();
        image_expand(&area[from], &stored);
        if (!CHECK(is_same(&truth_from, &stored)) || !CHECK(is_same(&truth_to, &after)))
            return;
    }
}

/* Whatever image the host's own XSAVE made, for instance by way of ptrace. */
static void test_load_of_foreign_images(void)
{
    static struct image state, dirt, truth;
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        image_make_random(&state);
        image_make_random(&dirt);
        image_expand(&state, &truth);
        if (!load_is_exact(&state, &dirt, (enum load_way)(round % 3), &truth))
            return;
    }
}

static void test_fresh_area_clears_everything(void)
{
    static struct image fresh, dirt, truth;
    image_make_initial(&fresh);
    image_expand(&fresh, &truth);
    for (uint64_t components = 0; components <= layout.components; components++) {
        if (components & ~layout.components)
            continue;
        image_make_random(&dirt);
        put(&dirt, IMAGE_COMPONENTS, &components, sizeof(components));
        for (enum load_way way = LOAD; way <= LOAD_OVER_ALL; way++)
            load_is_exact(&fresh, &dirt, way, &truth);
    }
}

static void test_control_words(void)
{
    static struct image area, state, dirt, truth;
    static const uint32_t mxcsr[] = {0x1f80, 0, 0xffff, 0x7f80, 0x9fc0, 0x1fbf, 0x0001, 0x8040};
    static const uint16_t fcw[] = {0x37f, 0x40, 0x27f, 0xf7f, 0x1f7f, 0x372, 0x7f};
    image_make_initial(&area);
    for (unsigned i = 0; i < sizeof(mxcsr) / sizeof(mxcsr[0]); i++) {
        for (unsigned j = 0; j < sizeof(fcw) / sizeof(fcw[0]); j++) {
            image_make_initial(&state);
            image_make_random(&dirt);
            put(&state, IMAGE_COMPONENTS, &(uint64_t){COMPONENT_X87}, 8);
            put(&state, IMAGE_MXCSR, &mxcsr[i], 4);
            put(&state, IMAGE_FCW, &fcw[j], 2);
            save_is_exact(&state, &area, &truth);
            CHECK(memcmp(area.bytes + IMAGE_MXCSR, &mxcsr[i], 4) == 0);
            CHECK(memcmp(area.bytes + IMAGE_FCW, &fcw[j], 2) == 0);
            load_is_exact(&area, &dirt, (enum load_way)(i % 3), &truth);
        }
    }
}

/* A mark of use without anything to keep goes away with the next switch. */
static void test_x87_initial_is_not_kept(void)
{
    static struct image area, state;
    image_make_initial(&area);
    image_make_initial(&state);
    put(&state, IMAGE_COMPONENTS, &(uint64_t){COMPONENT_X87}, 8);
    registers_set(&state, layout.components);
    pad_vector_save(area.bytes, &layout);
    registers_reset();
#ifndef BY_MOVES
    CHECK(!(components_of(&area) & COMPONENT_X87));
#endif
}

static struct image frame_after;
static uint64_t frame_in_use;

static void on_signal(int number, siginfo_t *info, void *frame)
{
    (void)number;
    (void)info;
    ucontext_t *context = frame;
    pad_vector_load_frame(context->uc_mcontext.fpregs);
    registers_see(&frame_after, layout.components);
    frame_in_use = registers_in_use();
}

static void signal_send(long pid)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_kill), "D"(pid), "S"(SIGUSR1)
                     : "rcx", "r11", "memory");
}

static void test_signal_frames(void)
{
    static struct image state, truth, later;
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    bool tracks_x87 = !(registers_in_use() & COMPONENT_X87);
    long pid = getpid();
    for (unsigned round = 0; round < FRAME_ROUNDS; round++) {
        image_make_random(&state);
        memset(&truth, 0, sizeof(truth));
        memset(&later, 0, sizeof(later));
        memset(&frame_after, 0, sizeof(frame_after));
        registers_set(&state, layout.components);
        registers_see(&truth, layout.components);
        uint64_t in_use = registers_in_use();
        signal_send(pid);
        registers_see(&later, layout.components);
        registers_reset();
        if (!CHECK(is_same(&truth, &frame_after)) || !CHECK(is_same(&truth, &later)) ||
            !CHECK(!tracks_x87 || in_use & COMPONENT_X87 || !(frame_in_use & COMPONENT_X87)))
            return;
    }
}

static void test_layout(void)
{
    CHECK(layout.components & COMPONENT_X87 && layout.components & COMPONENT_SSE);
    CHECK(!(layout.components & COMPONENT_AVX) || layout.avx_offset == 576);
    CHECK(layout.size >= 576 && layout.size <= KERNEL_VECTOR_AREA_SIZE - 8);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {
        CHECK_TEST(test_layout),
        CHECK_TEST(test_fresh_area_clears_everything),
        CHECK_TEST(test_control_words),
        CHECK_TEST(test_x87_initial_is_not_kept),
        CHECK_TEST(test_load_of_foreign_images),
        CHECK_TEST(test_random_rounds),
        CHECK_TEST(test_switch),
        CHECK_TEST(test_signal_frames),
    };
    if (!vector_layout_ask(&layout)) {
        printf("this host cannot say which vector components are in use; nothing tested\n");
        return 0;
    }
    if (argc > 2)
        seed ^= strtoull(argv[2], NULL, 0);
    return check_run(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
