/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test harness: enough for a C program that checks things and says so.
 *
 *     static void test_addition(void) { CHECK_EQ(1 + 1, 2); }
 *     CHECK_MAIN(CHECK_TEST(test_addition))
 *
 * A failed check prints where and what and the test goes on; a test passes if all
 * its checks held. The program prints "N passed, N failed" and exits with 1 if a
 * test failed. An argument runs only the tests whose name contains it.
 */
#ifndef SELKIE_TESTS_CHECK_H
#define SELKIE_TESTS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*run)(void);
};

__attribute__((weak)) unsigned check_failures; /* of the running test; one for all files of a program */

static inline bool check_report(bool holds, const char *file, int line, const char *what)
{
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    }
    return holds;
}

static inline bool check_report_eq(uint64_t a, uint64_t b, const char *file, int line, const char *what)
{
    if (a != b) {
        check_failures++;
        fprintf(stderr, "%s:%d: failed: %s: %lld (0x%llx) is not %lld (0x%llx)\n", file, line, what,
                (long long)a, (unsigned long long)a, (long long)b, (unsigned long long)b);
    }
    return a == b;
}

static inline bool check_report_str(const char *a, const char *b, const char *file, int line,
                                    const char *what)
{
    bool holds = a && b && strcmp(a, b) == 0;
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: failed: %s: \"%s\" is not \"%s\"\n", file, line, what, a ? a : "(null)",
                b ? b : "(null)");
    }
    return holds;
}

/* Each evaluates its operands once and yields whether the check held. */
#define CHECK(cond)          check_report((cond), __FILE__, __LINE__, #cond)
#define CHECK_EQ(a, b)       check_report_eq((uint64_t)(a), (uint64_t)(b), __FILE__, __LINE__, #a " == " #b)
#define CHECK_STR_EQ(a, b)   check_report_str((a), (b), __FILE__, __LINE__, #a " == " #b)

static inline int check_run(int argc, char **argv, const struct check_test *tests, size_t count)
{
    unsigned passed = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1])) {
            continue;
        }
        check_failures = 0;
        tests[i].run();
        if (check_failures) {
            fprintf(stderr, "FAIL %s\n", tests[i].name);
            failed++;
        } else {
            passed++;
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}

#define CHECK_TEST(function) {#function, function}

#define CHECK_MAIN(...)                                                                       \
    int main(int argc, char **argv)                                                           \
    {                                                                                         \
        static const struct check_test tests[] = {__VA_ARGS__};                               \
        return check_run(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));                \
    }

#endif
