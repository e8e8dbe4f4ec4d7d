/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands in units, and what their process servers ask and say of them. */
#include "command.h"

enum {
    COMMANDS = 128,
    COMMANDS_OF_UNIT = 32,
    SIGNALS = 64,
    SIGNAL_MASK = 127,
    ROOM = CONTAINER_ORDER_SIZE
};

static struct command commands[COMMANDS];
static struct command_services services;

static union {
    struct container_command command;
    unsigned char bytes[ROOM];
} written;

void commands_init(const struct command_services *given)
{
    services = *given;
}

static struct command *command_of(const struct unit *unit, seL4_Word number)
{
    struct command *command = number >= 1 && number <= COMMANDS ? &commands[number - 1] : NULL;
    return command && command->unit == unit ? command : NULL;
}

static seL4_Word number_of(const struct command *command)
{
    return (seL4_Word)(command - commands) + 1;
}

static void record_end(struct command *command)
{
    if (command->record) {
        record_drop(command->record);
        command->record = NULL;
    }
}

static void command_end(struct command *command, const char *key, const char *value)
{
    record_end(command);
    services.ended(command, key, value);
    command->unit = NULL;
}

static void news_ring(struct unit *unit)
{
    __atomic_store_n(&unit->record->board->has_news, 1, __ATOMIC_RELEASE);
    seL4_Signal(unit->bell);
}

/* A free place, unless the unit has as many as it may. */
static struct command *command_free(const struct unit *unit)
{
    struct command *found = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < COMMANDS; i++) {
        count += commands[i].unit == unit;
        found = !commands[i].unit ? &commands[i] : found;
    }
    return count < COMMANDS_OF_UNIT ? found : NULL;
}

struct command *command_make(struct unit *unit, struct record *record, struct order_text order,
                             const char **why)
{
    struct command *command = command_free(unit);
    *why = NULL;
    if (unit->state != UNIT_RUNNING) {
        *why = "the container does not run now";
    } else if (!command) {
        *why = "too many commands run in this container";
    } else if (order_write_command(&written.command, order, unit->record->order)) {
        *why = "its order cannot be followed: arguments or environment";
    } else if (record_keep(record, (struct order_text){(const char *)written.bytes,
                                                       sizeof written.command + written.command.text_size})) {
        *why = "not enough memory is left in the manager";
    }
    if (*why) {
        record_drop(record);
        return NULL;
    }
    *command = (struct command){
        .unit = unit, .record = record, .is_detached = text_value(order, "detach", NULL) != NULL};
    news_ring(unit);
    return command;
}

void command_signal(struct command *command, unsigned number, bool is_terminal)
{
    seL4_Word bit = number >= 1 && number <= SIGNALS ? 1ul << (number - 1) : 0;
    if (is_terminal) {
        command->terminal_signals |= bit;
    } else {
        command->signals |= bit;
    }
    news_ring(command->unit);
}

void command_leave(struct command *command)
{
    struct unit *unit = command->unit;
    record_end(command);
    command->must_end = true;
    if (!command->is_told) {
        command->unit = NULL; /* nobody has heard of it */
    } else {
        news_ring(unit);
    }
}

/* What came along, where its server looks for it; what it left there is its own matter. */
static void streams_give(const struct command *command)
{
    static const char *const names[CONTAINER_STREAMS] = {"stdin", "stdout", "stderr"};
    const struct unit *unit = command->unit;
    for (unsigned i = 0; i < CONTAINER_STREAMS; i++) {
        seL4_CPtr cap = record_find(command->record, names[i]);
        if (cap) {
            (void)seL4_CNode_Copy(unit->container.leaf, CONTAINER_SLOT_STREAM + i, CONTAINER_LEAF_BITS,
                                  unit->estate.allocator.cnode, cap, seL4_WordBits, seL4_AllRights);
        }
    }
}

/* The next that the server does not know of this command. */
static enum container_news news_of(struct command *command, seL4_Word *value)
{
    *value = 0;
    if (!command->is_told) {
        command->is_told = true;
        *value = command->record->order.size;
        streams_give(command);
        return NEWS_RUN;
    }
    if (command->must_end && !command->is_end_told) {
        command->is_end_told = true;
        return NEWS_END;
    }
    if (command->signals) {
        *value = command->signals;
        command->signals = 0;
        return NEWS_SIGNALS;
    }
    if (command->terminal_signals) {
        *value = command->terminal_signals;
        command->terminal_signals = 0;
        return NEWS_TERMINAL;
    }
    return NEWS_NONE;
}

static seL4_MessageInfo_t news_answer(const struct unit *unit)
{
    enum container_news news = NEWS_NONE;
    seL4_Word value = 0, number = 0;
    for (unsigned i = 0; i < COMMANDS && news == NEWS_NONE; i++) {
        if (commands[i].unit == unit) {
            news = news_of(&commands[i], &value);
            number = number_of(&commands[i]);
        }
    }
    seL4_SetMR(0, news);
    seL4_SetMR(1, number);
    seL4_SetMR(2, value);
    return seL4_MessageInfo_new(0, 0, 0, 3);
}

static seL4_MessageInfo_t read_answer(const struct unit *unit, seL4_Word number, seL4_Word offset)
{
    const struct command *command = command_of(unit, number);
    struct order_text text =
        command && command->record ? command->record->order : (struct order_text){NULL, 0};
    seL4_Word most = (seL4_MsgMaxLength - 1) * sizeof(seL4_Word);
    seL4_Word count = offset < text.size ? text.size - offset : 0;
    count = count < most ? count : most;
    if (count) {
        memcpy(&seL4_GetIPCBuffer()->msg[1], text.text + offset, count);
    }
    seL4_SetMR(0, count);
    return seL4_MessageInfo_new(0, 0, 0, 1 + (count + sizeof(seL4_Word) - 1) / sizeof(seL4_Word));
}

static void runs_serve(struct command *command, seL4_Word result)
{
    record_end(command);
    if (result) {
        command_end(command, "error", "the container has not enough memory, or too many processes");
        return;
    }
    services.started(command);
}

static void ended_serve(struct command *command, seL4_Word status)
{
    char how[32];
    bool is_signal = status & SIGNAL_MASK;
    (void)sel4_util_snprintf(how, sizeof how, "%s %lu", is_signal ? "signal" : "exit",
                             is_signal ? status & SIGNAL_MASK : status >> 8 & 255);
    command_end(command, "ended", how);
}

bool command_message(struct unit *unit, seL4_MessageInfo_t message, seL4_MessageInfo_t *answer)
{
    seL4_Word label = seL4_MessageInfo_get_label(message), number = seL4_GetMR(0), value = seL4_GetMR(1);
    struct command *command = command_of(unit, number);
    switch (label) {
    case CONTAINER_NEWS:
        *answer = news_answer(unit);
        return true;
    case CONTAINER_COMMAND_READ:
        *answer = read_answer(unit, number, value);
        return true;
    case CONTAINER_COMMAND_RUNS:
        if (command && command->is_told && !command->has_begun) {
            command->has_begun = true;
            runs_serve(command, value);
        }
        return false;
    default:
        if (command && command->is_told) {
            ended_serve(command, value);
        }
        return false;
    }
}

void commands_end(const struct unit *unit)
{
    for (unsigned i = 0; i < COMMANDS; i++) {
        if (commands[i].unit == unit) {
            command_end(&commands[i], "ended", "signal 9");
        }
    }
}
