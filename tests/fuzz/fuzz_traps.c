/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap fuzzer: random programs in every thread of a small system, and the
 * heap check after every trap.
 *
 *     fuzz_traps [--mcs] [--seed N] [--traps N] [--check-every N] [--quiet]
 *
 * A run is cut into episodes, each with a freshly booted world, because random
 * programs run themselves aground. The seed decides everything: when an assertion fails, the
 * seed, the step and the last traps are printed, and the same seed repeats them.
 * At the end a table says how often each invocation came to which outcome.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "check/check.h"
#include "kernel/state.h"
#include "tests/fuzz/grammar.h"

enum {
    EPISODE_TRAPS = 4000,
    IDLE_TRAPS = 24, /* with nothing running but the doctor, before the episode ends */
    FULL_CHECK_EVERY = 512,
    HISTORY = 24
};

enum outcome { /* behind the errors of abi_error */
    OUTCOME_PREEMPTED = ABI_NOT_ENOUGH_MEMORY + 1,
    OUTCOME_OTHER, /* the caller is blocked or gone */
    OUTCOME_COUNT
};

struct event {
    uint64_t step;
    uint64_t tcb;
    const char *what;
    uint64_t cptr;
    struct message message;
};

struct fuzz {
    struct world world;
    struct rig rig; /* of the world */
    struct random random;
    uint64_t seed, traps, check_every;
    uint64_t step, episodes;
    bool is_mcs;
    uint64_t doctor; /* paddr of its TCB */
    unsigned idle;
    struct event history[HISTORY];
    uint64_t outcomes[OPERATION_COUNT][OUTCOME_COUNT];
    uint64_t host_outcomes[HOST_OPERATIONS][OUTCOME_COUNT + 1]; /* the last: NoError, but an error of the host's */
    uint64_t host_events;
};

static struct fuzz fuzz;

static void failure_report(const char *expression, const char *file, int line)
{
    fprintf(stderr,
            "fuzz_traps: %s:%d: %s\nfuzz_traps: --seed %" PRIu64 ", step %" PRIu64 ", episode %" PRIu64 "\n",
            file, line, expression, fuzz.seed, fuzz.step, fuzz.episodes);
    for (uint64_t i = fuzz.step > HISTORY ? fuzz.step - HISTORY + 1 : 0; i <= fuzz.step; i++) {
        const struct event *event = &fuzz.history[i % HISTORY];
        fprintf(stderr, "  %" PRIu64 ": thread 0x%" PRIx64 " %s 0x%" PRIx64 " ", event->step, event->tcb,
                event->what, event->cptr);
        if (event->message.host_label)
            fprintf(stderr, "host operation %" PRIu64 "(", event->message.host_label - HOST_IO_LABEL);
        else
            fprintf(stderr, "%s(", abi_operation_name(event->message.operation));
        for (unsigned j = 0; j < event->message.length; j++)
            fprintf(stderr, "%s0x%" PRIx64, j ? " " : "", event->message.word[j]);
        for (unsigned j = 0; j < event->message.cap_count; j++)
            fprintf(stderr, " cap %" PRIu64, event->message.cap[j]);
        fprintf(stderr, ")\n");
    }
}

static struct event *event_record(const char *what, uint64_t cptr)
{
    struct event *event = &fuzz.history[fuzz.step % HISTORY];
    *event = (struct event){.step = fuzz.step, .tcb = fuzz.rig.sim->next.tcb, .what = what, .cptr = cptr};
    return event;
}

static unsigned outcome_of(uint64_t tcb)
{
    const struct tcb *caller = tcb_at(fuzz.rig.k, tcb);
    unsigned outcome = OUTCOME_OTHER;
    bool is_through = caller->state == THREAD_RUNNING || sim_is_restarted(fuzz.rig.sim);
    if (is_through) {
        bool is_again =
            caller->context.is_syscall && caller->context.next_ip == caller->context.reg[REG_FAULT_IP];
        uint64_t label = caller->context.reg[REG_RSI] >> 12;
        outcome = is_again                         ? OUTCOME_PREEMPTED
                  : label <= ABI_NOT_ENOUGH_MEMORY ? (unsigned)label
                                                   : OUTCOME_OTHER;
    } else if (caller->state == THREAD_RESTART) {
        outcome = OUTCOME_PREEMPTED;
    }
    return outcome;
}

