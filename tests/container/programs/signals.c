/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers: what they see, masks, stacks, flags, faults, vector state, threads that compute. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;
static siginfo_t seen;
static sigjmp_buf back;

static void note(int signal)
{
    count++;
    last = signal;
}

static void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    note(signal);
    seen = *info;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void sending(void)
{
    sigset_t set = set_of(SIGUSR1), pending, old;
    signal(SIGUSR1, note);
    printf("kill %d", kill(getpid(), SIGUSR1));
    printf(" count %d last %d\n", count, last);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    printf("blocked: count %d pending %d\n", count, sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("unblocked: count %d\n", count);
    handle(SIGUSR2, note_info, 0);
    kill(getpid(), SIGUSR2);
    printf("kill: code %d mine %d\n", seen.si_code, seen.si_pid == getpid() && seen.si_uid == getuid());
    raise(SIGUSR2);
    printf("raise: code %d mine %d\n", seen.si_code, seen.si_pid == getpid());
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 1234});
    printf("queue: code %d value %d\n", seen.si_code, seen.si_value.sival_int);
    signal(SIGUSR1, SIG_IGN);
    int before = count;
    kill(getpid(), SIGUSR1);
    printf("ignored: %d\n", count - before);
    printf("errors: %d", kill(getpid(), 65));
    printf(" %d", errno);
    printf(" %d", kill(999999, 0));
    printf(" %d\n", errno);
}

static volatile int order[16], order_count;

static void note_order(int signal, siginfo_t *info, void *context)
{
    (void)context;
    order[order_count++] = signal * 100 + info->si_value.sival_int;
}

static void real_time(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    for (int i = 0; i < 3; i++) {
        sigaddset(&set, SIGRTMIN + i);
        struct sigaction action = {.sa_sigaction = note_order, .sa_flags = SA_SIGINFO};
        sigfillset(&action.sa_mask);
        sigaction(SIGRTMIN + i, &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 6; i++) {
        sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){.sival_int = i});
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("real time:");
    for (int i = 0; i < order_count; i++) { /* each has its frame: the last one runs first */
        printf(" %d", order[i] - SIGRTMIN * 100);
    }
    printf("\n");
}

static volatile int depth, deepest; /* raise() is a leaf to the compiler, which it is not */

static void nest(int signal)
{
    depth++;
    deepest = depth > deepest ? depth : deepest;
    if (depth + count < 3) {
        raise(signal);
    }
    depth--;
    count++;
}

