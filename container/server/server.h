/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process server: the one component of a container that knows all its processes. It owns the container's memory
 * and grants it to processes, makes and ends these, and keeps what one process may see or change of another: ids,
 * groups, sessions, who waits for whom, signals on their way. It is a plain seL4 program in a VSpace of its own.
 *
 * One thread answers one message at a time and never waits for a process; news are a signal on the notification of
 * the process, which then asks.
 */
#ifndef SELKIE_SERVER_H
#define SELKIE_SERVER_H

#include <sel4/sel4.h>

#include "container/linux/base.h"
#include "container/linux/object.h"
#include "container/messages.h"

/* At the end of the image, with others of which most pages are never looked at, and so take no memory of the host's. */
#define SPARSE __attribute__((section(".bss.sparse")))

enum {
    PROCESSES = 508, /* places; one pool of address space identifiers serves 512 */
    RENEWALS = 8,    /* places behind the first one, only for those that are made anew */
    PENDING = 64,
    SERVER_LEAF = (1 << CONTAINER_ROOT_BITS) - 1, /* of each process' CSpace */
    IMAGE_SLOT = SERVER_LEAF << CONTAINER_LEAF_BITS
};

/* Memory: a power of two bytes of the container's, in whole or in two halves. */
struct block {
    cap_address cap;
    uint8_t bits;
    bool is_free, is_split;
    unsigned users; /* processes that have something in it */
    struct block *parent, *sibling, *next;
};

/* A block that a process uses. */
struct use {
    struct block *block;
    uint64_t used; /* bytes that the server itself made objects of; all, when it was granted */
    struct use *next;
};

enum process_state {
    PROCESS_FREE,
    PROCESS_HOSTED, /* made, with no address space yet */
    PROCESS_BUILT,  /* it has one, and does not run yet */
    PROCESS_RUNS,
    PROCESS_ZOMBIE
};

struct process {
    enum process_state state;
    int pid, group, session;
    struct process *parent;          /* NULL: the first process' */
    struct process *host;            /* who hosts it, or itself */
    struct process *renews; /* this is what that process becomes, or was; NULL: it is one of its own */
    bool is_outdated;       /* it is what that process was */
    unsigned sharing;                /* processes with the same number share frames; 0: shares none */
    int status;                      /* of a zombie, or the last stop */
    bool has_stopped, has_continued; /* news for wait(2) */
    bool is_stopped, has_no_terminal; /* it has given up its session's */
    uint64_t command; /* the manager's number of what it started; 0: a process' child */
    bool is_reaper, is_doomed; /* to be ended before anything else is done */
    int death_signal;
    bool has_futex_waiters, must_look_at_futexes, must_tell_name; /* until it has */
    uint64_t start_tsc;
    uint64_t usage[2]; /* nanoseconds of user and system time, with those of children; of a zombie */

    struct use *uses;
    uint64_t granted_bytes;
    uint64_t leaves[(1u << CONTAINER_ROOT_BITS) / 64]; /* of the CSpace */
    uint64_t slot_next; /* of those in its CSpace that the server fills from IMAGE_SLOT on */
    cap_address tcb, root, cnode, vspace, endpoint, notification;
    struct turn *turns; /* MCS: its threads' time */
    unsigned turn_count;

    struct server_signal *pending; /* PENDING of them */
    unsigned pending_count;
    char name[SERVER_NAME_SIZE];
    char arguments[SERVER_ARGUMENTS_SIZE];
    unsigned arguments_size;
    int32_t adjustment; /* SERVER_ADJUST */
    uint64_t identity;  /* SERVER_SET_IDENTITY */
};

extern struct process processes[PROCESSES];
extern unsigned processes_used; /* behind all places that were ever used */
extern cap_address server_endpoint;

/* In blocks.c. */
void blocks_init(const struct container_order *order);
void blocks_reserve(void); /* so that the next allocations need no memory of their own; between messages */
struct block *block_alloc(unsigned bits);
void block_release(struct block *block); /* one user less */
uint64_t blocks_free_bytes(void);
uint64_t blocks_total_bytes(void);
struct block *block_alloc_between(unsigned least_bits, unsigned wish_bits);

/* In memory.c: what processes have. */
bool use_add(struct process *process, struct block *block, uint64_t used);
/* What was granted to the parent: frames that both have may lie in it. */
bool uses_inherit(struct process *child, const struct process *parent);
void uses_drop(struct process *process);
/* `count` objects of 2^bits bytes each from memory of the process, into slots of a CNode of the server's. */
bool process_retype(struct process *process, uint64_t type, unsigned size_argument, unsigned bits,
                    cap_address root, uint64_t index, unsigned depth, uint64_t offset, unsigned count);
cap_address process_object(struct process *process, uint64_t type, unsigned size_argument, unsigned bits);
long memory_grant(struct process *process, uint64_t least, uint64_t wish, uint64_t slot);

