/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor and the pad share: addresses, structures, the questions they ask each other.
 *
 * The *pad* is a freestanding blob in each guest process that holds the kernel and its entry code. All guest
 * processes and the monitor map one memfd, the *pad memory*, laid out by offset:
 *
 *      0               image of the pad: code and constants, read-only in guests
 *      PAD_CORE        struct pad_core, shared by all
 *      PAD_PRIVATE     struct pad_private, one per process; each maps its own at this address
 *      behind          the page of ones, the scratch page, the pool of patched pages and thunks (PAD_POOL),
 *                      the table of host objects (PAD_HOSTIO)
 *
 * A guest process maps image, core, its own private part and the table of host objects (at PAD_HOSTIO_AT) from
 * pad_core.base on, and the arena and the vector memory at their own addresses; these are the same in every process of
 * a run.
 *
 * The *baton*: of the monitor and all guest processes exactly one runs at a time, the holder. Only the holder
 * touches the arena, the core and any private part, except for the atomics and the console ring.
 *
 * Also read by the pad's assembly, for the numbers.
 */
#ifndef SELKIE_ENGINE_DIRECT_LAYOUT_H
#define SELKIE_ENGINE_DIRECT_LAYOUT_H

#define PAD_CORE         0x100000
#define PAD_PRIVATE      0x200000
#define PAD_PRIVATE_SIZE 0x100000
#define PAD_HOSTIO_AT    0x300000 /* struct hostio, from the base on: shared by all guest processes */
#define PAD_HOSTIO_SIZE  0x200000
#define PAD_ARENA        0x40000000 /* from the base on; the vector memory follows the arena */

/* Offsets into struct pad_core. */
#define CORE_ATTENTION 0
#define CORE_CONTEXT   8

/* Offsets into struct pad_private. */
#define PRIVATE_PENDING    0
#define PRIVATE_RESUME     8
#define PRIVATE_RSP        16
#define PRIVATE_FS         24
#define PRIVATE_GS         32
#define PRIVATE_GENERATION 40
#define PRIVATE_STACK_TOP  0x10000 /* the kernel's stack ends here */

/* Offsets into struct context. */
#define CONTEXT_FAULT_IP        0
#define CONTEXT_RSP             8
#define CONTEXT_RFLAGS          16
#define CONTEXT_RAX             24
#define CONTEXT_RBX             32
#define CONTEXT_RCX             40
#define CONTEXT_RDX             48
#define CONTEXT_RSI             56
#define CONTEXT_RDI             64
#define CONTEXT_RBP             72
#define CONTEXT_R8              80
#define CONTEXT_R9              88
#define CONTEXT_R10             96
#define CONTEXT_R11             104
#define CONTEXT_R12             112
#define CONTEXT_R13             120
#define CONTEXT_R14             128
#define CONTEXT_R15             136
#define CONTEXT_FS_BASE         144
#define CONTEXT_GS_BASE         152
#define CONTEXT_NEXT_IP         160
#define CONTEXT_IS_SYSCALL      168
#define CONTEXT_HINT_IP         176
#define CONTEXT_HINT_TARGET     184
#define CONTEXT_HINT_GENERATION 192

/* Descriptors of a guest process. */
#define PAD_FD_ARENA    0
#define PAD_FD_VECTOR   1
#define PAD_FD_PAD      2
#define PAD_FD_DOORBELL 3
#define PAD_FD_EPOLL    4 /* with host I/O: the instance whose events become TRAP_HOST */
#define PAD_FD_ROOTS    5 /* and from here on, the roots that have a descriptor */

#ifndef __ASSEMBLER__

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/direct/vector_layout.h"
#include "engine/x86_64/spin.h"
#include "hostio/hostio.h"
#include "kernel/kernel.h"
#include "machine/virtual_clock.h"

