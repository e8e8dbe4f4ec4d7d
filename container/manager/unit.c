/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a unit.
 *
 * Nothing here waits for a container: the manager only signals and takes away.
 */
#include "unit.h"

#include "command.h"
#include "port.h"

#include <selkie/host.h>

enum {
    DEFAULT_MEMORY = 256 << 20,
    UNIT_OVERHEAD =
        8 << 20, /* what a container has of the manager's memory; host memory only where it is touched */
    UNIT_SLOTS = 1024,
    PAGE_MASK = 4095,
    SIGNAL_MASK = 127,
    SIGKILL = 9,
    SIGNALS = 64
};

#define SECOND_NS          1000000000ul
#define RESTART_DELAY_NS   (SECOND_NS / 10)
#define RESTART_DELAY_BITS 6 /* doubled so many times */
#define BADGE_BELL         (1ul << 63)

static struct unit units[UNITS];
static struct unit_services services;

seL4_Word clock_ns(seL4_CPtr clock)
{
    struct selkie_host_time now = {0};
    selkie_host_clock_read(clock, SELKIE_CLOCK_MONOTONIC, &now);
    return (seL4_Word)now.seconds * SECOND_NS + (seL4_Word)now.nanoseconds;
}

static seL4_Word clock_seconds(void)
{
    struct selkie_host_time now = {0};
    selkie_host_clock_read(services.clock, SELKIE_CLOCK_REALTIME, &now);
    return (seL4_Word)now.seconds;
}

bool units_init(const struct unit_services *given)
{
    services = *given;
    for (unsigned i = 0; i < UNITS; i++) {
        units[i].index = i;
        if (!estate_reserve(&units[i].estate, UNIT_SLOTS)) {
            return false;
        }
    }
    return true;
}

struct unit *unit_at(unsigned index)
{
    return index < UNITS && units[index].state != UNIT_NONE ? &units[index] : NULL;
}

