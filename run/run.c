/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run from image to exit status. Parts are opened in the order of `session_open` and closed in reverse,
 * whatever happened.
 */
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/acpi.h"
#include "machine/virtual_clock.h"
#include "run/abi_name.h"
#include "run/assertion.h"
#include "run/extra.h"
#include "run/say.h"
#include "run/session.h"
#include "run/signals.h"
#include "run/virtual.h"

#define MEMORY_DEFAULT (4ull << 30)

enum {
    LOW_MEMORY_END = 0x100000, /* below lies what a PC's firmware had */
    IO_APIC = 0xfec00000,
    HPET = 0xfed00000,
    LOCAL_APIC = 0xfee00000,
    PAGE_SIZE = 0x1000
};
#define FOUR_GIB     (1ull << 32)
#define PHYSICAL_END (1ull << 47)

const struct engine_class *const run_engines[] = {&engine_direct, &engine_ptrace};
const unsigned run_engine_count = sizeof(run_engines) / sizeof(run_engines[0]);

const struct engine_class *run_engine_find(const char *name, struct diag *diag)
{
    for (unsigned i = 0; i < run_engine_count; i++) {
        if (strcmp(run_engines[i]->name, name) == 0) {
            return run_engines[i];
        }
    }
    diag_add(diag, "--engine=%s: no such engine; `selkie engines` lists them", name);
    return NULL;
}

int run_engine_probe(const struct engine_class *class, struct diag *diag)
{
    int error = class->probe(diag);
    if (error) {
        diag_add(diag, "engine %s cannot run here", class->name);
    }
    return error;
}

static int engine_choose(struct session *session, struct diag *diag)
{
    const char *name = session->options->engine;
    if (name) {
        session->class = run_engine_find(name, diag);
        return session->class ? run_engine_probe(session->class, diag) : -EINVAL;
    }
    for (unsigned i = 0;; i++) {
        session->class = run_engines[i];
        int error = run_engine_probe(session->class, diag);
        if (!error || i + 1 == run_engine_count) {
            return error;
        }
        say("warning: %s; taking %s, which is slower", diag->text, run_engines[i + 1]->name);
        diag->text[0] = '\0';
    }
}

/* DIFFERS: RAM has no hole. The HPET's page lies outside of it: where it does on a PC, or there above the next 4 GiB. */
static uint64_t hpet_paddr(uint64_t memory_size)
{
    uint64_t above = (memory_size + FOUR_GIB - 1) / FOUR_GIB * FOUR_GIB;
    return HPET + (memory_size <= IO_APIC ? 0 : above);
}

/* Device memory is what a PC has outside RAM: the firmware's first MiB, and above RAM everything but the
 * interrupt controllers' pages, which the kernel keeps. It goes up to `end`. */
static unsigned devices_list(struct boot_device_region region[4], uint64_t memory_size, uint64_t end)
{
    unsigned count = 0;
    uint64_t start = memory_size;
    region[count++] = (struct boot_device_region){0, LOW_MEMORY_END};
    if (start < IO_APIC) {
        region[count++] = (struct boot_device_region){start, IO_APIC};
        start = IO_APIC + PAGE_SIZE;
    }
    if (start < LOCAL_APIC) {
        region[count++] = (struct boot_device_region){start, LOCAL_APIC};
        start = LOCAL_APIC + PAGE_SIZE;
    }
    region[count++] = (struct boot_device_region){start, end};
    return count;
}

static int boot_refuse(const struct session *session, enum boot_error error, struct diag *diag)
{
    const char *path = session->image.path;
    uint64_t size = session->image.vaddr_end - session->image.vaddr_start;
    switch (error) {
    case BOOT_OK:
        return 0;
    case BOOT_IMAGE_TOO_LARGE:
        diag_add(diag,
                 "%s: takes %" PRIu64 " MiB, more than the memory of %" PRIu64 " MiB holds; see --memory",
                 path, (size + (1 << 20) - 1) >> 20, session->arena.size >> 20);
        break;
    case BOOT_IMAGE_OUTSIDE_USER:
        diag_add(diag, "%s: leaves no room in user space for the IPC buffer and the bootinfo behind it",
                 path);
        break;
    case BOOT_CNODE_TOO_SMALL:
        diag_add(diag,
                 "%s: has %" PRIu64
                 " pages, more than the root CNode of 2^%u slots holds; build with a larger "
                 "KernelRootCNodeSizeBits",
                 path, size / PAGE_SIZE, session->choice.config.root_cnode_bits);
        break;
    }
    return -E2BIG;
}

/* Without grants there is nothing in the bootinfo that a real kernel would not have put there. */
static size_t grants_describe(const struct session *session, unsigned char extra[EXTRA_SIZE_MAX], size_t size)
{
    struct host_bootinfo_entry entries[HOST_IO_ROOTS] = {0};
    const struct grants *grants = &session->grants;
    for (unsigned i = 0; i < grants->roots.count; i++) {
        entries[i].kind = grants->boot[i].kind;
        entries[i].access = grants->boot[i].access;
        memcpy(entries[i].name, session->options->grant[i].name, sizeof(entries[i].name));
    }
    return grants->roots.count ? extra_add_host(extra, size, entries, grants->roots.count) : size;
}

