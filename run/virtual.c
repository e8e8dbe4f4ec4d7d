/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices in virtual time. Every access is charged for here, and afterwards the clock is told when the devices
 * have something next: whoever runs the system then needs no more than the clock.
 *
 * Reads of what counts (PIT, RTC, power management timer, the HPET's counter) are looks at a clock, and many in
 * a row become dearer, as those of the time stamp counter do; a command that merely prepares such a read goes
 * along with it.
 *
 * The outside keeps the host's time: input comes when it comes, and a timeout is the host's.
 */
#include "run/virtual.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "device/pmtimer.h"
#include "host/timer.h"
#include "machine/virtual_clock.h"
#include "run/say.h"

enum {
    PIT_FIRST = 0x40,
    PIT_CONTROL = 0x43,
    PIT_SPEAKER = 0x61, /* shows counter 2's output */
    RTC_INDEX = 0x70,
    RTC_DATA = 0x71,
    PIT_ACCESS = 0x30, /* of a control word: 0 latches the count */
    PIT_READ_BACK = 0xc0,
    COM1_DATA = 0x3f8,
    HPET_COUNTER = 0xf0,
    WORD = 8,
    RETRY_NS = 1000 /* after a deadline that brought nothing */
};

static struct virtual_clock *clock_of(const struct session *session)
{
    return session->kernel.virtual_clock;
}

uint64_t virtual_now_ns(void *world)
{
    const struct virtual_clock *clock = clock_of(world);
    return clock ? clock->now_ns : 0;
}

int64_t virtual_unix_seconds(void *world)
{
    return VIRTUAL_UNIX_SECONDS + (int64_t)(virtual_now_ns(world) / 1000000000u);
}

static void devices_look(struct session *session)
{
    virtual_clock_device_set(clock_of(session), pc_deadline_ns(&session->pc));
}

static bool port_is_clock(uint16_t port)
{
    return (port >= PIT_FIRST && port < PIT_CONTROL) || port == PIT_SPEAKER || port == RTC_DATA ||
           port / WORD == PMTIMER_PORT / WORD;
}

static bool write_prepares_look(uint16_t port, uint32_t value)
{
    bool is_latch = (value & PIT_ACCESS) == 0 || (value & PIT_READ_BACK) == PIT_READ_BACK;
    return port == RTC_INDEX || (port == PIT_CONTROL && is_latch);
}

static uint32_t bus_port_in(void *world, uint16_t port, unsigned width)
{
    struct session *session = world;
    virtual_clock_device(clock_of(session));
    if (port_is_clock(port)) {
        virtual_clock_polls_keep(clock_of(session));
        virtual_clock_poll(clock_of(session));
    }
    uint32_t value = session->bus.port_in(session->bus.world, port, width);
    devices_look(session);
    return value;
}

static void bus_port_out(void *world, uint16_t port, unsigned width, uint32_t value)
{
    struct session *session = world;
    virtual_clock_device(clock_of(session));
    if (port == COM1_DATA) {
        virtual_clock_character(clock_of(session));
    }
    if (write_prepares_look(port, value)) {
        virtual_clock_polls_keep(clock_of(session));
    }
    session->bus.port_out(session->bus.world, port, width, value);
    devices_look(session);
}

static void bus_irq_mask(void *world, uint32_t irq, bool masked)
{
    struct session *session = world;
    session->bus.irq_mask(session->bus.world, irq, masked);
    devices_look(session);
}

static void bus_irq_route(void *world, uint32_t irq, uint32_t ioapic, uint32_t pin, bool is_level,
                          bool is_low_active)
{
    struct session *session = world;
    session->bus.irq_route_ioapic(session->bus.world, irq, ioapic, pin, is_level, is_low_active);
    if (clock_of(session)) /* none while the kernel boots */
        devices_look(session);
}

static bool bus_mmio_is_claimed(void *world, uint64_t paddr)
{
    const struct session *session = world;
    return session->bus.mmio_is_claimed(session->bus.world, paddr);
}

static uint64_t bus_mmio_read(void *world, uint64_t paddr, unsigned width)
{
    struct session *session = world;
    virtual_clock_device(clock_of(session));
    if (paddr / WORD == (session->pc.hpet_paddr + HPET_COUNTER) / WORD) {
        virtual_clock_poll(clock_of(session));
    }
    uint64_t value = session->bus.mmio_read(session->bus.world, paddr, width);
    devices_look(session);
    return value;
}

/* Whoever reads it without asking charges for it as bus_mmio_read does; a read changes no deadline. */
static bool bus_mmio_counter(void *world, struct machine_counter *counter)
{
    struct session *session = world;
    return session->bus.mmio_counter && session->bus.mmio_counter(session->bus.world, counter);
}

static void bus_mmio_write(void *world, uint64_t paddr, unsigned width, uint64_t value)
{
    struct session *session = world;
    virtual_clock_device(clock_of(session));
    clock_of(session)->polls = 0;
    session->bus.mmio_write(session->bus.world, paddr, width, value);
    devices_look(session);
}

static void charge(void *world, enum machine_charge what)
{
    struct virtual_clock *clock = clock_of(world);
    if (!clock) {
        return;
    }
    switch (what) {
    case MACHINE_CHARGE_ENTRY:
        virtual_clock_entry(clock);
        break;
    case MACHINE_CHARGE_WORK:
        virtual_clock_work(clock);
        break;
    case MACHINE_CHARGE_CHARACTER:
        virtual_clock_character(clock);
        break;
    }
}

static bool is_interrupt_pending(void *world)
{
    return virtual_clock_is_pending(clock_of(world));
}

static uint64_t next_deadline_ns(void *world)
{
    return clock_of(world)->device_ns;
}

/* Input from a file is there from the beginning: it is looked for when a driver looks, and when nothing runs. */
static bool input_is_live(const struct session *session)
{
    struct stat status;
    return session->input.is_open && fstat(session->input.fd, &status) == 0 && !S_ISREG(status.st_mode);
}

static int take_irq(void *world)
{
    struct session *session = world;
    struct virtual_clock *clock = clock_of(session);
    if (world_must_look(session)) {
        world_look(session, input_is_live(session));
        devices_look(session);
    }
    if (clock->now_ns < clock->device_ns) {
        return -1;
    }
    int irq = pc_take_irq(&session->pc);
    devices_look(session);
    if (irq < 0 && clock->device_ns <= clock->now_ns) {
        clock->device_ns = clock->now_ns + RETRY_NS;
    }
    return irq;
}

/* A file can always be read, so it must not keep the engine from letting threads run. */
static unsigned descriptors(void *world, struct pollfd fds[ENGINE_MAX_EVENT_FDS])
{
    struct session *session = world;
    bool is_wanted = session->nothing_runs || input_is_live(session);
    unsigned count = world_descriptors(session, fds);
    bool has_input = count > 0 && fds[count - 1].fd == session->input.fd;
    session->nothing_runs = false;
    return has_input && !is_wanted ? count - 1 : count;
}

static bool can_wake(void *world)
{
    struct session *session = world;
    bool is_possible = world_can_wake(session);
    session->nothing_runs = is_possible;
    devices_look(session);
    return is_possible;
}

static void kick(void *world)
{
    const struct session *session = world;
    session->class->kick(session->engine);
}

int virtual_connect(struct session *session, struct diag *diag)
{
    int mode = 0;
    if (prctl(PR_GET_TSC, &mode) < 0) {
        return diag_errno(diag, errno,
                          "this host cannot do --time=virtual: it does not let the time stamp counter trap");
    }
    session->bus = session->machine.bus;
    session->machine.bus = (struct machine_bus){
        .world = session,
        .port_in = bus_port_in,
        .port_out = bus_port_out,
        .irq_mask = bus_irq_mask,
        .irq_route_ioapic = bus_irq_route,
        .mmio_is_claimed = bus_mmio_is_claimed,
        .mmio_read = bus_mmio_read,
        .mmio_write = bus_mmio_write,
        .mmio_counter = bus_mmio_counter,
        .ioapic_count = session->bus.ioapic_count,
        .ioapic_pins = session->bus.ioapic_pins,
    };
    session->machine.clock = (struct machine_clock){.world = session,
                                                    .now_ns = virtual_now_ns,
                                                    .charge = charge,
                                                    .is_interrupt_pending = is_interrupt_pending};
    session->events.next_deadline_ns = next_deadline_ns;
    session->events.take_irq = take_irq;
    session->events.can_wake = can_wake;
    session->events.descriptors = descriptors;
    return 0;
}

int virtual_start(struct session *session, struct diag *diag)
{
    const struct run_options *options = session->options;
    session->kernel.virtual_clock = kernel_clock_memory(&session->kernel);
    virtual_clock_start(clock_of(session), session->choice.config.timer_tick_ms * 1000000ull, options->seed);
    if (!options->timeout_ns) {
        return 0;
    }
    int error = host_timer_open(&session->timeout, kick, session, diag);
    return error ? error
                 : host_timer_set(&session->timeout, session->clock.origin_ns + options->timeout_ns, diag);
}

void virtual_close(struct session *session)
{
    host_timer_close(&session->timeout);
}