static void outcome_count(const struct message *message, uint64_t tcb)
{
    unsigned outcome = outcome_of(tcb);
    uint64_t operation = message->host_label - HOST_IO_LABEL;
    if (message->operation) {
        fuzz.outcomes[message->operation][outcome]++;
    } else if (message->host_label && operation < HOST_OPERATIONS) {
        bool is_error = outcome == ABI_NO_ERROR && (int64_t)tcb_at(fuzz.rig.k, tcb)->context.reg[REG_R10] < 0;
        fuzz.host_outcomes[operation][is_error ? (unsigned)OUTCOME_COUNT : outcome]++;
    }
}

/* The initial thread keeps the world going; it should not block or die too soon. */
static bool root_is_careful(void)
{
    return fuzz.rig.sim->next.tcb == fuzz.rig.root && random_chance(&fuzz.random, 950);
}

static void step_invoke(void)
{
    struct rig *rig = &fuzz.rig;
    uint64_t cptr = grammar_cptr(rig, &fuzz.random);
    enum syscall syscall = SYSCALL_CALL;
    uint64_t tcb = rig->sim->next.tcb;
    struct event *event = event_record("Call", cptr);
    struct message *message = &event->message;

    grammar_message(rig, &fuzz.random, cptr, message);
    bool is_ipc = message->operation == OPERATION_INVALID && message->host_label == 0;
    if (random_chance(&fuzz.random, is_ipc ? 600 : 50))
        syscall = random_chance(&fuzz.random, 200) ? SYSCALL_SEND : SYSCALL_NB_SEND;
    if (is_ipc && root_is_careful())
        syscall = SYSCALL_NB_SEND;
    event->what = abi_syscall_name(syscall);
    uint64_t label = message->operation ? 0 : message->host_label;
    if (is_ipc)
        label = random_below(&fuzz.random, 3);
    for (uint64_t i = 1; message->operation && i < ABI_MAX_LABELS; i++) {
        if (rig->sim->abi.operation_of_label[i] == message->operation)
            label = i;
    }
    if (fuzz.is_mcs && random_chance(&fuzz.random, 40) && !root_is_careful()) {
        syscall = random_chance(&fuzz.random, 500) ? SYSCALL_NB_SEND_RECV : SYSCALL_NB_SEND_WAIT;
        rig->destination = cptr;
        event->what = abi_syscall_name(syscall);
        cptr = grammar_slot(rig, &fuzz.random, CAP_ENDPOINT);
    }
    rig_syscall(rig, syscall, cptr, rig_info(label, message->cap_count, message->length), message->word,
                message->length, message->cap, message->cap_count);
    if (syscall == SYSCALL_CALL && !is_ipc)
        outcome_count(message, tcb);
}

static enum syscall ipc_call_mcs(void)
{
    static const enum syscall calls[] = {SYSCALL_RECV,    SYSCALL_RECV,         SYSCALL_NB_RECV,
                                         SYSCALL_WAIT,    SYSCALL_NB_WAIT,      SYSCALL_YIELD,
                                         SYSCALL_NB_SEND, SYSCALL_NB_SEND_RECV, SYSCALL_NB_SEND_WAIT,
                                         SYSCALL_SEND,    SYSCALL_REPLY_RECV,   SYSCALL_REPLY_RECV};
    return calls[random_below(&fuzz.random, sizeof calls / sizeof *calls)];
}

static void step_ipc(void)
{
    static const enum syscall calls[] = {SYSCALL_RECV,  SYSCALL_NB_RECV,    SYSCALL_NB_RECV, SYSCALL_REPLY,
                                         SYSCALL_YIELD, SYSCALL_REPLY_RECV, SYSCALL_REPLY};
    struct rig *rig = &fuzz.rig;
    enum syscall syscall = calls[random_below(&fuzz.random, sizeof calls / sizeof *calls)];
    if (root_is_careful())
        syscall = random_chance(&fuzz.random, 500) ? SYSCALL_NB_RECV : SYSCALL_YIELD;
    else if (fuzz.is_mcs)
        syscall = ipc_call_mcs();
    uint64_t cptr = grammar_cptr(rig, &fuzz.random);
    if (random_chance(&fuzz.random, 800)) /* endpoints are in the first free slots */
        cptr = rig->first_slot + random_below(&fuzz.random, 18);
    struct event *event = event_record(abi_syscall_name(syscall), cptr);
    for (unsigned i = 0; i < 8; i++)
        event->message.word[i] = grammar_vaddr(&fuzz.random);
    event->message.length = (unsigned)random_below(&fuzz.random, 8);
    rig_syscall(rig, syscall, cptr, rig_info(random_below(&fuzz.random, 2), 0, event->message.length),
                event->message.word, event->message.length, NO_CAPS);
}

