/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of run/ that need no image.
 */
#include <stdlib.h>
#include <unistd.h>

#include "run/abi_name.h"
#include "run/clock.h"
#include "run/console.h"
#include "run/disassemble.h"
#include "run/extra.h"
#include "run/gen_config.h"
#include "tests/check.h"

static struct abi_config defaults(unsigned release)
{
    struct abi_config config;
    CHECK(abi_config_defaults(&config, release));
    return config;
}

static void check_name(const char *name, const char *canonical)
{
    struct diag diag = {0};
    char formatted[ABI_NAME_SIZE];
    struct abi_config config = defaults(16);
    CHECK_EQ(abi_name_parse(&config, name, &diag), 0);
    abi_name_format(formatted, &config);
    CHECK_STR_EQ(formatted, canonical);
}

static void test_names_of_abis(void)
{
    check_name("16.0.0", "16.0.0-debug");
    check_name("13", "13.0.0-debug");
    check_name("14.0.0-release", "14.0.0-release");
    check_name("15.0.0-mcs", "15.0.0-mcs-debug");
    check_name("16.0.0-mcs-release-smp", "16.0.0-mcs-release-smp");
    check_name("16.0.0-debug-mcs", "16.0.0-mcs-debug");
}

static void test_names_that_are_none(void)
{
    static const char *const names[] = {"",
                                        "12.0.0",
                                        "17",
                                        "x",
                                        "16.",
                                        "16..0",
                                        "16.0.0-",
                                        "16.0.0-fast",
                                        "16.0.0mcs",
                                        ".16",
                                        "16.0.0 -mcs",
                                        "16.0.0-debug-release",
                                        "99999999999",
                                        "-mcs"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct diag diag = {0};
        struct abi_config config = defaults(16);
        CHECK(abi_name_parse(&config, names[i], &diag) != 0);
        CHECK(strstr(diag.text, names[i]) && !strchr(diag.text, '\n'));
    }
}

static int config_read(struct abi_config *config, const char *text, struct diag *diag)
{
    char path[] = "/tmp/selkie-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    int error = gen_config_read(config, path, diag);
    CHECK(!error || strstr(diag->text, path));
    (void)close(fd);
    (void)unlink(path);
    return error;
}

static void test_configuration(void)
{
    struct diag diag = {0};
    struct abi_config config = defaults(16);
    CHECK_EQ(config_read(&config,
                         "{\"SEL4_ARCH\": \"x86_64\", \"PLAT\": \"pc99\", \"ROOT_CNODE_SIZE_BITS\": \"19\","
                         "\"NUM_DOMAINS\": 16, \"NUM_DOMAIN_SCHEDULES\": 100, \"VTX\": true,"
                         "\"DEBUG_BUILD\": false, \"PRINTING\": false,"
                         "\"BOOT_THREAD_TIME_SLICE\": \"7\", \"XSAVE_SIZE\": \"832\", \"OTHER\": [1, {}]}",
                         &diag),
             0);
    CHECK_EQ(config.root_cnode_bits, 19);
    CHECK_EQ(config.domains, 16);
    CHECK_EQ(config.domain_schedules, 100);
    CHECK_EQ(config.boot_thread_time_slice_us, 7000);
    CHECK_EQ(config.xsave_size, 832);
    CHECK(!config.is_debug && !config.is_printing && config.has_vtx);
    CHECK_EQ(config.timer_tick_ms, 2); /* not mentioned, so it stays */
}

static void test_configurations_that_are_none(void)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"SEL4_ARCH\": \"aarch64\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"PLAT\": \"qemu-arm-virt\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"NUM_DOMAINS\": \"many\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"NUM_DOMAINS\": \"-1\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"NUM_DOMAINS\": \"1000000000000000000000\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"ROOT_CNODE_SIZE_BITS\": \"60\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"TIMER_TICK_MS\": \"0\"}",
        "{\"SEL4_ARCH\": \"x86_64\", \"KERNEL_MCS\": \"ON\"}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct diag diag = {0};
        struct abi_config config = defaults(16);
        CHECK(config_read(&config, texts[i], &diag) != 0);
    }
    struct diag diag = {0};
    struct abi_config config = defaults(16);
    CHECK(gen_config_read(&config, "/nonexistent", &diag) != 0);
    CHECK(gen_config_read(&config, "/tmp", &diag) != 0);
}

/* Put `text` on a console; yields the verdict, and what went out. */
static enum console_verdict console_show(const char *text, const char *expect, const char *fail,
                                         char out[256])
{
    static struct console console;
    struct diag diag = {0};
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(console_open(&console, ends[1], expect, fail, &diag), 0);
    for (const char *c = text; *c; c++) {
        console_put(&console, *c);
    }
    console_finish_line(&console);
    console_close(&console);
    (void)close(ends[1]);
    ssize_t size = read(ends[0], out, 255);
    out[size > 0 ? size : 0] = '\0';
    (void)close(ends[0]);
    return console.verdict;
}