static int session_boot(struct session *session, struct diag *diag)
{
    struct boot_device_region devices[4];
    unsigned char extra[EXTRA_SIZE_MAX];
    struct kernel *kernel = &session->kernel;
    const struct extra_region regions[] = {
        {.start = ACPI_PADDR, .size = LOW_MEMORY_END - ACPI_PADDR, .type = 2},
        {.start = LOW_MEMORY_END, .size = session->arena.size - LOW_MEMORY_END, .type = 1},
    };
    acpi_build(session->arena.memory + ACPI_PADDR, session->pc.hpet_paddr);
    struct boot_params params = {
        .image = {session->image.vaddr_start, session->image.vaddr_end, session->image.entry},
        .devices = devices,
        .device_count = devices_list(devices, session->arena.size,
                                     session->grants.roots.count ? MACHINE_WINDOWS : PHYSICAL_END),
        .host = session->grants.boot,
        .host_count = session->grants.roots.count,
        .extra = extra,
        .extra_size = extra_build(extra, session->arena.memory + ACPI_PADDR,
                                  session->options->is_time_virtual ? VIRTUAL_TSC_MHZ
                                                                    : host_clock_tsc_mhz(&session->clock),
                                  regions, 2),
    };
    params.extra_size = grants_describe(session, extra, params.extra_size);
    uint64_t at = kernel_boot_image_paddr(kernel);
    uint64_t size = session->image.vaddr_end - session->image.vaddr_start;
    if (at >= session->arena.size || size > session->arena.size - at) {
        return boot_refuse(session, BOOT_IMAGE_TOO_LARGE, diag);
    }
    int error = image_load(&session->image, session->arena.memory + at, diag);
    if (!error) {
        error = boot_refuse(session, kernel_boot(kernel, &params), diag);
    }
    if (!error) {
        session->root_vspace = kernel_next(kernel, 0).vspace;
    }
    return error;
}

static void session_describe(const struct session *session)
{
    char name[ABI_NAME_SIZE];
    const struct abi_config *config = &session->choice.config;
    if (session->choice.doubt[0]) {
        say("warning: %s", session->choice.doubt);
    }
    if (!session->options->is_verbose) {
        return;
    }
    abi_name_format(name, config);
    say("abi %s: release from %s, parameters from %s", name, session->choice.release_source,
        session->choice.parameters_source);
    say("root CNode 2^%u slots, %u domains, tick %u ms, slice %u ticks, at most %u untypeds%s",
        config->root_cnode_bits, config->domains, config->timer_tick_ms, config->time_slice_ticks,
        config->max_boot_untypeds, config->is_printing ? ", printing" : "");
    say("engine %s, memory %" PRIu64 " MiB, image at %#" PRIx64 " to %#" PRIx64, session->class->name,
        session->arena.size >> 20, session->image.vaddr_start, session->image.vaddr_end);
}

static int session_open(struct session *session, struct diag *diag)
{
    const struct run_options *options = session->options;
    uint64_t memory_size = options->memory_size ? options->memory_size : MEMORY_DEFAULT;
    host_clock_start(&session->clock);
    int error = console_open(&session->console, STDOUT_FILENO, options->expect, options->fail, diag);
    if (!error) {
        error = image_open(&session->image, options->image, diag);
    }
    if (!error) {
        error = abi_select(&session->choice, &session->image, options->abi, options->kernel_config, diag);
    }
    if (!error) {
        error = grants_open(&session->grants, options, diag);
    }
    if (!error) {
        error = engine_choose(session, diag);
    }
    if (!error) {
        error = arena_open(&session->arena, memory_size, diag);
    }
    return error;
}

static int session_start(struct session *session, struct diag *diag)
{
    struct kernel *kernel = &session->kernel;
    *kernel = (struct kernel){
        .arena = session->arena.memory,
        .vector = session->arena.vector,
        .memory_size = session->arena.size,
        .abi = &session->choice.abi,
        .machine = &session->machine,
    };
    world_connect(session, hpet_paddr(session->arena.size));
    int error = session->options->is_time_virtual ? virtual_connect(session, diag) : 0;
    if (error) {
        return error;
    }
    assertion_watch(kernel);
    const struct hostio_roots *roots = session->grants.roots.count ? &session->grants.roots : NULL;
    if (roots) {
        grants_silence_signals();
    }
    error = session->class->open(&session->engine, kernel, session->arena.fd, session->arena.vector_fd, roots,
                                 &session->machine.mmu, &session->machine.host, &session->events, diag);
    if (error) {
        session->engine = NULL;
        return error;
    }
    signals_watch(session->class, session->engine);
    error = session_boot(session, diag);
    return !error && session->options->is_time_virtual ? virtual_start(session, diag) : error;
}

static void session_close(struct session *session)
{
    signals_release();
    virtual_close(session);
    if (session->engine) {
        session->class->close(session->engine);
    }
    assertion_watch(NULL);
    input_close(&session->input);
    console_close(&session->console);
    grants_close(&session->grants);
    arena_close(&session->arena);
    image_close(&session->image);
}

