/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time by itself: what things cost, how looks in a row become dearer and stop at events, the order of what
 * is due, seeds, the emulation of the time stamp counter, telling threads that spin, and loops without an exit.
 */
#include "engine/x86_64/endless.h"
#include "engine/x86_64/spin.h"
#include "engine/x86_64/tsc.h"
#include "machine/virtual_clock.h"
#include "tests/check.h"

enum {
    MILLISECOND = 1000000,
    PERIOD = 2 * MILLISECOND
};

static const unsigned char *code_bytes;
static size_t code_size;

/* The kernel's part in this test. */
size_t kernel_read_user(const struct kernel *k, uint64_t vspace, uint64_t vaddr, void *bytes, size_t size)
{
    (void)k;
    (void)vspace;
    size_t offset = vaddr >= 0x1000 && vaddr - 0x1000 < code_size ? vaddr - 0x1000 : code_size;
    size_t count = size < code_size - offset ? size : code_size - offset;
    memcpy(bytes, code_bytes + offset, count);
    return count;
}

static struct virtual_clock fresh(uint64_t seed)
{
    struct virtual_clock c;
    virtual_clock_start(&c, PERIOD, seed);
    return c;
}

static void test_costs(void)
{
    struct virtual_clock c = fresh(0);
    CHECK_EQ(c.now_ns, 0);
    virtual_clock_entry(&c);
    CHECK_EQ(c.now_ns, VIRTUAL_ENTRY_NS);
    virtual_clock_work(&c);
    virtual_clock_device(&c);
    virtual_clock_poll(&c);
    CHECK_EQ(c.now_ns, VIRTUAL_ENTRY_NS + VIRTUAL_WORK_NS + VIRTUAL_DEVICE_NS + VIRTUAL_READ_NS);
    CHECK_EQ(virtual_clock_tsc(&c), c.now_ns);
}

static uint64_t look(struct virtual_clock *c)
{
    uint64_t before = c->now_ns;
    virtual_clock_poll(c);
    return c->now_ns - before;
}

static void test_looks_in_a_row(void)
{
    struct virtual_clock c = fresh(0);
    uint64_t last = 0;
    for (unsigned i = 0; i < VIRTUAL_POLLS_FREE; i++)
        CHECK_EQ(look(&c), VIRTUAL_READ_NS);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t cost = look(&c);
        CHECK(cost >= last && cost <= VIRTUAL_POLL_MAX_NS + VIRTUAL_READ_NS);
        last = cost;
    }
    CHECK_EQ(last, VIRTUAL_POLL_MAX_NS + VIRTUAL_READ_NS);

    virtual_clock_entry(&c); /* a port access that is itself a look */
    virtual_clock_polls_keep(&c);
    CHECK_EQ(look(&c), VIRTUAL_POLL_MAX_NS + VIRTUAL_READ_NS);
    for (unsigned i = 0; i <= VIRTUAL_ASK_ENTRIES; i++) /* something else */
        virtual_clock_entry(&c);
    CHECK_EQ(look(&c), VIRTUAL_READ_NS);
}

static void test_asking(void)
{
    struct virtual_clock c = fresh(0);
    for (unsigned i = 0; i < VIRTUAL_ASKS_FREE; i++) {
        CHECK_EQ(look(&c), VIRTUAL_READ_NS);
        for (unsigned j = 0; j < VIRTUAL_ASK_ENTRIES; j++)
            virtual_clock_entry(&c);
    }
    CHECK_EQ(look(&c), 2 * VIRTUAL_READ_NS);
    virtual_clock_entry(&c);
    for (unsigned i = 0; i < VIRTUAL_ASK_ENTRIES; i++)
        virtual_clock_entry(&c);
    CHECK_EQ(look(&c), VIRTUAL_READ_NS);
}

