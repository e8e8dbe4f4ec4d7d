/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the container manager and a personality agree on: where things lie in a container's address space, which
 * capabilities its CSpace starts with, the order that says what to run, and the messages between the two.
 *
 * A container's CSpace has two levels: a root of 2^CONTAINER_ROOT_BITS slots, each for a leaf of
 * 2^CONTAINER_LEAF_BITS. Leaf 0 holds what is listed here. The manager makes the root and leaf 0 of the process server,
 * the server all other leaves, its own and those of processes, from the container's memory as they are needed.
 */
#ifndef SELKIE_CONTAINER_INTERFACE_H
#define SELKIE_CONTAINER_INTERFACE_H

#include <stdint.h>

/* Addresses. Programs live below CONTAINER_PERSONALITY; everything from there up to CONTAINER_END is the
 * personality's, and programs cannot map anything there. */
#define CONTAINER_PERSONALITY 0x7d0000000000ul /* its image */
#define CONTAINER_ORDER       0x7d0100000000ul /* struct container_order, read-only */
#define CONTAINER_COMMAND     0x7d0140000000ul /* struct container_command, of what was started later */
#define CONTAINER_IPC_BUFFER  0x7d0200000000ul
#define CONTAINER_BOARD       0x7d0280000000ul /* struct container_board, shared with the manager */
#define CONTAINER_TIMES       0x7d02a0000000ul /* struct container_times, shared by all processes of a container */
#define CONTAINER_STACK_TOP   0x7d0300000000ul
#define CONTAINER_HEAP        0x7d1000000000ul /* the personality's own memory grows from here */
#define CONTAINER_END         0x7e0000000000ul

enum {
    CONTAINER_ROOT_BITS = 11,
    CONTAINER_LEAF_BITS = 10,
    CONTAINER_GUARD_BITS = 64 - CONTAINER_ROOT_BITS - CONTAINER_LEAF_BITS,
    CONTAINER_STACK_PAGES = 16,
    CONTAINER_ORDER_PAGES = 33,
    CONTAINER_UNTYPEDS = 192,
    CONTAINER_HOSTS = 32,
    CONTAINER_MOUNTS = 16,
    CONTAINER_PORTS = 16,
    CONTAINER_STREAMS = 3,
    CONTAINER_PATH = 252,
    /* Of programs' threads, and of personalities that give way (linux/turn.h). While they serve, these have one more, the
     * process server two. */
    CONTAINER_PRIORITY = 100
};

/* Leaf 0. */
enum container_slot {
    CONTAINER_SLOT_NULL,
    CONTAINER_SLOT_TCB,   /* the personality's first thread */
    CONTAINER_SLOT_CNODE, /* the root of the CSpace, its guard included */
    CONTAINER_SLOT_VSPACE,
    CONTAINER_SLOT_CONTROL,       /* the process server's: endpoint of the manager, enum container_message */
    CONTAINER_SLOT_SERVER = CONTAINER_SLOT_CONTROL, /* a process': endpoint of the process server, messages.h */
    CONTAINER_SLOT_ASID_POOL,     /* the process server's: its processes' address spaces come from here */
    CONTAINER_SLOT_BELL,          /* a notification that the manager signals, with badge bit 63: look at the board */
    CONTAINER_SLOT_STREAM =
        10, /* CONTAINER_STREAMS of them: standard files of what was started later; the process
                                   * server's: those that came with the last NEWS_RUN */
    CONTAINER_SLOT_HOST = 16,     /* container_order.host_count of them */
    CONTAINER_SLOT_UNTYPED = CONTAINER_SLOT_HOST + CONTAINER_HOSTS, /* container_order.untyped_count */
    CONTAINER_SLOT_FREE = CONTAINER_SLOT_UNTYPED + CONTAINER_UNTYPEDS
};

