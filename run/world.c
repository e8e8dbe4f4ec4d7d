/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outside of a run: what the devices ask (time, date, output, input), what the kernel asks (console,
 * clock), and what the engine asks (events).
 *
 * Everything held back for stdout goes out before anybody waits (`descriptors`, `can_wake`), and soon after
 * it was written otherwise. `take_irq` may be called at every kernel entry, so it makes host calls only now
 * and then.
 */
#include <poll.h>

#include "run/entry.h"
#include "run/say.h"
#include "run/session.h"
#include "run/signals.h"
#include "run/virtual.h"

enum {
    LOOK_NS = 1000000
}; /* how often input and output are seen to while threads run */

static uint64_t now_ns(void *world)
{
    const struct session *session = world;
    return host_clock_now_ns(&session->clock);
}

static int64_t unix_seconds(void *world)
{
    (void)world;
    return host_clock_unix_seconds();
}

static void put(void *world, char character)
{
    struct session *session = world;
    console_put(&session->console, character);
}

static void reset(void *world)
{
    struct session *session = world;
    session->has_reset = true;
    session->class->kick(session->engine); /* it looks at stop_requested before it waits */
}

static void remark(void *world, const char *text)
{
    (void)world;
    say("kernel: %s", text);
}

static void look_for_input(void *world)
{
    struct session *session = world;
    char bytes[SERIAL_QUEUE];
    size_t room = pc_input_room(&session->pc);
    size_t most = room < sizeof(bytes) && !session->input.is_lossy ? room : sizeof(bytes);
    size_t got = input_read(&session->input, bytes, most);
    if (got) {
        (void)pc_input(&session->pc, bytes, got); /* it fits, unless keys may be dropped */
    }
    if (session->input.monitor.wants_end) {
        session->class->kick(session->engine);
    }
}

static uint64_t timeout_at(const struct session *session)
{
    return session->options->timeout_ns ? session->options->timeout_ns : UINT64_MAX;
}

static uint64_t next_deadline_ns(void *world)
{
    const struct session *session = world;
    uint64_t device = pc_deadline_ns(&session->pc);
    uint64_t timeout = timeout_at(session);
    return device < timeout ? device : timeout;
}

/* Does the outside want an end, whatever the system does? */
static bool must_end(void *world)
{
    struct session *session = world;
    if (!session->has_timed_out && session->options->timeout_ns) {
        session->has_timed_out = now_ns(session) >= timeout_at(session);
    }
    return session->has_timed_out || signals_received();
}

static bool stop_requested(void *world)
{
    const struct session *session = world;
    return must_end(world) || session->has_reset || session->input.monitor.wants_end ||
           session->console.verdict != CONSOLE_NOTHING || session->console.write_error;
}

bool world_must_look(struct session *session)
{
    uint64_t now = now_ns(session);
    if (!session->has_waited && now - session->looked_ns < LOOK_NS) {
        return false;
    }
    session->has_waited = false;
    session->looked_ns = now;
    return true;
}

void world_look(struct session *session, bool wants_input)
{
    console_write(&session->console);
    if (wants_input) {
        look_for_input(session);
    }
}

static int take_irq(void *world)
{
    struct session *session = world;
    if (world_must_look(session)) {
        world_look(session, true);
    }
    return pc_take_irq(&session->pc);
}

unsigned world_descriptors(void *world, struct pollfd fds[ENGINE_MAX_EVENT_FDS])
{
    struct session *session = world;
    session->has_waited = true;
    console_write(&session->console);
    bool has_room = pc_input_room(&session->pc) || session->input.is_lossy;
    unsigned count = 0;
    if (session_hostio(session)) {
        fds[count++] = (struct pollfd){.fd = session->grants.roots.epoll, .events = POLLIN};
    }
    if (session->input.is_open && has_room) {
        fds[count++] = (struct pollfd){.fd = session->input.fd, .events = POLLIN};
    }
    return count;
}

bool world_take_host(void *world, struct trap *trap)
{
    struct session *session = world;
    return grants_take(&session->grants, session_hostio(session), trap);
}

static bool irq_is_handled(void *world, uint32_t irq)
{
    const struct session *session = world;
    return kernel_irq_is_handled(&session->kernel, irq);
}

bool world_can_wake(struct session *session)
{
    session->has_waited = true;
    console_finish_line(&session->console); /* a prompt has no newline */
    look_for_input(session);                /* notices the end of it */
    const struct hostio *hostio = session_hostio(session);
    return (hostio && hostio->watched > 0) ||
           pc_can_wake(&session->pc, session->input.is_open, irq_is_handled, session);
}

static bool can_wake(void *world)
{
    return world_can_wake(world);
}

static bool is_interrupt_pending(void *world)
{
    const struct session *session = world;
    return pc_deadline_ns(&session->pc) <= now_ns(world) || signals_received();
}

void world_connect(struct session *session, uint64_t hpet_paddr)
{
    bool is_virtual = session->options->is_time_virtual;
    const struct pc_world outside = {
        .world = session,
        .now_ns = is_virtual ? virtual_now_ns : now_ns,
        .unix_seconds = is_virtual ? virtual_unix_seconds : unix_seconds,
        .put = put,
        .interrupt_spacing_ns = is_virtual ? 0 : session->class->interrupt_spacing_ns,
        .is_exact = is_virtual,
        .look_for_input = look_for_input,
        .reset = reset,
    };
    pc_init(&session->pc, &outside, hpet_paddr);
    session->console.must_end = must_end;
    session->console.world = session;
    session->machine.bus = pc_bus(&session->pc);
    session->machine.console = (struct machine_console){
        .world = session, .put = put, .remark = session->options->is_verbose ? remark : NULL};
    session->machine.clock = (struct machine_clock){
        .world = session, .now_ns = now_ns, .is_interrupt_pending = is_interrupt_pending};
    session->events = (struct engine_events){
        .world = session,
        .next_deadline_ns = next_deadline_ns,
        .take_irq = take_irq,
        .take_host = world_take_host,
        .descriptors = world_descriptors,
        .stop_requested = stop_requested,
        .can_wake = can_wake,
        .is_sane = session->class->is_boundary ? NULL : sane_look,
        .entry_known = entry_tell,
    };
}
