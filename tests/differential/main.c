/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carry out programs PROGRAM_FIRST to PROGRAM_FIRST + PROGRAMS - 1, one after the
 * other, and print a line per step:
 *
 *     call of the driver:   label>slot words/caps = error words
 *     system call:          number>slot words/caps = info badge words   (the driver's: it never waits)
 *     command to an actor:  A number>slot words/caps
 *     an actor is done:       A= info badge words
 *
 * and at the end of a program what is in each slot and in the threads' registers.
 * All numbers are hexadecimal, words are separated by blanks, trailing zeros are
 * left out, and what may differ (differences.md, addresses of code) is masked.
 */
#include "differential.h"

enum {
    STEPS = 22,
    LABEL_UNKNOWN_SYSCALL = 2, /* of fault messages */
    LABEL_USER_EXCEPTION = 3,
    REGISTERS = 20,
    REGISTER_RSP = 1, /* as ReadRegisters counts */
    REGISTER_RCX = 5,
    REGISTER_R11 = 13
};

#ifdef CONFIG_KERNEL_MCS
/* A time that was measured, or how long a period can be, which depends on the processor's clock. */
static bool tells_time(seL4_Word label, seL4_Word error)
{
    if (error == seL4_RangeError) {
        return label == SchedControlConfigureFlags;
    }
    return error == seL4_NoError && (label == SchedContextConsumed || label == SchedContextYieldTo);
}
#else
static bool tells_time(seL4_Word label, seL4_Word error)
{
    (void)label, (void)error;
    return false;
}
#endif

#define MASKED_SYSCALL   (1ul << 2 | 1ul << 10 | 1ul << 16) /* rcx, r11, rsp */
#define MASKED_EXCEPTION (1ul << 1)
#define MASKED_REGISTERS (1ul << REGISTER_RSP | 1ul << REGISTER_RCX | 1ul << REGISTER_R11)

static void word_print(seL4_Word word)
{
    seL4_Word offset = word - (seL4_Word)actors_start;
    if (word >= (seL4_Word)actors_start && word < (seL4_Word)actors_end) {
        sel4_util_printf(" @%lx", offset);
    } else {
        sel4_util_printf(" %lx", word);
    }
}

static void words_print(const seL4_Word *words, unsigned count, seL4_Word masked)
{
    while (count > 0 && (words[count - 1] == 0 || (count <= seL4_WordBits && masked >> (count - 1) & 1))) {
        count--;
    }
    for (unsigned i = 0; i < count; i++) {
        if (i < seL4_WordBits && masked >> i & 1) {
            sel4_util_puts(" -");
        } else {
            word_print(words[i]);
        }
    }
}

static seL4_Word masked_of(seL4_Word label)
{
    return label == LABEL_UNKNOWN_SYSCALL  ? MASKED_SYSCALL
           : label == LABEL_USER_EXCEPTION ? MASKED_EXCEPTION
                                           : 0;
}

static void answer_print(const struct trap *trap, const seL4_IPCBuffer *buffer)
{
    seL4_MessageInfo_t info = {{trap->info}};
    seL4_Word words[seL4_MsgMaxLength];
    unsigned count = (unsigned)seL4_MessageInfo_get_length(info);
    for (unsigned i = 0; i < count && i < seL4_MsgMaxLength; i++) {
        words[i] = i < 4 ? trap->mr[i] : buffer->msg[i];
    }
    sel4_util_printf("%lx %lx", trap->info, trap->destination);
    words_print(words, count < seL4_MsgMaxLength ? count : 0, masked_of(seL4_MessageInfo_get_label(info)));
    for (unsigned i = 0; i < seL4_MessageInfo_get_extraCaps(info); i++) {
        sel4_util_printf(" +%lx",
                         seL4_MessageInfo_get_capsUnwrapped(info) >> i & 1 ? buffer->caps_or_badges[i] : 0);
    }
    sel4_util_puts("\n");
}

static void step_print(const struct step *step)
{
    if (step->actor < ACTORS) {
        sel4_util_printf("%c", (int)('A' + step->actor));
    }
    if (step->action != ACTION_SYSCALL) {
        sel4_util_printf("!%x", step->action);
    } else if (step->number == (seL4_Word)seL4_SysCall && step->actor == ACTORS) {
        sel4_util_printf("%lu", step->label);
    } else {
        sel4_util_printf("%d.%lx", (int)step->number, step->label);
    }
    bool is_drivers = step->actor == ACTORS && step->destination == (step->destination & 0xffff);
    if (is_drivers) {
        sel4_util_puts(">");
    } else {
        sel4_util_printf(">%lx", step->destination & 0xffff);
    }
    words_print(step->words, step->word_count, 0);
    for (unsigned i = 0; i < step->cap_count; i++) {
        sel4_util_printf("%c%lx", i ? ',' : '/', step->caps[i] & 0xffff);
    }
}

/* The message of a step, in registers and in the buffer of whoever takes it. */
static struct trap trap_of(const struct step *step, seL4_IPCBuffer *buffer)
{
    struct trap trap = {
        .number = step->number,
        .destination = step->destination,
        .info = seL4_MessageInfo_new(step->label, 0, step->cap_count, step->word_count).words[0],
        .reply = step->reply,
        .send_to = step->send_to,
    };
    for (unsigned i = 0; i < step->word_count; i++) {
        buffer->msg[i] = step->words[i];
        if (i < 4) {
            trap.mr[i] = step->words[i];
        }
    }
    for (unsigned i = 0; i < step->cap_count; i++) {
        buffer->caps_or_badges[i] = step->caps[i];
    }
    return trap;
}

static void driver_step(const struct step *step)
{
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    struct trap trap = trap_of(step, buffer);
    bool is_call = step->number == (seL4_Word)seL4_SysCall;
    trap_take(&trap);
    step_print(step);
    sel4_util_puts(" = ");
    if (!is_call) {
        answer_print(&trap, buffer);
        return;
    }
    seL4_MessageInfo_t info = {{trap.info}};
    seL4_Word words[seL4_MsgMaxLength];
    unsigned count = (unsigned)seL4_MessageInfo_get_length(info);
    for (unsigned i = 0; i < count; i++) {
        words[i] = i < 4 ? trap.mr[i] : buffer->msg[i];
    }
    seL4_Word error = seL4_MessageInfo_get_label(info);
    bool is_ok = error == seL4_NoError;
    bool is_secret = tells_time(step->label, error) || (is_ok && step->label == X86PageGetAddress);
    sel4_util_printf("%lx", trap.info);
    if (!is_secret) {
        words_print(words, count, is_ok && step->label == TCBReadRegisters ? MASKED_REGISTERS : 0);
    }
    sel4_util_puts("\n");
}

static bool actor_is_busy(unsigned i)
{
    return mailboxes[i].done != actors[i].commands;
}

static void actor_step(const struct step *step)
{
    struct actor *actor = &actors[step->actor];
    struct mailbox *mailbox = &mailboxes[step->actor];
    actor->buffer->receiveCNode = SLOT_CNODE;
    actor->buffer->receiveIndex = step->receive.slot;
    actor->buffer->receiveDepth = step->receive.depth;
    mailbox->trap = trap_of(step, actor->buffer);
    mailbox->action = step->action;
    actor->commands++;
    step_print(step);
    sel4_util_puts("\n");
    seL4_NBSend(world(SLOT_COMMAND + step->actor),
                seL4_MessageInfo_new(0, 0, 0, 0)); /* whatever is there now */
}

static void actors_print(void)
{
    for (unsigned i = 0; i < ACTORS; i++) {
        if (mailboxes[i].done == actors[i].seen) {
            continue;
        }
        actors[i].seen = mailboxes[i].done;
        sel4_util_printf(" %c= ", (int)('A' + i));
        answer_print(&mailboxes[i].trap, actors[i].buffer);
    }
}

static void slots_print(void)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (seL4_Word i = 0; i < WORLD_SLOTS; i++) {
        seL4_Word kind = world_kind(i);
        sel4_util_putchar(kind == 0 ? '.' : kind < 36 ? digits[kind] : '?');
    }
    sel4_util_puts("\n");
}

/* Stops them, too. */
static void registers_print(unsigned i)
{
    struct step step = {.actor = ACTORS,
                        .number = (seL4_Word)seL4_SysCall,
                        .destination = world(SLOT_ACTOR + i),
                        .label = TCBReadRegisters,
                        .word_count = 2,
                        .words = {1, REGISTERS}};
    driver_step(&step);
}

static void program_run(seL4_Word number)
{
    random_start(number);
    sel4_util_printf("== %lu\n", number);
    world_make();
    let_run();
    for (unsigned i = 0; i < STEPS; i++) {
        struct step step = step_choose();
        if (step.actor == ACTORS) {
            driver_step(&step);
        } else if (!actor_is_busy((unsigned)step.actor)) {
            actor_step(&step);
        }
        let_run();
        actors_print();
    }
    slots_print();
    for (unsigned i = 0; i < ACTORS; i++) {
        registers_print(i);
    }
    world_destroy();
}

int main(seL4_BootInfo *info)
{
    driver_open(info);
    for (seL4_Word i = 0; i < PROGRAMS; i++) {
        program_run(PROGRAM_FIRST + i);
    }
    sel4_util_puts("end\n");
    sel4_util_stop(seL4_CapInitThreadTCB);
}
