/* SPDX-License-Identifier: BSD-2-Clause */
/* The formatter, and which voice speaks when. */
#include "kernel/invocation.h"
#include "kernel/print.h"
#include "tests/check.h"

static char text[128];

__attribute__((format(printf, 1, 2))) static unsigned format(const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    unsigned length = print_format(text, sizeof(text), pattern, arguments);
    va_end(arguments);
    return length;
}

static void test_numbers(void)
{
    CHECK_EQ(format("%d %u %x", -5, 4294967295u, 0xabcu), 17);
    CHECK_STR_EQ(text, "-5 4294967295 abc");
    format("%lu %lx %ld", ~0ul, ~0ul, -1l);
    CHECK_STR_EQ(text, "18446744073709551615 ffffffffffffffff -1");
    format("%d|%ld", -2147483647 - 1, (long)(1ul << 63));
    CHECK_STR_EQ(text, "-2147483648|-9223372036854775808");
}

static void test_width(void)
{
    format("%08x|%4d|%-4d|%04u", 0xbeefu, 7, 7, 7u);
    CHECK_STR_EQ(text, "0000beef|   7|7   |0007");
    format("%10s|%-10s|%2s", "right", "left", "long");
    CHECK_STR_EQ(text, "     right|left      |long");
}

static void test_pointers(void)
{
    format("%p %p", (void *)0, (void *)0xffffff80bffc8400);
    CHECK_STR_EQ(text, "0 0xffffff80bffc8400");
}

static void test_rest(void)
{
    format("100%% %c%c", 'o', 'k');
    CHECK_STR_EQ(text, "100% ok");
}

static void test_cut(void)
{
    char small[6];
    va_list nothing;
    memset(&nothing, 0, sizeof(nothing));
    CHECK_EQ(print_format(small, sizeof(small), "longer than that", nothing), 5);
    CHECK_STR_EQ(small, "longe");
    CHECK_EQ(print_format(small, 0, "x", nothing), 0);
}

static char heard[64];
static unsigned heard_length;

static void hear(void *world, char character)
{
    (void)world;
    heard[heard_length++] = character;
}

static void hear_remark(void *world, const char *remarked)
{
    (void)world;
    snprintf(heard, sizeof(heard), "<%s>", remarked);
}

static void test_voices(void)
{
    struct abi abi = {.config = {.is_printing = true}};
    struct machine machine = {.console = {.put = hear, .remark = hear_remark}};
    struct kernel k = {.abi = &abi, .machine = &machine};

    kernel_print(&k, "tick %u\n", 3u);
    CHECK_STR_EQ(heard, "tick 3\n");
    kernel_print(&k, "%c", 0);
    CHECK_EQ(heard_length, 8);

    abi.config.is_printing = false;
    kernel_print(&k, "silence");
    CHECK_EQ(heard_length, 8);

    remark(&k, "slot %lu is not empty", 5ul);
    CHECK_STR_EQ(heard, "<slot 5 is not empty>");
    machine.console.remark = NULL;
    remark(&k, "nobody listens");
}

CHECK_MAIN(CHECK_TEST(test_numbers), CHECK_TEST(test_width), CHECK_TEST(test_pointers), CHECK_TEST(test_rest),
           CHECK_TEST(test_cut), CHECK_TEST(test_voices))
