/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All of a thread's x87 and vector state is its own: over system calls, faults, preemption and switches to
 * threads of the same and of another VSpace that load other values; and a new thread starts with none of it.
 *
 * A worker is started with everything in registers, so that it needs no stack: it loads a state, does
 * something, stores the state and ends in `ud2`. fpu.c has the simple cases. Where the processor has AVX or
 * AVX-512, their registers are part of the state; what is printed is the same.
 */
#include "subject.h"

enum {
    WORKERS = 5,
    WORKERS_HERE = 3, /* the others run in another VSpace */
    ROUNDS = 12
};

struct vectors {
    unsigned char legacy[512]; /* as fxsave writes it */
    unsigned char ymm[16][32];
    unsigned char zmm[32][64];
    seL4_Word mask[8];
} __attribute__((aligned(64)));

enum { /* in `legacy` */
    AT_CONTROL = 0,
    AT_STATUS = 2,
    AT_TAGS = 4,
    AT_MXCSR = 24,
    AT_X87 = 32,
    AT_XMM = 160
};
_Static_assert(offsetof(struct vectors, ymm) == 512 && offsetof(struct vectors, zmm) == 1024 &&
                   offsetof(struct vectors, mask) == 3072 && WORKERS == 5,
               "the assembly below knows the layout");

struct worker {
    struct subject subject;
    struct vectors given, found;
};
static struct worker workers[WORKERS];
volatile seL4_Uint32 arrived[WORKERS] __attribute__((used));
static enum vector_level level;
static seL4_CPtr endpoint, notification, signalled, nobody;

/*
 * LOAD from r12, STORE to r13; r14 is the level.
 */
#define LOAD                                                                                                 \
    "fxrstor64 (%r12)\n"                                                                                     \
    "testl %r14d, %r14d\njz 9f\n"                                                                            \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"                                         \
    "vmovdqu 512 + 32 * \\n(%r12), %ymm\\n\n"                                                                \
    ".endr\n"                                                                                                \
    "cmpl $2, %r14d\njb 9f\n"                                                                                \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, " \
    "26, 27, 28, 29, 30, 31\n"                                                                               \
    "vmovdqu64 1024 + 64 * \\n(%r12), %zmm\\n\n"                                                             \
    ".endr\n"                                                                                                \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"                                                                       \
    "kmovq 3072 + 8 * \\n(%r12), %k\\n\n"                                                                    \
    ".endr\n"                                                                                                \
    "9:\n"
#define STORE                                                                                                \
    "fxsave64 (%r13)\n"                                                                                      \
    "testl %r14d, %r14d\njz 9f\n"                                                                            \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"                                         \
    "vmovdqu %ymm\\n, 512 + 32 * \\n(%r13)\n"                                                                \
    ".endr\n"                                                                                                \
    "cmpl $2, %r14d\njb 9f\n"                                                                                \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, " \
    "26, 27, 28, 29, 30, 31\n"                                                                               \
    "vmovdqu64 %zmm\\n, 1024 + 64 * \\n(%r13)\n"                                                             \
    ".endr\n"                                                                                                \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7\n"                                                                       \
    "kmovq %k\\n, 3072 + 8 * \\n(%r13)\n"                                                                    \
    ".endr\n"                                                                                                \
    "9:\n"