static void flags(void)
{
    struct sigaction action = {.sa_handler = nest, .sa_flags = SA_NODEFER}, now;
    sigaction(SIGUSR1, &action, NULL);
    count = 0;
    raise(SIGUSR1);
    printf("nodefer: deepest %d count %d\n", deepest, count);
    action.sa_flags = 0;
    deepest = count = 0;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("defer: deepest %d count %d\n", deepest, count);
    action = (struct sigaction){.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    printf("resethand: default %d\n", now.sa_handler == SIG_DFL);
    printf("kill cannot be caught: %d", sigaction(SIGKILL, &action, NULL));
    printf(" %d\n", errno);
}

static void *fault_page;

static void map_there(int signal, siginfo_t *info, void *context)
{
    (void)context;
    note(signal);
    seen = *info;
    mmap(fault_page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void skip(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    note(signal);
    seen = *info;
    user->uc_mcontext.gregs[REG_RIP] += 2;
}

static void leave(int signal, siginfo_t *info, void *context)
{
    (void)context;
    note(signal);
    seen = *info;
    siglongjmp(back, 1);
}

extern const char bad_place[], break_place[];

static void faults(void)
{
    fault_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(fault_page, 4096);
    handle(SIGSEGV, map_there, 0);
    *(volatile int *)fault_page = 42;
    printf("mapped by the handler: %d code %d address %d\n", *(volatile int *)fault_page, seen.si_code,
           seen.si_addr == fault_page);
    mprotect(fault_page, 4096, PROT_READ);
    *((volatile int *)fault_page + 1) = 43;
    printf("protected: %d code %d offset %ld\n", *((volatile int *)fault_page + 1), seen.si_code,
           (long)((char *)seen.si_addr - (char *)fault_page));
    handle(SIGSEGV, leave, 0);
    if (!sigsetjmp(back, 1)) {
        asm volatile("movq 8, %%rax" ::: "rax", "memory");
    }
    printf("segv: %d code %d address %p\n", last, seen.si_code, seen.si_addr);
    if (!sigsetjmp(back, 1)) {
        asm volatile("movq (%0), %%rax" ::"r"(0x8000000000000000ul) : "rax", "memory");
    }
    printf("not canonical: %d code %d address %p\n", last, seen.si_code, seen.si_addr);
    handle(SIGILL, skip, 0);
    asm volatile(".globl bad_place\nbad_place: ud2");
    printf("ill: %d code %d address %d\n", last, seen.si_code, (char *)seen.si_addr == bad_place);
    handle(SIGTRAP, note_info, 0);
    for (int i = 0; i < 9 && last != SIGTRAP; i++) { /* on MCS the end of a time slice may swallow it */
        asm volatile("int3");
    }
    printf("trap: %d code %d\n", last, seen.si_code);
    handle(SIGFPE, skip, 0);
    asm volatile("idivl %0" ::"c"(0), "a"(1), "d"(0));
    printf("fpe: %d code %d\n", last, seen.si_code);
    unsigned mxcsr = 0x1f80 & ~0x200u;
    float one = 1, zero = 0;
    handle(SIGFPE, leave, 0);
    if (!sigsetjmp(back, 1)) {
        asm volatile("ldmxcsr %0\ndivss %2, %1" : : "m"(mxcsr), "x"(one), "x"(zero));
    }
    mxcsr = 0x1f80;
    asm volatile("ldmxcsr %0" : : "m"(mxcsr));
    printf("float: %d code %d\n", last, seen.si_code);
    char *end = mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
    handle(SIGBUS, leave, 0);
    if (!sigsetjmp(back, 1)) {
        (void)*(volatile char *)(end + (1 << 30) - 1);
    }
    printf("behind a file: %d code %d at the end %d\n", last, seen.si_code,
           seen.si_addr == end + (1 << 30) - 1);
    if (!sigsetjmp(back, 1)) {
        void (*nowhere)(void) = (void (*)(void))0x123456;
        handle(SIGSEGV, leave, 0);
        nowhere();
    }
    printf("jump: %d code %d address %p\n", last, seen.si_code, seen.si_addr);
}

static char *alternate_start;
static size_t alternate_size;

static void overflow(int signal, siginfo_t *info, void *context)
{
    char here;
    stack_t stack;
    sigaltstack(NULL, &stack);
    last = signal;
    count = &here > alternate_start && &here < alternate_start + alternate_size;
    printf("overflow: on the stack %d %d code %d\n", count, stack.ss_flags, info->si_code);
    (void)context;
    siglongjmp(back, 1);
}

__attribute__((noinline)) static int recurse(int level)
{
    volatile char room[4096];
    room[0] = (char)level;
    return level < 0 ? 0 : recurse(level + 1) + room[0];
}

static void stacks(void)
{
    stack_t stack, old;
    alternate_size = (size_t)sysconf(_SC_SIGSTKSZ) + 65536;
    alternate_start = malloc(alternate_size);
    stack = (stack_t){.ss_sp = alternate_start, .ss_size = alternate_size};
    printf("sigaltstack %d", sigaltstack(&stack, NULL));
    stack.ss_size = 100;
    printf(" %d", sigaltstack(&stack, NULL));
    printf(" %d", errno);
    printf(" %d same %d\n", sigaltstack(NULL, &old),
           old.ss_sp == alternate_start && old.ss_size == alternate_size && !old.ss_flags);
    for (int i = 0; i < 2; i++) {
        handle(SIGSEGV, overflow, SA_ONSTACK);
        if (!sigsetjmp(back, 1)) {
            recurse(1);
        }
    }
    stack = (stack_t){.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    sigaltstack(NULL, &stack);
    printf("disabled %d\n", stack.ss_flags);
}

/* All vector registers hold their number before; the handler spoils them. */
static int has_avx(void)
{
    return __builtin_cpu_supports("avx");
}

static void spoil(int signal)
{
    count++;
    last = signal;
    if (has_avx()) {
        asm volatile("vpcmpeqd %%xmm0, %%xmm0, %%xmm0\nvinsertf128 $1, %%xmm0, %%ymm0, %%ymm0\n"
                     "vmovaps %%ymm0, %%ymm7\nvmovaps %%ymm0, %%ymm15\nfldz" ::
                         : "memory");
    } else {
        asm volatile("pcmpeqd %%xmm0, %%xmm0\nmovaps %%xmm0, %%xmm7\nmovaps %%xmm0, %%xmm15\nfldz" ::
                         : "memory");
    }
}

static void vectors(void)
{
    unsigned long in[4] = {0x1111, 0x2222, 0x3333, 0x4444}, out[3][4] = {{0}};
    double x87 = 0;
    unsigned rounding = 0x1f80 | 0x6000, after = 0;
    long pid = getpid(), number = SYS_kill;
    signal(SIGUSR1, spoil);
    if (has_avx()) {
        asm volatile("vmovups (%[in]), %%ymm0\nvmovaps %%ymm0, %%ymm7\nvmovaps %%ymm0, %%ymm15\nfldpi\n"
                     "ldmxcsr %[rounding]\n"
                     "syscall\n"
                     "stmxcsr %[after]\n"
                     "vmovups %%ymm0, (%[out])\nvmovups %%ymm7, 32(%[out])\nvmovups %%ymm15, 64(%[out])\n"
                     "fstpl %[x87]"
                     : "+a"(number), [x87] "=m"(x87), [after] "=m"(after)
                     : [in] "r"(in), [out] "r"(out), "D"(pid), "S"((long)SIGUSR1), [rounding] "m"(rounding)
                     : "memory", "rcx", "r11", "xmm0", "xmm7", "xmm15");
    } else {
        asm volatile("movups (%[in]), %%xmm0\nmovaps %%xmm0, %%xmm7\nmovaps %%xmm0, %%xmm15\nfldpi\n"
                     "ldmxcsr %[rounding]\n"
                     "syscall\n"
                     "stmxcsr %[after]\n"
                     "movups %%xmm0, (%[out])\nmovups %%xmm7, 32(%[out])\nmovups %%xmm15, 64(%[out])\n"
                     "fstpl %[x87]"
                     : "+a"(number), [x87] "=m"(x87), [after] "=m"(after)
                     : [in] "r"(in), [out] "r"(out), "D"(pid), "S"((long)SIGUSR1), [rounding] "m"(rounding)
                     : "memory", "rcx", "r11", "xmm0", "xmm7", "xmm15");
    }
    unsigned normal = 0x1f80;
    asm volatile("ldmxcsr %0" ::"m"(normal));
    size_t size = has_avx() ? 32 : 16;
    printf("vectors: %d %d %d x87 %.6f mxcsr %x\n", !memcmp(out[0], in, size), !memcmp(out[1], in, size),
           !memcmp(out[2], in, size), x87, after & 0xffc0);
}

static void look(int signal, siginfo_t *info, void *context)
{
    const ucontext_t *user = context;
    const unsigned *software = (const unsigned *)((const char *)user->uc_mcontext.fpregs + 464);
    (void)info;
    note(signal);
    unsigned long value;
    memcpy(&value, &user->uc_mcontext.fpregs->_xmm[3], sizeof value);
    printf("frame: magic %d and %d, xmm3 %lx, rbx %llx, blocked %d\n", software[0] == 0x46505853,
           *(const unsigned *)((const char *)user->uc_mcontext.fpregs + software[1] - 4) == 0x46505845, value,
           user->uc_mcontext.gregs[REG_RBX], sigismember(&user->uc_sigmask, SIGHUP));
    value = 0x7777;
    memcpy(&user->uc_mcontext.fpregs->_xmm[3], &value, sizeof value);
}

static void frames(void)
{
    unsigned long value = 0x5555, rbx = 0xb0b, pid = (unsigned long)getpid();
    long number = SYS_kill;
    sigset_t set = set_of(SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    handle(SIGUSR1, look, 0);
    asm volatile(
        "movq %[value], %%xmm3\nxchgq %%rbx, %[rbx]\nsyscall\nxchgq %%rbx, %[rbx]\nmovq %%xmm3, %[value]"
        : "+a"(number), [value] "+r"(value), [rbx] "+r"(rbx)
        : "D"(pid), "S"((long)SIGUSR1)
        : "memory", "rcx", "r11", "xmm3");
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("changed by the handler: %lx, kept %lx, result %ld\n", value, rbx, number);
}

static volatile unsigned long spins;
static volatile int stop;

static void end_spin(int signal)
{
    last = signal;
    stop++;
}

static void *spin(void *argument)
{
    (void)argument;
    while (stop < 3) {
        spins++;
    }
    return NULL;
}

static void computing(void)
{
    pthread_t thread;
    struct itimerval timer = {.it_value.tv_usec = 20000, .it_interval.tv_usec = 10000}, none = {0};
    signal(SIGALRM, end_spin);
    setitimer(ITIMER_REAL, &timer, NULL);
    spin(NULL);
    setitimer(ITIMER_REAL, &none, NULL);
    printf("spinning, interrupted by a timer: %d last %d\n", stop >= 3, last);
    stop = 0;
    signal(SIGUSR2, end_spin);
    pthread_create(&thread, NULL, spin, NULL);
    for (int i = 0; i < 1000 && stop < 3; i++) {
        usleep(1000);
        pthread_kill(thread, SIGUSR2);
    }
    pthread_join(thread, NULL);
    printf("spinning thread: last %d\n", last);
}

/* A computation in vector registers goes on unharmed under a storm of signals. */
static void storm(void)
{
    struct itimerval timer = {.it_value.tv_usec = 500, .it_interval.tv_usec = 500}, none = {0};
    signal(SIGALRM, spoil);
    count = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    double sum = 0;
    int errors = 0;
    while (count < 50) {
        double a = 1, b = 2, c = 3;
        for (int i = 0; i < 1000; i++) {
            asm volatile("" : "+x"(a), "+x"(b), "+x"(c));
            a += 1;
            b += 2;
            c += 3;
        }
        errors += a != 1001 || b != 2002 || c != 3003;
        sum += a;
    }
    setitimer(ITIMER_REAL, &none, NULL);
    printf("storm: errors %d, went on %d\n", errors, sum > 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    sending();
    real_time();
    flags();
    faults();
    stacks();
    vectors();
    frames();
    computing();
    storm();
    return 0;
}