/* Whatever else a thread can do to the kernel. */
static void step_odd(void)
{
    static const enum syscall calls[] = {SYSCALL_DEBUG_PUT_CHAR,       SYSCALL_DEBUG_CAP_IDENTIFY,
                                         SYSCALL_DEBUG_NAME_THREAD,    SYSCALL_SET_TLS_BASE,
                                         SYSCALL_DEBUG_DUMP_SCHEDULER, SYSCALL_DEBUG_SNAPSHOT};
    struct rig *rig = &fuzz.rig;
    uint64_t mr[4] = {0};
    uint64_t number = grammar_edge_word(&fuzz.random);
    if (random_chance(&fuzz.random, 500))
        number = 0 - random_below(&fuzz.random, ABI_MAX_SYSCALLS);
    for (unsigned i = 0; i < sizeof calls / sizeof *calls && random_chance(&fuzz.random, 300); i++) {
        if (abi_syscall(&rig->sim->abi, 0 - (uint64_t)(9 + i)) == calls[i])
            number = 0 - (uint64_t)(9 + i);
    }
    if (abi_syscall(&rig->sim->abi, number) == SYSCALL_DEBUG_HALT && random_chance(&fuzz.random, 950))
        number = 0;
    uint64_t cptr = grammar_cptr(rig, &fuzz.random);
    event_record("odd system call", number);
    sim_syscall(rig->sim, number, cptr, grammar_edge_word(&fuzz.random), mr);
}

/* #DB, with any of the bits of DR6 that engines pass on, or #BP. */
static void step_debug_exception(void)
{
    struct trap trap = {.kind = TRAP_EXCEPTION, .vector = random_chance(&fuzz.random, 800) ? 1 : 3};
    if (random_chance(&fuzz.random, 800))
        trap.debug_status = (uint32_t)random_word(&fuzz.random) & (TRAP_DEBUG_BREAKPOINTS | TRAP_DEBUG_STEP);
    event_record("debug exception", trap.debug_status);
    sim_trap(fuzz.rig.sim, trap);
}

static void step_fault(void)
{
    if (fuzz.rig.k->abi->config.has_hardware_debug && random_chance(&fuzz.random, 500))
        step_debug_exception();
    else if (random_chance(&fuzz.random, 500)) {
        uint64_t address = grammar_vaddr(&fuzz.random);
        event_record("VM fault", address);
        sim_vm_fault(fuzz.rig.sim, address, (uint32_t)(4 | random_below(&fuzz.random, 4)));
    } else {
        uint32_t vector = (uint32_t)random_below(&fuzz.random, 20);
        event_record("exception", vector);
        sim_exception(fuzz.rig.sim, vector, (uint32_t)random_below(&fuzz.random, 3));
    }
}

/* User code uses its memory; the page is cached from then on. */
static void step_touch(void)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t vaddr = grammar_vaddr(&fuzz.random) & ~7ull;
        bool is_write = random_chance(&fuzz.random, 300);
        uint64_t *word = vaddr < ABI_USER_TOP ? sim_user_memory(fuzz.rig.sim, vaddr, is_write) : NULL;
        if (word && is_write)
            *word = grammar_edge_word(&fuzz.random);
    }
}

/* The words that say where a thread takes capabilities. */
static void step_receive_window(void)
{
    uint64_t *buffer = rig_buffer(&fuzz.rig);
    if (!buffer)
        return;
    buffer[125] = random_chance(&fuzz.random, 900) ? ABI_SLOT_CNODE : grammar_edge_word(&fuzz.random);
    buffer[126] = fuzz.rig.next_slot + random_below(&fuzz.random, 100);
    buffer[127] = random_chance(&fuzz.random, 900) ? 64 : grammar_edge_word(&fuzz.random);
}

