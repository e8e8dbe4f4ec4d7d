/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing QEMU's options with getopt_long_only: one dash or two, a value in the next word or behind `=`.
 *
 * Source: QEMU 7.2's manual page, for names, values and units.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/arena.h"
#include "run/say.h"

static const char help[] =
    "usage: selkie-qemu [options] -kernel KERNEL -initrd IMAGE\n"
    "\n"
    "Run the seL4 system whose root task is IMAGE, started like qemu-system-x86_64. In a build\n"
    "directory of seL4: ./simulate -b selkie-qemu\n"
    "\n"
    "Options that mean something:\n"
    "  -initrd IMAGE        the root task: images/*-image-x86_64-pc99 of an seL4 build\n"
    "  -kernel KERNEL       the kernel beside it; its build's gen_config.json is taken\n"
    "  -m [size=]SIZE       memory: MiB, or with K, M, G or T; default 128M\n"
    "  -serial mon:stdio    the console on standard output and input, with Ctrl-A (the default)\n"
    "  -serial stdio        the same without Ctrl-A: Ctrl-C ends the run\n"
    "  -serial file:PATH, null, none\n"
    "                       the console's output to a file, or nowhere; no input\n"
    "  -accel direct|ptrace how to run it (`selkie engines`); others are accepted in silence\n"
    "  -append TEXT         the kernel's command line; COM1 is the only console\n"
    "  -no-shutdown         accepted: the machine stays on after the system halted anyway\n"
    "  -version, -help      also with two dashes\n"
    "\n"
    "Accepted in silence: -cpu, -nographic, -display, -vga, -machine, -M, -enable-kvm, -monitor, -boot,\n"
    "-rtc, -name, -uuid, -nodefaults, -no-user-config, -no-reboot, -no-acpi, -no-hpet, -global, -k, -L,\n"
    "-usb, -parallel, -net none, -nic none, -D, -d, -msg, -overcommit, -sandbox, -object.\n"
    "Accepted with a warning: -smp above 1, -device, -net, -nic, -netdev, -drive, -hda, -cdrom, -s, -gdb,\n"
    "-icount. Everything else is refused.\n"
    "\n"
    "Keys with mon:stdio: Ctrl-A x leaves, Ctrl-A h helps, Ctrl-A Ctrl-A sends Ctrl-A. The program stays\n"
    "after the system halted or came to rest, as an emulator does.\n"
    "\n"
    "Exit status: 0 after Ctrl-A x or a signal; 2 bad usage, unreadable or unsupported image; 5 the host\n"
    "took a process away; 70 Selkie's own state is broken.\n";

enum option_key {
    OPTION_INITRD = 256,
    OPTION_KERNEL,
    OPTION_MEMORY,
    OPTION_SERIAL,
    OPTION_MONITOR,
    OPTION_ACCEL,
    OPTION_APPEND,
    OPTION_SMP,
    OPTION_NET,
    OPTION_ACCEPTED,
    OPTION_WARNED,
    OPTION_REFUSED,
    OPTION_VERSION,
    OPTION_HELP
};

#define WITH_VALUE(name, key)                                                                                \
    {                                                                                                        \
        name, required_argument, NULL, key                                                                   \
    }
#define ALONE(name, key)                                                                                     \
    {                                                                                                        \
        name, no_argument, NULL, key                                                                         \
    }