enum {
    PAD_PROCESSES = 128,   /* guest processes at a time; more VSpaces take turns */
    PAD_WINDOW_BITS = 18,  /* small pages are mapped together within such an aligned range */
    PAD_UNMAPS = 64,       /* pending unmaps of a process; more become a wipe */
    PAD_HABITS = 4,        /* pages of a process that are known to come back */
    PAD_CALLS = 16,        /* host system calls that the monitor asks a process for at a time */
    PAD_CONSOLE = 4096,    /* bytes of the console ring */
    PAD_POOL_PAGES = 8192, /* patched pages and thunk pages of all processes */
    PAD_LOADS = 16,        /* loads of device registers that a process remembers */
    PAD_NOFPU = 128,       /* places of code without FPU use that a process remembers */
    PAD_NOFPU_BYTES = 118, /* of one */
    PAD_SITE_TRAPS = 256,  /* traps of sites that are not patched are counted in so many places */
    PAD_SITES = 4096,      /* sites a process knows: patched or left */
    PAD_REDIRECTS = 8192,  /* entries of the table of addresses inside patches; a power of two */
    PAD_THUNK_PAGES = 256, /* thunk pages of all processes */
    PAD_THUNK_SLOTS = 64,  /* slots of 64 bytes in a thunk page */
    PAD_COPIES = 512,      /* pages of a process that stand as patched copies */
    PAD_FRAMES = 4096      /* patched frames of all processes, in a table by address */
};

#define PAD_TEMPLATE                                                                                         \
    PAD_PROCESSES /* index of the process that all others are cloned from; it runs no guest */
#define PAD_ONES                                                                                             \
    (PAD_PRIVATE + (uint64_t)(PAD_PROCESSES + 1) * PAD_PRIVATE_SIZE) /* offset of the page of ones */
#define PAD_SCRATCH (PAD_ONES + 0x1000)
#define PAD_POOL    (PAD_ONES + 0x10000)
#define PAD_HOSTIO  (PAD_POOL + (uint64_t)PAD_POOL_PAGES * 0x1000)
#define PAD_MEMORY  (PAD_HOSTIO + PAD_HOSTIO_SIZE) /* size of the pad memory */

enum {
    PAD_MONITOR = 0 /* as the holder; process i is i + 1 */
};

/* Why the monitor has the baton. Except for PAD_LOOK, the answer goes back to the process that asked. */
enum pad_ask {
    PAD_LOOK,      /* something must be done before anybody runs: see kernel_next and the world */
    PAD_PORT_IN,   /* address, width -> value */
    PAD_PORT_OUT,  /* address, width, value */
    PAD_IRQ_MASK,  /* address: irq, value: masked */
    PAD_IRQ_ROUTE, /* route */
    PAD_REMARK,    /* text */
    PAD_FLUSH,     /* the console ring is full */
    PAD_PATCH,     /* address: a site that traps often; the running VSpace is the process's */
    PAD_UNPATCH,   /* address: an instruction pointer inside a patch that no instruction starts at */
    PAD_DEVICE,    /* address: of an access to device memory by the running thread -> enum pad_device */
    PAD_STEPPED,   /* the instruction that the monitor let a thread step is done (value 1) or not (value 0) */
    PAD_FPU,       /* may the next instruction of the running thread run without FPU? -> value 1: yes */
    PAD_BREAKPOINTS, /* the debug registers are to hold those of the running thread */
    PAD_DEBUG_HITS,  /* what the last debug exception ran into -> value: TRAP_DEBUG_* */
    PAD_FAILED,    /* address: an errno, text: what the host refused */
    PAD_CRASHED,   /* address: the instruction pointer, value: the address it touched, text: why */
    PAD_ASSERTED   /* text: file and expression, value: line */
};

/* An instruction that loads a device's register, as the monitor decoded it. */
struct pad_load {
    uint64_t ip; /* 0: none */
    uint8_t bytes[16];
    uint8_t length;
    uint8_t to; /* enum context_register */
};

/* Code of a thread that may not use the FPU, as the monitor decoded it: no instruction in these bytes uses it. */
struct pad_nofpu {
    uint64_t ip;    /* 0: none */
    uint8_t length; /* of one instruction, or with is_run of all up to and with a `syscall` */
    bool is_run;    /* nothing on the way branches, and all pages are nofpu_is_fixed */
    uint8_t bytes[PAD_NOFPU_BYTES];
};

/* The program cannot write to the page at this address, or not unnoticed, because it shows a patched copy. */
static inline bool nofpu_is_fixed(const struct translation *page)
{
    return !page->is_writable || page->is_marked;
}

