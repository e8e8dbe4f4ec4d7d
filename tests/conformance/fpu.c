/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector and x87 state belongs to a thread: kept over system calls, preemption and other threads' use of it. */
#include "conformance.h"

enum {
    THREADS = 3,
    ROUNDS = 40
};

struct state {
    unsigned char xmm[16][16];
    unsigned mxcsr;
    unsigned short control, status;
    double x87;
} __attribute__((aligned(16)));

static void state_load(const struct state *state)
{
    asm volatile(
        "fninit\n\tfldcw %1\n\tfldl %2\n\tldmxcsr %3\n\t"
        "movaps 0(%0), %%xmm0\n\tmovaps 16(%0), %%xmm1\n\tmovaps 32(%0), %%xmm2\n\tmovaps 48(%0), %%xmm3\n\t"
        "movaps 64(%0), %%xmm4\n\tmovaps 80(%0), %%xmm5\n\tmovaps 96(%0), %%xmm6\n\tmovaps 112(%0), "
        "%%xmm7\n\t"
        "movaps 128(%0), %%xmm8\n\tmovaps 144(%0), %%xmm9\n\tmovaps 160(%0), %%xmm10\n\t"
        "movaps 176(%0), %%xmm11\n\tmovaps 192(%0), %%xmm12\n\tmovaps 208(%0), %%xmm13\n\t"
        "movaps 224(%0), %%xmm14\n\tmovaps 240(%0), %%xmm15"
        :
        : "r"(state->xmm), "m"(state->control), "m"(state->x87), "m"(state->mxcsr), "m"(*state));
}

static void state_store(struct state *state)
{
    asm volatile(
        "movaps %%xmm0, 0(%0)\n\tmovaps %%xmm1, 16(%0)\n\tmovaps %%xmm2, 32(%0)\n\tmovaps %%xmm3, 48(%0)\n\t"
        "movaps %%xmm4, 64(%0)\n\tmovaps %%xmm5, 80(%0)\n\tmovaps %%xmm6, 96(%0)\n\tmovaps %%xmm7, "
        "112(%0)\n\t"
        "movaps %%xmm8, 128(%0)\n\tmovaps %%xmm9, 144(%0)\n\tmovaps %%xmm10, 160(%0)\n\t"
        "movaps %%xmm11, 176(%0)\n\tmovaps %%xmm12, 192(%0)\n\tmovaps %%xmm13, 208(%0)\n\t"
        "movaps %%xmm14, 224(%0)\n\tmovaps %%xmm15, 240(%0)\n\t"
        "stmxcsr %1\n\tfnstcw %2\n\tfnstsw %3\n\tfstpl %4"
        :
        : "r"(state->xmm), "m"(state->mxcsr), "m"(state->control), "m"(state->status), "m"(state->x87)
        : "memory");
}

static struct state given[THREADS], found[THREADS];
static volatile unsigned good[THREADS];

static void state_fill(struct state *state, unsigned seed)
{
    for (unsigned i = 0; i < 256; i++) {
        state->xmm[i / 16][i % 16] = (unsigned char)(i * 7 + seed * 37);
    }
    state->mxcsr = 0x1f80 | (seed & 3) << 13;
    state->control = (unsigned short)(0x37f & ~0xc00u) | (unsigned short)((seed & 3) << 10);
    state->x87 = 1.25 * seed + 3;
}

static bool state_same(const struct state *a, const struct state *b)
{
    return memcmp(a->xmm, b->xmm, sizeof(a->xmm)) == 0 && a->mxcsr == b->mxcsr && a->control == b->control &&
           memcmp(&a->x87, &b->x87, sizeof(a->x87)) == 0;
}

static void yielding(void *argument)
{
    unsigned self = (unsigned)(seL4_Word)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        state_fill(&given[self], self * 100 + round);
        state_load(&given[self]);
        seL4_Yield();
        state_store(&found[self]);
        good[self] += state_same(&given[self], &found[self]);
    }
}

static volatile bool ticked[THREADS];

/* Loads its state, then spins until the other threads have run, which takes preemption. */
static void spinning(void *argument)
{
    unsigned self = (unsigned)(seL4_Word)argument;
    state_fill(&given[self], self + 5);
    state_load(&given[self]);
    ticked[self] = true;
    asm volatile("1: cmpb $0, %0\n\tje 1b\n2: cmpb $0, %1\n\tje 2b\n3: cmpb $0, %2\n\tje 3b"
                 :
                 : "m"(ticked[0]), "m"(ticked[1]), "m"(ticked[2]));
    state_store(&found[self]);
    good[self] = state_same(&given[self], &found[self]);
}

static void initial(void *unused)
{
    (void)unused;
    unsigned mxcsr;
    unsigned short control, status;
    asm volatile("stmxcsr %0\n\tfnstcw %1\n\tfnstsw %2" : "=m"(mxcsr), "=m"(control), "=m"(status));
    SAY("a new thread: MXCSR %x, control %x, status %x\n", mxcsr, control, status);
}

static void zeroes(void *unused)
{
    (void)unused;
    struct state state;
    state_store(&state);
    unsigned bits = 0;
    for (unsigned i = 0; i < 256; i++) {
        bits |= state.xmm[i / 16][i % 16];
    }
    SAY("a new thread's XMM registers: %x\n", bits);
}

static void exception_x87(void *unused)
{
    (void)unused;
    unsigned short control = 0x37f & ~4; /* division by zero raises */
    double one = 1, zero = 0;
    asm volatile("fninit\n\tfldcw %0\n\tfldl %1\n\tfdivl %2\n\tfwait" : : "m"(control), "m"(one), "m"(zero));
    SAY("no exception\n");
}

static void run(const char *name, void (*entry)(void *))
{
    for (seL4_Word i = 0; i < THREADS; i++) {
        good[i] = 0;
        spawn("vectors", entry, (void *)i, PRIORITY_LOW);
    }
    let_run();
    SAY("%s: right %u %u %u\n", name, good[0], good[1], good[2]);
}

int main(seL4_BootInfo *info)
{
    open(info);
    section("initial state");
    spawn("initial", initial, NULL, PRIORITY_HIGH);
    spawn("zeroes", zeroes, NULL, PRIORITY_HIGH);

    section("kept");
    run("over yields", yielding);
    spawn("initial", initial, NULL, PRIORITY_HIGH);
    run("over preemption", spinning);

    section("exceptions");
    seL4_CPtr fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    spawn_faulting("x87", exception_x87, NULL, PRIORITY_HIGH, fault_endpoint);
    seL4_Word badge = 0;
    seL4_MessageInfo_t message = seL4_NBRecv(fault_endpoint, &badge);
    if (badge) {
        SAY("x87 division by zero: fault %lx, number %lx, code %lx\n", seL4_MessageInfo_get_label(message),
            seL4_GetMR(3), seL4_GetMR(4));
    }
    close();
    return 0;
}
