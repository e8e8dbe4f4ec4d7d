/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making and ending processes.
 *
 * A process' objects lie in blocks that it uses; the capabilities in the server's slots are the last but for those in
 * its own CSpace, which contains itself: so its end begins with revoking the root.
 * Capabilities to the server's endpoint carry a process' index as badge. They are derived from one that the server
 * keeps, and are revoked with the process wherever they went.
 */
#include "container/linux/heap.h"
#include "container/server/command.h"
#include "container/server/passing.h"
#include "container/server/terminal.h"

enum {
    FLAGS_START = 0x2,
    PID_MAX = 1 << 22,
    SIGKILL = 9
};

struct process processes[PROCESSES] SPARSE;
unsigned processes_used;

static int next_id = 1;
static unsigned next_sharing = 1;

/* Ids of processes, and of threads, are from one row; of a process that is there no id is given again. */
int id_next(int count)
{
    bool is_taken;
    int first;
    do {
        first = next_id + count < PID_MAX ? next_id : 2;
        next_id = first + count;
        is_taken = false;
        for (unsigned i = 0; i < processes_used; i++) {
            const struct process *process = &processes[i];
            int ids[] = {process->pid, process->group, process->session};
            for (unsigned j = 0; j < 3 && process->state != PROCESS_FREE; j++) {
                is_taken |= ids[j] >= first && ids[j] < first + count;
            }
        }
    } while (is_taken);
    return first;
}

struct process *process_find(int pid)
{
    for (unsigned i = 0; i < processes_used && pid > 0; i++) {
        if (processes[i].state != PROCESS_FREE && processes[i].pid == pid) {
            return &processes[i];
        }
    }
    return NULL;
}

static struct process *process_make(struct process *parent, struct process *host, unsigned start,
                                    unsigned end)
{
    for (unsigned i = start; i < end; i++) {
        struct process *process = &processes[i];
        if (process->state != PROCESS_FREE) {
            continue;
        }
        struct server_signal *pending = heap_alloc(PENDING * sizeof *pending);
        if (!pending) {
            return NULL;
        }
        processes_used = processes_used > i ? processes_used : i + 1;
        int pid = id_next(1);
        *process = (struct process){
            .state = PROCESS_HOSTED,
            .pid = pid,
            .parent = parent,
            .host = host ? host : process,
            .group = parent ? parent->group : pid,
            .session = parent ? parent->session : pid,
            .pending = pending,
            .start_tsc = __builtin_ia32_rdtsc(),
            .slot_next = image_end(),
        };
        if (parent) {
            process->has_no_terminal = parent->has_no_terminal;
            memcpy(process->name, parent->name, sizeof process->name);
            memcpy(process->arguments, parent->arguments, sizeof process->arguments);
            process->arguments_size = parent->arguments_size;
            process->adjustment = parent->adjustment;
            process->identity = parent->identity;
        }
        return process;
    }
    return NULL;
}

struct process *process_new(struct process *parent, struct process *host)
{
    return processes_used ? process_make(parent, host, 1 + RENEWALS, PROCESSES)
                          : process_make(parent, host, 0, 1);
}

struct process *process_new_renewal(struct process *process)
{
    struct process *fresh = process_make(NULL, process, 1, 1 + RENEWALS);
    fresh = fresh ? fresh : process_make(NULL, process, 1 + RENEWALS, PROCESSES);
    if (fresh) {
        fresh->renews = process;
    }
    return fresh;
}

uint64_t process_slot_next(struct process *process)
{
    return process->slot_next++;
}

static seL4_Word root_data(void)
{
    return seL4_CNode_CapData_new(0, CONTAINER_GUARD_BITS).words[0];
}

static bool give(const struct process *process, uint64_t slot, cap_address cap)
{
    return seL4_CNode_Copy(process->cnode, slot, seL4_WordBits, CONTAINER_SLOT_CNODE, cap, seL4_WordBits,
                           seL4_AllRights) == seL4_NoError;
}