/* A message of ours must not continue a line of the system's. */
static void console_finish(struct session *session)
{
    console_finish_line(&session->console);
    if (session->console.last != '\n' && isatty(STDOUT_FILENO)) {
        (void)!write(STDOUT_FILENO, "\n", 1);
    }
}

static int broken_say(const struct diag *diag)
{
    say("Selkie's own state is broken, by a bug of its own or by a guest that wrote into it: %s", diag->text);
    return RUN_ASSERTION;
}

/* How the run ended, in the order of precedence; says the one line. */
static int session_conclude(const struct session *session, enum engine_stop stop, struct diag *diag)
{
    const struct run_options *options = session->options;
    const struct console *console = &session->console;
    if (stop == ENGINE_BROKEN) {
        return broken_say(diag);
    }
    if (console->verdict == CONSOLE_FAILED) {
        say("the console showed what --fail names: %s", console->line);
        return RUN_FAIL_LINE;
    }
    if (console->verdict == CONSOLE_EXPECTED) {
        say("the console showed what --expect names: %s", console->line);
        return RUN_OK;
    }
    bool has_fault = false;
    if (stop == ENGINE_AT_REST && !sane_report(session, &has_fault, diag)) {
        return broken_say(diag);
    }
    const char *unexpected = options->expect ? " without the line that --expect names" : "";
    int status = RUN_OK;
    switch (stop) {
    case ENGINE_HOST_LOST:
        say("the host took a process away: %s", diag->text);
        return RUN_HOST;
    case ENGINE_FAILED:
        say("the engine cannot go on: %s", diag->text);
        return RUN_HOST;
    case ENGINE_BROKEN:
        return broken_say(diag);
    case ENGINE_STOPPED:
        if (signals_received()) {
            say("ended by signal %d (%s)", signals_received(), strsignal(signals_received()));
            status = RUN_SIGNAL + signals_received();
        } else if (session->input.monitor.wants_end) {
            say("ended by Ctrl-A x");
            status = RUN_OK;
        } else if (session->has_reset) {
            say("the system reset the machine%s", unexpected);
            status = options->expect ? RUN_UNEXPECTED : RUN_OK;
        } else if (console->write_error) {
            say("cannot write the console's output: %s", strerror(console->write_error));
            status = RUN_HOST;
        } else {
            say("timeout after %g s", (double)options->timeout_ns / 1e9);
            status = RUN_TIMEOUT;
        }
        return status;
    case ENGINE_HALTED:
        say("the system halted%s", unexpected);
        break;
    case ENGINE_AT_REST:
        say("the system came to rest%s%s", has_fault ? " after a fault that nobody handled" : "", unexpected);
        status = has_fault ? RUN_FAULT : RUN_OK;
        break;
    }
    return options->expect ? RUN_UNEXPECTED : status;
}

static void say_line(const char *text)
{
    say("%s", text);
}

static int session_run(struct session *session)
{
    struct diag diag = {0};
    session_describe(session);
    if (session->grants.has_input) {
        input_lend(STDIN_FILENO);
    } else {
        input_open(&session->input, STDIN_FILENO, session->options->has_monitor);
    }
    enum engine_stop stop = session->class->run(session->engine, &diag);
    console_finish(session);
    bool stays = session->options->stays_on && (stop == ENGINE_HALTED || stop == ENGINE_AT_REST);
    if (!stays) {
        input_restore_terminal();
    }
    int status = session_conclude(session, stop, &diag);
    if (stays && status != RUN_ASSERTION) {
        session_linger(session);
        status = signals_received() ? RUN_SIGNAL + signals_received() : RUN_OK;
    }
    input_restore_terminal();
    if (session->options->is_verbose) {
        struct engine_counts counts = session->class->counts(session->engine);
        say("%" PRIu64 " kernel entries, %" PRIu64 " thread switches, %" PRIu64 " mappings filled, %" PRIu64
            " processes, %.3f s",
            counts.traps, counts.switches, counts.cache_misses, counts.processes,
            (double)host_clock_now_ns(&session->clock) / 1e9);
        if (session->kernel.virtual_clock) {
            say("%.9f s of virtual time; threads that only spun were sent ahead %" PRIu64 " times",
                (double)session->kernel.virtual_clock->now_ns / 1e9, counts.spins);
        }
        if (session->class->describe) {
            session->class->describe(session->engine, say_line);
        }
    }
    return status;
}

int run_image(const struct run_options *options)
{
    struct diag diag = {0};
    struct session *session = calloc(1, sizeof(*session)); /* the console's line alone is 64 KiB */
    if (!session) {
        say("out of memory");
        return RUN_HOST;
    }
    session->options = options;
    session->image.fd = -1;
    session->arena.fd = -1;
    session->arena.vector_fd = -1;
    int status = RUN_BAD_INPUT;
    if (session_open(session, &diag) != 0 || session_start(session, &diag) != 0) {
        say("%s", diag.text);
    } else {
        status = session_run(session);
    }
    session_close(session);
    free(session);
    return status;
}
