/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a `syscall` leaves alone and what it changes, for each form of site that may be rewritten, and what else
 * programs do with code: enter it in the middle, write to it, make it, be interrupted in it. Prints the same natively
 * and in a container; with an argument it says instead how many of its sites differ from what was linked.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    REGISTERS = 15, /* in the order below, without rsp */
    RAX = 0,
    RCX = 2,
    R11 = 10,
    ZONE = 16,
    VECTORS = 16,
    FLAGS_CHECKED = 0xcd5, /* status flags and direction */
    INTERRUPTS = 400
};

struct state {
    uint64_t registers[REGISTERS], flags, zone[ZONE];
    unsigned char vector[VECTORS][16];
    uint64_t stack;
};

struct state site_state;

/* site_NAME(): load everything from site_state, run the code, store everything back. The code begins at
 * site_NAME_code and ends at site_NAME_behind, the end of its `syscall`. */
#define EACH_REGISTER(step)                                                                                  \
    step(0, "rax") step(1, "rbx") step(2, "rcx") step(3, "rdx") step(4, "rsi") step(5, "rdi") step(6, "rbp") \
        step(7, "r8") step(8, "r9") step(9, "r10") step(10, "r11") step(11, "r12") step(12, "r13")           \
            step(13, "r14") step(14, "r15")
#define EACH_VECTOR(step)                                                                                    \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) step(11)        \
        step(12) step(13) step(14) step(15)
