/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worlds: menus of steps, by subject. A world is one subject or several,
 * "ipc+caps".
 */
#include <stdarg.h>
#include <stdlib.h>

#include "tests/exhaustive/menu.h"

const char *const tiny_worlds[] = {"ipc+notify", "caps+memory", "ipc+caps", "notify+threads", "spaces", NULL};
const char *const tiny_mcs_worlds[] = {"time", "ipc", "notify", "caps+memory", "threads", NULL};
static const char *const subjects[] = {"ipc", "notify", "caps", "memory", "threads", "spaces", "time"};

struct tiny *tiny;
bool is_mcs;

struct step *add(enum step_kind kind, const char *format, ...)
{
    struct step *step = &tiny->menu[tiny->steps++];
    va_list arguments;
    if (tiny->steps > STEPS_MAX)
        abort();
    va_start(arguments, format);
    vsnprintf(step->name, sizeof step->name, format, arguments);
    va_end(arguments);
    step->kind = kind;
    step->actors = ACTOR_BOTH;
    return step;
}

static const char *actor_name(enum actor actors)
{
    return actors == ACTOR_ROOT ? "root" : "child";
}

struct step *add_syscall(enum actor actors, enum syscall syscall, const char *what, uint64_t cptr,
                         uint64_t label, unsigned length)
{
    struct step *step = add(STEP_SYSCALL, "%s: %s %s", actor_name(actors), abi_syscall_name(syscall), what);
    step->actors = actors;
    step->syscall = syscall;
    step->cptr = cptr;
    step->label = label;
    step->message.length = length;
    if (is_mcs)
        step->reply = actors == ACTOR_CHILD ? 7 : tiny->reply_spare;
    for (unsigned i = 0; i < length; i++)
        step->message.word[i] = 0x11 * (i + 1);
    return step;
}

struct step *add_call(enum actor actors, const char *what, uint64_t cptr, enum operation operation,
                      const uint64_t *words, size_t count, const uint64_t *caps, size_t cap_count)
{
    struct step *step =
        add(STEP_SYSCALL, "%s: %s %s", actor_name(actors), abi_operation_name(operation), what);
    step->actors = actors;
    step->syscall = SYSCALL_CALL;
    step->cptr = cptr;
    step->message.operation = operation;
    step->message.length = (unsigned)count;
    step->message.cap_count = (unsigned)cap_count;
    for (size_t i = 0; i < count; i++)
        step->message.word[i] = words[i];
    for (size_t i = 0; i < cap_count; i++)
        step->message.cap[i] = caps[i];
    return step;
}

void with_cap(struct step *step, uint64_t cap)
{
    step->message.cap_count = 1;
    step->message.cap[0] = cap;
}

void interrupted(unsigned preempt_at)
{
    struct step *last = &tiny->menu[tiny->steps - 1];
    struct step *step = add(STEP_SYSCALL, "%s", last->name);
    char name[STEP_NAME_SIZE];
    snprintf(name, sizeof name, "%.40s, interrupted", last->name);
    *step = *last;
    memcpy(step->name, name, sizeof name);
    step->preempt_at = preempt_at;
}

static void add_turns(void)
{
    add(STEP_AGAIN, "again");
    add(STEP_TICK, "tick");
    if (is_mcs)
        add(STEP_WAIT, "0.3 ms pass")->time_ns = 300000;
}

static void add_ipc_of(enum actor actor, uint64_t endpoint, uint64_t cap)
{
    add_syscall(actor, SYSCALL_SEND, "endpoint", endpoint, 7, 2);
    add_syscall(actor, SYSCALL_NB_SEND, "endpoint", endpoint, 7, 1);
    add_syscall(actor, SYSCALL_CALL, "endpoint", endpoint, 8, 6);
    with_cap(add_syscall(actor, SYSCALL_CALL, "endpoint, with a capability", endpoint, 9, 1), cap);
    add_syscall(actor, SYSCALL_RECV, "endpoint", endpoint, 0, 0);
    add_syscall(actor, SYSCALL_NB_RECV, "endpoint", endpoint, 0, 0);
    enum syscall reply = is_mcs ? SYSCALL_SEND : SYSCALL_REPLY;
    uint64_t reply_to = actor == ACTOR_CHILD ? 7 : tiny->reply_spare;
    add_syscall(actor, reply, "the answer", reply_to, 3, 1);
    with_cap(add_syscall(actor, reply, "the answer, with a capability", reply_to, 3, 1), cap);
    add_syscall(actor, SYSCALL_REPLY_RECV, "endpoint", endpoint, 4, 2);
    add_syscall(actor, SYSCALL_YIELD, "", 0, 0, 0);
}

