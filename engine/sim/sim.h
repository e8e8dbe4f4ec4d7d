/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripted contexts: a machine of which every part is a toy, and no processes.
 *
 * The caller is the program of every thread: it looks at `next` to see who runs
 * and says what that thread does. So a unit test or a fuzzer can lead the kernel
 * anywhere. The console is text in memory, the bus a record of calls, the clock
 * stands still but for what the caller adds to now_ns, and interrupts cut in at exactly the preemption points the caller names.
 *
 * A cache of translations plays the part of an engine's mappings: what it has
 * taken from kernel_translate must stay true until the kernel takes it back
 * through machine.mmu. Each trap asserts that it did. The fake host asserts that
 * the kernel uses and closes only what is open, and names memory within the arena.
 */
#ifndef SELKIE_ENGINE_SIM_SIM_H
#define SELKIE_ENGINE_SIM_SIM_H

#include "kernel/boot.h"
#include "kernel/kernel.h"

enum {
    SIM_CONSOLE_SIZE = 8192,
    SIM_TLB_ENTRIES = 32,
    SIM_BUS_CALLS = 16
};

/* Anything 0 or NULL takes the value behind it. */
struct sim_options {
    unsigned release;      /* 16 */
    bool is_release_build; /* no debug, no printing */
    bool is_mcs;
    bool has_hardware_debug;
    uint64_t memory_size;                     /* 16 MiB */
    unsigned root_cnode_bits;                 /* 8 */
    unsigned domains;                         /* 1; with more, 16 entries of the domain schedule */
    unsigned image_pages;                     /* 1, filled with zeros */
    unsigned work_units;                      /* between preemption points: 100 */
    unsigned fan_out;                         /* 256 */
    const struct boot_device_region *devices; /* none */
    unsigned device_count;
    bool has_host;                /* and host objects can be made */
    const struct boot_host *host; /* none */
    unsigned host_count;
};

struct sim_console {
    char text
        [SIM_CONSOLE_SIZE]; /* what was put since the last sim_console_clear, terminated; the rest is lost */
    unsigned length;
    char remark[256]; /* the last one */
    unsigned remarks;
};

enum sim_bus_kind {
    SIM_PORT_IN,
    SIM_PORT_OUT,
    SIM_IRQ_MASK,
    SIM_IRQ_ROUTE
};

struct sim_bus_call {
    enum sim_bus_kind kind;
    uint32_t number; /* port or interrupt */
    uint32_t width;  /* ports; for a route the I/O APIC */
    uint32_t value;  /* ports; is_masked; for a route the pin */
    bool is_level, is_low_active;
};

struct sim_bus {
    struct sim_bus_call calls[SIM_BUS_CALLS]; /* the last ones; call i is at i % SIM_BUS_CALLS */
    uint64_t count;
    uint32_t port_value; /* what a port reads */
    bool is_unmasked[KERNEL_IRQS];
};

struct sim;

/* The fake host: it hands out handles and answers what it was told to answer. */
enum {
    SIM_HANDLES = 1024, /* a handle is below; the boot's come from the same range */
    SIM_HOST_CALLS = 16,
    SIM_WINDOW_BITS = 22 /* of every window on a file */
};

struct sim_watch {
    uint32_t events; /* 0: not watched */
    uint64_t cookie;
};

struct sim_host {
    /* The last calls; call i is at i % SIM_HOST_CALLS. What they point to is gone, but for what follows. */
    struct machine_host_call calls[SIM_HOST_CALLS];
    uint64_t count, watch_calls, close_calls;
    char path[HOST_IO_PATH], new_path[HOST_IO_PATH];
    unsigned char small[HOST_IO_SMALL];
    struct machine_host_piece piece[HOST_IO_PIECES];
    bool is_open[SIM_HANDLES]; /* handles that the host gave away, or that the boot did */
    struct sim_watch watch[SIM_HANDLES];
    uint32_t next_handle;
    /* What it answers. If NULL: 0 for everything; what is opened is a file, a socket or a timer with all access. */
    int64_t (*answer)(struct sim *sim, struct machine_host_call *call);
    bool opens_nothing; /* where something may come, nothing does */
    int64_t watch_result;
};

struct sim_tlb_entry {
    uint64_t vspace; /* 0: free */
    uint64_t vaddr;
    struct translation translation;
};

struct sim {
    struct kernel kernel;
    struct next next;
    struct abi abi;
    struct machine machine;
    struct sim_console console;
    struct sim_bus bus;
    struct sim_host host;
    struct sim_tlb_entry tlb[SIM_TLB_ENTRIES];
    unsigned tlb_hand;
    uint64_t now_ns;
    uint64_t traps;
    /* Preemption: how often the kernel may ask before the answer is yes, once; 0 is never. */
    uint64_t preempt_countdown;
    uint64_t preempt_questions; /* asked so far */
    bool is_slow; /* threads begin when the test says so (kernel_awake), not at once */
    /* Called after each trap, if not NULL. */
    void (*after_trap)(struct sim *sim);
};

/* Boot a system around an image of zeros. Aborts if it does not boot. */
struct sim *sim_open(const struct sim_options *options);
void sim_close(struct sim *sim);

/* The running thread traps. With nothing running only interrupts and ticks are allowed. */
struct next sim_trap(struct sim *sim, struct trap trap);

/* The running thread makes a system call: rdx, rdi, rsi and the message registers are set to the
 * arguments. `number` is what libsel4 would pass (sim_syscall_number). */
struct next sim_syscall(struct sim *sim, uint64_t number, uint64_t cptr, uint64_t info, const uint64_t mr[4]);
uint64_t sim_syscall_number(const struct sim *sim, enum syscall syscall);

/* The running thread was sent back to its system call: it has to make it again, with the registers it has. */
bool sim_is_restarted(const struct sim *sim);
struct next sim_restart(struct sim *sim);

struct next sim_vm_fault(struct sim *sim, uint64_t address, uint32_t status);
struct next sim_exception(struct sim *sim, uint32_t vector, uint32_t code);
struct next sim_interrupt(struct sim *sim, uint32_t irq);
struct next sim_tick(struct sim *sim);

/* The running thread reads (or writes) its memory: the place in the arena, or NULL where a real thread
 * would fault or meet a device. The page is in the cache of translations from then on. */
void *sim_user_memory(struct sim *sim, uint64_t vaddr, bool is_write);

void sim_console_clear(struct sim *sim);

/* What a host object is waited for has happened: TRAP_HOST, if the fake host watches `handle` for one of `events`. */
bool sim_host_event(struct sim *sim, uint32_t handle, uint32_t events);
/* Host call `back` before the last one (0: the last). */
const struct machine_host_call *sim_host_last(const struct sim *sim, unsigned back);

/* Bus call `back` before the last one (0: the last). */
const struct sim_bus_call *sim_bus_last(const struct sim *sim, unsigned back);

/* Where a failed assertion goes first, before the process aborts: the kernel's, those of the heap check
 * and the sim's own. */
void sim_set_failure_hook(void (*hook)(const char *expression, const char *file, int line));

/* Fakes (machine.c, tlb.c); for sim_open. */
void sim_machine_init(struct sim *sim);
void sim_host_init(struct sim *sim, const struct sim_options *options);
void sim_tlb_check(struct sim *sim);
void sim_tlb_invalidate(struct sim *sim, uint64_t vspace, uint64_t vaddr, uint64_t size);
void sim_tlb_forget(struct sim *sim, uint64_t vspace);

#endif
