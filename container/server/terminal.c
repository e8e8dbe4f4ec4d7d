/* SPDX-License-Identifier: BSD-2-Clause */
/* Terminals and their sessions. pty(7), ioctl_tty(2), setsid(2), credentials(7). */
#include "container/server/terminal.h"

#include <selkie/host.h>

#include "container/server/borrow.h"

enum {
    TERMINALS = SERVER_TERMINALS + SERVER_CONSOLES,
    CONSOLE = 0, /* the container's, if it has one */
    WORDS = (PROCESSES + 63) / 64,
    SIGHUP = 1,
    SIGCONT = 18,
    SIGNALS = 65,
    SI_KERNEL = 128
};

struct terminal {
    bool is_used, is_locked, has_slave;
    int session; /* 0: nobody's */
    int foreground;
    cap_address file;         /* of one from outside; 0: it was made here */
    struct object_box master; /* of one that was made here */
    struct object_box
        slave; /* until it is opened for the first time: a terminal that nobody ever opened is not over */
    uint64_t holders[WORDS];
    unsigned passed; /* masters on their way to another process */
};

static struct terminal terminals[TERMINALS];

static unsigned index_of(const struct process *process)
{
    return (unsigned)(process - processes);
}

static struct terminal *terminal_find(int id)
{
    return id >= 0 && id < TERMINALS && terminals[id].is_used ? &terminals[id] : NULL;
}

void terminals_init(const struct container_order *order)
{
    struct terminal *console = &terminals[CONSOLE];
    for (unsigned i = 0; i < order->host_count && order->is_terminal; i++) {
        if (strncmp(order->host[i].name, "stdin", sizeof order->host[i].name) == 0) {
            *console = (struct terminal){.is_used = true,
                                         .session = processes[0].session,
                                         .foreground = processes[0].group,
                                         .file = CONTAINER_SLOT_HOST + i};
        }
    }
}

int console_add(const struct process *leader, cap_address file)
{
    for (int id = SERVER_TERMINALS; id < TERMINALS; id++) {
        struct terminal *terminal = &terminals[id];
        if (terminal->is_used) {
            continue;
        }
        if (!file_keep(&terminal->master, file)) {
            return -1;
        }
        terminal->file = terminal->master.object;
        terminal->session = leader->session;
        terminal->foreground = leader->group;
        terminal->is_used = true;
        return id;
    }
    return -1;
}

void terminal_signals(int id, uint64_t signals)
{
    const struct terminal *terminal = terminal_find(id);
    for (int signal = 1; terminal && signals; signal++, signals >>= 1) {
        if (signals & 1) {
            signal_group(terminal->foreground, signal);
        }
    }
}

void console_signals(uint64_t signals)
{
    if (terminals[CONSOLE].file) {
        terminal_signals(CONSOLE, signals);
    }
}

int terminal_of_session(int session)
{
    for (int id = 0; id < TERMINALS; id++) {
        if (terminals[id].is_used && session && terminals[id].session == session) {
            return id;
        }
    }
    return -1;
}

static int terminal_of(const struct process *process)
{
    return process->has_no_terminal ? -1 : terminal_of_session(process->session);
}

void terminal_describe(const struct process *process, uint64_t words[2])
{
    int id = terminal_of(process);
    words[0] = (uint64_t)(int64_t)(id + 1);
    words[1] = id >= 0 ? (uint64_t)terminals[id].foreground : 0;
}

/* Nobody's any more; who was in the foreground hears of it. */
static void session_end(struct terminal *terminal)
{
    int group = terminal->foreground;
    terminal->session = terminal->foreground = 0;
    signal_group(group, SIGHUP);
    signal_group(group, SIGCONT);
}

static void slave_drop(struct terminal *terminal)
{
    if (terminal->has_slave) {
        object_box_empty(&terminal->slave);
        terminal->has_slave = false;
    }
}

