/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains: the schedule, and the invocations of the domain capability.
 *
 * Invariant: the entry that a round starts with is no end marker. The last entry
 * is one for ever, so that every round ends.
 *
 * Manual: section "Domains"; API reference seL4_DomainSet_*.
 */
#include "kernel/domain.h"

#include "kernel/invocation.h"
#include "kernel/state.h"
#include "kernel/thread.h"

enum {
    DURATION_BITS = 56
};

static uint32_t schedule_length(const struct kernel *k)
{
    uint32_t length = k->abi->config.domain_schedules;
    if (length < 2)
        return 2;
    return length < DOMAIN_ENTRIES ? length : DOMAIN_ENTRIES;
}

static void schedule_enter(struct kernel_state *s, uint32_t index)
{
    s->domain_schedule = index;
    s->current_domain = s->domain_entry[index].domain;
    s->domain_time = s->domain_entry[index].duration;
}

void domain_schedule_init(struct kernel *k)
{
    k->state->domain_entry[0].duration = (1ull << DURATION_BITS) - 1;
    schedule_enter(k->state, 0);
}

void domain_schedule_advance(struct kernel *k)
{
    struct kernel_state *s = k->state;
    uint32_t index = s->domain_schedule + 1;
    if (index >= schedule_length(k) || s->domain_entry[index].duration == 0)
        index = s->domain_schedule_start;
    s->work_units = 0;
    schedule_enter(s, index);
}

static struct result domain_decode_set(struct kernel *k, struct invocation *in)
{
    if (in->length < 1) {
        remark(k, "Domain Configure: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t domain = invocation_word(in, 0);
    if (domain >= k->abi->config.domains) {
        remark(k, "Domain Configure: invalid domain (%lu >= %u).", domain, (unsigned)k->abi->config.domains);
        return fail_invalid_argument(0);
    }
    if (!in->extra[0]) {
        remark(k, "Domain Configure: Truncated message.");
        return fail_truncated_message();
    }
    if (in->extra[0]->cap.type != CAP_THREAD) {
        remark(k, "Domain Configure: thread cap required.");
        return fail_invalid_argument(1);
    }
    thread_set_domain(k, tcb_at(k, in->extra[0]->cap.paddr), (uint8_t)domain);
    return result_ok();
}

/* The arguments of ScheduleConfigure; the numbers of an InvalidArgument count them from 0. */
static struct result schedule_check(struct kernel *k, uint64_t index, uint64_t domain, uint64_t duration)
{
    if (index >= schedule_length(k) - 1) {
        remark(k, "Domain Schedule Configure: Invalid index.");
        return fail_range(0, schedule_length(k) - 2);
    }
    if (domain >= k->abi->config.domains) {
        remark(k, "Domain Schedule Configure: Invalid domain.");
        return fail_range(0, k->abi->config.domains - 1u);
    }
    if (duration >> DURATION_BITS) {
        remark(k, "Domain Schedule Configure: Duration must fit in 56 bits.");
        return fail_invalid_argument(2);
    }
    if (duration == 0 && domain != 0) {
        remark(k, "Domain Schedule Configure: Both domain and duration must be zero for end markers.");
        return fail_invalid_argument(1);
    }
    if (duration == 0 && index == k->state->domain_schedule_start) {
        remark(k, "Domain Schedule Configure: Starting schedule's duration must not be zero.");
        return fail_invalid_argument(2);
    }
    return result_ok();
}

static struct result domain_decode_configure(struct kernel *k, struct invocation *in)
{
    if (in->length < 3) {
        remark(k, "Domain Schedule Configure: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t index = invocation_word(in, 0);
    uint64_t domain = invocation_word(in, 1);
    uint64_t duration = invocation_word(in, 2);
    struct result checked = schedule_check(k, index, domain, duration);
    if (!result_is_ok(checked))
        return checked;
    k->state->domain_entry[index] =
        (struct domain_entry){.domain = domain & 0xff, .duration = duration & ((1ull << DURATION_BITS) - 1)};
    return result_ok();
}

static struct result domain_decode_set_start(struct kernel *k, struct invocation *in)
{
    if (in->length < 1) {
        remark(k, "Domain Schedule Configure: Truncated message.");
        return fail_truncated_message();
    }
    uint64_t index = invocation_word(in, 0);
    if (index >= schedule_length(k)) {
        remark(k, "Domain Schedule Set Start: Invalid index.");
        return fail_range(0, schedule_length(k) - 1);
    }
    if (k->state->domain_entry[index].duration == 0) {
        remark(k, "Domain Schedule Set Start: Starting schedule must not be an end marker.");
        return fail_invalid_argument(0);
    }
    k->state->domain_schedule_start = (uint32_t)index;
    schedule_enter(k->state, (uint32_t)index);
    k->state->mcs.is_reprogramming = k->abi->config.is_mcs; /* its timer counts the turn, too */
    sched_choose_new(k);
    return result_ok();
}

struct result domain_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_DOMAIN_SET_SET:
        return domain_decode_set(k, in);
    case OPERATION_DOMAIN_SCHEDULE_CONFIGURE:
        return domain_decode_configure(k, in);
    case OPERATION_DOMAIN_SCHEDULE_SET_START:
        return domain_decode_set_start(k, in);
    default:
        return fail_illegal_operation();
    }
}