static void test_looks_stop_at_events(void)
{
    struct virtual_clock c = fresh(0);
    c.polls = 1000;
    virtual_clock_device_set(&c, 30000);
    CHECK_EQ(look(&c), 30000);
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_DEVICE);
    CHECK_EQ(look(&c), VIRTUAL_READ_NS); /* overdue: no further */
}

static void test_order(void)
{
    struct virtual_clock c = fresh(0);
    CHECK(!virtual_clock_is_due(&c, true, UINT64_MAX));
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_NOTHING);
    virtual_clock_device_set(&c, PERIOD);
    CHECK(virtual_clock_skip(&c));
    CHECK_EQ(c.now_ns, PERIOD);
    CHECK(virtual_clock_is_due(&c, true, UINT64_MAX));
    CHECK(virtual_clock_is_pending(&c));
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_DEVICE);
    virtual_clock_device_set(&c, UINT64_MAX);
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_TICK);
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_NOTHING);
    CHECK_EQ(c.tick_ns, 2 * PERIOD);
    CHECK(virtual_clock_skip(&c));
    CHECK_EQ(virtual_clock_due(&c, false, UINT64_MAX), VIRTUAL_NOTHING); /* a tick that nobody wants */
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_NOTHING);
    CHECK_EQ(virtual_clock_due(&c, false, c.now_ns), VIRTUAL_TICK); /* the kernel's own deadline */
    CHECK_EQ(virtual_clock_due(&c, false, UINT64_MAX), VIRTUAL_NOTHING);
    CHECK(!virtual_clock_skip(&c));
    c.now_ns += 10 * PERIOD + 5; /* late ticks are one */
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_TICK);
    CHECK_EQ(virtual_clock_due(&c, true, UINT64_MAX), VIRTUAL_NOTHING);
    CHECK_EQ(c.tick_ns % PERIOD, 0);
    CHECK(c.tick_ns > c.now_ns && c.tick_ns - c.now_ns <= PERIOD);
}

static void test_seeds(void)
{
    struct virtual_clock a = fresh(5), b = fresh(5), other = fresh(6);
    CHECK(a.now_ns < PERIOD);
    CHECK(a.now_ns != other.now_ns);
    for (unsigned i = 1; i < 1000; i++) {
        uint64_t before = a.now_ns;
        virtual_clock_entry(&a);
        virtual_clock_entry(&b);
        CHECK(a.now_ns - before - VIRTUAL_ENTRY_NS < VIRTUAL_NOISE_MAX_NS);
        virtual_clock_device_set(&a, i * PERIOD);
        virtual_clock_device_set(&b, i * PERIOD);
        virtual_clock_device_set(&b, i * PERIOD); /* said again, it is the same deadline */
        CHECK(a.device_ns - i * PERIOD < VIRTUAL_DELAY_MAX_NS);
    }
    CHECK(memcmp(&a, &b, sizeof(a)) == 0);
}

static bool emulate(struct context *context, const void *bytes, size_t size)
{
    static struct virtual_clock c;
    static struct kernel k;
    virtual_clock_start(&c, PERIOD, 0);
    c.now_ns = 0x123456789abcull - VIRTUAL_READ_NS;
    k.virtual_clock = &c;
    code_bytes = bytes;
    code_size = size;
    *context = (struct context){.next_ip = 0x1000};
    context->reg[REG_RCX] = context->reg[REG_RAX] = context->reg[REG_RDX] = UINT64_MAX;
    return tsc_emulate(&k, 0x5000, context);
}

static void test_tsc(void)
{
    struct context context;
    CHECK(emulate(&context, "\x0f\x31\x90", 3));
    CHECK_EQ(context.reg[REG_RAX], 0x56789abc);
    CHECK_EQ(context.reg[REG_RDX], 0x1234);
    CHECK_EQ(context.reg[REG_RCX], UINT64_MAX);
    CHECK_EQ(context.next_ip, 0x1002);
    CHECK_EQ(context.reg[REG_FAULT_IP], 0x1002);
    CHECK(emulate(&context, "\x0f\x31", 2)); /* the last bytes that are mapped */
    CHECK(emulate(&context, "\x0f\x01\xf9", 3));
    CHECK_EQ(context.reg[REG_RCX], 0);
    CHECK_EQ(context.next_ip, 0x1003);
    CHECK(!emulate(&context, "\x0f\x01\xf8", 3));
    CHECK(!emulate(&context, "\xf4", 1));
    CHECK(!emulate(&context, "", 0));
    CHECK_EQ(context.reg[REG_RAX], UINT64_MAX);
}

