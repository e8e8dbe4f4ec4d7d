/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parcels. A token is a random number that only who has the message reads; it means nothing in another container. That
 * the message is gone, unread or with its socket, shows at the pipe: nobody can read from it any more.
 */
#include "container/server/passing.h"

#include <selkie/host.h>

#include "container/server/borrow.h"
#include "container/server/terminal.h"

enum {
    PARCELS = 64,
    PASSED = 1024,
    EVENT_ERROR = 8, /* POLLERR */
    MODE_TYPE = 0170000,
    MODE_PIPE = 0010000
};

struct parcel {
    uint64_t token; /* 0: free */
    struct object_box pipe;
    uint64_t inode; /* the pipe's */
    unsigned count;
};

struct passed {
    struct parcel *parcel; /* NULL: free */
    unsigned index;
    int terminal; /* its master is held meanwhile; -1 */
    struct object_box file;
};

static struct parcel parcels[PARCELS];
static struct passed passed[PASSED] SPARSE;

static uint64_t token_make(void)
{
    unsigned long value = 0;
    unsigned char is_good = 0;
    for (unsigned i = 0; i < 100 && !is_good; i++) {
        asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(is_good) : : "cc");
    }
    value = is_good ? value : __builtin_ia32_rdtsc() * 6364136223846793005ul;
    return value >> 1 | 1; /* no negative number, and never 0 */
}

static struct parcel *parcel_find(uint64_t token)
{
    for (unsigned i = 0; i < PARCELS && token; i++) {
        if (parcels[i].token == token) {
            return &parcels[i];
        }
    }
    return NULL;
}

static void parcel_end(struct parcel *parcel)
{
    for (unsigned i = 0; i < PASSED; i++) {
        if (passed[i].parcel == parcel) {
            object_box_empty(&passed[i].file);
            passed[i].parcel = NULL;
            terminal_pass(passed[i].terminal, false);
        }
    }
    object_box_empty(&parcel->pipe);
    parcel->token = 0;
}

void parcels_collect(void)
{
    for (unsigned i = 0; i < PARCELS; i++) {
        if (parcels[i].token && selkie_host_file_poll(parcels[i].pipe.object, EVENT_ERROR) & EVENT_ERROR) {
            parcel_end(&parcels[i]);
        }
    }
}

/* Of a pipe that can only be written to, as others would not tell that nobody reads them any more. 0: it is none. */
static uint64_t pipe_inode(cap_address pipe)
{
    struct selkie_host_stat status;
    seL4_Word access = 0;
    bool is_pipe = selkie_host_object_kind(pipe, &access) == HOST_FILE && access == HOST_WRITE &&
                   selkie_host_file_stat(pipe, &status) >= 0 && (status.mode & MODE_TYPE) == MODE_PIPE;
    return is_pipe ? status.inode : 0;
}

static long parcel_new(const struct process *process, uint64_t slot)
{
    parcels_collect();
    for (unsigned i = 0; i < PARCELS; i++) {
        struct parcel *parcel = &parcels[i];
        if (parcel->token) {
            continue;
        }
        if (!slot_keep(&parcel->pipe, process, slot)) {
            return -EINVAL;
        }
        parcel->inode = pipe_inode(parcel->pipe.object);
        if (!parcel->inode) {
            object_box_empty(&parcel->pipe);
            return -EINVAL;
        }
        parcel->token = token_make();
        parcel->count = 0;
        return (long)parcel->token;
    }
    return -ETOOMANYREFS;
}

static long parcel_add(struct parcel *parcel, const struct process *process, uint64_t terminal, uint64_t slot)
{
    for (unsigned i = 0; i < PASSED; i++) {
        if (passed[i].parcel) {
            continue;
        }
        if (!slot_keep(&passed[i].file, process, slot)) {
            return -EINVAL;
        }
        passed[i].parcel = parcel;
        passed[i].index = parcel->count++;
        bool is_master = terminal && terminal <= SERVER_TERMINALS && terminal_pass((int)terminal - 1, true);
        passed[i].terminal = is_master ? (int)terminal - 1 : -1;
        return 0;
    }
    return -ETOOMANYREFS;
}

static long parcel_take(const struct parcel *parcel, const struct process *process, uint64_t index,
                        uint64_t slot)
{
    for (unsigned i = 0; i < PASSED; i++) {
        if (passed[i].parcel != parcel || passed[i].index != index) {
            continue;
        }
        cap_address cap = cap_borrow(process, slot);
        long result = cap ? selkie_host_object_duplicate(passed[i].file.object, cap) : -EINVAL;
        if (cap) {
            cap_return(cap);
        }
        return result < -SELKIE_HOST_SEL4_ERROR ? -EINVAL : result;
    }
    return -EINVAL;
}

static bool inode_is_known(uint64_t inode)
{
    bool is_known = false;
    for (unsigned i = 0; i < PARCELS; i++) {
        is_known |= parcels[i].token && parcels[i].inode == inode;
    }
    return is_known;
}

long serve_pass(const struct call *call)
{
    const struct process *process = call->process;
    uint64_t slot = call->word[4];
    if (call->word[1] == PASS_NEW) {
        return parcel_new(process, slot);
    }
    if (call->word[1] == PASS_KNOWS) {
        return inode_is_known(call->word[3]);
    }
    struct parcel *parcel = parcel_find(call->word[2]);
    if (!parcel) {
        return -EINVAL;
    }
    switch (call->word[1]) {
    case PASS_ADD:
        return parcel_add(parcel, process, call->word[3], slot);
    case PASS_TAKE:
        return parcel_take(parcel, process, call->word[3], slot);
    case PASS_DONE:
        parcel_end(parcel);
        return 0;
    default:
        return -EINVAL;
    }
}