enum pad_device {
    DEVICE_NONE, /* no model answers: the page reads as ones */
    DEVICE_DONE, /* the access was carried out; the context stands behind it */
    DEVICE_STEP  /* step the instruction on the scratch page, which is mapped; then PAD_STEPPED */
};

/* Where a signal from outside hit. */
enum pad_hit {
    HIT_GUEST,
    HIT_PAD,
    HIT_THUNK, /* on the way into or out of a patched site */
    PAD_HITS
};

struct pad_request {
    uint32_t kind;    /* enum pad_ask */
    uint32_t process; /* who asks */
    uint32_t width;
    uint64_t address;
    uint64_t value;
    uint32_t route[5]; /* irq, ioapic, pin, is_level, is_low_active */
    char text[160];
};

struct pad_call {
    int64_t number;
    uint64_t argument[6];
    int64_t result;
};

struct pad_range {
    uint64_t start, end;
};

/* A page that was touched and unmapped, alone: next time it may be entered before it is touched (tlb.h). */
struct pad_habit {
    uint64_t vaddr;  /* 0: none */
    uint32_t credit; /* so many times, until a touch is seen again */
};

/* A guest process, as everybody sees it. */
struct pad_slot {
    uint64_t vspace;         /* paddr of the PML4 it is bound to; 0: none */
    _Atomic uint32_t is_hot; /* it waits by yielding, so that it need not be woken */
    _Atomic uint32_t turn;   /* futex: 1 once it got the baton */
    bool must_reset;         /* forget the former VSpace's sites too; with must_wipe */
    bool must_wipe;          /* drop all mappings before it runs; the pending unmaps do not matter then */
    bool is_dirty;           /* must_wipe, or there are pending unmaps */
    uint32_t unmap_count;
    struct pad_range unmap[PAD_UNMAPS];
    struct pad_habit habit[PAD_HABITS];
    uint32_t habit_next; /* the oldest of them */
    uint32_t expecting;  /* kernel exits at which to look whether the page came back: */
    uint64_t expected;   /* its address */
    uint32_t call_count; /* host system calls to make for the monitor, who gets the baton back at once */
    struct pad_call call[PAD_CALLS];
};

/* A frame that some process shows a patched copy of: a writable mapping of it must not come into being before
 * that copy is dropped (patch.h). */
struct pad_frame {
    uint64_t paddr; /* 0: empty */
    uint64_t vaddr; /* of the page */
    uint32_t process;
};

/* The site that a thunk serves. Thunks belong to all processes and never go: a guest may have copied the jump
 * to one, and so goes on using it. */
struct pad_thunk {
    uint64_t site;  /* address of the `syscall` instruction; 0: no thunk here */
    uint8_t length; /* as in struct pad_site */
    uint8_t count;
    uint8_t from[4];
    uint8_t to[4];
};

struct pad_thunk_page {
    uint64_t address;                        /* in guests */
    uint32_t page;                           /* of the pool */
    uint32_t used;                           /* thunks */
    struct pad_thunk thunk[PAD_THUNK_SLOTS]; /* slot 0 holds the address of the entry instead */
};

/* The machine's clock from the processor's counter: what it was when the counter stood at `cycles`. Slower than
 * the host's clock by a ten-thousandth, and good for some milliseconds, so that it is never ahead of anybody. */
struct pad_scale {
    uint64_t cycles, ns;
    uint64_t cycles_max; /* good for so many; 0: the counter is not used */
    uint64_t ns_per_cycle; /* times 2^32 */
};

struct pad_core {
    _Atomic uint32_t attention; /* the monitor wants the baton at the next exit */
    uint32_t unused;
    struct context *context; /* of the thread that runs, at its address in guests */

    _Atomic uint32_t holder;
    _Atomic uint32_t monitor_is_hot; /* it waits by yielding, so that the doorbell need not be rung */
    uint64_t base;  /* of the pad in guests */
    uint64_t entry; /* for relinked programs: where a system call jumps to */
    uint64_t end;   /* of all that is Selkie's, arena and vector memory included */
    uint64_t address_min;
    int32_t monitor_pid;
    _Atomic uint32_t spawn_turn; /* futex of the template: 1 asks for a process */
    uint32_t spawn_index;        /* which */
    int64_t spawn_result;        /* pid or -errno */

