/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A patched site, run by the processor: this program is the guest process and the pad at once.
 *
 * The "pad" answers each entry with rax = ANSWER and goes on where patch_target says; a guest that jumps to a
 * displaced instruction raises SIGILL, whose handler does the same.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/check.h"
#include "tests/engine_direct/fake_pages.h"

static const uint64_t CODE = 0x2000000, FRAME = 0x10000;

enum {
    GREG_RAX = 13, /* in a signal frame */
    GREG_RIP = 16
};

uint64_t seen_rcx, seen_r11, resume_at, entries;
void test_entry(void);

/* As the pad: no stack, flags as they are. */
__asm__(".text\n"
        "test_entry:\n"
        "    mov %rcx, seen_rcx(%rip)\n"
        "    mov %r11, seen_r11(%rip)\n"
        "    mov entries(%rip), %rcx\n"
        "    lea 1(%rcx), %rcx\n"
        "    mov %rcx, entries(%rip)\n"
        "    mov seen_rcx(%rip), %rcx\n"
        "    mov $0x100, %eax\n"
        "    jmp *resume_at(%rip)\n");

static int calls_make(struct engine *engine, unsigned process, struct pad_call *calls, unsigned count)
{
    (void)engine;
    (void)process;
    for (unsigned i = 0; i < count; i++) {
        const uint64_t *a = calls[i].argument;
        void *at = mmap((void *)a[0], a[1], (int)a[2], (int)a[3], fake.pad_fd, (off_t)a[5]);
        calls[i].result = at == MAP_FAILED ? -1 : (int64_t)(uint64_t)at;
    }
    return 0;
}

static void on_no_instruction(int number, siginfo_t *info, void *context)
{
    greg_t *ip = &((ucontext_t *)context)->uc_mcontext.gregs[GREG_RIP];
    (void)number;
    (void)info;
    if (!patch_is_displaced(fake_private(0), (uint64_t)*ip))
        abort();
    *ip = (greg_t)patch_target(fake_private(0), (uint64_t)*ip);
}

