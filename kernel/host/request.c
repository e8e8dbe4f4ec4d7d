/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the machine: an invocation of a host object with all that its
 * words point to, by the operation's rule (operation.c).
 *
 * In this order: addresses (InvalidArgument), then paths and memory (errors of
 * the host's). Where answers go is known before the machine is asked, so what
 * it did is never lost.
 */
#include "kernel/host/host.h"

/* A call on its way to the machine, with all that it points to. */
struct host_request {
    const struct host_rule *rule;
    struct machine_host_call call;
    struct host_memory data, small_out;
    unsigned char small[HOST_IO_SMALL];
    char path[HOST_IO_PATH], new_path[HOST_IO_PATH];
};

static uint64_t argument_at(const struct host_request *request, uint8_t at)
{
    return request->call.argument[at - 1];
}

static uint64_t small_size(const struct host_request *request, uint8_t at)
{
    const struct host_rule *rule = request->rule;
    return rule->small_size ? rule->small_size : request->call.argument[at];
}

/* Addresses that nothing is to be read from or written to may be anything. */
static struct result address_check(struct kernel *k, const struct host_request *request, uint8_t at,
                                   uint64_t size)
{
    if (at == 0 || size == 0 || argument_at(request, at) < ABI_USER_TOP)
        return result_ok();
    remark(k, "Host object: 0x%lx is no user address.", argument_at(request, at));
    return fail_invalid_argument(at - 1u);
}

static struct result addresses_check(struct kernel *k, const struct host_request *request)
{
    const struct host_rule *rule = request->rule;
    const struct {
        uint8_t at;
        bool is_small;
    } places[] = {{rule->path, false},    {rule->new_path, false}, {rule->data_out, false},
                  {rule->data_in, false}, {rule->small_in, true},  {rule->small_out, true}};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        uint8_t at = places[i].at;
        if (at == 0)
            continue;
        uint64_t size = places[i].is_small ? small_size(request, at) : request->call.argument[at];
        struct result checked = address_check(k, request, at, size);
        if (!result_is_ok(checked))
            return checked;
    }
    return result_ok();
}

static int64_t path_take(const struct kernel *k, const struct tcb *caller, const struct host_request *request,
                         uint8_t at, char *path)
{
    uint64_t size = request->call.argument[at];
    if (size >= HOST_IO_PATH)
        return -HOST_ERROR_NAME_TOO_LONG;
    if (!host_memory_read(k, caller, argument_at(request, at), path, size))
        return -HOST_ERROR_FAULT;
    path[size] = '\0';
    for (uint64_t i = 0; i < size; i++) {
        if (path[i] == '\0')
            return -HOST_ERROR_NO_ENTRY; /* no file has such a name */
    }
    return 0;
}

static int64_t paths_take(const struct kernel *k, const struct tcb *caller, struct host_request *request)
{
    const struct host_rule *rule = request->rule;
    int64_t error = 0;
    if (rule->path) {
        error = path_take(k, caller, request, rule->path, request->path);
        request->call.path = request->path;
    }
    if (rule->new_path && error == 0) {
        error = path_take(k, caller, request, rule->new_path, request->new_path);
        request->call.new_path = request->new_path;
    }
    return error;
}

static int64_t small_take(const struct kernel *k, const struct tcb *caller, struct host_request *request,
                          uint64_t vaddr, uint64_t size)
{
    if (size > HOST_IO_SMALL)
        return -HOST_ERROR_INVALID;
    request->call.small_size = size;
    return host_memory_read(k, caller, vaddr, request->small, size) ? 0 : -HOST_ERROR_FAULT;
}

/* Where the answer goes must be known to be writable before something happens that cannot be undone. */
static int64_t small_prepare(const struct kernel *k, const struct tcb *caller, struct host_request *request,
                             uint64_t vaddr, uint64_t size)
{
    size = size < HOST_IO_SMALL ? size : HOST_IO_SMALL;
    request->call.small_size = size;
    host_memory_find(k, caller, vaddr, size, true, &request->small_out);
    return request->small_out.size == size ? 0 : -HOST_ERROR_FAULT;
}

/* The memory of a terminal request is the second word's; how much, only the request says. */
static int64_t control_prepare(const struct kernel *k, const struct tcb *caller, struct host_request *request)
{
    struct host_control control;
    if (!host_control_find(request->call.argument[0], &control))
        return -HOST_ERROR_NO_TERMINAL;
    uint64_t vaddr = request->call.argument[1];
    if (vaddr >= ABI_USER_TOP)
        return -HOST_ERROR_FAULT;
    return control.in ? small_take(k, caller, request, vaddr, control.in)
                      : small_prepare(k, caller, request, vaddr, control.out);
}