static bool cspace_make(struct process *process)
{
    process->root = process_object(process, seL4_CapTableObject, CONTAINER_ROOT_BITS,
                                   CONTAINER_ROOT_BITS + seL4_SlotBits);
    process->cnode = slot_alloc();
    return process->root && process->cnode &&
           seL4_CNode_Mint(CONTAINER_SLOT_CNODE, process->cnode, seL4_WordBits, CONTAINER_SLOT_CNODE,
                           process->root, seL4_WordBits, seL4_AllRights, root_data()) == seL4_NoError &&
           process_leaf(process, 0) && process_leaf(process, IMAGE_SLOT);
}

static bool objects_make(struct process *process)
{
    process->tcb = process_object(process, seL4_TCBObject, 0, seL4_TCBBits);
    process->vspace = process_object(process, seL4_X64_PML4Object, 0, seL4_PageBits);
    process->endpoint = slot_alloc();
    const struct process *known_as = process->renews ? process->renews : process;
    uint64_t badge = (uint64_t)(known_as - processes) + 1;
    return process->tcb && process->vspace && process->endpoint &&
           seL4_X86_ASIDPool_Assign(CONTAINER_SLOT_ASID_POOL, process->vspace) == seL4_NoError &&
           seL4_CNode_Mint(CONTAINER_SLOT_CNODE, process->endpoint, seL4_WordBits, CONTAINER_SLOT_CNODE,
                           server_endpoint, seL4_WordBits, seL4_AllRights, badge) == seL4_NoError;
}

static bool capabilities_give(const struct process *process)
{
    bool is_good = give(process, CONTAINER_SLOT_TCB, process->tcb) &&
                   give(process, CONTAINER_SLOT_CNODE, process->cnode) &&
                   give(process, CONTAINER_SLOT_VSPACE, process->vspace) &&
                   give(process, CONTAINER_SLOT_SERVER, process->endpoint);
    for (unsigned i = 0; i < CONTAINER_HOSTS && is_good; i++) {
        (void)give(process, CONTAINER_SLOT_HOST + i, CONTAINER_SLOT_HOST + i);
    }
    return is_good;
}

bool process_build(struct process *process, bool is_sharing)
{
    struct process *host = process->host;
    process->state = PROCESS_BUILT;
    if (!cspace_make(process) || !objects_make(process) || !capabilities_give(process)) {
        return false;
    }
    if (host != process) {
        terminals_inherit(process);
    }
    if (!is_sharing) {
        return true;
    }
    host->sharing = host->sharing ? host->sharing : next_sharing++;
    process->sharing = host->sharing;
    return uses_inherit(process, host);
}

bool process_start(struct process *process, const struct image_source *source, uint64_t ip, uint64_t sp,
                   uint64_t argument)
{
    cap_address frame = slot_alloc();
    bool is_good = frame && image_map(process, source) &&
                   seL4_CNode_Copy(CONTAINER_SLOT_CNODE, frame, seL4_WordBits, process->cnode,
                                   image_ipc_frame(), seL4_WordBits, seL4_AllRights) == seL4_NoError &&
                   thread_configure(process, root_data(), frame);
    if (frame) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, frame, seL4_WordBits);
        slot_free(frame);
    }
    if (!is_good) {
        return false;
    }
    process->state = PROCESS_RUNS;
    process->host = process;
    seL4_UserContext registers = {.rip = ip,
                                  .rsp = sp,
                                  .rflags = FLAGS_START,
                                  .rdi = argument,
                                  .rsi = process->command ? CONTAINER_COMMAND : 0};
    return seL4_TCB_WriteRegisters(process->tcb, 1, 0, sizeof registers / sizeof(seL4_Word), &registers) ==
           seL4_NoError;
}

void process_notify(const struct process *process)
{
    if (process->host->notification) {
        seL4_NBSend(process->host->notification,
                    seL4_MessageInfo_new(0, 0, 0, 0)); /* if it is one; else nobody waits */
    }
}

bool process_is_alone(const struct process *process)
{
    for (unsigned i = 0; i < processes_used && process->sharing; i++) {
        const struct process *other = &processes[i];
        if (other != process && other->sharing == process->sharing &&
            (other->state == PROCESS_RUNS || other->state == PROCESS_BUILT)) {
            return false;
        }
    }
    return true;
}

