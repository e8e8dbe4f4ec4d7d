/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The longer texts of a debug kernel: the fault that nobody handles, the table of
 * threads, the snapshot. Layout and words are seL4's (CONFIG_PRINTING), recorded
 * from a running one.
 */
#include "kernel/debug.h"

#include "kernel/ipc.h"
#include "kernel/print.h"
#include "kernel/state.h"
#include "kernel/vspace.h"

enum {
    STACK_WORDS = 16 /* CONFIG_USER_STACK_TRACE_LENGTH */
};

static void print_fault(struct kernel *k, const struct fault *fault)
{
    void *address = (void *)fault->address;
    void *status = (void *)fault->status;

    switch (fault->type) {
    case FAULT_NONE:
        kernel_print(k, "null fault\n");
        return;
    case FAULT_CAP:
        kernel_print(k, "cap fault in %s phase at address %p\n", fault->is_receive_phase ? "receive" : "send",
                     address);
        return;
    case FAULT_VM: /* without an execute-disable bit the processor does not tell a fetch from a read */
        kernel_print(k, "vm fault on data at address %p with status %p\n", address, status);
        return;
    case FAULT_UNKNOWN_SYSCALL:
        kernel_print(k, "unknown syscall %p\n", address);
        return;
    case FAULT_USER_EXCEPTION:
        kernel_print(k, "user exception %p code %p\n", address, status);
        return;
    case FAULT_TIMEOUT:
        kernel_print(k, "Timeout fault for 0x%lx\n", fault->address);
        return;
    case FAULT_DEBUG:
        kernel_print(k, "unknown fault\n");
        return;
    }
}

/* The aligned word at a user address, by the thread's page tables. */
static bool user_word(const struct kernel *k, uint64_t vspace, uint64_t vaddr, uint64_t *word)
{
    return vaddr < ABI_USER_TOP && kernel_read_user(k, vspace, vaddr, word, sizeof(*word)) == sizeof(*word);
}

static void print_stack(struct kernel *k, const struct tcb *tcb)
{
    uint64_t vspace = vspace_of_thread(k, tcb);
    uint64_t top = tcb->context.reg[REG_RSP];

    if (!vspace) {
        kernel_print(k, "Invalid vspace\n");
        return;
    }
    if (top % sizeof(uint64_t) != 0) {
        kernel_print(k, "RSP not aligned\n");
        return;
    }
    for (unsigned i = 0; i < STACK_WORDS; i++) {
        uint64_t vaddr = top + i * sizeof(uint64_t);
        uint64_t word;
        if (user_word(k, vspace, vaddr, &word))
            kernel_print(k, "0x%lx: 0x%lx\n", vaddr, word);
        else
            kernel_print(k, "0x%lx: INVALID\n", vaddr);
    }
}

void debug_print_fault(struct kernel *k, const struct tcb *tcb, struct fault handler_failure,
                       struct fault original)
{
    if (k->abi->config.is_mcs) {
        kernel_print(k, "Found thread has no fault handler while trying to handle:\n");
    } else {
        kernel_print(k, "Caught ");
        print_fault(k, &handler_failure);
        kernel_print(k, "while trying to handle:\n");
    }
    print_fault(k, &original);
    if (k->abi->config.is_debug)
        kernel_print(k, "in thread %p \"%s\" at address %p\n", (void *)debug_tcb_pointer(k, tcb), tcb->name,
                     (void *)tcb->context.reg[REG_FAULT_IP]);
    else
        kernel_print(k, "in thread %p at address %p\n", (void *)debug_tcb_pointer(k, tcb),
                     (void *)tcb->context.reg[REG_FAULT_IP]);
    kernel_print(k, "With stack:\n");
    print_stack(k, tcb);
}

static const char *state_name(enum thread_state state)
{
    static const char *const names[] = {
        [THREAD_INACTIVE] = "inactive",
        [THREAD_RUNNING] = "running",
        [THREAD_RESTART] = "restart",
        [THREAD_BLOCKED_ON_RECEIVE] = "blocked on recv",
        [THREAD_BLOCKED_ON_SEND] = "blocked on send",
        [THREAD_BLOCKED_ON_REPLY] = "blocked on reply",
        [THREAD_BLOCKED_ON_NOTIFICATION] = "blocked on ntfn",
        [THREAD_IDLE] = "idle",
    };
    return names[state];
}

static void print_row(struct kernel *k, const char *name, enum thread_state state, uint64_t ip,
                      unsigned priority, bool is_postponed)
{
    kernel_print(k, "%40s\t%15s\t%p\t%20u\t%u", name, state_name(state), (void *)ip, priority, 0u);
    if (k->abi->config.is_mcs)
        kernel_print(k, "\t%u", (unsigned)is_postponed);
    kernel_print(k, "\n");
}

/* The idle thread has no TCB here; its row stands where seL4, which makes it second, has it. */
void debug_dump_scheduler(struct kernel *k)
{
    kernel_print(k, "Dumping all tcbs!\n");
    kernel_print(k, "%-40s\t%-15s\t%-20s\t %s \t %s%s\n", "Name", "State", "IP", "Prio", "Core",
                 k->abi->config.is_mcs ? "\t InReleaseQueue" : "");
    for (unsigned i = 0; i < 86; i++)
        kernel_print(k, "-");
    kernel_print(k, "\n");
    for (const struct tcb *tcb = tcb_at(k, k->state->threads); tcb; tcb = tcb_at(k, tcb->all_next)) {
        if (tcb->all_next == 0)
            print_row(k, "idle_thread", THREAD_IDLE, 0, 0, false);
        print_row(k, tcb->name, tcb->state, tcb->context.reg[REG_FAULT_IP], tcb->priority,
                  tcb->is_postponed);
    }
}

static void print_snapshot_thread(struct kernel *k, const struct tcb *tcb)
{
    kernel_print(k, "0x%lx_tcb = tcb (addr: 0x%lx, ip: 0x%lx, sp: 0x%lx, prio: %u, max_prio: %u, dom: %u)\n",
                 debug_tcb_pointer(k, tcb), tcb->ipc_buffer, tcb->context.reg[REG_FAULT_IP],
                 tcb->context.reg[REG_RSP], (unsigned)tcb->priority, (unsigned)tcb->mcp,
                 (unsigned)tcb->domain);
}

/* DIFFERS: seL4 goes on with everything that threads other than the initial one can reach, and never ends
 * when that includes an untyped which was retyped from. Here only the threads themselves are told. */
void debug_snapshot(struct kernel *k)
{
    kernel_print(k, "arch x86_64\nobjects {\n");
    for (const struct tcb *tcb = tcb_at(k, k->state->threads); tcb && tcb->all_next;
         tcb = tcb_at(k, tcb->all_next))
        print_snapshot_thread(k, tcb);
    kernel_print(k, "}\ncaps {\n}\nirq maps {\n}\n");
}
