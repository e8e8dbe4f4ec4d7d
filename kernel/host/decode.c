/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of host objects: check the capability and the message by the
 * operation's rule, then do it or have the machine do it (request.c).
 *
 * In this order: the kind (IllegalOperation), the message (TruncatedMessage),
 * access (an error of the host's), extra capabilities (InvalidCapability(0));
 * then what a request checks. Only what is behind the seam may still fail then.
 */
#include "kernel/host/host.h"

#include "kernel/ipc.h"

void host_answer(struct kernel *k, struct invocation *in, int64_t result, uint64_t second)
{
    uint64_t words[] = {(uint64_t)result, second};
    invocation_reply(k, in, words, 2);
}

/* The seL4 label's number; the rest of the kernel knows none above ABI_MAX_LABELS. */
static uint64_t operation_of(const struct invocation *in)
{
    return message_info_from_word(in->caller->context.reg[REG_RSI]).label - HOST_IO_LABEL;
}

/* What Linux says where a descriptor, or a file system, does not allow it. */
static int64_t access_refusal(unsigned kinds, unsigned lacking)
{
    if (kinds & 1u << HOST_DIRECTORY && lacking & HOST_WRITE)
        return -HOST_ERROR_READ_ONLY;
    if (kinds & (1u << HOST_FILE | 1u << HOST_SOCKET | 1u << HOST_TIMER | 1u << HOST_EPOLL))
        return -HOST_ERROR_BAD_FILE;
    return -HOST_ERROR_ACCESS;
}

/* 0, or -errno. A capability that allows nothing allows nothing here, too. */
static int64_t access_check(const struct kernel *k, const struct invocation *in, const struct host_rule *rule)
{
    unsigned access = host_access_of(k, in->cap);
    unsigned lacking = rule->access & ~access;
    if (lacking || access == 0)
        return access_refusal(rule->kinds, lacking);
    return 0;
}

static bool is_host(const struct kernel *k, struct cap cap, enum host_kind kind)
{
    return cap.type == CAP_HOST && host_at(k, cap.paddr)->kind == kind;
}

static bool extra_fits(const struct kernel *k, const struct invocation *in, enum host_extra wanted)
{
    struct cap cap = in->extra[0]->cap;
    switch (wanted) {
    case HOST_EXTRA_OBJECT:
        return is_host(k, cap, HOST_EMPTY) && cap.can_send && cap.can_receive && cap.paddr != in->cap.paddr;
    case HOST_EXTRA_DIRECTORY:
        return is_host(k, cap, HOST_DIRECTORY);
    case HOST_EXTRA_FILE:
        return is_host(k, cap, HOST_FILE) && host_access_of(k, cap) != 0;
    case HOST_EXTRA_SET:
        return is_host(k, cap, HOST_READY_SET) && host_access_of(k, cap) & HOST_WRITE;
    case HOST_EXTRA_NOTIFICATION:
        return cap.type == CAP_NOTIFICATION && cap.can_send;
    case HOST_EXTRA_CNODE:
        return cap.type == CAP_CNODE;
    case HOST_EXTRA_READY:
        return cap.type == CAP_HOST && host_kind_is_watched(host_at(k, cap.paddr)->kind) && host_access_of(k, cap);
    case HOST_EXTRA_NONE:
        return true;
    }
    return false;
}

/* Is the operation possible without its extra capability? */
static bool extra_is_optional(const struct invocation *in, const struct host_rule *rule)
{
    switch ((enum host_extra)rule->extra) {
    case HOST_EXTRA_NONE:
    case HOST_EXTRA_NOTIFICATION:
        return true;
    case HOST_EXTRA_SET:
        return (uint32_t)invocation_word(in, 0) == 0; /* watch for nothing */
    default:
        return false;
    }
}

static struct result message_check(struct kernel *k, const struct invocation *in,
                                   const struct host_rule *rule)
{
    if (in->length >= rule->words && (in->extra[0] || extra_is_optional(in, rule)))
        return result_ok();
    remark(k, "Host object: Truncated message.");
    return fail_truncated_message();
}

static struct result extra_check(struct kernel *k, const struct invocation *in, const struct host_rule *rule)
{
    if (!in->extra[0] || extra_fits(k, in, (enum host_extra)rule->extra))
        return result_ok();
    remark(k, "Host object: the extra capability does not fit.");
    return fail_invalid_capability(0);
}

/* --- what the kernel does itself --- */

static struct result file_watch(struct kernel *k, struct invocation *in)
{
    uint32_t events = (uint32_t)invocation_word(in, 0);
    uint64_t set = events ? in->extra[0]->cap.paddr : 0;
    int64_t result = host_watch(k, host_at(k, in->cap.paddr), set, events, invocation_word(in, 1));
    host_answer(k, in, result < 0 ? result : 0, 0);
    return result_ok();
}

static struct result set_bind(struct kernel *k, struct invocation *in)
{
    host_answer(k, in, 0, 0);
    host_set_bind(k, host_at(k, in->cap.paddr), in->extra[0]);
    return result_ok();
}

static struct result object_make_set(struct kernel *k, struct invocation *in)
{
    struct host_object *object = host_at(k, in->cap.paddr);
    object->kind = HOST_READY_SET;
    object->access = HOST_READ | HOST_WRITE;
    host_answer(k, in, 0, 0);
    return result_ok();
}

static struct result host_perform(struct kernel *k, struct invocation *in, const struct host_rule *rule,
                                  uint64_t operation)
{
    struct host_object *object = host_at(k, in->cap.paddr);
    switch (operation) {
    case HOST_OBJECT_KIND:
        host_answer(k, in, object->kind, host_access_of(k, in->cap));
        return result_ok();
    case HOST_OBJECT_MAKE_READY_SET:
        return object_make_set(k, in);
    case HOST_READY_BIND:
        return set_bind(k, in);
    case HOST_READY_TAKE:
        return host_set_take(k, in, object);
    case HOST_FILE_WATCH:
        return file_watch(k, in);
    case HOST_WINDOW_TAKE:
        return host_window_take(k, in, object);
    default:
        return host_request_perform(k, in, rule, operation);
    }
}

struct result host_decode(struct kernel *k, struct invocation *in)
{
    uint64_t operation = operation_of(in);
    const struct host_rule *rule = host_rule_find(operation);
    if (!rule || !(rule->kinds >> host_at(k, in->cap.paddr)->kind & 1)) {
        remark(k, "Host object: Illegal operation.");
        return fail_illegal_operation();
    }
    struct result checked = message_check(k, in, rule);
    if (!result_is_ok(checked))
        return checked;
    int64_t refusal = access_check(k, in, rule);
    if (refusal < 0) {
        host_answer(k, in, refusal, 0);
        return result_ok();
    }
    checked = extra_check(k, in, rule);
    if (!result_is_ok(checked))
        return checked;
    if (rule->extra == HOST_EXTRA_DIRECTORY && !(host_access_of(k, in->extra[0]->cap) & HOST_WRITE)) {
        host_answer(k, in, -HOST_ERROR_READ_ONLY, 0);
        return result_ok();
    }
    return host_perform(k, in, rule, operation);
}