/* Code at CODE, whose `syscall` stands at `site`, patched. */
static void guest_make(const unsigned char *code, size_t size, uint64_t site)
{
    fake_reset();
    fake.patcher.entry = (uint64_t)test_entry;
    fake.patcher.calls = calls_make;
    fake_map(0, CODE, FRAME, false);
    memcpy(fake.kernel.arena + FRAME, code, size);
    munmap((void *)CODE, PATCH_PAGE);
    CHECK_EQ(patch_install(&fake.patcher, 0, site), 0);
    resume_at = patch_target(fake_private(0), site + 2);
    CHECK(resume_at != site + 2);
    struct sigaction action = {.sa_sigaction = on_no_instruction, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
}

static uint64_t guest_call(uint64_t address)
{
    uint64_t (*function)(void);
    memcpy(&function, &address, sizeof(function));
    return function();
}

/* libsel4's shape in a leaf function: a value in the red zone, the carry flag across the call. */
static const unsigned char LEAF[] = {
    0x53,                                                 /*  0 push %rbx */
    0x48, 0x89, 0xe3,                                     /*  1 mov %rsp,%rbx */
    0x48, 0xc7, 0x44, 0x24, 0xf8, 0x34, 0x12, 0x00, 0x00, /*  4 movq $0x1234,-8(%rsp) */
    0xf9,                                                 /* 13 stc */
    0x0f, 0x05,                                           /* 14 syscall */
    0x48, 0x89, 0xdc,                                     /* 16 mov %rbx,%rsp */
    0x48, 0x83, 0xd0, 0x00,                               /* 19 adc $0,%rax */
    0x48, 0x03, 0x44, 0x24, 0xf8,                         /* 23 add -8(%rsp),%rax */
    0x5b,                                                 /* 28 pop %rbx */
    0xc3,                                                 /* 29 ret */
};

static void test_leaf(void)
{
    guest_make(LEAF, sizeof(LEAF), CODE + 14);
    entries = 0;
    CHECK_EQ(guest_call(CODE), 0x100 + 1 + 0x1234);
    CHECK_EQ(entries, 1);
    CHECK_EQ(seen_rcx, CODE + 16);
    CHECK_EQ(seen_r11, resume_at);
    CHECK_EQ(guest_call(CODE), 0x100 + 1 + 0x1234);
    CHECK_EQ(entries, 2);
}

/* A loop back to the instruction behind the system call, and displaced instructions of one byte. */
static const unsigned char LOOP[] = {
    0x53,                      /*  0 push %rbx */
    0xbb, 0x05, 0,    0,    0, /*  1 mov $5,%ebx */
    0x0f, 0x05,                /*  6 syscall */
    0x50,                      /*  8 push %rax: the loop */
    0x59,                      /*  9 pop %rcx */
    0xf8,                      /* 10 clc */
    0x48, 0x8d, 0x41, 0x01,    /* 11 lea 1(%rcx),%rax */
    0xff, 0xcb,                /* 15 dec %ebx */
    0x75, 0xf5,                /* 17 jnz 8 */
    0x5b,                      /* 19 pop %rbx */
    0xc3,                      /* 20 ret */
    0xb9, 7,    0,    0,    0, /* 21 mov $7,%ecx */
    0x53, 0xb3, 0x01,          /* 26 push %rbx; mov $1,%bl */
    0x0f, 0xb6, 0xdb,          /* 29 movzx %bl,%ebx */
    0xeb, 0xe8,                /* 32 jmp 10 */
};

static void test_jumps_to_displaced_instructions(void)
{
    guest_make(LOOP, sizeof(LOOP), CODE + 6);
    entries = 0;
    CHECK_EQ(guest_call(CODE), 0x105);
    CHECK_EQ(entries, 1);
    CHECK_EQ(guest_call(CODE + 21), 8);
    CHECK_EQ(entries, 1);
}

static void test_unpatched_bytes_run(void)
{
    /* syscall; cmc; cmc; mov $9,%eax; ret */
    static const unsigned char code[] = {0x0f, 0x05, 0xf5, 0xf5, 0xb8, 9, 0, 0, 0, 0xc3};
    guest_make(code, sizeof(code), CODE);
    patch_unpatch(&fake.patcher, 0, CODE + 5);
    signal(SIGILL, SIG_DFL);
    CHECK_EQ(patch_target(fake_private(0), CODE + 2), CODE + 2);
    CHECK_EQ(guest_call(CODE + 2), 9);
}

/* The bytes that the jump may show are no instructions on this processor, whatever follows them. */
static void on_checked(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    registers[GREG_RAX] = (greg_t)(uint64_t)info->si_addr;
    registers[GREG_RIP] = (greg_t)(CODE + 32); /* a ret */
}

static void test_no_instructions(void)
{
    static const unsigned char follow[] = {0x00, 0x05, 0x24, 0x48, 0x66, 0xc0, 0xc7, 0xff};
    unsigned char *at = mmap((void *)CODE, PATCH_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    struct sigaction action = {.sa_sigaction = on_checked, .sa_flags = SA_SIGINFO};
    unsigned count = 0;
    sigaction(SIGILL, &action, NULL);
    for (unsigned byte = 0; byte < 256; byte++) {
        if (!site_is_no_instruction(byte))
            continue;
        count++;
        for (size_t i = 0; i < sizeof(follow); i++) {
            memset(at, follow[i], 32);
            at[0] = (unsigned char)byte;
            at[32] = 0xc3;
            CHECK_EQ(guest_call(CODE), CODE);
        }
    }
    CHECK(count >= 16);
}

CHECK_MAIN(CHECK_TEST(test_leaf), CHECK_TEST(test_jumps_to_displaced_instructions),
           CHECK_TEST(test_unpatched_bytes_run), CHECK_TEST(test_no_instructions))