static const struct option long_options[] = {
    WITH_VALUE("initrd", OPTION_INITRD),
    WITH_VALUE("kernel", OPTION_KERNEL),
    WITH_VALUE("m", OPTION_MEMORY),
    WITH_VALUE("serial", OPTION_SERIAL),
    WITH_VALUE("monitor", OPTION_MONITOR),
    WITH_VALUE("accel", OPTION_ACCEL),
    WITH_VALUE("append", OPTION_APPEND),
    WITH_VALUE("smp", OPTION_SMP),
    WITH_VALUE("net", OPTION_NET),
    WITH_VALUE("nic", OPTION_NET),
    ALONE("version", OPTION_VERSION),
    ALONE("help", OPTION_HELP),
    ALONE("h", OPTION_HELP),

    WITH_VALUE("cpu", OPTION_ACCEPTED),
    WITH_VALUE("display", OPTION_ACCEPTED),
    WITH_VALUE("vga", OPTION_ACCEPTED),
    WITH_VALUE("machine", OPTION_ACCEPTED),
    WITH_VALUE("M", OPTION_ACCEPTED),
    WITH_VALUE("boot", OPTION_ACCEPTED),
    WITH_VALUE("rtc", OPTION_ACCEPTED),
    WITH_VALUE("name", OPTION_ACCEPTED),
    WITH_VALUE("uuid", OPTION_ACCEPTED),
    WITH_VALUE("global", OPTION_ACCEPTED),
    WITH_VALUE("k", OPTION_ACCEPTED),
    WITH_VALUE("L", OPTION_ACCEPTED),
    WITH_VALUE("parallel", OPTION_ACCEPTED),
    WITH_VALUE("D", OPTION_ACCEPTED),
    WITH_VALUE("d", OPTION_ACCEPTED),
    WITH_VALUE("msg", OPTION_ACCEPTED),
    WITH_VALUE("overcommit", OPTION_ACCEPTED),
    WITH_VALUE("sandbox", OPTION_ACCEPTED),
    WITH_VALUE("object", OPTION_ACCEPTED),
    ALONE("nographic", OPTION_ACCEPTED),
    ALONE("enable-kvm", OPTION_ACCEPTED),
    ALONE("nodefaults", OPTION_ACCEPTED),
    ALONE("no-user-config", OPTION_ACCEPTED),
    ALONE("no-reboot", OPTION_ACCEPTED),
    ALONE("no-shutdown", OPTION_ACCEPTED),
    ALONE("no-acpi", OPTION_ACCEPTED),
    ALONE("no-hpet", OPTION_ACCEPTED),
    ALONE("usb", OPTION_ACCEPTED),

    WITH_VALUE("device", OPTION_WARNED),
    WITH_VALUE("netdev", OPTION_WARNED),
    WITH_VALUE("drive", OPTION_WARNED),
    WITH_VALUE("hda", OPTION_WARNED),
    WITH_VALUE("cdrom", OPTION_WARNED),
    WITH_VALUE("gdb", OPTION_WARNED),
    WITH_VALUE("icount", OPTION_WARNED),
    ALONE("s", OPTION_WARNED),

    ALONE("S", OPTION_REFUSED),
    ALONE("snapshot", OPTION_REFUSED),
    ALONE("daemonize", OPTION_REFUSED),
    WITH_VALUE("bios", OPTION_REFUSED),
    WITH_VALUE("dtb", OPTION_REFUSED),
    WITH_VALUE("chardev", OPTION_REFUSED),
    WITH_VALUE("loadvm", OPTION_REFUSED),
    WITH_VALUE("incoming", OPTION_REFUSED),
    WITH_VALUE("qmp", OPTION_REFUSED),
    WITH_VALUE("pidfile", OPTION_REFUSED),
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *name, *reason;
} reasons[] = {
    {"device", "there is no such device here"},
    {"net", "there is no network here"},
    {"nic", "there is no network here"},
    {"netdev", "there is no network here"},
    {"drive", "there is no disk here"},
    {"hda", "there is no disk here"},
    {"cdrom", "there is no disk here"},
    {"s", "there is no server for gdb here; gdb -p attaches to the selkie-guest process"},
    {"gdb", "there is no server for gdb here; gdb -p attaches to the selkie-guest process"},
    {"icount", "instructions are not counted here; see selkie run --time=virtual"},
    {"S", "the system cannot be kept from starting; gdb -p attaches to the selkie-guest process later"},
};

static const char *reason_of(const char *name)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            return reasons[i].reason;
        }
    }
    return "not supported here; see selkie-qemu --help";
}

/* The value of `key` in "key=value,other=value", or of a first word without a key. */
static bool property_find(const char *text, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t end = strcspn(at, ",");
        bool is_named = strncmp(at, key, length) == 0 && at[length] == '=';
        bool is_first = at == text && !memchr(at, '=', end);
        if (is_named || is_first) {
            size_t skip = is_named ? length + 1 : 0;
            (void)snprintf(value, size, "%.*s", (int)(end - skip), at + skip);
            return true;
        }
    }
    return false;
}

/* As QEMU counts: without a unit in MiB, fractions allowed. */
static bool memory_parse(struct qemu_options *options, const char *text)
{
    static const char units[] = "KMGT";
    char size_text[64] = "";
    char *end = size_text;
    if (!property_find(text, "size", size_text, sizeof(size_text))) {
        return true; /* only slots and the like: the default stays */
    }
    double size = strtod(size_text, &end);
    const char *unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : units + 1;
    if (end == size_text || !unit || (*end && end[1]) || !(size > 0) || size > 1e9) {
        say("-m %s: not a size like 512M or 3G", text);
        return false;
    }
    for (int i = 0; i <= unit - units; i++) {
        size *= 1024;
    }
    if (size < (double)ARENA_SIZE_MIN || size > (double)ARENA_SIZE_MAX) {
        say("-m %s: must be at least 16M and at most 16T", text);
        return false;
    }
    options->run.memory_size = (uint64_t)size / ARENA_SIZE_UNIT * ARENA_SIZE_UNIT;
    return true;
}