static void test_console_lines(void)
{
    char out[256];
    CHECK_EQ(console_show("one\ntwo", NULL, NULL, out), CONSOLE_NOTHING);
    CHECK_STR_EQ(out, "one\ntwo");
    CHECK_EQ(console_show("one\r\ntwo\n", "^one$", NULL, out), CONSOLE_EXPECTED);
    CHECK_STR_EQ(out, "one\r\n"); /* the run ended at that line */
    CHECK_EQ(console_show("one\ntwo\n", "one.two", NULL, out), CONSOLE_NOTHING);
    CHECK_EQ(console_show("login: ", "^login:", NULL, out), CONSOLE_EXPECTED);
    CHECK_EQ(console_show("bad\ngood\n", "good", "ba+d", out), CONSOLE_FAILED);
    CHECK_EQ(console_show("good\nbad\n", "good", "bad", out), CONSOLE_EXPECTED);
    CHECK_EQ(console_show("\n\n", "^$", NULL, out), CONSOLE_EXPECTED);
}

static void test_console_bad_expressions(void)
{
    static struct console console;
    struct diag diag = {0};
    CHECK(console_open(&console, 1, "(", NULL, &diag) != 0);
    CHECK(strstr(diag.text, "--expect=("));
    diag.text[0] = '\0';
    CHECK(console_open(&console, 1, "a", "[", &diag) != 0);
    CHECK(strstr(diag.text, "--fail=["));
}

static uint64_t word(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

static void test_extra_bootinfo(void)
{
    static unsigned char extra[EXTRA_SIZE_MAX];
    const struct extra_region region = {.start = 0x100000, .size = 0x7ff00000, .type = 1};
    const unsigned char rsdp[36] = "RSD PTR ";
    size_t size = extra_build(extra, rsdp, 2445, &region, 1);
    CHECK_EQ(size, 1292); /* as the real kernel's */
    CHECK_EQ(word(extra, 8), 3);
    CHECK_EQ(word(extra + 8, 8), 52);
    CHECK(memcmp(extra + 16, rsdp, sizeof(rsdp)) == 0);
    CHECK_EQ(word(extra + 52, 8), 2);
    CHECK_EQ(word(extra + 60, 8), 1220);
    CHECK_EQ(word(extra + 68, 4), 24);
    CHECK_EQ(word(extra + 72, 4), 20);
    CHECK_EQ(word(extra + 76, 8), 0x100000);
    CHECK_EQ(word(extra + 84, 8), 0x7ff00000);
    CHECK_EQ(word(extra + 92, 4), 1);
    CHECK_EQ(word(extra + 1272, 8), 5);
    CHECK_EQ(word(extra + 1280, 8), 20);
    CHECK_EQ(word(extra + 1288, 4), 2445);
}

static void test_extra_bootinfo_of_host(void)
{
    static unsigned char extra[EXTRA_SIZE_MAX];
    const struct host_bootinfo_entry entries[HOST_IO_ROOTS] = {{HOST_DIRECTORY, HOST_READ, "root"},
                                                               {HOST_CLOCK, 3, "clock"}};
    CHECK_EQ(extra_add_host(extra, 8, entries, 2), 8 + 16 + 8 + 2 * 56);
    CHECK_EQ(word(extra + 8, 8), HOST_IO_BOOTINFO);
    CHECK_EQ(word(extra + 16, 8), 16 + 8 + 2 * 56);
    CHECK_EQ(word(extra + 24, 8), 2);
    CHECK_EQ(word(extra + 32, 4), HOST_DIRECTORY);
    CHECK_EQ(word(extra + 36, 4), HOST_READ);
    CHECK_STR_EQ((const char *)extra + 40, "root");
    CHECK_STR_EQ((const char *)extra + 96, "clock");
}

static void test_clock(void)
{
    struct host_clock clock;
    host_clock_start(&clock);
    uint64_t before = host_clock_now_ns(&clock);
    uint32_t mhz = host_clock_tsc_mhz(&clock);
    CHECK(mhz > 100 && mhz < 20000);
    CHECK(host_clock_now_ns(&clock) >= before);
    CHECK_EQ(host_clock_tsc_mhz(&clock) / 10, mhz / 10);
}

static void test_disassembly(void)
{
    char text[DISASSEMBLE_TEXT];
    CHECK_EQ(disassemble(text, (const unsigned char *)"\x48\x89\x07", 3, 0x1000), 3);
    CHECK_STR_EQ(text, "mov [rdi], rax");
    CHECK_EQ(disassemble(text, (const unsigned char *)"\x48", 1, 0x1000), 0);
    CHECK_STR_EQ(text, "");
}

CHECK_MAIN(CHECK_TEST(test_names_of_abis), CHECK_TEST(test_names_that_are_none),
           CHECK_TEST(test_configuration), CHECK_TEST(test_configurations_that_are_none),
           CHECK_TEST(test_console_lines), CHECK_TEST(test_console_bad_expressions),
           CHECK_TEST(test_extra_bootinfo), CHECK_TEST(test_extra_bootinfo_of_host), CHECK_TEST(test_clock),
           CHECK_TEST(test_disassembly))