static void step_doctor(void)
{
    struct rig *rig = &fuzz.rig;
    uint64_t kind = random_below(&fuzz.random, 10);
    fuzz.idle++; /* it is alone if it never gets to wait */
    rig->reply = fuzz.world.doctor_reply;
    switch (kind) {
    case 0:
        event_record("doctor: resume", ABI_SLOT_TCB);
        rig_call_raw(rig, ABI_SLOT_TCB, rig_label(rig, OPERATION_TCB_RESUME), NO_WORDS);
        return;
    case 1:
        event_record("doctor: acknowledge", fuzz.world.doctor_irq);
        rig_call_raw(rig, fuzz.world.doctor_irq, rig_label(rig, OPERATION_IRQ_ACK_IRQ), NO_WORDS);
        return;
    default:
        event_record("doctor: reply and wait", fuzz.world.doctor_endpoint);
        rig_reply_recv(rig, fuzz.world.doctor_endpoint, 0, NO_WORDS);
    }
}

/* What a ready set waits for happens, or something that nothing waits for. */
static void step_host_event(void)
{
    struct sim *sim = fuzz.rig.sim;
    uint32_t handle;
    if (random_chance(&fuzz.random, 900) && grammar_host_is_watching(sim, &fuzz.random, &handle)) {
        event_record("event of handle", handle);
        fuzz.host_events += sim_host_event(sim, handle, sim->host.watch[handle].events);
        return;
    }
    struct trap trap = {.kind = TRAP_HOST, .address = grammar_host_cookie(&fuzz.rig, &fuzz.random), .status = 1};
    event_record("event of object", trap.address);
    sim_trap(sim, trap);
}

static void step_from_outside(void)
{
    if (random_chance(&fuzz.random, 250)) {
        step_host_event();
        return;
    }
    bool is_idle = fuzz.rig.sim->next.kind == NEXT_IDLE;
    bool is_tick = random_chance(&fuzz.random, is_idle ? 200 : 500);
    uint32_t irq = is_idle ? (uint32_t)DOCTOR_IRQ : (uint32_t)(16 + random_below(&fuzz.random, 120));
    for (uint32_t i = 0; i < KERNEL_IRQS && random_chance(&fuzz.random, 999); i++) {
        if (kernel_irq_is_handled(fuzz.rig.k, (irq + i) % KERNEL_IRQS)) {
            irq = (irq + i) % KERNEL_IRQS;
            break;
        }
    }
    if (is_idle && fuzz.rig.sim->next.timer_ns != UINT64_MAX) {
        is_tick = true;
        fuzz.rig.sim->now_ns = fuzz.rig.sim->next.timer_ns;
    }
    event_record(is_tick ? "tick" : "interrupt", is_tick ? 0 : irq);
    if (is_tick)
        sim_tick(fuzz.rig.sim);
    else
        sim_interrupt(fuzz.rig.sim, irq);
}

/* Some time passes, most often little; system calls name some reply object. */
static void step_time(void)
{
    struct rig *rig = &fuzz.rig;
    uint64_t most_ns = random_chance(&fuzz.random, 900) ? 5000 : 400000;
    rig->sim->now_ns += random_below(&fuzz.random, most_ns);
    if (random_chance(&fuzz.random, 10) && rig->sim->next.timer_ns != UINT64_MAX)
        rig->sim->now_ns = rig->sim->next.timer_ns;
    rig->reply =
        grammar_slot(rig, &fuzz.random, random_chance(&fuzz.random, 950) ? CAP_REPLY_OBJECT : CAP_THREAD);
    rig->destination = grammar_cptr(rig, &fuzz.random);
    rig->sim->is_slow = random_chance(&fuzz.random, 500);
}

static void step_run(void)
{
    struct sim *sim = fuzz.rig.sim;
    uint64_t kind = random_below(&fuzz.random, 1000);

    if (fuzz.is_mcs)
        step_time();
    sim->preempt_countdown = random_chance(&fuzz.random, 500) ? 1 + random_below(&fuzz.random, 4) : 0;
    if (sim->next.kind == NEXT_IDLE || kind < 25) {
        step_from_outside();
        return;
    }
    sim->next = kernel_awake(fuzz.rig.k, 0); /* where it was slow */
    if (sim->next.vspace == 0) { /* it cannot even fetch an instruction */
        event_record("VM fault", sim->next.context->next_ip);
        sim_vm_fault(sim, sim->next.context->next_ip, 4);
        return;
    }
    if (sim->next.tcb == fuzz.doctor && random_chance(&fuzz.random, 980)) {
        step_doctor();
        return;
    }
    /* Not always: its code may have been changed meanwhile. */
    if (sim_is_restarted(sim) && random_chance(&fuzz.random, 800)) {
        event_record("again", 0);
        sim_restart(sim);
        return;
    }
    if (kind < 60)
        step_touch();
    if (kind < 100)
        step_receive_window();
    if (kind < 750)
        step_invoke();
    else if (kind < 960 || root_is_careful())
        step_ipc();
    else if (kind < 980)
        step_odd();
    else
        step_fault();
}