static bool is_endless(const char *bytes, size_t size, bool is_idle)
{
    static const struct kernel k;
    code_bytes = (const unsigned char *)bytes;
    code_size = size;
    return endless_loop(&k, 0x5000, 0x1000, is_idle);
}

#define CODE(bytes) bytes, sizeof(bytes) - 1

static void test_endless(void)
{
    CHECK(is_endless(CODE("\xeb\xfe"), true));                     /* jmp . */
    CHECK(is_endless(CODE("\xf3\x90\x90\xeb\xfb"), true));         /* pause; nop; jmp */
    CHECK(is_endless(CODE("\xe9\x00\x00\x00\x00\xe9\xf6\xff\xff\xff"), true));
    CHECK(!is_endless(CODE("\xeb\x00\x90"), true));                /* leads out of what is mapped */
    CHECK(!is_endless(CODE("\xeb"), true));                         /* is not all mapped */
    CHECK(!is_endless(CODE("\x90\xf4\xeb\xfc"), true));            /* hlt */
    CHECK(!is_endless(CODE("\x74\xfe"), false));                    /* je may fall through */
    CHECK(!is_endless(CODE("\x0f\x05\xeb\xfc"), false));           /* syscall */
    CHECK(!is_endless(CODE("\x0f\x31\xeb\xfc"), false));           /* rdtsc */
    static const char count[] = "\x48\x8b\x45\xf8\x48\x8b\x00"   /* mov -8(%rbp),%rax; mov (%rax),%rax */
                                "\x48\x8d\x50\x01"               /* lea 1(%rax),%rdx */
                                "\x48\x8b\x45\xf8\x48\x89\x10"   /* mov -8(%rbp),%rax; mov %rdx,(%rax) */
                                "\xeb\xec";
    CHECK(is_endless(CODE(count), false));
    CHECK(!is_endless(CODE(count), true));
    CHECK(is_endless(CODE("\x83\x05\x00\x00\x00\x00\x01\xeb\xf7"), false));     /* addl $1,0(%rip) */
    CHECK(!is_endless(CODE("\x83\x3d\x00\x00\x00\x00\x01\xeb\xf7"), false));    /* cmpl */
    CHECK(is_endless(CODE("\xff\x84\x24\x00\x01\x00\x00\xeb\xf7"), false));     /* incl 256(%rsp) */
    CHECK(is_endless(CODE("\xc7\x45\xf4\x01\x00\x00\x00"     /* movl $1,-12(%rbp) */
                          "\x8b\x45\xf4\x48\x63\xd0"         /* mov -12(%rbp),%eax; movslq %eax,%rdx */
                          "\xf0\x48\x0f\xc1\x10"             /* lock xadd %rdx,(%rax) */
                          "\xeb\xec"),
                     false));
    CHECK(!is_endless(CODE("\x0f\xb1\x10\xeb\xfb"), false));                   /* cmpxchg */
    CHECK(!is_endless(CODE("\xc7\xf8\x00\x00\x00\x00\xeb\xf8"), false));       /* xbegin */
    CHECK(!is_endless(CODE("\xff\xe0\xeb\xfc"), false));                         /* jmp *%rax */
}