static void terminal_end(struct terminal *terminal)
{
    int leader = terminal->session;
    terminal->is_used = false;
    object_box_empty(&terminal->master);
    slave_drop(terminal);
    if (leader) {
        session_end(terminal);
        const struct process *process = process_find(leader);
        if (process && process->state != PROCESS_ZOMBIE && process->group == leader) {
            (void)signal_send_to(&processes[0], leader,
                                 &(struct server_signal){.signal = SIGHUP, .code = SI_KERNEL});
            (void)signal_send_to(&processes[0], leader,
                                 &(struct server_signal){.signal = SIGCONT, .code = SI_KERNEL});
        }
    }
}

static bool is_held(const struct terminal *terminal)
{
    uint64_t any = terminal->file != 0; /* from outside: its end is not the end of masters */
    for (unsigned i = 0; i < WORDS; i++) {
        any |= terminal->holders[i];
    }
    return any || terminal->passed;
}

static void terminal_end_unheld(struct terminal *terminal)
{
    if (terminal->is_used && !is_held(terminal)) {
        terminal_end(terminal);
    }
}

static void holder_set(int id, const struct process *process, bool holds)
{
    struct terminal *terminal = &terminals[id];
    uint64_t *word = &terminal->holders[index_of(process) / 64], bit = 1ul << index_of(process) % 64;
    *word = holds ? *word | bit : *word & ~bit;
    terminal_end_unheld(terminal);
}

bool terminal_pass(int id, bool is_begun)
{
    struct terminal *terminal = terminal_find(id);
    if (!terminal) {
        return false;
    }
    terminal->passed += is_begun ? 1u : -1u;
    terminal_end_unheld(terminal);
    return true;
}

void terminals_inherit(const struct process *process)
{
    unsigned host = index_of(process->host);
    for (int id = 0; id < SERVER_TERMINALS; id++) {
        if (terminals[id].is_used && terminals[id].holders[host / 64] >> host % 64 & 1) {
            holder_set(id, process, true);
        }
    }
}

void terminals_end(struct process *process)
{
    for (int id = 0; id < SERVER_TERMINALS; id++) {
        if (terminals[id].is_used) {
            holder_set(id, process, false);
        }
    }
    int id = process->pid == process->session ? terminal_of_session(process->session) : -1;
    if (id >= 0) {
        session_end(&terminals[id]);
        if (id >= SERVER_TERMINALS) {
            terminals[id].is_used = false;
            object_box_empty(&terminals[id].master);
        }
    }
}

static long terminal_new(const struct process *process, uint64_t master, uint64_t slave)
{
    int id = 0;
    while (id < SERVER_TERMINALS && terminals[id].is_used) {
        id++;
    }
    if (id == SERVER_TERMINALS) {
        return -ENOSPC;
    }
    struct terminal *terminal = &terminals[id];
    if (!slot_keep(&terminal->master, process, master)) {
        return -ENOMEM;
    }
    terminal->has_slave = slot_keep(&terminal->slave, process, slave);
    terminal->file = 0;
    terminal->session = terminal->foreground = 0;
    memset(terminal->holders, 0, sizeof terminal->holders);
    terminal->passed = 0;
    terminal->is_used = terminal->is_locked = true;
    holder_set(id, process, true);
    return id;
}

static long terminal_open(const struct process *process, const struct process *caller, int id, uint64_t slot)
{
    bool is_own = id == -1;
    id = is_own ? terminal_of(process) : id;
    struct terminal *terminal = terminal_find(id);
    if (!terminal || terminal->is_locked) {
        return is_own ? -ENXIO : -EIO;
    }
    cap_address cap = cap_borrow(caller, slot);
    if (!cap) {
        return -EINVAL;
    }
    long result = terminal->file ? selkie_host_object_duplicate(terminal->file, cap)
                                 : selkie_host_file_peer(terminal->master.object, cap);
    cap_return(cap);
    if (result < 0) {
        return result < -SELKIE_HOST_SEL4_ERROR ? -EINVAL : result;
    }
    slave_drop(terminal);
    return id;
}