#define WORKER(name, action)                                                                                 \
    extern const char name[], name##_at[], name##_go_on[];                                                   \
    asm(".balign 16\n.globl " #name ", " #name "_at, " #name "_go_on\n" #name ":\n" LOAD #name               \
        "_at: " action "\n" #name "_go_on:\n" STORE "ud2\n")

WORKER(fresh, "");
WORKER(call, "syscall");
WORKER(calls, "movl $20, %ebx\n1: syscall\ndecl %ebx\njnz 1b");
WORKER(read_missing, "movq (%rax), %rbx");
WORKER(undefined, "ud2");
WORKER(breakpoint, "int3");
WORKER(unknown, "syscall");

/* Announce round ebp in arrived[ebx], wait until all have come so far; with calls meanwhile if r9 says so. */
WORKER(meet, "movl %ebp, arrived(, %rbx, 4)\n"
             "1: testl %r9d, %r9d\njz 2f\nsyscall\n"
             "2: cmpl %ebp, arrived\njb 1b\n"
             "cmpl %ebp, arrived+4\njb 1b\n"
             "cmpl %ebp, arrived+8\njb 1b\n"
             "cmpl %ebp, arrived+12\njb 1b\n"
             "cmpl %ebp, arrived+16\njb 1b");

/* Only stores: what a new thread has. */
extern const char store_only[];
asm(".balign 16\n.globl store_only\nstore_only:\n" STORE "ud2\n");

/* The same as a function of C. */
void vectors_load(const struct vectors *from, enum vector_level how_much);
asm(".globl vectors_load\nvectors_load:\n"
    "pushq %r12\npushq %r14\nmovq %rdi, %r12\nmovl %esi, %r14d\n" LOAD
    "fninit\npushq $0x1f80\nldmxcsr (%rsp)\npopq %rax\npopq %r14\npopq %r12\nret\n");

static seL4_Word random_state = 88172645463325252;

static seL4_Word random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void put16(struct vectors *v, unsigned at, unsigned value)
{
    v->legacy[at] = (unsigned char)value;
    v->legacy[at + 1] = (unsigned char)(value >> 8);
}

/* A state that no exception comes from: flags may be set in the status, but all exceptions are masked. */
static void vectors_fill(struct vectors *v)
{
    memset(v->legacy, 0, sizeof(v->legacy));
    for (seL4_Word *word = (seL4_Word *)v->ymm; word < (seL4_Word *)(v + 1); word++) {
        *word = random_word();
    }
    seL4_Word bits = random_word();
    put16(v, AT_CONTROL, 0x7f | (unsigned)(bits & 0xf) << 8); /* precision and rounding */
    put16(v, AT_STATUS, (unsigned)(bits >> 8 & 0x7f7f));      /* exception flags, condition codes, top */
    v->legacy[AT_TAGS] = (unsigned char)(bits >> 24);
    put16(v, AT_MXCSR, 0x1f80 | (unsigned)(bits >> 32 & 3) << 13 | (unsigned)(bits >> 40 & 0x3f));
    for (unsigned i = 0; i < 8; i++) {
        seL4_Word mantissa = random_word() | 1ul << 63;
        memcpy(&v->legacy[AT_X87 + 16 * i], &mantissa, sizeof(mantissa));
        put16(v, AT_X87 + 16 * i + 8, 0x3f00 + (unsigned)(random_word() & 0xff));
    }
    for (unsigned i = 0; i < 16; i++) {
        if (level == VECTOR_AVX512) {
            memcpy(v->ymm[i], v->zmm[i], sizeof(v->ymm[i]));
        }
        memcpy(&v->legacy[AT_XMM + 16 * i], v->ymm[i], 16);
    }
}

static bool range_same(const struct vectors *a, const struct vectors *b, unsigned at, unsigned size)
{
    return memcmp(&a->legacy[at], &b->legacy[at], size) == 0;
}

static bool vectors_same(const struct vectors *a, const struct vectors *b)
{
    bool same = range_same(a, b, AT_CONTROL, 2) && range_same(a, b, AT_STATUS, 2) &&
                range_same(a, b, AT_TAGS, 1) && range_same(a, b, AT_MXCSR, 4) &&
                range_same(a, b, AT_XMM, 256);
    for (unsigned i = 0; i < 8; i++) {
        same = same && range_same(a, b, AT_X87 + 16 * i, 10);
    }
    if (level >= VECTOR_AVX) {
        same = same && memcmp(a->ymm, b->ymm, sizeof(a->ymm)) == 0;
    }
    if (level >= VECTOR_AVX512) {
        same = same && memcmp(a->zmm, b->zmm, sizeof(a->zmm)) == 0 &&
               memcmp(a->mask, b->mask, sizeof(a->mask)) == 0;
    }
    return same;
}

static seL4_UserContext worker_registers(struct worker *worker, const char *start)
{
    vectors_fill(&worker->given);
    memset(&worker->found, 0xee, sizeof(worker->found));
    seL4_UserContext registers = subject_registers(&worker->subject, (seL4_Word)start);
    registers.r12 = (seL4_Word)&worker->given;
    registers.r13 = (seL4_Word)&worker->found;
    registers.r14 = level;
    return registers;
}

/* The initial thread's own registers get other values, as a server's would. */
static void vectors_spoil(void)
{
    static struct vectors v;
    vectors_fill(&v);
    vectors_load(&v, level);
}

/*
 * New threads.
 */
static void fresh_show(const char *what, struct worker *worker)
{
    memset(&worker->found, 0xee, sizeof(worker->found));
    seL4_UserContext registers = subject_registers(&worker->subject, (seL4_Word)store_only);
    registers.r13 = (seL4_Word)&worker->found;
    registers.r14 = level;
    struct subject_fault fault = subject_run(&worker->subject, &registers);
    const unsigned char *legacy = worker->found.legacy;
    unsigned bits = 0;
    for (unsigned i = AT_X87; i < AT_XMM + 256; i++) {
        bits |= i < AT_XMM && i % 16 >= 10 ? 0 : legacy[i]; /* an x87 register has 10 bytes */
    }
    if (level >= VECTOR_AVX) {
        for (unsigned i = 0; i < sizeof(worker->found.ymm); i++) {
            bits |= ((unsigned char *)worker->found.ymm)[i];
        }
    }
    if (level >= VECTOR_AVX512) {
        for (unsigned i = 0; i < sizeof(worker->found.zmm); i++) {
            bits |= ((unsigned char *)worker->found.zmm)[i];
        }
    }
    SAY("%s: exception %lu, control %02x%02x, status %02x%02x, tags %02x, MXCSR %02x%02x, other bits %x\n",
        what, fault.detail, legacy[1], legacy[0], legacy[3], legacy[2], legacy[4], legacy[25], legacy[24],
        bits);
}

static void test_fresh(seL4_CPtr other)
{
    section("new threads");
    static struct worker worker;
    seL4_CPtr untyped = make_sized(seL4_UntypedObject, seL4_TCBBits);
    seL4_CPtr tcb = slot();
    for (unsigned round = 0; round < 4; round++) {
        vectors_spoil();
        SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_TCBObject, 0, CNODE, 0, 0, tcb, 1));
        worker.subject = workers[0].subject;
        worker.subject.tcb = tcb;
        SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, mint(worker.subject.faults, seL4_AllRights, SUBJECT_BADGE),
                                           CNODE, 0, round & 1 ? other : VSPACE, 0, 0, 0));
        SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, SELF, PRIORITY_LOW, PRIORITY_LOW));
        fresh_show("a new thread", &worker);
        /* Leave it dirty, then make a thread of the same memory. */
        seL4_UserContext registers = worker_registers(&worker, fresh);
        subject_run(&worker.subject, &registers);
        SAY("its own state: right %d\n", vectors_same(&worker.given, &worker.found));
        SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, untyped, WORD));
    }
}