void add_fault_of(enum actor actor)
{
    struct step *fault = add(STEP_VM_FAULT, "%s: page fault", actor_name(actor));
    fault->actors = actor;
    fault->address = 0x7000;
    fault->number = 6;
    fault = add(STEP_EXCEPTION, "%s: invalid opcode", actor_name(actor));
    fault->actors = actor;
    fault->number = 6;
}

static void add_messages(void)
{
    uint64_t e = tiny->empty[0];
    add_ipc_of(ACTOR_ROOT, tiny->endpoint, tiny->notification);
    add_ipc_of(ACTOR_CHILD, 1, 2);
    add_fault_of(ACTOR_CHILD);
    add_syscall(ACTOR_CHILD, SYSCALL_CALL, "nothing", 7, 0, 0);
    with_cap(add_syscall(ACTOR_ROOT, SYSCALL_SEND, "send-only endpoint, capability", tiny->send_only, 9, 1),
             tiny->page);
    if (is_mcs) {
        e = tiny->reply;
        add_syscall(ACTOR_ROOT, SYSCALL_NB_SEND_WAIT, "endpoint", tiny->notification, 2, 1)->send_to =
            tiny->endpoint;
        add_syscall(ACTOR_CHILD, SYSCALL_NB_SEND_RECV, "answer, endpoint", 1, 2, 1)->send_to = 7;
        add_syscall(ACTOR_CHILD, SYSCALL_WAIT, "endpoint", 1, 0, 0);
    } else {
        ROOT("to a slot", ABI_SLOT_CNODE, OPERATION_CNODE_SAVE_CALLER, WORDS(e, 64), NO_CAPS);
    }
    add_syscall(ACTOR_ROOT, SYSCALL_SEND, "saved reply", e, 2, 1);
    ROOT("saved reply", ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE, WORDS(e, 64), NO_CAPS);
    ROOT("saved reply", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(e, 64), NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS);
}

void add_set_space(const char *what, uint64_t cspace, uint64_t guard, uint64_t vspace)
{
    if (is_mcs)
        ROOT(what, tiny->thread, OPERATION_TCB_SET_SPACE, WORDS(guard, 0),
             CAPS(tiny->endpoint, cspace, vspace));
    else
        ROOT(what, tiny->thread, OPERATION_TCB_SET_SPACE, WORDS(1, guard, 0), CAPS(cspace, vspace));
}

void add_ipc(void)
{
    add_messages();
    ROOT("received", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tiny->empty[3], 64), NO_CAPS);
    ROOT("badged", ABI_SLOT_CNODE, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(tiny->badged, 64), NO_CAPS);
    ROOT("child's endpoint", tiny->cnode, OPERATION_CNODE_CANCEL_BADGED_SENDS, WORDS(1, 3), NO_CAPS);
    ROOT("endpoint", ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE, WORDS(tiny->endpoint, 64), NO_CAPS);
    interrupted(1);
    ROOT("endpoint", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tiny->endpoint, 64), NO_CAPS);
}

static void add_notify_of(enum actor actor, uint64_t notification, uint64_t endpoint)
{
    add_syscall(actor, SYSCALL_SEND, "notification", notification, 0, 0);
    add_syscall(actor, SYSCALL_RECV, "notification", notification, 0, 0);
    add_syscall(actor, SYSCALL_NB_RECV, "notification", notification, 0, 0);
    add_syscall(actor, SYSCALL_RECV, "endpoint", endpoint, 0, 0);
    add_syscall(actor, SYSCALL_SEND, "endpoint", endpoint, 1, 1);
}

