/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host behind machine/host.h that is only a script: it records what it is
 * asked, answers as it was told, and knows which handles are open and watched.
 */
#include <string.h>

#include "engine/sim/sim.h"
#include "kernel/assert.h"

static void require(bool condition, const char *what)
{
    if (!condition)
        kernel_assert_failed(what, __FILE__, __LINE__);
}

static bool handle_is_open(const struct sim *sim, uint32_t handle)
{
    return handle < SIM_HANDLES && sim->host.is_open[handle];
}

static bool operation_opens(enum host_operation operation)
{
    return operation == HOST_DIRECTORY_OPEN || operation == HOST_NETWORK_SOCKET ||
           operation == HOST_NETWORK_RESTRICT || operation == HOST_SOCKET_ACCEPT ||
           operation == HOST_SOCKET_RECEIVE_OBJECT || operation == HOST_CLOCK_TIMER ||
           operation == HOST_OBJECT_DUPLICATE || operation == HOST_FILE_WINDOW || operation == HOST_FILE_PEER;
}

/* Those that turn the invoked object into something; all but events and epoll instances come in pairs. */
static bool operation_makes(enum host_operation operation)
{
    return operation >= HOST_OBJECT_MAKE_PIPE && operation <= HOST_OBJECT_MAKE_EPOLL;
}

static void call_record(struct sim *sim, const struct machine_host_call *call)
{
    struct sim_host *host = &sim->host;
    host->calls[host->count++ % SIM_HOST_CALLS] = *call;
    if (call->path)
        strcpy(host->path, call->path);
    if (call->new_path)
        strcpy(host->new_path, call->new_path);
    if (call->small)
        memcpy(host->small, call->small, HOST_IO_SMALL);
    for (unsigned i = 0; i < call->piece_count; i++) {
        const struct machine_host_piece *piece = &call->pieces[i];
        uint64_t memory_size = sim->kernel.memory_size;
        require(piece->size > 0 && piece->paddr < memory_size && piece->size <= memory_size - piece->paddr,
                "a piece lies in the arena");
        host->piece[i] = *piece;
    }
}

/* 0: all are taken. */
static uint32_t handle_new(struct sim *sim)
{
    struct sim_host *host = &sim->host;
    for (unsigned i = 0; i < SIM_HANDLES; i++) {
        uint32_t handle = host->next_handle++ % SIM_HANDLES;
        if (handle != 0 && !host->is_open[handle]) {
            host->is_open[handle] = true;
            return handle;
        }
    }
    return 0;
}

static uint8_t kind_opened(enum host_operation operation)
{
    switch (operation) {
    case HOST_NETWORK_SOCKET:
    case HOST_SOCKET_ACCEPT:
        return HOST_SOCKET;
    case HOST_NETWORK_RESTRICT:
        return HOST_NETWORK;
    case HOST_CLOCK_TIMER:
        return HOST_TIMER;
    case HOST_FILE_WINDOW:
        return HOST_WINDOW;
    default:
        return HOST_FILE;
    }
}

static int64_t call_open(struct sim *sim, struct machine_host_call *call)
{
    static const int64_t TOO_MANY = -24;
    call->new_handle = handle_new(sim);
    if (call->new_handle == 0)
        return TOO_MANY;
    if (!call->new_kind)
        call->new_kind = kind_opened(call->operation);
    if (!call->new_access)
        call->new_access = HOST_READ | HOST_WRITE;
    if (call->new_kind == HOST_WINDOW) {
        bool is_writable = call->access & HOST_WRITE;
        call->window_bits = SIM_WINDOW_BITS;
        call->window = (is_writable ? MACHINE_WINDOWS : MACHINE_WINDOWS_READ_ONLY) +
                       ((uint64_t)call->new_handle << SIM_WINDOW_BITS);
    }
    return 0;
}

/* The answer that the script left out. */
static void make_fill(struct machine_host_call *call)
{
    uint8_t kind = call->operation == HOST_OBJECT_MAKE_SOCKET_PAIR ? HOST_SOCKET
                   : call->operation == HOST_OBJECT_MAKE_EPOLL     ? HOST_EPOLL
                                                                   : HOST_FILE;
    bool is_pipe = call->operation == HOST_OBJECT_MAKE_PIPE;
    call->own_kind = kind;
    call->own_access = is_pipe ? HOST_READ : HOST_READ | HOST_WRITE;
    call->new_kind = kind;
    call->new_access = is_pipe ? HOST_WRITE : HOST_READ | HOST_WRITE;
}

static int64_t call_make(struct sim *sim, struct machine_host_call *call)
{
    static const int64_t TOO_MANY = -24;
    make_fill(call);
    call->own_handle = handle_new(sim);
    if (call->own_handle == 0)
        return TOO_MANY;
    if (call->operation == HOST_OBJECT_MAKE_EVENT || call->operation == HOST_OBJECT_MAKE_EPOLL)
        return 0;
    call->new_handle = handle_new(sim);
    if (call->new_handle == 0)
        sim->host.is_open[call->own_handle] = false;
    return call->new_handle == 0 ? TOO_MANY : 0;
}

static int64_t host_call(void *world, struct machine_host_call *call)
{
    struct sim *sim = world;
    require(operation_makes(call->operation) || handle_is_open(sim, call->handle),
            "the kernel uses an open handle");
    require(call->piece_count <= HOST_IO_PIECES, "no more pieces than agreed");
    call_record(sim, call);
    int64_t result = sim->host.answer ? sim->host.answer(sim, call) : 0;
    if (result >= 0 && operation_opens(call->operation) && !sim->host.opens_nothing)
        result = call_open(sim, call);
    if (result >= 0 && operation_makes(call->operation))
        result = call_make(sim, call);
    return result;
}

static int64_t host_watch(void *world, uint32_t handle, uint32_t events, uint64_t cookie)
{
    struct sim *sim = world;
    require(handle_is_open(sim, handle), "the kernel watches an open handle");
    sim->host.watch_calls++;
    if (events && sim->host.watch_result < 0)
        return sim->host.watch_result;
    sim->host.watch[handle] = (struct sim_watch){.events = events, .cookie = cookie};
    return 0;
}

static void host_close(void *world, uint32_t handle)
{
    struct sim *sim = world;
    require(handle_is_open(sim, handle), "the kernel closes an open handle");
    sim->host.close_calls++;
    sim->host.is_open[handle] = false;
    sim->host.watch[handle].events = 0;
}

bool sim_host_event(struct sim *sim, uint32_t handle, uint32_t events)
{
    struct sim_watch *watch = &sim->host.watch[handle];
    uint32_t happened = watch->events & events;
    if (!happened)
        return false;
    watch->events = 0;
    sim_trap(sim, (struct trap){.kind = TRAP_HOST, .address = watch->cookie, .status = happened});
    return true;
}

const struct machine_host_call *sim_host_last(const struct sim *sim, unsigned back)
{
    static const struct machine_host_call none;
    if (back >= sim->host.count || back >= SIM_HOST_CALLS)
        return &none;
    return &sim->host.calls[(sim->host.count - 1 - back) % SIM_HOST_CALLS];
}

void sim_host_init(struct sim *sim, const struct sim_options *options)
{
    sim->machine.host =
        (struct machine_host){.world = sim, .call = host_call, .watch = host_watch, .close = host_close};
    for (unsigned i = 0; i < options->host_count; i++)
        sim->host.is_open[options->host[i].handle] = true;
}