static void test_spin(void)
{
    struct spin s = {0};
    uint64_t cpu_ns = 5 * MILLISECOND, sent = 0;
    CHECK_EQ(spin_look(&s, 1, 10, cpu_ns, sent), SPIN_NO);
    for (unsigned i = 1; i < SPIN_STEPS; i++) /* a long stop is one step */
        CHECK_EQ(spin_look(&s, 1, 10, cpu_ns += 40 * SPIN_STEP_NS, sent), SPIN_IF_KNOWN);
    CHECK_EQ(spin_look(&s, 1, 10, cpu_ns += SPIN_STEP_NS - 1, sent), SPIN_NO);
    CHECK_EQ(spin_look(&s, 1, 10, cpu_ns += 1, sent), SPIN_YES);
    CHECK_EQ(spin_look(&s, 1, 11, cpu_ns, ++sent), SPIN_NO);                 /* after the tick, */
    CHECK_EQ(spin_look(&s, 1, 11, cpu_ns += SPIN_AGAIN_NS, sent), SPIN_YES); /* as before */
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns, ++sent), SPIN_NO);                 /* another thread */
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns += SPIN_ENDLESS_NS - 1, sent), SPIN_NO);
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns += 1, sent), SPIN_IF_ENDLESS);
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns += 1, sent), SPIN_IF_ENDLESS); /* if that came too late for it */
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns += SPIN_STEP_NS - SPIN_ENDLESS_NS - 2, sent), SPIN_NO);
    CHECK_EQ(spin_look(&s, 2, 12, cpu_ns += 1, sent), SPIN_IF_KNOWN); /* as long as without those */
    CHECK_EQ(spin_look(&s, 2, 13, cpu_ns += 10 * SPIN_STEP_NS, sent), SPIN_NO); /* it has done something */
    CHECK_EQ(spin_look(&s, 2, 13, cpu_ns += SPIN_ENDLESS_NS, sent), SPIN_IF_ENDLESS); /* not much */
    CHECK_EQ(spin_look(&s, 2, 90, cpu_ns += SPIN_STEP_NS, sent), SPIN_NO);
    CHECK_EQ(spin_look(&s, 2, 90, cpu_ns += SPIN_ENDLESS_NS, sent), SPIN_NO);
    CHECK_EQ(spin_look(&s, 2, 90, cpu_ns += SPIN_STEP_NS, sent), SPIN_IF_KNOWN);
}

static void test_spin_places(void)
{
    struct spin_places places = {0};
    CHECK(spin_is_sure(&places, SPIN_YES, 0x401000));
    CHECK(!spin_is_sure(&places, SPIN_IF_KNOWN, 0x401000));
    spin_place_add(&places, 0x401000);
    CHECK(spin_is_sure(&places, SPIN_IF_KNOWN, 0x401000));
    CHECK(!spin_is_sure(&places, SPIN_IF_ENDLESS, 0x401000));
    CHECK(!spin_is_sure(&places, SPIN_NO, 0x401000));
    CHECK(spin_place_is_known(&places, 0x401000));
    CHECK(spin_place_is_known(&places, 0x401000 + SPIN_REACH - 1));
    CHECK(spin_place_is_known(&places, 0x401000 - SPIN_REACH));
    CHECK(!spin_place_is_known(&places, 0x401000 + SPIN_REACH));
    CHECK(!spin_place_is_known(&places, 0x401000 - SPIN_REACH - 1));
    for (unsigned i = 1; i <= SPIN_PLACES; i++)
        spin_place_add(&places, 0x401000 + i * 0x1000);
    CHECK(!spin_place_is_known(&places, 0x401000)); /* the oldest is forgotten */
    CHECK(spin_place_is_known(&places, 0x401000 + SPIN_PLACES * 0x1000));
}

CHECK_MAIN(CHECK_TEST(test_endless), CHECK_TEST(test_costs), CHECK_TEST(test_looks_in_a_row), CHECK_TEST(test_asking),
           CHECK_TEST(test_looks_stop_at_events), CHECK_TEST(test_order), CHECK_TEST(test_seeds),
           CHECK_TEST(test_tsc), CHECK_TEST(test_spin), CHECK_TEST(test_spin_places))