#define LOAD(index, name)   "mov site_state+8*" #index "(%rip), %" name "\n"
#define STORE(index, name)  "mov %" name ", site_state+8*" #index "(%rip)\n"
#define ZONE_SET(index)     "mov %rax, -8-8*" #index "(%rsp)\n lea 1(%rax), %rax\n"
#define ZONE_GET(index)     "mov -8-8*" #index "(%rsp), %rax\n mov %rax, site_state+128+8*" #index "(%rip)\n"
#define VECTOR_LOAD(index)  "movups site_state+256+16*" #index "(%rip), %xmm" #index "\n"
#define VECTOR_STORE(index) "movups %xmm" #index ", site_state+256+16*" #index "(%rip)\n"
#define SITE(name, code)                                                                                     \
    void site_##name(void);                                                                                  \
    extern unsigned char site_##name##_code[], site_##name##_behind[];                                       \
    asm(".text\n.balign 64\n.fill 128, 1, 0x90\n"                                                            \
        ".globl site_" #name ", site_" #name "_code, site_" #name "_behind\n"                                \
        "site_" #name ":\n"                                                                                  \
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"                            \
        "mov %rsp, site_state+512(%rip)\n"                                                                   \
        "push site_state+120(%rip)\n popfq\n"                                                                \
        "lea -1024(%rsp), %rsp\n"                                                                            \
        "mov $0x5eed, %eax\n" EACH_VECTOR(ZONE_SET) EACH_VECTOR(VECTOR_LOAD) EACH_REGISTER(                  \
            LOAD) "jmp site_" #name "_code\n .fill 64, 1, 0x90\n"                                            \
                  "site_" #name "_code:\n" code EACH_REGISTER(STORE) EACH_VECTOR(VECTOR_STORE) EACH_VECTOR(  \
                      ZONE_GET) "mov site_state+512(%rip), %rsp\n pushfq\n pop site_state+120(%rip)\n cld\n" \
                                "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n")

/* Forms: answered at once; by the personality; a number in rax that nobody knows before; short with padding near. */
SITE(parent, "mov $110, %eax\n syscall\n site_parent_behind:\n");
SITE(seek, "mov $8, %eax\n syscall\n site_seek_behind:\n");
SITE(wide, "mov $110, %rax\n syscall\n site_wide_behind:\n");
SITE(moved, "mov 0x200(%rsp), %r14\n syscall\n site_moved_behind:\n");
SITE(short, "xor %ebx, %ebx\n syscall\n site_short_behind:\n jmp 1f\n .byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, "
            "0, 0, 0, 0\n 1:\n");
SITE(tight, "xor %ebx, %ebx\n syscall\n site_tight_behind:\n");
SITE(middle, "jmp 1f\n mov $110, %eax\n 1: syscall\n site_middle_behind:\n");

static const struct {
    const char *name;
    void (*run)(void);
    unsigned char *code, *behind;
    uint64_t number;
    unsigned char bytes[2]; /* that were linked */
} SITES[] = {
    {"parent", site_parent, site_parent_code, site_parent_behind, 0, {0xb8, 110}},
    {"seek", site_seek, site_seek_code, site_seek_behind, 0, {0xb8, 8}},
    {"wide", site_wide, site_wide_code, site_wide_behind, 0, {0x48, 0xc7}},
    {"moved", site_moved, site_moved_code, site_moved_behind, 110, {0x4c, 0x8b}},
    {"short", site_short, site_short_code, site_short_behind, 110, {0x31, 0xdb}},
    {"tight", site_tight, site_tight_code, site_tight_behind, 110, {0x31, 0xdb}},
    {"middle", site_middle, site_middle_code, site_middle_behind, 39, {0xeb, 5}},
};
enum {
    SITE_COUNT = sizeof SITES / sizeof *SITES
};

static void compare(unsigned site, const struct state *before, const struct state *after)
{
    for (unsigned i = 0; i < REGISTERS; i++) {
        if (i != RAX && i != RCX && i != R11 && before->registers[i] != after->registers[i]) {
            printf("  register %u: 0x%lx\n", i, after->registers[i]);
        }
    }
    for (unsigned i = 0; i < ZONE; i++) {
        if (after->zone[i] != 0x5eed + i) {
            printf("  red zone %u: 0x%lx\n", i, after->zone[i]);
        }
    }
    bool has_flags = (before->flags & FLAGS_CHECKED) == (after->flags & FLAGS_CHECKED);
    printf("  flags %s, vectors %s, rcx %s, r11 %s\n", has_flags ? "kept" : "changed",
           memcmp(before->vector, after->vector, sizeof before->vector) == 0 ? "kept" : "changed",
           after->registers[RCX] == (uint64_t)SITES[site].behind ? "behind" : "elsewhere",
           (after->registers[R11] & FLAGS_CHECKED) == (before->flags & FLAGS_CHECKED) ? "flags" : "else");
}

static void check(unsigned site, uint64_t flags)
{
    struct state before;
    memset(&site_state, 0, sizeof site_state);
    for (unsigned i = 0; i < REGISTERS; i++) {
        site_state.registers[i] = 0x1111111111111111ul * i;
    }
    site_state.registers[5] = (uint64_t)-1; /* rdi: no descriptor */
    site_state.registers[RAX] = SITES[site].number;
    site_state.registers[1] = 0; /* rbx and r14 as the displaced instructions leave them */
    site_state.registers[13] = 0;
    site_state.flags = flags | 0x202;
    for (unsigned i = 0; i < VECTORS; i++) {
        memset(site_state.vector[i], (int)(0xa0 + i), sizeof site_state.vector[i]);
    }
    before = site_state;
    SITES[site].run();
    if (strcmp(SITES[site].name, "moved") == 0) {
        site_state.registers[13] = 0; /* from the stack */
    }
    if (memcmp(SITES[site].bytes, "\x31\xdb", 2) == 0) {
        before.flags = (flags & ~0x8d5ul) | 0x246; /* what `xor` says of 0 */
    }
    int64_t result = (int64_t)site_state.registers[RAX];
    printf("%s: %s\n", SITES[site].name,
           result == getppid()  ? "parent"
           : result == getpid() ? "self"
           : result == -EBADF   ? "EBADF"
                                : "?");
    compare(site, &before, &site_state);
}

/* Sites whose first bytes are not those that were linked. */
static unsigned rewritten(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SITE_COUNT; i++) {
        count += memcmp(SITES[i].code, SITES[i].bytes, sizeof SITES[i].bytes) != 0;
    }
    return count;
}

/* Code that becomes writable is the program's own again, and does what is written there. */
static void write_code(void)
{
    unsigned char *page = (unsigned char *)((uint64_t)site_parent_code & ~0xffful);
    mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
    printf("writable code is as linked: %s\n",
           memcmp(site_parent_code, SITES[0].bytes, 2) == 0 ? "yes" : "no");
    site_parent_code[1] = 39;
    check(0, 0);
    site_parent_code[1] = 110;
    mprotect(page, 8192, PROT_READ | PROT_EXEC);
    check(0, 0);
}

