/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seL4 kernel as a function: a trap goes in, what runs next comes out.
 *
 * This is the only header of the kernel that an engine, the front end or a test
 * needs. Nothing here blocks, allocates from the host or keeps state of its
 * own: all state lies in the arena, so `struct kernel` is a handle that every
 * process may build for itself from the same arena.
 *
 * Protocol of an engine: before `kernel_enter`, the engine stores the registers
 * of the running thread in the context that the last `struct next` named
 * (unless that one said NEXT_IDLE); afterwards it loads those of the new one.
 */
#ifndef SELKIE_KERNEL_KERNEL_H
#define SELKIE_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "machine/machine.h"

struct kernel_state;
struct virtual_clock;

/* A process's view of the kernel. Constant once built. */
struct kernel {
    unsigned char *arena;  /* emulated physical memory, paddr 0 at index 0 */
    unsigned char *vector; /* vector state of the TCB at paddr p lies at index 2 * p (kernel_vector_area) */
    uint64_t memory_size;  /* bytes of arena; a multiple of 2 MiB */
    struct kernel_state *state; /* inside the arena */
    struct virtual_clock *virtual_clock; /* inside the state; NULL: time is the host's (kernel_clock_memory) */
    const struct abi *abi;
    const struct machine *machine;
};

enum {
    KERNEL_VECTOR_AREA_SIZE = 4096, /* bytes per TCB: an XSAVE image in the standard format */
    KERNEL_IRQS = 126               /* interrupts as capabilities number them: vector - 0x20 */
};

/* Registers in the order of seL4_UserContext. */
enum context_register {
    REG_FAULT_IP, /* the restart address: what ReadRegisters calls rip */
    REG_RSP,
    REG_RFLAGS,
    REG_RAX,
    REG_RBX,
    REG_RCX,
    REG_RDX,
    REG_RSI,
    REG_RDI,
    REG_RBP,
    REG_R8,
    REG_R9,
    REG_R10,
    REG_R11,
    REG_R12,
    REG_R13,
    REG_R14,
    REG_R15,
    REG_FS_BASE,
    REG_GS_BASE,
    REG_COUNT
};

/* An engine's own: where the instruction at `ip` stands, if ip is still next_ip and its notes of `generation` still
 * hold. The kernel never looks at it. */
struct resume_hint {
    uint64_t ip, target;
    uint64_t generation; /* 0: no hint */
};

/* What an engine saves and loads for a thread, vector state aside.
 * On entry by a system call: REG_FAULT_IP is the address of the `syscall`
 * instruction, next_ip the one behind it, is_syscall true, and rcx and r11 are
 * what the instruction left (next_ip and rflags). On any other entry both
 * addresses are the interrupted instruction and is_syscall is false.
 * A context with is_syscall set is resumed as `sysret` does: rcx = next_ip,
 * r11 = rflags, whatever the saved registers say. */
struct context {
    uint64_t reg[REG_COUNT];
    uint64_t next_ip;
    bool is_syscall;
    struct resume_hint hint;
};

enum trap_kind {
    TRAP_SYSCALL,   /* the `syscall` instruction; arguments are in the context */
    TRAP_VM_FAULT,  /* address, status, is_instruction */
    TRAP_EXCEPTION, /* vector, code: any other x86 exception that user code raised */
    TRAP_INTERRUPT, /* irq: a device line */
    TRAP_HOST,      /* address: the cookie, status: the events of a host object that machine_host.watch was about */
    TRAP_TICK /* the kernel's own timer: every abi timer_tick_ms while next.wants_tick, or at next.timer_ns;
                       * one too many does no harm at next.timer_ns, where the kernel looks at the clock itself */
};

enum {
    /* MCS: a TRAP_TICK at most that much before next.timer_ns does what one in time does (the kernel ends a turn when
     * less than 20 us are left, and takes a refill for ready 10 us before it is due). A late one is charged for. */
    KERNEL_TICK_EARLY_NS = 9000
};

struct trap {
    enum trap_kind kind;
    uint64_t address;
    uint32_t status;     /* x86 page fault error code as seL4 sees it: 1 present, 2 write, 4 user */
    bool is_instruction; /* the access was an instruction fetch */
    uint32_t vector;     /* x86 exception number */
    uint32_t code;       /* x86 error code, 0 where the exception has none */
    uint32_t irq;
    uint32_t debug_status; /* vector 1: TRAP_DEBUG_*, as far as the engine knows; 0 is a step */
};

enum {
    TRAP_DEBUG_BREAKPOINTS = 15, /* a bit for each that was hit */
    TRAP_DEBUG_STEP = 1 << 14
};

/* What the processor's debug registers hold while a thread runs: four addresses, and DR7. */
enum {
    KERNEL_BREAKPOINTS = 4
};
struct breakpoints {
    uint64_t address[KERNEL_BREAKPOINTS];
    uint64_t control;
};