void add_notify(void)
{
    add_notify_of(ACTOR_ROOT, tiny->notification, tiny->endpoint);
    add_notify_of(ACTOR_CHILD, 2, 1);
    add_syscall(ACTOR_CHILD, SYSCALL_YIELD, "", 0, 0, 0);
    ROOT("child", tiny->thread, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(tiny->notification));
    ROOT("child", tiny->thread, OPERATION_TCB_UNBIND_NOTIFICATION, NO_WORDS, NO_CAPS);
    ROOT("root", ABI_SLOT_TCB, OPERATION_TCB_BIND_NOTIFICATION, NO_WORDS, CAPS(tiny->notification));
    ROOT("root", ABI_SLOT_TCB, OPERATION_TCB_UNBIND_NOTIFICATION, NO_WORDS, NO_CAPS);
    ROOT("notification", tiny->irq, OPERATION_IRQ_SET_IRQ_HANDLER, NO_WORDS, CAPS(tiny->notification));
    ROOT("badge lost", tiny->irq, OPERATION_IRQ_SET_IRQ_HANDLER, NO_WORDS, CAPS(tiny->endpoint));
    ROOT("", tiny->irq, OPERATION_IRQ_ACK_IRQ, NO_WORDS, NO_CAPS);
    ROOT("", tiny->irq, OPERATION_IRQ_CLEAR_IRQ_HANDLER, NO_WORDS, NO_CAPS);
    add(STEP_INTERRUPT, "interrupt")->number = 16 + 4;
    add(STEP_INTERRUPT, "interrupt of the timer")->number = 16 + 9;
    ROOT("child", tiny->thread, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS);
    ROOT("notification", ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE, WORDS(tiny->notification, 64), NO_CAPS);
    ROOT("notification", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tiny->notification, 64), NO_CAPS);
    ROOT("child up", tiny->thread, OPERATION_TCB_SET_PRIORITY, WORDS(11), CAPS(ABI_SLOT_TCB));
    ROOT("child down", tiny->thread, OPERATION_TCB_SET_PRIORITY, WORDS(9), CAPS(ABI_SLOT_TCB));
    ROOT("irq", ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(tiny->irq, 64), NO_CAPS);
}

static void add_transfers(void)
{
    uint64_t a = tiny->empty[0], b = tiny->empty[1], c = tiny->empty[2];
    uint64_t node = ABI_SLOT_CNODE;
    ROOT("endpoint a", node, OPERATION_CNODE_COPY, WORDS(a, 64, tiny->endpoint, 64, RIGHTS_ALL), NODE);
    ROOT("a b, read", node, OPERATION_CNODE_COPY, WORDS(b, 64, a, 64, RIGHT_READ), NODE);
    ROOT("a b, badge 9", node, OPERATION_CNODE_MINT, WORDS(b, 64, a, 64, RIGHTS_ALL, 9), NODE);
    ROOT("badged c, send", node, OPERATION_CNODE_MINT, WORDS(c, 64, tiny->badged, 64, RIGHT_WRITE, 0), NODE);
    ROOT("a b", node, OPERATION_CNODE_MOVE, WORDS(b, 64, a, 64), NODE);
    ROOT("b a", node, OPERATION_CNODE_MOVE, WORDS(a, 64, b, 64), NODE);
    ROOT("cnode a, guard", node, OPERATION_CNODE_MUTATE, WORDS(a, 64, tiny->cnode, 64, 3 << 6 | 4), NODE);
    ROOT("cnode a, back", node, OPERATION_CNODE_MUTATE, WORDS(tiny->cnode, 64, a, 64, 0), NODE);
    ROOT("a b c", node, OPERATION_CNODE_ROTATE, WORDS(a, 64, 0, b, 64, 0, c, 64), CAPS(node, node));
    ROOT("cnode inside itself", tiny->cnode, OPERATION_CNODE_MOVE, WORDS(7, 3, tiny->cnode, 64), NODE);
    ROOT("thread inside", tiny->cnode, OPERATION_CNODE_COPY, WORDS(6, 3, tiny->spare, 64, RIGHTS_ALL), NODE);
    ROOT("spare inside", tiny->cnode, OPERATION_CNODE_MOVE, WORDS(6, 3, tiny->spare, 64), NODE);
}