/*
 * One worker, and what it does.
 */
static void once(const char *what, const char *start, seL4_Word number, seL4_CPtr cap, seL4_Word length)
{
    unsigned right = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct worker *worker = &workers[round % WORKERS];
        seL4_UserContext registers = worker_registers(worker, start);
        registers.rdx = number;
        registers.rdi = cap;
        registers.rsi = seL4_MessageInfo_new(TCBResume, 0, 0, length).words[0];
        vectors_spoil();
        struct subject_fault fault = subject_run(&worker->subject, &registers);
        right += vectors_same(&worker->given, &worker->found) && fault.detail == EXCEPTION_UNDEFINED;
    }
    SAY("%s: right %u of %d\n", what, right, ROUNDS);
}

static void server(void *unused)
{
    (void)unused;
    seL4_Recv(endpoint, NULL);
    for (;;) {
        vectors_spoil();
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 3), NULL);
    }
}

static void test_calls(void)
{
    section("over system calls");
    once("none", fresh, 0, 0, 0);
    once("yield", call, (seL4_Word)seL4_SysYield, 0, 0);
    once("20 yields", calls, (seL4_Word)seL4_SysYield, 0, 0);
    once("nbsend", calls, (seL4_Word)seL4_SysNBSend, nobody, 2);
    once("signal", calls, (seL4_Word)seL4_SysSend, signalled, 0);
    once("poll", call, (seL4_Word)seL4_SysNBRecv, notification, 0);
    once("invocation", call, (seL4_Word)seL4_SysCall, SELF, 0);
    once("call", call, (seL4_Word)seL4_SysCall, endpoint, 4);
    once("call of 50 words", call, (seL4_Word)seL4_SysCall, endpoint, 50);
}