/* In image.c: the pages that every process begins with. */
void image_init(const struct container_order *order);
/* Whose contents they get; pages of the image between the addresses are zero. */
struct image_source {
    const struct process *process;
    uint64_t scratch_start, scratch_end;
};
bool image_map(struct process *process, const struct image_source *source); /* NULL: fresh */
uint64_t image_entry(void);
cap_address image_ipc_frame(void); /* its slot in every process */
uint64_t image_end(void);          /* the first slot behind all pages */

/* In address.c: mappings of a process, and the windows through which the server sees pages. */
bool process_map(struct process *process, cap_address frame, uint64_t vaddr, bool is_writable);
bool process_leaf(struct process *process, uint64_t slot); /* make sure the slot exists in its CSpace */
long process_leaf_new(struct process *process);            /* one more leaf: its place in the root, -ENOMEM */
uint64_t process_slot_next(struct process *process);       /* in the leaf that is the server's */
enum {
    WINDOW_PAGES = 128
};
struct page_copy {
    uint64_t vaddr, slot; /* the slot in both CSpaces */
    const void *bytes;    /* in the server: the contents, when there is no process to copy from */
    size_t size;
    bool is_blank; /* zero, whatever there is to copy from */
};
/* New pages of `to`, up to WINDOW_PAGES, with the contents of `from`'s, or bytes, or zeros. */
bool pages_copy(struct process *to, const struct process *from, const struct page_copy *pages,
                unsigned count);

/* In time_classic.c and time_mcs.c: what differs between the kernels, and that is threads' time. */
bool time_init(void);
seL4_MessageInfo_t server_receive(seL4_Word *badge);
seL4_MessageInfo_t server_reply_receive(seL4_MessageInfo_t answer, seL4_Word *badge);
void arrival_drop(seL4_MessageInfo_t info); /* a capability that came along and was not asked for */
bool thread_configure(struct process *process, uint64_t root_data, cap_address ipc_frame);
long serve_schedule(struct process *process, seL4_MessageInfo_t info);
bool time_message(uint64_t badge);      /* true: it was the kernel's, that a thread has no time left */
void time_end(struct process *process); /* what it had is others' */
void time_continue(bool has_stood);     /* there may be more; the server did not hear all messages */
uint64_t time_used_us(void);            /* by all processes */

/* In process.c. */
struct process *process_find(int pid);
struct process *process_new(struct process *parent, struct process *host);
/* A place for what a process becomes. NULL: there is none. */
struct process *process_new_renewal(struct process *process);
bool process_build(struct process *process, bool is_sharing);
bool process_start(struct process *process, const struct image_source *source, uint64_t ip, uint64_t sp,
                   uint64_t argument); /* NULL: fresh */
void process_end(struct process *process, int status);
void processes_end_doomed(void); /* after a message */
void process_reap(struct process *process);
void process_notify(const struct process *process);
bool process_is_alone(const struct process *process);
int id_next(int count);

/* In renew.c: handlers of messages; what a process becomes, starts, and takes the process' place. */
long process_renew(struct process *process);
bool process_renew_start(struct process *fresh, const struct image_source *source, uint64_t ip, uint64_t sp);
long process_renew_end(struct process *process);

/* In family.c and signals.c: handlers of messages. */
long family_wait(struct process *process, int selector, int options, uint64_t status[3]);
long family_set_group(const struct process *process, int pid, int group);
long family_new_session(struct process *process);
void family_stopped(struct process *process, int status);
/* No member has a parent in another group of its session; POSIX: an orphaned process group. */
bool family_is_orphaned(const struct process *process);
/* A process ended, or its child has got another parent: is a group with stopped members orphaned by that? */
void family_end_orphans(const struct process *ended);
void family_adopted_orphans(const struct process *child, const struct process *father);
long signal_send_to(const struct process *sender, int selector, const struct server_signal *signal);
bool signal_queue(struct process *process, const struct server_signal *signal);
void signal_child(struct process *child, int code);
void signals_send(int pid, uint64_t signals); /* bit N - 1: signal N */
void signal_group(int group, int signal);
void signals_from_manager(void);

/* A message: its words, which the answer replaces. */
struct call {
    struct process *process;
    seL4_MessageInfo_t info;
    seL4_Word label;
    unsigned count;
    uint64_t word[seL4_MsgMaxLength];
};

/* The caller, or one that it hosts. */
struct process *call_subject(const struct call *call);

/* In tell.c: messages that only tell; what messages.h says of each. */
long serve_take(struct call *call);
long serve_futex_wake(const struct process *process);
long serve_get_group(struct call *call);
long serve_name(const struct call *call);
long serve_set(const struct call *call);
long serve_ask_name(const struct call *call);
long serve_adjust(struct call *call);
long serve_info(struct call *call);

/* In question.c: what processes ask of each other, one question at a time; what messages.h says of each. */
long serve_question(const struct call *call);
long serve_question_take(struct call *call);
long serve_answer(const struct call *call);
long serve_answer_take(struct call *call);
bool question_is_for(const struct process *process);

/* In log.c. */
void log_init(const struct container_order *order);

#endif