static void add_removals(void)
{
    uint64_t a = tiny->empty[0], b = tiny->empty[1];
    uint64_t node = ABI_SLOT_CNODE;
    ROOT("a", node, OPERATION_CNODE_DELETE, WORDS(a, 64), NO_CAPS);
    ROOT("b", node, OPERATION_CNODE_DELETE, WORDS(b, 64), NO_CAPS);
    ROOT("a", node, OPERATION_CNODE_REVOKE, WORDS(a, 64), NO_CAPS);
    ROOT("endpoint", node, OPERATION_CNODE_REVOKE, WORDS(tiny->endpoint, 64), NO_CAPS);
    interrupted(1);
    ROOT("badged", node, OPERATION_CNODE_REVOKE, WORDS(tiny->badged, 64), NO_CAPS);
    ROOT("cnode", node, OPERATION_CNODE_REVOKE, WORDS(tiny->cnode, 64), NO_CAPS);
    ROOT("cnode", node, OPERATION_CNODE_DELETE, WORDS(tiny->cnode, 64), NO_CAPS);
    interrupted(2);
    ROOT("spare", node, OPERATION_CNODE_DELETE, WORDS(tiny->spare, 64), NO_CAPS);
    ROOT("thread", node, OPERATION_CNODE_DELETE, WORDS(tiny->thread, 64), NO_CAPS);
    interrupted(1);
}

static void add_child_capabilities(void)
{
    CHILD("1 to 7, send", 5, OPERATION_CNODE_COPY, WORDS(7, 64, 1, 64, RIGHT_WRITE), CAPS(5));
    CHILD("7 to 6, all", 5, OPERATION_CNODE_COPY, WORDS(6, 64, 7, 64, RIGHTS_ALL), CAPS(5));
    CHILD("thread", 5, OPERATION_CNODE_DELETE, WORDS(3, 64), NO_CAPS);
    CHILD("cnode", 5, OPERATION_CNODE_REVOKE, WORDS(5, 64), NO_CAPS);
    CHILD("cnode", 5, OPERATION_CNODE_DELETE, WORDS(5, 64), NO_CAPS);
    add_syscall(ACTOR_CHILD, SYSCALL_YIELD, "", 0, 0, 0);
    add_syscall(ACTOR_ROOT, SYSCALL_YIELD, "", 0, 0, 0);
}

void add_caps(void)
{
    add_transfers();
    add_removals();
    add_child_capabilities();
}

void add_retype(enum actor actor, const char *what, uint64_t untyped, enum object object, uint64_t bits,
                uint64_t slot, uint64_t count, uint64_t node)
{
    uint64_t type = tiny->rig.sim->abi.type_of_object[object];
    add_call(actor, what, untyped, OPERATION_UNTYPED_RETYPE, WORDS(type, bits, 0, 0, slot, count),
             CAPS(node));
}

/* Is the subject one of those that the world's name lists? */
static bool world_has(const char *world, const char *subject)
{
    size_t length = strlen(subject);
    for (const char *at = world; at; at = strchr(at, '+')) {
        at += *at == '+';
        if (strncmp(at, subject, length) == 0 && (at[length] == '+' || at[length] == 0))
            return true;
    }
    return false;
}

bool tiny_is_world(const char *name)
{
    for (const char *at = name; at; at = strchr(at, '+')) {
        at += *at == '+';
        size_t length = strcspn(at, "+");
        bool is_known = false;
        for (unsigned i = 0; i < sizeof subjects / sizeof *subjects; i++)
            is_known |= strlen(subjects[i]) == length && strncmp(subjects[i], at, length) == 0;
        if (!is_known)
            return false;
    }
    return true;
}

void tiny_menu(struct tiny *of, const struct tiny_options *options)
{
    static void (*const add_subject[])(void) = {add_ipc,     add_notify, add_caps, add_memory,
                                                add_threads, add_spaces, add_time};
    tiny = of;
    is_mcs = options->is_mcs;
    add_turns();
    for (unsigned i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        if (world_has(options->world, subjects[i]))
            add_subject[i]();
    }
}