    struct kernel kernel; /* as guests see it */
    struct machine machine;
    struct abi abi;
    struct vector_layout vector;

    /* Time, on the machine's clock. */
    uint64_t start_ns; /* ticks are at multiples of the period from here */
    uint64_t period_ns;
    uint64_t tick_ns;     /* the next tick, if is_tick_armed */
    uint64_t deadline_ns; /* when the outside has something, UINT64_MAX: never */
    bool is_deadline_late; /* it is past already and put off, so that a guest gets on meanwhile */
    bool is_tick_armed;
    uint64_t origin_ns; /* of the machine's clock, on the host's monotonic one */
    struct pad_scale scale;
    /* Virtual time (engine/x86_64/spin.h): the activity after which the thread did nothing but spin, and 1; what
     * that means; how often threads were sent ahead, and where they stood. */
    _Atomic uint64_t spun;
    enum spin_verdict spin_verdict;
    uint64_t spins;
    struct spin_places spin_places;

    struct pad_request request;
    struct pad_load load; /* what PAD_DEVICE's answer was about */
    struct pad_nofpu nofpu; /* and PAD_FPU's */
    bool has_counter;     /* and a register that needs no question */
    struct machine_counter counter;

    _Atomic uint64_t entries;   /* kernel entries so far */
    _Atomic uint32_t is_inside; /* a kernel entry is under way */
    _Atomic uint32_t is_in_host; /* and in it a call for a host object, which takes as long as the host likes */
    uint64_t switches, misses, handovers, traps_left;
    uint64_t preempted[PAD_HITS]; /* how often a tick took the processor from a thread, by where it hit */
    uint64_t last_tcb;

    _Atomic uint32_t console_put, console_got; /* bytes ever put and taken */
    char console[PAD_CONSOLE];

    struct pad_slot slot[PAD_PROCESSES];
    struct pad_frame frame[PAD_FRAMES];

    uint32_t frame_count, pool_used;
    uint64_t pool[PAD_POOL_PAGES / 64]; /* a bit for each page that is in use */
    uint64_t patch_drops;               /* patched copies given up, for whatever reason */
    uint64_t generation;                /* the last that a process was given */
    uint32_t thunk_page_count;
    struct pad_thunk_page thunk_page[PAD_THUNK_PAGES];
};

/* What a thread that does not merely spin makes go on (engine/x86_64/spin.h). */
static inline uint64_t core_activity(const struct pad_core *core, const struct virtual_clock *clock)
{
    return atomic_load(&core->entries) + core->misses + core->traps_left + clock->looks;
}

/* A known system call site of a process. */
struct pad_site {
    uint64_t address; /* of the `syscall` instruction; 0: empty */
    uint64_t thunk;   /* 0: left trapping */
    uint8_t length;   /* displaced bytes, the `syscall` included */
    uint8_t count;    /* of displaced instructions behind the `syscall` */
    uint8_t why;      /* it was left, enum site_refusal */
    uint8_t drops;    /* times its patch was dropped because the page was written */
    uint8_t from[4];  /* per displaced instruction: its offset from `address` */
    uint8_t to[4];    /* and from `thunk`; behind the last one stand the end of both */
    uint16_t next;    /* the next patched site of the same copy: its index + 1 */
};

struct pad_redirect {
    uint64_t ip;     /* 0: empty */
    uint64_t target; /* where the instruction at `ip` stands now; 0: none starts there */
};

struct pad_copy {
    uint64_t vaddr; /* of the page; 0: empty */
    uint64_t paddr; /* of its frame */
    uint32_t page;  /* of the pool */
    uint16_t first; /* of its patched sites: index + 1 */
};

/* What a signal said (signal.c). */
struct pad_trap {
    uint32_t number; /* the signal */
    int32_t code;
    uint64_t vector, error, address; /* of the exception behind it */
    uint64_t call_address;           /* SIGSYS: behind the instruction */
    uint32_t call_arch;
    uint16_t cs;
    bool is_in_thunk; /* the processor stood at a displaced instruction */
};