static bool serial_parse(struct qemu_options *options, const char *text, unsigned index)
{
    bool is_nowhere = strcmp(text, "null") == 0 || strcmp(text, "none") == 0;
    if (index > 0) { /* COM2 and on: nobody is there */
        return true;
    }
    options->run.has_monitor = strcmp(text, "mon:stdio") == 0;
    options->has_input = options->run.has_monitor || strcmp(text, "stdio") == 0;
    options->console_path = is_nowhere                           ? "/dev/null"
                            : strncmp(text, "file:", 5) == 0     ? text + 5
                            : strncmp(text, "mon:file:", 9) == 0 ? text + 9
                                                                 : NULL;
    if (!options->has_input && !options->console_path) {
        say("-serial %s: only mon:stdio, stdio, file:PATH, null and none are supported", text);
        return false;
    }
    return true;
}

/* The emulator's own accelerators make no difference; ours are engines. */
static void accel_parse(struct qemu_options *options, const char *text)
{
    for (unsigned i = 0; i < run_engine_count; i++) {
        if (strcmp(run_engines[i]->name, text) == 0) {
            options->run.engine = run_engines[i]->name;
        }
    }
}

static void smp_parse(const char *text)
{
    char count[32] = "";
    if (property_find(text, "cpus", count, sizeof(count)) && strtoul(count, NULL, 10) > 1) {
        say("warning: -smp %s: the system gets one processor", text);
    }
}

static void append_parse(const char *text)
{
    static const char *const ports[] = {"console_port=", "debug_port="};
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        const char *at = strstr(text, ports[i]);
        if (at && strtoul(at + strlen(ports[i]), NULL, 0) != 0x3f8) {
            say("warning: -append %s: the console is at 0x3f8", text);
        }
    }
}

static void warn(const char *name, const char *value)
{
    say("warning: -%s%s%s: %s", name, value ? " " : "", value ? value : "", reason_of(name));
}

static bool option_apply(struct qemu_options *options, int key, const char *name, const char *value)
{
    static unsigned serial_count;
    switch (key) {
    case OPTION_INITRD:
        options->run.image = value;
        return true;
    case OPTION_KERNEL:
        options->kernel = value;
        return true;
    case OPTION_MEMORY:
        return memory_parse(options, value);
    case OPTION_SERIAL:
        return serial_parse(options, value, serial_count++);
    case OPTION_MONITOR: /* the one on stdio would take keys as Ctrl-A commands do */
    case OPTION_ACCEPTED:
        return true;
    case OPTION_ACCEL:
        accel_parse(options, value);
        return true;
    case OPTION_APPEND:
        append_parse(value);
        return true;
    case OPTION_SMP:
        smp_parse(value);
        return true;
    case OPTION_NET:
        if (strcmp(value, "none") != 0) {
            warn(name, value);
        }
        return true;
    case OPTION_WARNED:
        warn(name, value);
        return true;
    default:
        say("-%s%s%s: %s", name, value ? " " : "", value ? value : "", reason_of(name));
        return false;
    }
}

static enum options_outcome options_finish(struct qemu_options *options, const char *extra)
{
    if (extra) {
        say("%s: no disk images here; see selkie-qemu --help", extra);
        return OPTIONS_BAD;
    }
    if (!options->run.image) {
        say("%s; see selkie-qemu --help",
            options->kernel ? "-initrd, the root task, is missing" : "-kernel and -initrd are missing");
        return OPTIONS_BAD;
    }
    return OPTIONS_RUN;
}

enum options_outcome qemu_options_parse(struct qemu_options *options, int count, char **arguments)
{
    *options = (struct qemu_options){
        .run = {.memory_size = 128ull << 20, .has_monitor = true, .stays_on = true},
        .has_input = true,
    };
    optind = 1;
    opterr = 0;
    for (;;) {
        int at = optind, index = 0;
        int key = getopt_long_only(count, arguments, "+:", long_options, &index);
        switch (key) {
        case -1:
            return options_finish(options, optind < count ? arguments[optind] : NULL);
        case OPTION_HELP:
            (void)fputs(help, stdout);
            return OPTIONS_DONE;
        case OPTION_VERSION:
            puts("selkie-qemu " SELKIE_VERSION);
            return OPTIONS_DONE;
        case '?':
        case ':':
            say("%s: %s; see selkie-qemu --help", arguments[optind > at ? optind - 1 : at],
                key == ':' ? "needs a value" : "no such option here, or more than one that begins like that");
            return OPTIONS_BAD;
        default:
            if (!option_apply(options, key, long_options[index].name, optarg)) {
                return OPTIONS_BAD;
            }
        }
    }
}