/* The fault is answered: by a reply of its own words, or by writing registers. */
static void faulting(const char *what, const char *start, const char *go_on, bool is_unknown)
{
    unsigned right = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct worker *worker = &workers[round % WORKERS];
        seL4_UserContext registers = worker_registers(worker, start);
        registers.rax = 0x8000900000;
        registers.rdx = 1000;
        subject_start(&worker->subject, &registers);
        seL4_MessageInfo_t info = seL4_Recv(worker->subject.faults, NULL);
        seL4_Word length = seL4_MessageInfo_get_length(info);
        vectors_spoil();
        if (round & 1) {
            SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(worker->subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
            registers.rip = (seL4_Word)go_on;
            registers.rax = (seL4_Word)&arrived[0];
            subject_start(&worker->subject, &registers);
        } else if (start == read_missing) {
            registers.rax = (seL4_Word)&arrived[0];
            registers.rip = (seL4_Word)read_missing_at;
            seL4_Reply(seL4_MessageInfo_new(1, 0, 0, 0)); /* not let go on */
            subject_start(&worker->subject, &registers);
        } else {
            seL4_SetMR(is_unknown ? seL4_UnknownSyscall_FaultIP : 0, (seL4_Word)go_on);
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, is_unknown ? seL4_UnknownSyscall_FaultIP + 1 : length));
        }
        struct subject_fault fault = subject_wait(&worker->subject, &registers);
        right += vectors_same(&worker->given, &worker->found) && fault.detail == EXCEPTION_UNDEFINED;
    }
    SAY("%s: right %u of %d\n", what, right, ROUNDS);
}

static void test_faults(void)
{
    section("over faults");
    faulting("VM fault", read_missing, read_missing_at, false);
    faulting("undefined instruction", undefined, undefined_go_on, false);
    faulting("breakpoint", breakpoint, breakpoint_go_on, false);
    faulting("unknown system call", unknown, unknown_go_on, true);
}

/*
 * All at once: nobody stores before everybody has loaded.
 */
static void meeting(const char *what, unsigned first, unsigned last, seL4_Word number, seL4_CPtr cap)
{
    unsigned right = 0, runs = 0;
    static seL4_Uint32 round;
    for (unsigned i = 0; i < WORKERS; i++) {
        arrived[i] = ~0u; /* who takes no part */
    }
    for (unsigned n = 0; n < ROUNDS; n++) {
        round++;
        for (unsigned i = first; i < last; i++) {
            arrived[i] = 0;
        }
        for (unsigned i = first; i < last; i++) {
            seL4_UserContext registers = worker_registers(&workers[i], meet);
            registers.rbx = i;
            registers.rbp = round;
            registers.r9 = number != 0;
            registers.rdx = number;
            registers.rdi = cap;
            registers.rsi = 0;
            subject_start(&workers[i].subject, &registers);
        }
        for (unsigned i = first; i < last; i++) {
            seL4_UserContext registers;
            struct subject_fault fault = subject_wait(&workers[i].subject, &registers);
            runs++;
            right +=
                vectors_same(&workers[i].given, &workers[i].found) && fault.detail == EXCEPTION_UNDEFINED;
        }
    }
    SAY("%s: right %u of %u\n", what, right, runs);
}

static void test_meetings(void)
{
    section("over preemption");
    meeting("one VSpace", 0, WORKERS_HERE, 0, 0);
    meeting("another VSpace", WORKERS_HERE, WORKERS, 0, 0);
    meeting("both", 0, WORKERS, 0, 0);
    meeting("both, signalling", 0, WORKERS, (seL4_Word)seL4_SysSend, signalled);
    section("over yields");
    meeting("one VSpace", 0, WORKERS_HERE, (seL4_Word)seL4_SysYield, 0);
    meeting("another VSpace", WORKERS_HERE, WORKERS, (seL4_Word)seL4_SysYield, 0);
    meeting("both", 0, WORKERS, (seL4_Word)seL4_SysYield, 0);
}

int main(seL4_BootInfo *info)
{
    open(info);
    level = processor_vectors();
    if (level < VECTOR_AVX) {
        SAY("skipped: AVX\n");
    }
    if (level < VECTOR_AVX512) {
        SAY("skipped: AVX-512\n");
    }
    endpoint = make(seL4_EndpointObject);
    nobody = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    signalled = mint(notification, seL4_AllRights, 1);
    seL4_CPtr other = vspace_make_with_image();
    for (unsigned i = 0; i < WORKERS; i++) {
        if (i < WORKERS_HERE) {
            subject_make(&workers[i].subject, "here");
        } else {
            subject_make_in(&workers[i].subject, "there", other);
        }
    }
    spawn("server", server, NULL, PRIORITY_HIGH);
    test_fresh(other);
    test_calls();
    test_faults();
    test_meetings();
    close();
    return 0;
}