struct pad_private {
    _Atomic uint32_t pending; /* a signal wants the kernel's attention at the next exit */
    uint32_t index;           /* of this process */
    uint64_t resume;          /* where the exit jumps to */
    uint64_t rsp;             /* of the guest, while its registers are saved */
    uint64_t fs, gs;          /* the live segment bases */
    uint64_t generation;      /* of its patches: no other process's, and another one whenever a patch goes */

    uint64_t vspace; /* the PML4 it is bound to */
    uint64_t loaded; /* TCB whose vector registers are live here; 0: nobody's */
    int32_t pid;
    int32_t timer;     /* POSIX timer */
    uint64_t armed_ns; /* when it fires, on the machine's clock; UINT64_MAX: not armed */
    bool covers_tick;
    uint8_t yield_hope; /* times that yielding paid lately (baton.c) */
    uint32_t yield_tries;
    uint8_t hit;         /* where the last signal from outside hit, enum pad_hit */
    bool is_stepping;    /* the thread runs one instruction for the monitor */
    bool is_device_step; /* which then hears of it */
    bool has_breakpoints; /* some are set in: */
    struct breakpoints breakpoints; /* what the debug registers hold */
    bool had_trap_flag;  /* and the guest wanted to be stepped anyway */
    struct pad_trap trap;
    uint64_t miss_ip, miss_address;
    uint64_t miss_entries;
    uint32_t miss_repeats;
    uint8_t site_traps[PAD_SITE_TRAPS];
    struct pad_load load[PAD_LOADS];

    unsigned char stack[PRIVATE_STACK_TOP - 4096] __attribute__((aligned(4096)));
    unsigned char signal_stack[0x20000] __attribute__((aligned(4096)));

    struct pad_nofpu nofpu[PAD_NOFPU];

    /* patches (patch.h) */
    uint32_t redirect_count, copy_count;
    uint32_t site_count;
    struct pad_range copy_bounds, thunk_bounds; /* the copies and the thunk pages lie inside */
    struct pad_site site[PAD_SITES];            /* by address, open addressing */
    struct pad_redirect redirect[PAD_REDIRECTS];
    struct pad_copy copy[PAD_COPIES];           /* the first copy_count */
    uint64_t thunk_pages[PAD_THUNK_PAGES / 64]; /* a bit for each of the core's that it shows */
};

_Static_assert(offsetof(struct pad_core, context) == CORE_CONTEXT, "entry.S");
_Static_assert(offsetof(struct pad_private, resume) == PRIVATE_RESUME, "entry.S");
_Static_assert(offsetof(struct pad_private, rsp) == PRIVATE_RSP, "entry.S");
_Static_assert(offsetof(struct pad_private, gs) == PRIVATE_GS, "entry.S");
_Static_assert(offsetof(struct pad_private, generation) == PRIVATE_GENERATION, "entry.S");
_Static_assert(offsetof(struct pad_private, signal_stack) == PRIVATE_STACK_TOP, "entry.S");
_Static_assert(sizeof(struct pad_private) <= PAD_PRIVATE_SIZE, "it fits");
_Static_assert(PAD_CORE + sizeof(struct pad_core) <= PAD_PRIVATE, "it fits");
_Static_assert(sizeof(struct hostio) <= PAD_HOSTIO_SIZE, "it fits");
_Static_assert(offsetof(struct context, next_ip) == CONTEXT_NEXT_IP, "entry.S");
_Static_assert(offsetof(struct context, is_syscall) == CONTEXT_IS_SYSCALL, "entry.S");
_Static_assert(offsetof(struct context, hint.ip) == CONTEXT_HINT_IP, "entry.S");
_Static_assert(offsetof(struct context, hint.target) == CONTEXT_HINT_TARGET, "entry.S");
_Static_assert(offsetof(struct context, hint.generation) == CONTEXT_HINT_GENERATION, "entry.S");
_Static_assert(REG_GS_BASE * 8 == CONTEXT_GS_BASE && REG_R15 * 8 == CONTEXT_R15, "entry.S");

#endif
#endif