/* Labels of calls on the control endpoint. */
enum container_message {
    CONTAINER_EXITED = 0x100, /* (status as of wait(2)): the program ended; there is no answer */
    CONTAINER_BROKEN,         /* (): the personality cannot go on and has said why */
    CONTAINER_TIME,           /* MCS (how many have time already, us used beyond the last slice, badge), and a scheduling
                               * context that no thread has: time for it -> us, 0: none until the bell, -1: it is none */
    CONTAINER_NEWS, /* () -> enum container_news, number, value: the next one of what the board says there is */
    CONTAINER_COMMAND_READ, /* (number, offset) -> how many bytes of the struct container_command follow from there */
    CONTAINER_COMMAND_RUNS, /* (number, 0 or a negative error number): it was read, and runs or cannot. No answer */
    CONTAINER_COMMAND_ENDED /* (number, status as of wait(2)). No answer */
};

/* Commands are what the manager starts in a container that runs, each a process without a parent. */
enum container_news {
    NEWS_NONE,
    NEWS_RUN,      /* value: its size. Its standard files are in CONTAINER_SLOT_STREAM where it has any */
    NEWS_SIGNALS,  /* value: bit N - 1: signal N for it */
    NEWS_TERMINAL, /* value: the same, for the foreground processes of its terminal */
    NEWS_END       /* it and its session */
};

/* What the manager and a container tell each other without waiting. Each side takes the other's words for
 * allegations. Words are read and written atomically. */
struct container_board {
    uint64_t signals;  /* bit N - 1: signal N for the first process; who takes them exchanges them with 0 */
    uint64_t terminal; /* the same, for the foreground process group of the container's terminal */
    uint64_t takes_signals; /* the container looks at the two above; from here on what it says */
    uint64_t has_news; /* ask for them (CONTAINER_NEWS) until there are none; who does exchanges it with 0 */
    uint64_t memory_used;   /* bytes */
    uint64_t process_count;
    uint64_t has_stood;    /* the process server was stopped: threads may have waited for time unnoticed */
    uint64_t wants_time;   /* the manager asks for the next; 0 again when it is there */
    uint64_t processor_us; /* MCS: what processes have used, in microseconds */
};

/* Processor time, as personalities tell each other, in cycles. Any of them may have written anything. */
struct container_times {
    uint64_t served;  /* that all of them spent together */
    uint64_t charged; /* the moment, without those, up to which time is some program's */
    uint64_t turn;    /* that all of them spent since one of them let others run */
};

/* A directory or file of the host at a path of the container: absolute, no slash at the end, nothing to be
 * resolved in it. The one with the longest path that fits decides. "/" is the root, which "rootfs" means, too. */
struct container_mount {
    uint32_t host; /* index of container_order.host */
    char path[CONTAINER_PATH];
};

/* Binding to port `container` means port `host` at this address of the host. Network byte order. */
struct container_port {
    uint16_t container, host;
    uint32_t address;
};

struct container_host {
    uint32_t kind, access; /* abi/host_io.h */
    char name[48];
};

/* Strings lie in `text`, each with its zero: the arguments, then the environment, then the working directory. */
struct container_order {
    uint64_t untyped_count;
    uint8_t untyped_bits[CONTAINER_UNTYPEDS];
    uint64_t host_count;
    struct container_host host[CONTAINER_HOSTS];
    uint64_t program,
        program_size; /* address of an ELF image in memory that is run if there is no root directory */
    uint64_t entry; /* libsel4's selkie_entry for what runs in the container; 0: none */
    uint64_t mount_count; /* volumes; the root is not one of them */
    struct container_mount mount[CONTAINER_MOUNTS];
    uint64_t port_count;
    struct container_port port[CONTAINER_PORTS];
    uint32_t loopback;      /* the host's address that 127.0.0.1 means here, network byte order; 0: itself */
    char sockets
        [16]; /* what names of Unix sockets begin with on the host, where only these are allowed; or empty */
    uint32_t user, group;   /* of the first process */
    uint32_t is_terminal;   /* stdin is the container's controlling terminal */
    uint32_t has_share;     /* its time comes in slices that are paid for: none of it may be given up */
    uint32_t argument_count, environment_count;
    uint32_t text_size;
    char text[];
};

/* Strings as in an order. */
struct container_command {
    uint32_t user, group;
    uint32_t is_terminal;
    uint32_t argument_count, environment_count;
    uint32_t text_size;
    char text[];
};

#define CONTAINER_ORDER_SIZE (CONTAINER_ORDER_PAGES * 4096ul)
#define CONTAINER_TEXT_SIZE  (CONTAINER_ORDER_SIZE - sizeof(struct container_order))

#endif
