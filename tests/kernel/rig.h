/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernel tests stand on: a booted sim, kernel_check after every trap, and
 * the invocations a root task would make, spelled as short as a test wants them.
 *
 * The initial thread has priority 255. Threads made here share its CSpace and
 * VSpace. A capability address is the number of a slot of the initial CNode.
 */
#ifndef SELKIE_TESTS_KERNEL_RIG_H
#define SELKIE_TESTS_KERNEL_RIG_H

#include "engine/sim/sim.h"
#include "kernel/cap.h"
#include "kernel/ipc.h"
#include "kernel/tcb.h"
#include "tests/check.h"

struct rig {
    struct sim *sim;
    struct kernel *k;
    uint64_t untyped;      /* a large untyped, not used by anything but rig_new */
    uint64_t spare;        /* another untyped, 64 KiB or more, that nobody touches */
    uint64_t device;       /* the first device untyped, 0 if there is none */
    uint64_t image_frame;  /* of the image's first page */
    uint64_t paging_first; /* PDPT, page directory, page table of the image */
    uint64_t first_slot;   /* behind those the boot has filled */
    uint64_t next_slot;    /* free from here on */
    uint64_t root;         /* paddr of the initial TCB */
    uint64_t reply;        /* MCS: what every system call names as its reply object */
    uint64_t destination;  /* MCS: what NBSendRecv sends to */
};

/* What a thread sees in its registers after a system call, and in its IPC buffer. */
struct answer {
    uint64_t label;
    uint64_t badge;
    unsigned length;
    unsigned extra_caps;
    unsigned caps_unwrapped;
    uint64_t word[ABI_MESSAGE_WORDS];
};

struct rig rig_open(void);
struct rig rig_open_with(struct sim_options options);
struct rig rig_open_mcs(void);
void rig_close(struct rig *rig);
/* Assert that the sim has cached nothing of a VSpace that has no ASID (any more). */
void rig_check_forgotten(const struct sim *sim);

/* --- capabilities and what they name, seen from outside --- */
struct slot *rig_slot(const struct rig *rig, uint64_t cptr);
struct cap rig_cap(const struct rig *rig, uint64_t cptr);
struct tcb *rig_tcb(const struct rig *rig, uint64_t cptr);
uint64_t rig_free_slot(struct rig *rig);

/* --- invocations by the current thread --- */
struct message {
    enum operation operation;
    uint64_t host_label; /* if not 0, the label; no operation then */
    unsigned length;
    uint64_t word[24];
    unsigned cap_count;
    uint64_t cap[ABI_EXTRA_CAPS];
};
/* seL4_Call, again until it is through if it is preempted. The answer is that of whoever runs then. */
struct answer rig_call(struct rig *rig, uint64_t cptr, const struct message *message);
/* The same with the words and capabilities as arguments. */
#define WORDS(...) (uint64_t[]){__VA_ARGS__}, (sizeof((uint64_t[]){__VA_ARGS__}) / 8)
#define NO_WORDS   NULL, 0
#define CAPS       WORDS
#define NO_CAPS    NULL, 0
struct answer rig_invoke(struct rig *rig, uint64_t cptr, enum operation operation, const uint64_t *words,
                         size_t word_count, const uint64_t *caps, size_t cap_count);
uint64_t rig_label(const struct rig *rig, enum operation operation);

/* --- the invocations most tests use; each answers with the label --- */
uint64_t rig_retype(struct rig *rig, uint64_t untyped, enum object object, uint64_t user_bits, uint64_t slot,
                    uint64_t count);
uint64_t rig_new(struct rig *rig, enum object object,
                 uint64_t user_bits); /* in a free slot; checks it worked */
uint64_t rig_new_small_untyped(struct rig *rig, unsigned bits);
uint64_t rig_copy(struct rig *rig, uint64_t to, uint64_t from, uint64_t rights);
uint64_t rig_mint(struct rig *rig, uint64_t to, uint64_t from, uint64_t rights, uint64_t data);
uint64_t rig_move(struct rig *rig, uint64_t to, uint64_t from);
uint64_t rig_delete(struct rig *rig, uint64_t slot);
uint64_t rig_revoke(struct rig *rig, uint64_t slot);

enum { /* seL4_CapRights */
    RIGHT_WRITE = 1,
    RIGHT_READ = 2,
    RIGHT_GRANT = 4,
    RIGHT_GRANT_REPLY = 8,
    RIGHTS_ALL = 15
};

/* --- threads --- */
/* Made, configured and resumed at an address of its own; does not run yet unless its priority is higher. */
uint64_t rig_thread(struct rig *rig, uint8_t priority, uint64_t fault_handler);
/* With MCS its scheduling context, round robin in turns of RIG_TURN_US, is in the next slot, and `fault_handler` is in the
 * initial CSpace (0: none). */
enum {
    RIG_TURN_US = 10000,
    RIG_SCHED_CONTROL = ABI_SLOT_FIRST_FREE /* MCS: the slot of the one capability */
};
static inline uint64_t rig_context_of(uint64_t tcb)
{
    return tcb + 1;
}
/* MCS: configure a scheduling context; answers with the label. */
uint64_t rig_configure(struct rig *rig, uint64_t context, uint64_t budget_us, uint64_t period_us,
                       uint64_t extra_refills, uint64_t badge, uint64_t flags);
struct sched_context *rig_context(const struct rig *rig, uint64_t context);
/* Time passes; whatever the kernel's timer has to do on the way is done. */
void rig_pass(struct rig *rig, uint64_t us);
/* Give a thread a page as IPC buffer, mapped in the VSpace all share. */
void rig_give_buffer(struct rig *rig, uint64_t tcb);
bool rig_runs(const struct rig *rig, uint64_t tcb); /* is it the current thread? */
bool rig_root_runs(const struct rig *rig);
enum thread_state rig_state(const struct rig *rig, uint64_t tcb);
/* Yield until it is `tcb` that runs; it must be ready at the current priority. */
void rig_yield_to(struct rig *rig, uint64_t tcb);
void rig_yield_to_root(struct rig *rig);

/* --- system calls by the current thread --- */
uint64_t rig_info(uint64_t label, unsigned extra_caps, unsigned length);
void rig_send(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count);
void rig_nb_send(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count);
void rig_call_raw(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count);
void rig_reply(struct rig *rig, uint64_t label, const uint64_t *words, size_t count);
void rig_reply_recv(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count);
void rig_recv(struct rig *rig, uint64_t cptr);
void rig_nb_recv(struct rig *rig, uint64_t cptr);
void rig_yield(struct rig *rig);
/* Any system call with a message info of one's own; extra capabilities go to the IPC buffer. */
void rig_syscall(struct rig *rig, enum syscall syscall, uint64_t cptr, uint64_t info, const uint64_t *words,
                 size_t count, const uint64_t *caps, size_t cap_count);
/* What the current thread got. */
struct answer rig_answer(struct rig *rig);
/* The IPC buffer of the current thread, 128 words, or NULL. */
uint64_t *rig_buffer(struct rig *rig);

/* --- checks on answers --- */
#define CHECK_OK(expression) CHECK_EQ((expression), ABI_NO_ERROR)
/* The label and all words. */
bool check_answer(struct answer answer, uint64_t label, const uint64_t *words, size_t count, const char *file,
                  int line);
#define CHECK_ANSWER(answer, label, ...)                                                                     \
    check_answer((answer), (label), (uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8,        \
                 __FILE__, __LINE__)
#define CHECK_ANSWER_EMPTY(answer, label) check_answer((answer), (label), NULL, 0, __FILE__, __LINE__)

#endif