static int64_t smalls_take(const struct kernel *k, const struct tcb *caller, struct host_request *request)
{
    const struct host_rule *rule = request->rule;
    request->call.small = request->small;
    if (request->call.operation == HOST_FILE_CONTROL)
        return control_prepare(k, caller, request);
    if (rule->small_in)
        return small_take(k, caller, request, argument_at(request, rule->small_in),
                          small_size(request, rule->small_in));
    if (rule->small_out)
        return small_prepare(k, caller, request, argument_at(request, rule->small_out),
                             small_size(request, rule->small_out));
    return 0;
}

/* Does the caller want all or nothing? That is no flag of the host's. */
static bool whole_taken(struct host_request *request)
{
    if (request->call.operation != HOST_FILE_READ && request->call.operation != HOST_FILE_WRITE)
        return false;
    uint64_t flags = request->call.argument[3];
    request->call.argument[3] = flags & ~(uint64_t)HOST_IO_WHOLE;
    return flags & HOST_IO_WHOLE;
}

static int64_t data_take(const struct kernel *k, const struct tcb *caller, struct host_request *request)
{
    const struct host_rule *rule = request->rule;
    uint8_t at = rule->data_in ? rule->data_in : rule->data_out;
    if (at == 0)
        return 0;
    uint64_t size = request->call.argument[at];
    host_memory_find(k, caller, argument_at(request, at), size, rule->data_in != 0, &request->data);
    request->call.pieces = request->data.piece;
    request->call.piece_count = request->data.count;
    uint64_t least = whole_taken(request) ? size : size > 0;
    return request->data.size >= least ? 0 : -HOST_ERROR_FAULT;
}

static int64_t memory_take(const struct kernel *k, const struct tcb *caller, struct host_request *request)
{
    int64_t error = paths_take(k, caller, request);
    if (error == 0)
        error = smalls_take(k, caller, request);
    return error ? error : data_take(k, caller, request);
}

static void request_begin(const struct kernel *k, const struct invocation *in, const struct host_rule *rule,
                          uint64_t operation, struct host_request *request)
{
    request->rule = rule;
    request->small_out.count = 0;
    request->small_out.size = 0;
    request->call = (struct machine_host_call){
        .operation = (enum host_operation)operation,
        .handle = host_at(k, in->cap.paddr)->handle,
        .access = (uint8_t)host_access_of(k, in->cap),
    };
    for (unsigned i = 0; i < rule->words; i++)
        request->call.argument[i] = invocation_word(in, i);
    if (rule->extra == HOST_EXTRA_DIRECTORY || rule->extra == HOST_EXTRA_READY ||
        rule->extra == HOST_EXTRA_FILE) {
        request->call.other = host_at(k, in->extra[0]->cap.paddr)->handle;
        request->call.other_access = (uint8_t)host_access_of(k, in->extra[0]->cap);
    }
}

/* No more than there is, nor than the caller has room for. */
static void small_hand_back(const struct kernel *k, const struct host_request *request)
{
    uint64_t size = request->call.small_size < HOST_IO_SMALL ? request->call.small_size : HOST_IO_SMALL;
    if (request->small_out.count)
        host_memory_fill(k, &request->small_out, 0, request->small, size);
}

static void object_open(struct kernel *k, struct cap cap, uint8_t kind, uint8_t access, uint32_t handle)
{
    struct host_object *object = host_at(k, cap.paddr);
    object->kind = kind;
    object->access = access;
    object->handle = handle;
}

/* Empty objects become what the machine opened, with no more access than it was opened through. */
static void objects_open(struct kernel *k, const struct invocation *in, const struct host_rule *rule,
                         const struct machine_host_call *call)
{
    if (rule->extra == HOST_EXTRA_OBJECT && call->new_kind != HOST_EMPTY)
        object_open(k, in->extra[0]->cap, call->new_kind, call->new_access & call->access, call->new_handle);
    if (call->new_kind == HOST_WINDOW)
        host_window_open(host_at(k, in->extra[0]->cap.paddr), call->window, call->window_bits);
    if (rule->kinds == 1u << HOST_EMPTY && call->own_kind != HOST_EMPTY)
        object_open(k, in->cap, call->own_kind, call->own_access & call->access, call->own_handle);
}

/* OUT_OF_LINE: its frame is large. */
OUT_OF_LINE struct result host_request_perform(struct kernel *k, struct invocation *in,
                                               const struct host_rule *rule, uint64_t operation)
{
    const struct machine_host *host = &k->machine->host;
    struct host_request request; /* too large to clear */
    request_begin(k, in, rule, operation, &request);
    struct result checked = addresses_check(k, &request);
    if (!result_is_ok(checked))
        return checked;
    int64_t result = memory_take(k, in->caller, &request);
    if (result < 0) {
        host_answer(k, in, result, 0);
        return result_ok();
    }
    result = host->call(host->world, &request.call);
    if (result >= 0) {
        objects_open(k, in, rule, &request.call);
        small_hand_back(k, &request);
    }
    host_answer(k, in, result, result >= 0 ? request.call.second : 0);
    return result_ok();
}