/* Whoever is left alone by this may write to its frames again. */
static void sharing_end(struct process *process)
{
    unsigned sharing = process->sharing;
    process->sharing = 0;
    for (unsigned i = 0; i < processes_used && sharing; i++) {
        struct process *other = &processes[i];
        if (other->sharing == sharing && process_is_alone(other)) {
            process_notify(other);
        }
    }
}

static void slot_drop(cap_address *slot)
{
    if (*slot) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, *slot, seL4_WordBits);
        slot_free(*slot);
        *slot = 0;
    }
}

/* Everything that a process has in the kernel. */
static void objects_end(struct process *process)
{
    if (process->tcb) {
        seL4_TCB_Suspend(process->tcb);
    }
    time_end(process);
    if (process->endpoint) {
        seL4_CNode_Revoke(CONTAINER_SLOT_CNODE, process->endpoint, seL4_WordBits);
    }
    if (process->root) {
        seL4_CNode_Revoke(CONTAINER_SLOT_CNODE, process->root, seL4_WordBits);
    }
    slot_drop(&process->endpoint);
    slot_drop(&process->notification);
    slot_drop(&process->cnode);
    slot_drop(&process->root);
    slot_drop(&process->tcb);
    slot_drop(&process->vspace);
    sharing_end(process);
    uses_drop(process);
    memset(process->leaves, 0, sizeof process->leaves);
}

static void container_exited(int status)
{
    for (;;) {
        seL4_SetMR(0, (seL4_Word)status);
        seL4_Call(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(CONTAINER_EXITED, 0, 0, 1));
    }
}

/* Who gets the children of a process that ended: an ancestor that wants them, or the first process. */
static struct process *reaper_of(const struct process *process)
{
    struct process *reaper = process->parent;
    while (reaper &&
           !(reaper->is_reaper && reaper->state != PROCESS_FREE && reaper->state != PROCESS_ZOMBIE)) {
        reaper = reaper->parent;
    }
    return reaper ? reaper : &processes[0];
}

/* The reaper is told of those that ended, too. */
static void children_give(const struct process *process)
{
    struct process *reaper = reaper_of(process);
    for (unsigned i = 0; i < processes_used; i++) {
        struct process *child = &processes[i];
        if (child->state == PROCESS_FREE || child == process) {
            continue;
        }
        if (child->host == process) {
            process_end(child, SIGKILL);
        }
        if (child->state != PROCESS_FREE && child->parent == process) {
            child->parent = reaper;
            if (child->death_signal == SIGKILL) {
                child->is_doomed = true; /* not from here: there may be a long line of them */
            } else if (child->death_signal && child->state != PROCESS_ZOMBIE) {
                (void)signal_queue(
                    child, &(struct server_signal){.signal = child->death_signal, .sender = process->pid});
            }
            if (child->state == PROCESS_ZOMBIE) {
                signal_child(child, 0);
            } else {
                process_notify(child); /* it may know who its parent was */
            }
            family_adopted_orphans(child, process);
        }
    }
}

void process_end(struct process *process, int status)
{
    if (process->state == PROCESS_FREE || process->state == PROCESS_ZOMBIE) {
        return;
    }
    if (process == &processes[0]) {
        container_exited(status);
    }
    bool is_silent = process->state == PROCESS_BUILT;
    process->state = PROCESS_ZOMBIE;
    process->status = status;
    objects_end(process);
    children_give(process);
    family_end_orphans(process);
    process->host = process;
    process->pending_count = 0;
    terminals_end(process);
    parcels_collect();
    if (is_silent) {
        process_reap(process); /* it never was */
    } else if (!process->parent) {
        command_ended(process);
        process_reap(process);
    } else {
        signal_child(process, 0);
    }
}

void processes_end_doomed(void)
{
    bool is_more;
    do {
        is_more = false;
        for (unsigned i = 0; i < processes_used; i++) {
            if (processes[i].is_doomed) {
                processes[i].is_doomed = false;
                process_end(&processes[i], SIGKILL);
                is_more = true;
            }
        }
    } while (is_more);
}

void process_reap(struct process *process)
{
    process->state = PROCESS_FREE;
    heap_free(process->pending, PENDING * sizeof *process->pending);
    process->pending = NULL;
}