/* Is everything within the check's reach? */
static bool step_check(void)
{
    rig_check_forgotten(fuzz.rig.sim);
    if (fuzz.step % FULL_CHECK_EVERY == 0)
        return kernel_check(fuzz.rig.k);
    if (fuzz.step % fuzz.check_every == 0)
        return kernel_check_sampled(fuzz.rig.k, fuzz.step);
    return true;
}

static void episode_run(void)
{
    fuzz.world = world_open(&fuzz.random, fuzz.is_mcs);
    fuzz.rig = fuzz.world.rig;
    fuzz.doctor = rig_cap(&fuzz.rig, fuzz.world.doctor).paddr;
    fuzz.episodes++;
    fuzz.idle = 0;
    for (unsigned i = 0; i < EPISODE_TRAPS && fuzz.step < fuzz.traps && fuzz.idle < IDLE_TRAPS; i++) {
        fuzz.step++;
        step_run();
        if (!step_check() || fuzz.rig.sim->next.kind == NEXT_HALT)
            break;
        if (fuzz.rig.sim->next.kind == NEXT_IDLE)
            fuzz.idle++;
        else if (fuzz.rig.sim->next.tcb != fuzz.doctor)
            fuzz.idle = 0;
    }
    kernel_check(fuzz.rig.k);
    sim_close(fuzz.rig.sim);
}

static const char *outcome_name(unsigned outcome)
{
    if (outcome == OUTCOME_PREEMPTED)
        return "preempted";
    return outcome == OUTCOME_OTHER ? "blocked or gone" : abi_error_name((enum abi_error)outcome);
}

static void coverage_print(void)
{
    for (unsigned operation = 1; operation < OPERATION_COUNT; operation++) {
        uint64_t total = 0;
        for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
            total += fuzz.outcomes[operation][outcome];
        if (total == 0)
            continue;
        printf("%-28s", abi_operation_name((enum operation)operation));
        for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
            if (fuzz.outcomes[operation][outcome])
                printf(" %s %" PRIu64, outcome_name(outcome), fuzz.outcomes[operation][outcome]);
        }
        printf("\n");
    }
    for (unsigned operation = 0; operation < HOST_OPERATIONS; operation++) {
        printf("host operation %-13u", operation);
        for (unsigned outcome = 0; outcome <= OUTCOME_COUNT; outcome++) {
            if (fuzz.host_outcomes[operation][outcome])
                printf(" %s %" PRIu64, outcome == OUTCOME_COUNT ? "-errno" : outcome_name(outcome),
                       fuzz.host_outcomes[operation][outcome]);
        }
        printf("\n");
    }
    printf("host events %" PRIu64 "\n", fuzz.host_events);
}

static uint64_t number_parse(const char *text, const char *what)
{
    char *end;
    uint64_t number = strtoull(text, &end, 0);
    if (*text == 0 || *end != 0) {
        fprintf(stderr, "fuzz_traps: %s takes a number, not \"%s\"\n", what, text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"traps", required_argument, NULL, 't'},
                                            {"check-every", required_argument, NULL, 'c'},
                                            {"mcs", no_argument, NULL, 'm'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {NULL, 0, NULL, 0}};
    bool is_quiet = false;
    fuzz.seed = 1;
    fuzz.traps = 100000;
    fuzz.check_every = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            fuzz.seed = number_parse(optarg, "--seed");
        else if (option == 't')
            fuzz.traps = number_parse(optarg, "--traps");
        else if (option == 'c')
            fuzz.check_every = number_parse(optarg, "--check-every");
        else if (option == 'q')
            is_quiet = true;
        else if (option == 'm')
            fuzz.is_mcs = true;
        else
            return 2;
    }
    if (fuzz.check_every == 0)
        fuzz.check_every = UINT64_MAX;
    fuzz.random.state = fuzz.seed * 0x9e3779b97f4a7c15ull | 1;
    sim_set_failure_hook(failure_report);
    while (fuzz.step < fuzz.traps)
        episode_run();
    if (!is_quiet)
        coverage_print();
    printf("fuzz_traps: seed %" PRIu64 ": %" PRIu64 " traps in %" PRIu64 " episodes, no invariant broken\n",
           fuzz.seed, fuzz.step, fuzz.episodes);
    return check_failures ? 1 : 0;
}
