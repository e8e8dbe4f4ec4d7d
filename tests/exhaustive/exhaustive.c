/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See the usage text. States are met breadth first, so what is printed when
 * something is broken is a shortest sequence of steps. A state is stored as its
 * hash and the step that led to it from another one; to go on from it, the steps
 * are taken again, and the hash must come out again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check/check.h"
#include "kernel/assert.h"
#include "tests/exhaustive/exhaustive.h"

static const char USAGE[] =
    "usage: exhaustive [OPTION]...\n"
    "Take every sequence of steps on a tiny kernel and check every state.\n"
    "  --world NAME     subjects, joined by +: ipc, notify, caps, memory, threads, spaces;\n"
    "                   MCS also has time\n"
    "                   (without it, several worlds one after the other)\n"
    "  --depth N        steps in a sequence (6)\n"
    "  --states N       stop a world after so many states\n"
    "  --seconds N      stop a world after so long\n"
    "  --mcs            the MCS personality\n"
    "  --list           print the steps of the worlds and their numbers\n"
    "  --replay N,N...  take these steps of --world, printing each\n";

enum {
    REPEAT_EVERY = 4 /* steps, and each that leads to a new state: is taken twice, to see the same */
};

struct state {
    struct hash hash;
    uint32_t parent;
    uint16_t step;
    uint16_t depth;
};

static struct search {
    struct tiny tiny;
    struct tiny_options options;
    unsigned depth;
    uint64_t states_max;
    double seconds_max, started;
    struct state *states;
    uint32_t count, room;
    uint32_t *index; /* of states by hash, + 1; open addressing */
    uint32_t index_size;
    uint64_t now_ns; /* in the initial state */
    uint64_t steps_taken;
    uint32_t of_depth[DEPTH_MAX + 1];
    bool is_terminal;
    /* for the report */
    uint32_t at;
    int step;
} search;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The steps that led to a state; returns how many. */
static unsigned path_of(uint32_t at, uint16_t path[DEPTH_MAX])
{
    unsigned length = search.states[at].depth;
    for (unsigned i = length; i > 0; i--) {
        path[i - 1] = search.states[at].step;
        at = search.states[at].parent;
    }
    return length;
}

static void failure_report(const char *expression, const char *file, int line)
{
    uint16_t path[DEPTH_MAX];
    fprintf(stderr, "%sexhaustive: %s:%d: %s\n", search.is_terminal ? "\n" : "", file, line, expression);
    if (!search.states)
        return;
    unsigned length = path_of(search.at, path);
    if (search.step >= 0)
        path[length++] = (uint16_t)search.step;
    fprintf(stderr, "exhaustive: after these steps:\n");
    for (unsigned i = 0; i < length; i++)
        fprintf(stderr, "  %3u  %s\n", path[i], search.tiny.menu[path[i]].name);
    fprintf(stderr, "exhaustive: again: --world %s%s --replay ", search.options.world,
            search.options.is_mcs ? " --mcs" : "");
    for (unsigned i = 0; i < length; i++)
        fprintf(stderr, "%s%u", i ? "," : "", path[i]);
    fprintf(stderr, "\n");
}

/* --- the states that were met --- */

static void index_put(uint32_t number)
{
    uint32_t at = (uint32_t)search.states[number].hash.a & (search.index_size - 1);
    while (search.index[at])
        at = (at + 1) & (search.index_size - 1);
    search.index[at] = number + 1;
}

static void index_grow(void)
{
    free(search.index);
    search.index_size = search.index_size ? search.index_size * 2 : 1 << 16;
    search.index = calloc(search.index_size, sizeof *search.index);
    if (!search.index)
        abort();
    for (uint32_t i = 0; i < search.count; i++)
        index_put(i);
}

static bool state_is_known(struct hash hash)
{
    uint32_t at = (uint32_t)hash.a & (search.index_size - 1);
    for (; search.index[at]; at = (at + 1) & (search.index_size - 1)) {
        const struct state *state = &search.states[search.index[at] - 1];
        if (state->hash.a == hash.a && state->hash.b == hash.b)
            return true;
    }
    return false;
}

static void state_add(struct state state)
{
    if (search.count == search.room) {
        search.room = search.room ? search.room * 2 : 1 << 15;
        search.states = realloc(search.states, search.room * sizeof *search.states);
        if (!search.states)
            abort();
    }
    search.states[search.count++] = state;
    search.of_depth[state.depth]++;
    if (search.count > search.index_size / 2)
        index_grow();
    else
        index_put(search.count - 1);
}

/* --- going to a state, and on from it --- */

