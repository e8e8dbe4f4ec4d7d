/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random steps: the source, and what threads do to each other. Invocations of
 * everything else are in choose_objects.c.
 */
#include "differential.h"

#ifdef CONFIG_KERNEL_MCS
enum {
    REPLY = 0 /* no such system call */
};
#else
enum {
    REPLY = seL4_SysReply
};
#endif

enum { /* as DebugCapIdentify numbers them */
    KIND_ENDPOINT = 4,
    KIND_REPLY = 8
};

static seL4_Word state;

void random_start(seL4_Word seed)
{
    state = (seed + 1) * 0x9e3779b97f4a7c15ul | 1;
    for (int i = 0; i < 4; i++) {
        random_below(1);
    }
}

seL4_Word random_below(seL4_Word end)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 0x2545f4914f6cdd1dul >> 33) % end;
}

seL4_Word choose_of(const seL4_Word *words, unsigned count)
{
    return words[random_below(count)];
}

seL4_Word choose_free_slot(void)
{
    return SLOT_FREE + random_below(random_chance(60) ? 4 : WORLD_SLOTS - SLOT_FREE);
}

/* Mostly something that is there. */
seL4_Word choose_slot(void)
{
    if (random_chance(25)) {
        return choose_free_slot();
    }
    return random_chance(90) ? random_below(SLOT_FREE) : random_below(WORLD_SLOTS + 3);
}

static seL4_Word choose_endpoint(void)
{
    if (random_chance(12)) {
        return choose_slot();
    }
    return ONE_OF(SLOT_ENDPOINT, SLOT_ENDPOINT, SLOT_ENDPOINT, SLOT_ENDPOINT_BADGED, SLOT_ENDPOINT_OTHER,
                  SLOT_NOTIFICATION, SLOT_NOTIFICATION_BADGED, SLOT_FREE, SLOT_FREE + 1);
}

static void choose_message(struct step *step)
{
    step->label = ONE_OF(0, 0x70, 0x71);
    step->word_count = (unsigned)ONE_OF(0, 0, 1, 2, 4, 5, 9, 17);
    for (unsigned i = 0; i < step->word_count; i++) {
        step->words[i] = random_chance(20) ? 0 : 0x100 + i;
    }
    step->cap_count = random_chance(30) ? (unsigned)random_below(CAPS_MAX + 1) : 0;
    for (unsigned i = 0; i < step->cap_count; i++) {
        step->caps[i] = random_chance(50) ? choose_endpoint() : choose_slot();
    }
}

static void choose_system_call(struct step *step)
{
#ifdef CONFIG_KERNEL_MCS
    step->number =
        0 - ONE_OF(-seL4_SysSend, -seL4_SysNBSend, -seL4_SysCall, -seL4_SysCall, -seL4_SysRecv, -seL4_SysRecv,
                   -seL4_SysNBRecv, -seL4_SysReplyRecv, -seL4_SysWait, -seL4_SysNBWait, -seL4_SysNBSendRecv,
                   -seL4_SysNBSendWait, -seL4_SysSend, -seL4_SysYield);
    step->reply = random_chance(85) ? SLOT_REPLY + random_below(2) : choose_slot();
    step->send_to = choose_endpoint();
    if (step->number == (seL4_Word)seL4_SysSend && random_chance(30)) {
        step->destination = SLOT_REPLY + random_below(2);
    }
#else
    step->number =
        0 - ONE_OF(-seL4_SysSend, -seL4_SysNBSend, -seL4_SysCall, -seL4_SysCall, -seL4_SysRecv, -seL4_SysRecv,
                   -seL4_SysNBRecv, -seL4_SysReply, -seL4_SysReply, -seL4_SysReplyRecv, -seL4_SysYield);
#endif
    if (random_chance(4)) {
        step->number = ONE_OF(1000, 0, ~0ul << 20);
    }
}

static void choose_actor(struct step *step)
{
    step->actor = random_below(ACTORS);
    step->action = ACTION_SYSCALL;
    step->destination = choose_endpoint();
    step->receive.slot = choose_free_slot();
    step->receive.depth = random_chance(90) ? seL4_WordBits : WORLD_BITS;
    choose_message(step);
    choose_system_call(step);
    if (random_chance(8)) {
        step->action = (enum actor_action)ONE_OF(ACTION_LOAD, ACTION_STORE, ACTION_UNDEFINED_INSTRUCTION);
        step->words[0] = ONE_OF(0x1000, 0x30000000, 0x30001008);
        step->word_count = 1;
    }
}

/* The driver in the middle: it never waits. */
static void choose_driver_message(struct step *step)
{
    seL4_CPtr endpoint = driver_endpoint(random_chance(70) ? 0 : 1);
    step->destination = world(choose_endpoint());
    choose_message(step);
    for (unsigned i = 0; i < step->cap_count; i++) {
        step->caps[i] = world(step->caps[i]);
    }
#ifdef CONFIG_KERNEL_MCS
    step->number =
        0 - ONE_OF(-seL4_SysNBSend, -seL4_SysNBRecv, -seL4_SysNBRecv, -seL4_SysNBWait, -seL4_SysNBSend);
    unsigned which = (unsigned)random_below(2);
    step->reply = driver_reply(which);
    if (step->number == (seL4_Word)seL4_SysNBSend && random_chance(50)) {
        step->destination = world(SLOT_REPLY + which);
    }
    if (step->number == (seL4_Word)seL4_SysNBRecv && !step->reply) {
        step->number = (seL4_Word)seL4_SysNBWait;
    }
#else
    step->number = 0 - ONE_OF(-seL4_SysNBSend, -seL4_SysNBRecv, -seL4_SysNBRecv, -seL4_SysReply);
#endif
    bool is_receive = step->number != (seL4_Word)seL4_SysNBSend && step->number != (seL4_Word)REPLY;
    if (is_receive &&
        endpoint) { /* one that the program cannot take rights from: the driver must not fault */
        step->destination = endpoint;
    } else if (is_receive) {
        step->number = (seL4_Word)seL4_SysNBSend;
    }
}

/* A call that the kernel itself answers, at once? */
static bool is_object(seL4_CPtr cap)
{
    seL4_Word kind = seL4_DebugCapIdentify(cap);
    return kind != KIND_ENDPOINT && kind != KIND_REPLY && kind != 0;
}

struct step step_choose(void)
{
    struct step step = {.actor = ACTORS, .action = ACTION_SYSCALL};
    seL4_Word kind = random_below(100);
    if (kind < 45) {
        choose_actor(&step);
    } else if (kind < 55) {
        choose_driver_message(&step);
    } else {
        step_choose_invocation(&step);
        step.number = (seL4_Word)(is_object(step.destination) ? seL4_SysCall : seL4_SysNBSend);
    }
    return step;
}
