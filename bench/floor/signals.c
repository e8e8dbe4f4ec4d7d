/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signal from an instruction, to its handler and back by the handler's return.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "bench/floor/sample.h"
#include "bench/floor/ways.h"

/* Linux 5.11; the headers of the host's library may be older. */
enum {
    DISPATCH_SET = 59,
    DISPATCH_ON = 1,
    SELECTOR_ALLOW = 0,
    SELECTOR_BLOCK = 1,
    LOAD_LENGTH = 2,
};

static volatile char selector;

static int handler_install(int signal_number, void (*handle)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    return sigaction(signal_number, &action, NULL) < 0 ? -errno : 0;
}

/* The return from the handler is a system call as well, and must not be dispatched. */
static void syscall_handle(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    (void)context;
    selector = SELECTOR_ALLOW;
}

static int syscall_repeat(void *world, unsigned count)
{
    (void)world;
    for (unsigned i = 0; i < count; i++) {
        long number = 0; /* neither this nor any other number is carried out */
        selector = SELECTOR_BLOCK;
        __asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    }
    return selector == SELECTOR_ALLOW ? 0 : -EPROTO;
}

int signals_sigsys(struct sample *sample)
{
    int error = handler_install(SIGSYS, syscall_handle);
    if (error)
        return error;
    if (prctl(DISPATCH_SET, DISPATCH_ON, 0ul, 0ul, &selector) < 0)
        return -errno;
    return sample_take(sample, syscall_repeat, NULL);
}

static void load_handle(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    ucontext_t *user = context;
    user->uc_mcontext.gregs[REG_RIP] += LOAD_LENGTH;
}

static int load_repeat(void *world, unsigned count)
{
    (void)world;
    for (unsigned i = 0; i < count; i++) {
        uintptr_t nowhere = 0;
        /* movb (%rax), %al as bytes, since the handler relies on its length */
        __asm__ volatile(".byte 0x8a, 0x00" : "+a"(nowhere) : : "memory");
    }
    return 0;
}

int signals_sigsegv(struct sample *sample)
{
    int error = handler_install(SIGSEGV, load_handle);
    return error ? error : sample_take(sample, load_repeat, NULL);
}