static void state_go(uint32_t at)
{
    static struct change changes[CHANGES_MAX];
    uint16_t path[DEPTH_MAX];
    unsigned length = path_of(at, path);
    struct sim *sim = search.tiny.rig.sim;

    search.at = at;
    search.step = -1;
    arena_reset();
    arena_mark();
    sim->now_ns = search.now_ns;
    sim->next = kernel_next(&sim->kernel, 0);
    for (unsigned i = 0; i < length; i++)
        step_take(&search.tiny, &search.tiny.menu[path[i]]);
    struct hash hash = arena_hash((struct hash){0, 0}, changes, arena_changes(changes));
    if (hash.a != search.states[at].hash.a || hash.b != search.states[at].hash.b)
        kernel_assert_failed("replay: the same steps lead to another state", __FILE__, __LINE__);
    arena_mark();
    oracle_mark(&search.tiny);
}

/* Where a state was left for a moment: what lies outside the arena. */
struct place {
    struct next next;
    uint64_t now_ns;
};

static void place_return(const struct place *place, const struct change *changes, unsigned count)
{
    arena_undo(changes, count);
    search.tiny.rig.sim->next = place->next;
    search.tiny.rig.sim->now_ns = place->now_ns;
}

/* The step leads where it led before. */
static void step_repeat(uint32_t at, const struct step *step, const struct place *place, struct hash wanted)
{
    static struct change changes[CHANGES_MAX];
    step_take(&search.tiny, step);
    unsigned count = arena_changes(changes);
    struct hash hash = arena_hash(search.states[at].hash, changes, count);
    if (hash.a != wanted.a || hash.b != wanted.b)
        kernel_assert_failed("replay: the same step leads to another state", __FILE__, __LINE__);
    place_return(place, changes, count);
}

static void step_try(uint32_t at, unsigned number, const struct place *place)
{
    static struct change changes[CHANGES_MAX];
    const struct step *step = &search.tiny.menu[number];

    search.step = (int)number;
    search.steps_taken++;
    struct outcome outcome = step_take(&search.tiny, step);
    unsigned count = arena_changes(changes);
    oracle_step(&search.tiny, step, outcome, changes, count);
    struct hash hash = arena_hash(search.states[at].hash, changes, count);
    bool is_new = !state_is_known(hash);
    if (is_new) {
        kernel_check_sampled(search.tiny.rig.k, search.count);
        oracle_state(&search.tiny);
        state_add((struct state){.hash = hash,
                                 .parent = at,
                                 .step = (uint16_t)number,
                                 .depth = (uint16_t)(search.states[at].depth + 1)});
    }
    place_return(place, changes, count);
    if (is_new || search.steps_taken % REPEAT_EVERY == 0)
        step_repeat(at, step, place, hash);
}

static void progress_print(uint32_t at)
{
    fprintf(stderr,
            "\r%s: depth %u, %" PRIu32 " of %" PRIu32 " states gone on from, %" PRIu64 " steps, %.0f s  ",
            search.options.world, search.states[at].depth + 1u, at, search.count, search.steps_taken,
            seconds_now() - search.started);
}

static bool budget_is_spent(uint32_t at)
{
    if (at % 1024 == 0 && search.is_terminal)
        progress_print(at);
    if (search.count >= search.states_max)
        return true;
    return at % 64 == 0 && seconds_now() - search.started > search.seconds_max;
}

/* False: the budget was spent before all sequences were taken. */
static bool states_explore(void)
{
    state_add((struct state){.depth = 0});
    for (uint32_t at = 0; at < search.count && search.states[at].depth < search.depth; at++) {
        if (budget_is_spent(at))
            return false;
        state_go(at);
        struct place place = {search.tiny.rig.sim->next, search.tiny.rig.sim->now_ns};
        for (unsigned i = 0; i < search.tiny.steps; i++) {
            if (step_applies(&search.tiny, &search.tiny.menu[i]))
                step_try(at, i, &place);
        }
    }
    return true;
}

static void world_open(const char *world)
{
    search.options.world = world;
    search.tiny = tiny_open(&search.options);
    kernel_check(search.tiny.rig.k);
    search.now_ns = search.tiny.rig.sim->now_ns;
    arena_watch(search.tiny.rig.k);
}

static void world_close(void)
{
    arena_unwatch();
    sim_close(search.tiny.rig.sim);
    free(search.states);
    free(search.index);
    search.states = NULL;
    search.index = NULL;
    search.count = search.room = search.index_size = 0;
    search.steps_taken = 0;
    memset(search.of_depth, 0, sizeof search.of_depth);
}

