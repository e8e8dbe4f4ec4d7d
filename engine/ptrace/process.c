/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest processes: one per VSpace that runs, at most PROCESS_MAX at a time.
 *
 * A process is a cache like its mappings: when a VSpace goes, or another one needs
 * the place, the process is bound anew and wiped before it runs. Its vector
 * registers may still be some thread's; vector.c fetches them when needed.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "engine/ptrace/state.h"
#include "host/fd.h"
#include "host/process.h"

const uint64_t stub_places[STUB_PLACES] = {
    0x6b1d3a5c8000, 0x5e94c7d30000, 0x73f285ee8000, 0x49a86d1b8000,
    0x3c57f9048000, 0x7a0e61b78000, 0x2d43b89f0000, 0x1f76d2ec8000,
};

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum {
    FAULT_SIGNALS = sizeof(fault_signals) / sizeof(fault_signals[0])
};

#define SIGNAL_NODEFER  0x40000000ull /* SA_NODEFER: we never return from the handler */
#define SIGNAL_ONSTACK  0x08000000ull /* SA_ONSTACK */
#define SIGNAL_INFO     0x4ull        /* SA_SIGINFO */
#define SIGNAL_RESTORER 0x04000000ull /* SA_RESTORER, without which x86-64 kills */

static struct stub_call unmap_call(uint64_t start, uint64_t end)
{
    return (struct stub_call){SYS_munmap, {start, end - start}};
}

/* The two parts of the region of `p` at `place`: code and arguments, signal stack. */
static void stub_map_calls(const struct engine *e, const struct process *p, uint64_t place,
                           struct stub_call calls[2])
{
    uint64_t offset = (uint64_t)((const unsigned char *)p->view - (const unsigned char *)e->stubs);
    uint64_t frame = offsetof(struct stub, frame);
    calls[0] = (struct stub_call){
        SYS_mmap, {place, frame, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, STUB_FD_STUBS, offset}};
    calls[1] = (struct stub_call){SYS_mmap,
                                  {place + frame, STUB_FRAME_SIZE, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_FIXED, STUB_FD_STUBS, offset + frame}};
}

/* Faults are handled on the signal stack of the stub, by a breakpoint. Returns how many calls that takes. */
static unsigned stub_signal_calls(struct process *p, struct stub_call calls[FAULT_SIGNALS + 1])
{
    uint64_t handler = p->stub + (uint64_t)(stub_code_handler - stub_code);
    p->view->action = (struct stub_sigaction){
        .handler = handler,
        .flags = SIGNAL_NODEFER | SIGNAL_ONSTACK | SIGNAL_INFO | SIGNAL_RESTORER,
        .restorer = handler,
    };
    p->view->stack =
        (struct stub_sigstack){.base = p->stub + offsetof(struct stub, frame), .size = STUB_FRAME_SIZE};
    for (unsigned i = 0; i < FAULT_SIGNALS; i++)
        calls[i] = (struct stub_call){
            SYS_rt_sigaction, {(uint64_t)fault_signals[i], p->stub + offsetof(struct stub, action), 0, 8}};
    calls[FAULT_SIGNALS] = (struct stub_call){SYS_sigaltstack, {p->stub + offsetof(struct stub, stack), 0}};
    return FAULT_SIGNALS + 1;
}

/* All calls of a preparation must succeed. */
static int prepare(struct engine *e, struct process *p, const struct stub_call *calls, unsigned count)
{
    unsigned failed = 0;
    int64_t result = 0;
    int error = inject_calls(e, p, calls, count, &failed, &result);
    if (!error && failed < count)
        error = diag_errno(e->diag, (int)result, "system call %u of %u to prepare a guest process",
                           failed + 1, count);
    return error;
}

/* In virtual time, reading the time stamp counter traps. */
static int process_hide_tsc(struct engine *e, struct process *p)
{
    const struct stub_call call = {SYS_prctl, {PR_SET_TSC, PR_TSC_SIGSEGV}};
    return e->k && e->k->virtual_clock ? prepare(e, p, &call, 1) : 0;
}

/* From the program it started with to its stub region alone. */
static int process_furnish(struct engine *e, struct process *p)
{
    struct stub_call calls[2 + FAULT_SIGNALS + 1];
    struct user_regs_struct registers;
    int error = tracee_get_registers(e, p, &registers);
    if (error)
        return error;
    stub_map_calls(e, p, p->stub, calls);
    for (unsigned i = 0; i < 2; i++) {
        int64_t result = 0;
        error = inject_at(e, p, registers.rip, &calls[i], &result);
        if (!error && (uint64_t)result != calls[i].argument[0])
            error = diag_errno(e->diag, result < 0 ? (int)result : EFAULT,
                               "cannot map the stub of a guest process");
        if (error)
            return error;
    }
    calls[0] = unmap_call(0, p->stub);
    calls[1] = unmap_call(p->stub + sizeof(struct stub), ABI_USER_TOP);
    return prepare(e, p, calls, 2 + stub_signal_calls(p, calls + 2));
}