/* Code that the program makes, and changes while it may be run. */
static void make_code(void)
{
    static const unsigned char CODE[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 0x90, 256);
    memcpy(page + 256, CODE, sizeof CODE);
    long (*code)(void) = (long (*)(void))page;
    long parents = 0, selves = 0;
    for (unsigned i = 0; i < 100; i++) {
        page[257] = i % 2 ? 110 : 39;
        long result = code();
        parents += result == getppid();
        selves += result == getpid();
    }
    printf("made code: %ld parents, %ld selves\n", parents, selves);
    munmap(page, 4096);
}

static uint64_t text_start, text_end;
static volatile int interrupts, outside, wrong_stack;
static volatile int is_over;

extern char __executable_start, etext;

static void on_timer(int signal, siginfo_t *info, void *opaque)
{
    const ucontext_t *context = opaque;
    uint64_t ip = (uint64_t)context->uc_mcontext.gregs[REG_RIP],
             sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    (void)signal;
    (void)info;
    interrupts++;
    outside += ip < text_start || ip >= text_end;
    wrong_stack += sp - (uint64_t)__builtin_frame_address(0) > 1 << 20;
    is_over = interrupts >= INTERRUPTS;
}

/* A timer interrupts calls of all forms: handlers find the thread in the program, never in a stub. */
static void interrupt_all(void)
{
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
    struct itimerval every = {{0, 300}, {0, 300}};
    long wrong = 0;
    int parent = getppid();
    text_start = (uint64_t)&__executable_start;
    text_end = (uint64_t)&etext;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    site_state.flags = 0x202;
    while (!is_over) {
        for (unsigned site = 0; site < SITE_COUNT; site++) {
            site_state.registers[RAX] = SITES[site].number;
            site_state.registers[5] = (uint64_t)-1;
            SITES[site].run();
            int64_t result = (int64_t)site_state.registers[RAX];
            wrong += result != parent && result != getpid() && result != -EBADF;
        }
    }
    memset(&every, 0, sizeof every);
    setitimer(ITIMER_REAL, &every, NULL);
    printf("interrupted: %ld wrong, %d outside, %d with another stack\n", wrong, outside, wrong_stack);
}

static void *many_calls(void *result)
{
    long wrong = 0;
    pid_t self = (pid_t)syscall(SYS_gettid);
    for (unsigned i = 0; i < 1500; i++) {
        wrong += getpid() == 0 || syscall(SYS_gettid) != self || lseek(-1, 0, SEEK_SET) != -1;
    }
    *(long *)result = wrong;
    return NULL;
}

static void threads_call(void)
{
    pthread_t thread[4];
    long wrong[4], sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        pthread_create(&thread[i], NULL, many_calls, &wrong[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        sum += wrong[i];
    }
    printf("threads: %ld wrong\n", sum);
}

/* A program that wants gs gets it, other threads go on, and calls still work. */
static void use_gs(void)
{
    static uint64_t area[2] = {7, 42};
    uint64_t base = 1, value;
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    printf("gs is 0x%lx\n", base);
    syscall(SYS_arch_prctl, ARCH_SET_GS, area);
    asm volatile("mov %%gs:8, %0" : "=r"(value) : : "memory");
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    printf("gs is the program's: %s, %lu\n", base == (uint64_t)area ? "yes" : "no", value);
    for (unsigned site = 0; site < SITE_COUNT; site++) {
        check(site, 0);
    }
    threads_call();
}

int main(int argument_count, char **arguments)
{
    (void)arguments;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned site = 0; site < SITE_COUNT; site++) {
        check(site, 0);
        check(site, 0x8d5); /* all status flags */
        check(site, 0x8d5);
    }
    if (argument_count > 1) {
        printf("%u rewritten\n", rewritten());
        return 0;
    }
    make_code();
    threads_call();
    interrupt_all();
    write_code();
    use_gs();
    printf("not as linked: %u\n", rewritten());
    return 0;
}