static uint64_t world_explore(const char *world)
{
    world_open(world);
    index_grow();
    search.started = seconds_now();
    bool is_all = states_explore();
    uint64_t count = search.count;
    printf("%s%s: %u steps in the menu, %s depth %u: %" PRIu64 " states (", search.is_terminal ? "\n" : "",
           world, search.tiny.steps, is_all ? "all of" : "stopped before", search.depth, count);
    for (unsigned i = 0; i <= search.depth && search.of_depth[i]; i++)
        printf("%s%" PRIu32, i ? " + " : "", search.of_depth[i]);
    printf("), %" PRIu64 " steps taken, %.1f s\n", search.steps_taken, seconds_now() - search.started);
    fflush(stdout);
    world_close();
    return count;
}

static void world_list(const char *world)
{
    world_open(world);
    printf("%s:\n", world);
    for (unsigned i = 0; i < search.tiny.steps; i++)
        printf("  %3u  %s\n", i, search.tiny.menu[i].name);
    world_close();
}

static const char *runner_name(const struct next *next)
{
    if (next->kind != NEXT_RUN)
        return next->kind == NEXT_IDLE ? "nobody" : "halted";
    if (next->tcb == search.tiny.root)
        return "root";
    return next->tcb == search.tiny.child ? "child" : "another";
}

static int world_replay(const char *world, const char *numbers)
{
    static struct change changes[CHANGES_MAX];
    world_open(world);
    for (const char *at = numbers; *at;) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (end == at || number >= search.tiny.steps) {
            fprintf(stderr, "exhaustive: --replay takes numbers of steps, not \"%s\"\n", at);
            return 2;
        }
        const struct step *step = &search.tiny.menu[number];
        if (!step_applies(&search.tiny, step)) {
            fprintf(stderr, "exhaustive: \"%s\" cannot be done here\n", step->name);
            return 2;
        }
        arena_mark();
        oracle_mark(&search.tiny);
        printf("%3lu  %s: ", number, step->name);
        fflush(stdout);
        struct outcome outcome = step_take(&search.tiny, step);
        unsigned count = arena_changes(changes);
        printf("%s, %u lines changed, %s runs\n",
               outcome.is_answered ? abi_error_name((enum abi_error)outcome.label) : "no answer", count,
               runner_name(&search.tiny.rig.sim->next));
        fflush(stdout);
        oracle_step(&search.tiny, step, outcome, changes, count);
        kernel_check(search.tiny.rig.k);
        oracle_state(&search.tiny);
        at = *end == ',' ? end + 1 : end;
    }
    world_close();
    return check_failures ? 1 : 0;
}

static uint64_t number_parse(const char *text, const char *what)
{
    char *end;
    uint64_t number = strtoull(text, &end, 0);
    if (*text == 0 || *end != 0) {
        fprintf(stderr, "exhaustive: %s takes a number, not \"%s\"\n", what, text);
        exit(2);
    }
    return number;
}

static int worlds_run(const char *world, bool is_list)
{
    uint64_t total = 0;
    const char *const only[] = {world, NULL};
    const char *const *all = search.options.is_mcs ? tiny_mcs_worlds : tiny_worlds;
    for (const char *const *at = world ? only : all; *at; at++) {
        if (is_list)
            world_list(*at);
        else
            total += world_explore(*at);
    }
    if (!is_list)
        printf("exhaustive: %s, depth %u: %" PRIu64 " states, nothing broken\n",
               search.options.is_mcs ? "MCS" : "classic", search.depth, total);
    return check_failures ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"world", required_argument, NULL, 'w'},
                                            {"depth", required_argument, NULL, 'd'},
                                            {"states", required_argument, NULL, 'n'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"mcs", no_argument, NULL, 'm'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"replay", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *world = NULL, *replay = NULL;
    bool is_list = false;
    search.depth = 6;
    search.states_max = UINT32_MAX - 1;
    search.seconds_max = 1e9;
    search.is_terminal = isatty(STDERR_FILENO);
    sim_set_failure_hook(failure_report);
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'w')
            world = optarg;
        else if (option == 'd')
            search.depth = (unsigned)number_parse(optarg, "--depth");
        else if (option == 'n')
            search.states_max = number_parse(optarg, "--states");
        else if (option == 's')
            search.seconds_max = (double)number_parse(optarg, "--seconds");
        else if (option == 'm')
            search.options.is_mcs = true;
        else if (option == 'l')
            is_list = true;
        else if (option == 'r')
            replay = optarg;
        else {
            fputs(USAGE, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    if ((world && !tiny_is_world(world)) || optind < argc || search.depth > DEPTH_MAX - 1 ||
        (replay && !world)) {
        fputs(USAGE, stderr);
        return 2;
    }
    return replay ? world_replay(world, replay) : worlds_run(world, is_list);
}