static long terminals_hold(const struct process *process, uint64_t bits)
{
    for (int id = 0; id < SERVER_TERMINALS; id++) {
        if (terminals[id].is_used) {
            holder_set(id, process, bits >> id & 1);
        }
    }
    return 0;
}

static long terminal_take(struct process *process, int id, bool is_stealing)
{
    struct terminal *terminal = &terminals[id];
    int own = terminal_of(process);
    bool is_leader = process->session == process->pid;
    if (is_leader && own == id) {
        return 0;
    }
    if (!is_leader || own >= 0 || (terminal->session && !is_stealing)) {
        return -EPERM;
    }
    terminal->session = process->session;
    terminal->foreground = process->group;
    process->has_no_terminal = false;
    return 0;
}

static long terminal_leave(struct process *process, int id)
{
    if (terminal_of(process) != id) {
        return -ENOTTY;
    }
    if (process->session == process->pid) {
        session_end(&terminals[id]);
    } else {
        process->has_no_terminal = true;
    }
    return 0;
}

/* 0, or what is wrong with it. */
static long group_check(int group, int session)
{
    long result = -ESRCH;
    for (unsigned i = 0; i < processes_used; i++) {
        if (processes[i].state != PROCESS_FREE && processes[i].group == group) {
            result = processes[i].session == session ? 0 : -EPERM;
        }
    }
    return result;
}

static long foreground_set(const struct process *process, int id, int group)
{
    if (terminal_of(process) != id) {
        return -ENOTTY;
    }
    long error = group < 0 ? -EINVAL : group_check(group, process->session);
    if (!error) {
        terminals[id].foreground = group;
    }
    return error;
}

static long terminals_list(int part)
{
    long bits = 0;
    for (int i = 0; i < SERVER_TERMINALS && part >= 0 && part <= 1; i++) {
        const struct terminal *terminal = terminal_find(part * SERVER_TERMINALS + i);
        bits |= (long)(terminal != NULL) << i;
    }
    return bits;
}

static long one_serve(struct process *process, enum server_terminal operation, int id, uint64_t value)
{
    struct terminal *terminal = &terminals[id];
    bool is_seen = value || terminal_of(process) == id;
    switch (operation) {
    case TERMINAL_TAKE:
        return terminal_take(process, id, value);
    case TERMINAL_LEAVE:
        return terminal_leave(process, id);
    case TERMINAL_GET_FOREGROUND:
        return is_seen ? terminal->foreground : -ENOTTY;
    case TERMINAL_SET_FOREGROUND:
        return foreground_set(process, id, (int)value);
    case TERMINAL_GET_SESSION:
        return is_seen && terminal->session ? terminal->session : -ENOTTY;
    case TERMINAL_IS_BACKGROUND:
        return terminal_of(process) != id || terminal->foreground == process->group ? 0
               : family_is_orphaned(process)                                        ? 2
                                                                                    : 1;
    case TERMINAL_SIGNAL:
        terminal_signals(id, value > 0 && value < SIGNALS ? 1ul << (value - 1) : 0);
        return 0;
    case TERMINAL_LOCK:
        terminal->is_locked = !terminal->file && value;
        return 0;
    case TERMINAL_IS_LOCKED:
        return terminal->is_locked;
    default:
        return -EINVAL;
    }
}

long serve_terminal(struct process *process, const struct call *call)
{
    int id = (int)call->word[2];
    switch (call->word[1]) {
    case TERMINAL_NEW:
        return terminal_new(call->process, call->word[2], call->word[3]);
    case TERMINAL_OPEN:
        return terminal_open(process, call->process, id, call->word[3]);
    case TERMINAL_HOLD:
        return terminals_hold(call->process, call->word[2]);
    case TERMINAL_LIST:
        return terminals_list(id);
    case TERMINAL_OWN:
        id = terminal_of(process);
        return id >= 0 ? id : -ENXIO;
    default:
        return terminal_find(id) ? one_serve(process, (enum server_terminal)call->word[1], id, call->word[3])
                                 : -EIO;
    }
}