static void process_release(struct process *p)
{
    if (p->state == PROCESS_NONE)
        return;
    process_end(p->pid);
    fd_close_at(&p->watch_fd);
    p->state = PROCESS_NONE;
}

int process_start(struct engine *e, struct process *p)
{
    pid_t pid = spawn_tracee(e);
    if (pid < 0)
        return pid;
    *p = (struct process){
        .state = PROCESS_FREE,
        .pid = pid,
        .watch_fd = process_watch(pid),
        .tag = ++e->last_tag,
        .stub = stub_places[0],
        .view = &e->stubs[1 + (p - e->process)],
    };
    memset(p->view, 0, offsetof(struct stub, frame));
    memcpy(p->view->code, stub_code, (size_t)(stub_code_end - stub_code));
    e->counts.processes++;
    int error = process_furnish(e, p);
    if (!error)
        error = process_hide_tsc(e, p);
    if (error)
        process_release(p);
    return error;
}

struct process *process_find(struct engine *e, uint64_t vspace)
{
    if (e->last && e->last->state == PROCESS_BOUND && e->last->vspace == vspace)
        return e->last;
    for (struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        if (p->state == PROCESS_BOUND && p->vspace == vspace)
            return p;
    return NULL;
}

struct process *process_by_tag(struct engine *e, uint64_t tag)
{
    for (struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        if (p->state != PROCESS_NONE && p->tag == tag)
            return p;
    return NULL;
}

/* The place whose process, in this state, was used longest ago; NULL if there is none. */
static struct process *oldest(struct engine *e, enum process_state state)
{
    struct process *found = NULL;
    for (struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        if (p->state == state && (!found || p->last_used < found->last_used))
            found = p;
    return found;
}

static void process_bind(struct engine *e, struct process *p, uint64_t vspace)
{
    if (p->has_frame)
        memset(p->view->frame, 0, sizeof(p->view->frame)); /* it shows registers of its former guest */
    p->has_frame = false;
    p->state = PROCESS_BOUND;
    p->vspace = vspace;
    tlb_wipe(p);
    e->last = p;
}

int process_acquire(struct engine *e, uint64_t vspace, struct process **process)
{
    struct process *p = process_find(e, vspace);
    if (!p) {
        p = oldest(e, PROCESS_FREE);
        struct process *place = p ? NULL : oldest(e, PROCESS_NONE);
        if (place) {
            int error = process_start(e, place);
            bool is_scarce = error == -EAGAIN || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
            if (error && !is_scarce)
                return error;
            p = error ? NULL : place;
            if (error && !oldest(e, PROCESS_BOUND))
                return error;
        }
        if (!p)
            p = oldest(e, PROCESS_BOUND);
        process_bind(e, p, vspace);
    }
    p->last_used = ++e->use_count;
    e->last = p;
    *process = p;
    return 0;
}

void process_forget(struct engine *e, uint64_t vspace)
{
    struct process *p = process_find(e, vspace);
    if (p)
        p->state = PROCESS_FREE;
}

void process_end_all(struct engine *e)
{
    for (struct process *p = e->process; p < e->process + PROCESS_MAX; p++)
        process_release(p);
    e->last = NULL;
}

/* Does the guest map nothing where a stub region at `place` would lie? */
static bool place_is_clear(const struct engine *e, uint64_t vspace, uint64_t place)
{
    for (uint64_t address = place; address < place + sizeof(struct stub);
         address += 1u << ABI_SMALL_PAGE_BITS)
        if (kernel_translate(e->k, vspace, address).is_present)
            return false;
    return true;
}

static int stub_move(struct engine *e, struct process *p, uint64_t place)
{
    struct stub_call calls[1 + FAULT_SIGNALS + 1];
    uint64_t before = p->stub;
    stub_map_calls(e, p, place, calls);
    int error = prepare(e, p, calls, 2);
    if (error)
        return error;
    p->stub = place;
    calls[0] = unmap_call(before, before + sizeof(struct stub));
    return prepare(e, p, calls, 1 + stub_signal_calls(p, calls + 1));
}

int process_clear_stub(struct engine *e, struct process *p)
{
    if (place_is_clear(e, p->vspace, p->stub))
        return 0;
    for (unsigned i = 0; i < STUB_PLACES; i++)
        if (place_is_clear(e, p->vspace, stub_places[i]))
            return stub_move(e, p, stub_places[i]);
    return diag_errno(e->diag, EADDRINUSE,
                      "the guest maps every address the stub of guest process %d could have", (int)p->pid);
}