struct unit *unit_find(const char *name)
{
    for (unsigned i = 0; i < UNITS; i++) {
        if (units[i].state != UNIT_NONE && strcmp(units[i].name, name) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

unsigned units_count(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < UNITS; i++) {
        count += units[i].state != UNIT_NONE;
    }
    return count;
}

/* To the container's standard error. */
static void unit_report(const struct unit *unit, const char *text)
{
    char line[256];
    int length = sel4_util_snprintf(line, sizeof line, "selkie: container %s: %s\n", unit->name, text);
    seL4_CPtr file = record_find(unit->record, "stderr");
    if (!file || selkie_host_file_write(file, line, (size_t)length) < 0) {
        sel4_util_puts(line);
    }
}

static void config_fill(struct unit *unit, struct container_config *config)
{
    const struct record *record = unit->record;
    *config = (struct container_config){
        .order = record->order,
        .memory = unit->memory,
        .permille = order_permille(record->order),
        .personality = services.personality,
        .personality_size = services.personality_size,
    };
    for (unsigned i = 0; i < record->host_count; i++) {
        if (strcmp(record->host[i].name, "status") == 0) {
            continue; /* ours */
        }
        config->host[config->host_count] = record->host[i];
        config->host_cap[config->host_count++] = record->host_cap[i];
    }
}

/* The board in the container's address space, and the bell in its CSpace. */
static seL4_Error board_give(struct unit *unit)
{
    struct sel4_util_allocator *allocator = &unit->estate.allocator;
    struct container *container = &unit->container;
    seL4_CPtr frame = sel4_util_cap_mint(allocator, unit->record->board_frame, seL4_AllRights, 0);
    seL4_CPtr bell = sel4_util_object_alloc(allocator, seL4_NotificationObject, 0);
    unit->bell = bell ? sel4_util_cap_mint(allocator, bell, seL4_CanWrite, BADGE_BELL) : seL4_CapNull;
    if (!frame || !unit->bell) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = sel4_util_map(allocator, container->vspace, frame, CONTAINER_BOARD, seL4_ReadWrite);
    return error ? error
                 : (seL4_Error)seL4_CNode_Copy(container->leaf, CONTAINER_SLOT_BELL, CONTAINER_LEAF_BITS,
                                               allocator->cnode, bell, seL4_WordBits, seL4_AllRights);
}

static seL4_Error unit_start(struct unit *unit)
{
    static struct container_config config;
    config_fill(unit, &config);
    __builtin_memset(unit->record->board, 0, sizeof *unit->record->board);
    seL4_Error error = estate_make(&unit->estate, UNIT_OVERHEAD, unit->memory);
    if (error) {
        return error;
    }
    seL4_CPtr control = sel4_util_cap_mint(&unit->estate.allocator, services.endpoint,
                                           seL4_CapRights_new(1, 1, 0, 1), unit->index + 1);
    error = control ? container_make(&unit->container, &unit->estate.allocator, &unit->estate.quota, control,
                                     &config)
                    : seL4_NotEnoughMemory;
    error = error ? error : board_give(unit);
    error = error ? error : container_start(&unit->container);
    if (error) {
        estate_free(&unit->estate);
        return error;
    }
    unit->begun_ns = unit->container.share.period_ns = clock_ns(services.clock);
    unit->state = UNIT_RUNNING;
    return seL4_NoError;
}

static const char *start_problem(seL4_Error error)
{
    return error == seL4_NotEnoughMemory ? "not enough memory is left in the manager"
                                         : "its order cannot be followed: arguments or mounts";
}

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    for (const char *at = name; *at; at++) {
        bool is_letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';
        bool is_other = (*at >= '0' && *at <= '9') || *at == '.' || *at == '_' || *at == '-';
        if (!is_letter && !is_other) {
            return false;
        }
    }
    return length > 0 && length < CONTROL_NAME;
}

/* NULL, or why no unit can have this name and be as its order says. */
static const char *order_problem(struct order_text order, const char *name)
{
    bool cpu_is_good = share_is_possible() || !text_value(order, "cpu", NULL);
    return !name_is_good(name)                               ? "the name is none"
           : unit_find(name)                                 ? "a container of that name runs already"
           : order_memory(order, DEFAULT_MEMORY) > 1ul << 46 ? "so much memory there is not"
           : !cpu_is_good ? "--cpu: the classic kernel knows no shares of the processor"
                          : port_problem(order);
}

static struct unit *unit_take(struct record *record, const char *name, const char **why)
{
    *why = order_problem(record->order, name);
    for (unsigned i = 0; i < UNITS && !*why; i++) {
        struct unit *unit = &units[i];
        if (unit->state == UNIT_NONE) {
            unit->record = record;
            unit->memory = order_memory(record->order, DEFAULT_MEMORY) & ~(seL4_Word)PAGE_MASK;
            unit->restarts = 0;
            unit->is_stopping = false;
            unit->is_detached = text_value(record->order, "detach", NULL) != NULL;
            unit->started = clock_seconds();
            memcpy(unit->name, name, strlen(name) + 1);
            return unit;
        }
    }
    static char text[64];
    (void)sel4_util_snprintf(text, sizeof text, "%u containers run, and no manager has more", UNITS);
    *why = *why ? *why : text;
    return NULL;
}

struct unit *unit_make(struct record *record, const char **why)
{
    struct unit *unit = unit_take(record, text_last(record->order, "name", ""), why);
    seL4_Error error = unit ? unit_start(unit) : seL4_NoError;
    if (error) {
        *why = start_problem(error);
    }
    if (!unit || error) {
        record_drop(record);
        return NULL;
    }
    return unit;
}

static void end_describe(char *text, size_t size, enum unit_end how, seL4_Word number)
{
    static const char *const words[] = {"exit", "signal", "broken"};
    (void)sel4_util_snprintf(text, size, "%s %lu", words[how], number);
}

static bool restart_is_wanted(const struct unit *unit, enum unit_end how, seL4_Word number)
{
    static const char on_failure[] = "on-failure";
    const char *policy = text_last(unit->record->order, "restart", "no");
    size_t length = sizeof on_failure - 1;
    if (unit->is_stopping) {
        return false;
    }
    if (strncmp(policy, on_failure, length) == 0) {
        bool has_failed = how != UNIT_EXITED || number != 0;
        return has_failed &&
               (policy[length] != ':' || unit->restarts < text_number(policy + length + 1, NULL));
    }
    return strcmp(policy, "always") == 0;
}

static void unit_finish(struct unit *unit, const char *how)
{
    seL4_CPtr status = record_find(unit->record, "status");
    if (status) {
        char line[64];
        int length = sel4_util_snprintf(line, sizeof line, "%s\nended %lu\n", how, clock_seconds());
        selkie_host_file_write(status, line, (size_t)length);
    }
    services.ended(unit, how);
    record_drop(unit->record);
    unit->state = UNIT_NONE;
}

void unit_end(struct unit *unit, enum unit_end how, seL4_Word number)
{
    char text[32];
    end_describe(text, sizeof text, how, number);
    if (unit->state == UNIT_RUNNING) {
        estate_free(&unit->estate);
        commands_end(unit);
    }
    if (!restart_is_wanted(unit, how, number)) {
        unit_finish(unit, text);
        return;
    }
    seL4_Word now = clock_ns(services.clock);
    if (now - unit->begun_ns > 10 * SECOND_NS) {
        unit->restarts = 0; /* it went well for a while */
    }
    unsigned doubled = unit->restarts < RESTART_DELAY_BITS ? (unsigned)unit->restarts : RESTART_DELAY_BITS;
    unit->due_ns = now + (RESTART_DELAY_NS << doubled);
    unit->restarts++;
    unit->state = UNIT_RESTARTING;
}

void unit_signal(struct unit *unit, unsigned number, bool is_terminal)
{
    struct container_board *board = unit->record->board;
    if (number == 0 || number > SIGNALS) {
        return;
    }
    if (unit->state != UNIT_RUNNING || (number == SIGKILL && !is_terminal)) {
        unit_end(unit, UNIT_SIGNALLED, number);
    } else {
        uint64_t *word = is_terminal ? &board->terminal : &board->signals;
        __atomic_or_fetch(word, 1ul << (number - 1), __ATOMIC_ACQ_REL);
        seL4_Signal(unit->bell);
    }
}

static void unit_over(struct unit *unit, seL4_MessageInfo_t message)
{
    seL4_Word label = seL4_MessageInfo_get_label(message), status = seL4_GetMR(0), address = seL4_GetMR(1);
    char text[128];
    if (label == CONTAINER_EXITED) {
        bool is_signal = status & SIGNAL_MASK;
        unit_end(unit, is_signal ? UNIT_SIGNALLED : UNIT_EXITED,
                 is_signal ? status & SIGNAL_MASK : status >> 8 & 255);
        return;
    }
    if (label == CONTAINER_BROKEN) {
        unit_report(unit, "its personality cannot go on");
    } else {
        (void)sel4_util_snprintf(text, sizeof text,
                                 "its personality faulted (%lu) at ip 0x%lx, address 0x%lx", label, status,
                                 address);
        unit_report(unit, text);
    }
    unit_end(unit, UNIT_BROKEN, label);
}

static void answer_send(seL4_CPtr reply, seL4_MessageInfo_t answer)
{
#ifdef CONFIG_KERNEL_MCS
    seL4_Send(reply, answer);
#else
    (void)reply;
    seL4_Reply(answer);
#endif
}

void unit_message(unsigned index, seL4_MessageInfo_t message, seL4_CPtr reply)
{
    struct unit *unit = unit_at(index);
    seL4_Word label = seL4_MessageInfo_get_label(message);
    seL4_MessageInfo_t answer;
    if (!unit || unit->state != UNIT_RUNNING) {
        return;
    }
    if (label >= CONTAINER_NEWS && label <= CONTAINER_COMMAND_ENDED) {
        if (command_message(unit, message, &answer)) {
            answer_send(reply, answer);
        }
    } else if (!share_message(&unit->container, message, reply, services.clock)) {
        unit_over(unit, message);
    }
}

void units_end(void)
{
    for (unsigned i = 0; i < UNITS; i++) {
        if (units[i].state != UNIT_NONE) {
            units[i].is_stopping = true;
            unit_end(&units[i], UNIT_SIGNALLED, SIGKILL);
        }
    }
}

seL4_Word units_continue(void)
{
    seL4_Word next = 0, now = clock_ns(services.clock);
    for (unsigned i = 0; i < UNITS; i++) {
        struct unit *unit = &units[i];
        seL4_Word due = unit->state == UNIT_RUNNING
                            ? share_continue(&unit->container, now, unit->bell, unit->record->board)
                        : unit->state == UNIT_RESTARTING ? unit->due_ns
                                                         : 0;
        if (due > now) {
            next = !next || due < next ? due : next;
        }
        if (due > now || unit->state != UNIT_RESTARTING) {
            continue;
        }
        seL4_Error error = unit_start(unit);
        if (error) {
            unit_report(unit, start_problem(error));
            unit_finish(unit, "broken 0");
        }
    }
    return next;
}