enum next_kind {
    NEXT_RUN,  /* load `context` and run in `vspace` */
    NEXT_IDLE, /* nothing to run: wait for an interrupt */
    NEXT_HALT  /* the system stopped itself (seL4_DebugHalt, or the kernel's own halt) */
};

struct next {
    enum next_kind kind;
    bool wants_tick; /* classic: the thread can be preempted by the passing of time */
    uint64_t
        timer_ns; /* MCS: the machine time at which TRAP_TICK is due, also while idle; UINT64_MAX: never */
    bool is_special; /* one of the next two says something */
    bool is_fpu_disabled;    /* its use of the FPU is a user exception 7 (seL4_TCBFlag_fpuDisabled) */
    const struct breakpoints *breakpoints; /* inside the arena; NULL, the rule: none are set */
    uint64_t tcb;            /* paddr of the running thread's TCB */
    uint64_t vspace;         /* paddr of its PML4; 0: it has no valid VSpace, every fetch is a VM fault */
    struct context *context; /* inside the arena */
};

/* Take one trap of `core` (0: there is one core so far) through the kernel. */
struct next kernel_enter(struct kernel *k, unsigned core, const struct trap *trap);

/* What would run now, without a trap: the answer of the last kernel_enter, or of the boot. */
struct next kernel_next(struct kernel *k, unsigned core);

/* The thread that kernel_next names goes on now. An engine says so before each that runs after NEXT_IDLE, and may say
 * so before others: idle time ends here, not when the kernel chose the thread, which would pay with its budget for the
 * engine's waking up. Only MCS in real time cares. Returns what kernel_next would; its timer_ns may have changed. */
struct next kernel_awake(struct kernel *k, unsigned core);

/* What the page tables of `vspace` say about the page that holds `vaddr`. */
struct translation {
    bool is_present;
    bool is_writable;
    bool is_device; /* paddr lies outside the arena */
    bool
        is_forbidden; /* not present for a user, but mapped without any right: an access is a protection violation */
    bool is_cached; /* an engine's notes, see kernel_translation_note */
    bool is_marked;
    uint8_t size_bits; /* of the page: 12, 21 or 30 */
    uint8_t cache;     /* page attribute bits PAT, PCD, PWT */
    uint64_t paddr;    /* of the page's first byte */
};
struct translation kernel_translate(const struct kernel *k, uint64_t vspace, uint64_t vaddr);

/* An engine keeps this translation, or no longer does, as a processor says with the Accessed bit. While is_cached is
 * false for a page, the kernel changes and removes it without a word (mmu.invalidate); whoever has put any part of the
 * page into a cache must therefore say so. `is_marked` is the engine's own, the kernel never looks at it. Both are false
 * for a page that was just mapped, or mapped anew with other rights or attributes; no guest can see them.
 * Without a page at `vaddr` this does nothing. */
void kernel_translation_note(struct kernel *k, uint64_t vspace, uint64_t vaddr, bool is_cached,
                             bool is_marked);

/* Call `visit` for every page of a VSpace that is present, in ascending order, `vaddr` being its first byte. May be
 * asked about any memory: tables that would lie outside the arena are skipped. `visit` may use
 * kernel_translation_note on what it is shown. */
void kernel_for_each_page(const struct kernel *k, uint64_t vspace,
                          void (*visit)(void *world, uint64_t vaddr, const struct translation *t),
                          void *world);

/* Copy user memory from `vaddr` on, whatever its page's rights; stops at a page that is not there or is device
 * memory. Returns the bytes copied, at most `size`. */
size_t kernel_read_user(const struct kernel *k, uint64_t vspace, uint64_t vaddr, void *bytes, size_t size);

/* The place of a thread's vector state; NULL if the handle has no vector memory. */
static inline unsigned char *kernel_vector_area(const struct kernel *k, uint64_t tcb)
{
    return k->vector ? k->vector + 2 * tcb : NULL;
}

/* A device drives an interrupt that some capability handles (so the system is not at rest for good). */
bool kernel_irq_is_handled(const struct kernel *k, uint32_t irq);

/* The last fault that found no handler and whose thread still lies where it fell. */
struct fault_report {
    bool is_present;
    uint64_t tcb;
    const char *thread_name; /* inside the arena, terminated */
    uint64_t vspace;
    const struct context *context;
    uint32_t fault_type; /* enum fault_type of kernel/fault.h */
    const char
        *fault_name; /* "vm fault", "cap fault", "unknown syscall", "user exception", "debug exception" */
    uint64_t
        address; /* of the access (VM fault), the cptr (cap fault), the number (unknown syscall, exception) */
    uint64_t status; /* page fault error code, exception code; in-receive-phase for a cap fault */
    bool is_instruction;
};
struct fault_report kernel_unhandled_fault(const struct kernel *k);

#endif
