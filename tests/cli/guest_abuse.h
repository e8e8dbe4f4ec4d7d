/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that attack the direct engine: what they do, how the test tells them (a root task has no arguments: the host
 * finds the mark in the image and writes behind it), and what they know of Selkie's memory.
 */
#ifndef SELKIE_TESTS_CLI_GUEST_ABUSE_H
#define SELKIE_TESTS_CLI_GUEST_ABUSE_H

enum abuse_kind {
    ABUSE_WRITE_CORE,
    ABUSE_WRITE_PRIVATE,
    ABUSE_WRITE_KERNEL, /* its state and the objects that are in use */
    ABUSE_WRITE_ANYWHERE,
    ABUSE_WRITE_REQUEST, /* what the monitor is asked, and the places of processes */
    ABUSE_WRITE_CODE,
    ABUSE_JUMP,         /* to random places in the pad, with random registers */
    ABUSE_JUMP_SYSCALL, /* to the pad's own system call instructions */
    ABUSE_JUMP_TRACED,  /* single-stepping */
    ABUSE_READ,
    ABUSE_STACK, /* a stack pointer into Selkie's memory */
    ABUSE_OWN_STACK,
    ABUSE_RANDOM_KINDS,

    ABUSE_NEVER_RETURN = ABUSE_RANDOM_KINDS, /* a kernel entry that lasts for ever */
    ABUSE_LOSE_BATON,
    ABUSE_FREE_MEMORY, /* a word where unused memory should read as zeros */
    ABUSE_PING_PONG,   /* no attack: two VSpaces call each other for ever */
    ABUSE_SPIN_CALLS,
    ABUSE_SPIN_FAULTS,
    ABUSE_MAPPINGS, /* more mappings than the host allows a process */
    ABUSE_VSPACES,  /* more than there are guest processes */
    ABUSE_CONSOLE   /* much output */
};

#define ABUSE_MARK "selkie-abuse-me!"
struct abuse_orders {
    char mark[16]; /* not terminated */
    unsigned long kind, seed, base, memory_size;
};

extern const unsigned long abuse_core, abuse_private, abuse_arena, abuse_core_size, abuse_private_size;
/* Offsets from the base on. */
extern const unsigned long abuse_holder, abuse_is_inside, abuse_request, abuse_slots, abuse_console, abuse_context;

#endif
