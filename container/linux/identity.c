/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getuid(2), setresuid(2), setgroups(2) and their kin; credentials(7). A personality has one identity, so a vfork
 * child that changes its own before it executes a program changes its parent's, too.
 */
#include "container/linux/identity.h"

#include "container/linux/calls.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum kind {
    USER,
    GROUP,
    KINDS
};

enum {
    REAL,
    EFFECTIVE,
    SAVED,
    IDS,
    GROUPS = 64
};

#define KEEP 0xffffffffu

static uint32_t id[KINDS][IDS];
static uint32_t groups[GROUPS];
static uint64_t group_count;

void identity_init(uint32_t user, uint32_t group)
{
    for (unsigned i = 0; i < IDS; i++) {
        id[USER][i] = user;
        id[GROUP][i] = group;
    }
}

uint32_t identity_user(void)
{
    return id[USER][EFFECTIVE];
}

uint32_t identity_group(void)
{
    return id[GROUP][EFFECTIVE];
}

bool identity_has_group(uint32_t group)
{
    bool has = group == identity_group();
    for (uint64_t i = 0; i < group_count && !has; i++) {
        has = groups[i] == group;
    }
    return has;
}

uint32_t identity_real_user(void)
{
    return id[USER][REAL];
}

const uint32_t *identity_ids(bool are_groups)
{
    return id[are_groups ? GROUP : USER];
}

const uint32_t *identity_groups(unsigned *count)
{
    *count = (unsigned)group_count;
    return groups;
}

void identity_tell(int process)
{
    (void)SERVER(SERVER_SET, (uint64_t)process, SERVER_SET_IDENTITY,
                 (uint64_t)identity_user() << 32 | identity_group());
}

uint32_t identity_real_group(void)
{
    return id[GROUP][REAL];
}

bool identity_is_secure(void)
{
    return id[USER][REAL] != id[USER][EFFECTIVE] || id[GROUP][REAL] != id[GROUP][EFFECTIVE];
}

void identity_exec(uint32_t mode, uint32_t user, uint32_t group)
{
    enum {
        SET_USER = 04000,
        SET_GROUP = 02010 /* without the permission to execute it means something else */
    };
    uint32_t *users = id[USER], *own_groups = id[GROUP];
    users[EFFECTIVE] = mode & SET_USER ? user : users[EFFECTIVE];
    own_groups[EFFECTIVE] = (mode & SET_GROUP) == SET_GROUP ? group : own_groups[EFFECTIVE];
    users[SAVED] = users[EFFECTIVE];
    own_groups[SAVED] = own_groups[EFFECTIVE];
}

static bool may_become(enum kind kind, uint32_t wanted)
{
    const uint32_t *now = id[kind];
    return identity_user() == 0 || wanted == KEEP || wanted == now[REAL] || wanted == now[EFFECTIVE] ||
           wanted == now[SAVED];
}

static long become(enum kind kind, uint64_t real, uint64_t effective, uint64_t saved)
{
    const uint32_t wanted[IDS] = {(uint32_t)real, (uint32_t)effective, (uint32_t)saved};
    for (unsigned i = 0; i < IDS; i++) {
        if (!may_become(kind, wanted[i])) {
            return -EPERM;
        }
    }
    for (unsigned i = 0; i < IDS; i++) {
        id[kind][i] = wanted[i] == KEEP ? id[kind][i] : wanted[i];
    }
    identity_tell(0);
    return 0;
}

static long become_one(enum kind kind, uint64_t wanted)
{
    if ((uint32_t)wanted == KEEP) {
        return -EINVAL;
    }
    return identity_user() == 0 ? become(kind, wanted, wanted, wanted) : become(kind, KEEP, wanted, KEEP);
}

static long become_two(enum kind kind, uint64_t real, uint64_t effective)
{
    const uint32_t *now = id[kind];
    uint32_t after = (uint32_t)effective == KEEP ? now[EFFECTIVE] : (uint32_t)effective;
    bool is_saved = (uint32_t)real != KEEP || ((uint32_t)effective != KEEP && after != now[REAL]);
    return become(kind, real, effective, is_saved ? after : KEEP);
}

static long ids_write(enum kind kind, const struct linux_call *call)
{
    for (unsigned i = 0; i < IDS; i++) {
        if (user_write(ARG(i), &id[kind][i], sizeof(uint32_t))) {
            return -EFAULT;
        }
    }
    return 0;
}

#define GETTER(name, kind, which)                                                                            \
    HANDLER(name)                                                                                            \
    {                                                                                                        \
        (void)thread;                                                                                        \
        (void)call;                                                                                          \
        return id[kind][which];                                                                              \
    }
#define SETTER(name, value)                                                                                  \
    HANDLER(name)                                                                                            \
    {                                                                                                        \
        (void)thread;                                                                                        \
        return value;                                                                                        \
    }

GETTER(call_getuid, USER, REAL)
GETTER(call_geteuid, USER, EFFECTIVE)
GETTER(call_getgid, GROUP, REAL)
GETTER(call_getegid, GROUP, EFFECTIVE)
SETTER(call_setuid, become_one(USER, ARG(0)))
SETTER(call_setgid, become_one(GROUP, ARG(0)))
SETTER(call_setreuid, become_two(USER, ARG(0), ARG(1)))
SETTER(call_setregid, become_two(GROUP, ARG(0), ARG(1)))
SETTER(call_setresuid, become(USER, ARG(0), ARG(1), ARG(2)))
SETTER(call_setresgid, become(GROUP, ARG(0), ARG(1), ARG(2)))
SETTER(call_getresuid, ids_write(USER, call))
SETTER(call_getresgid, ids_write(GROUP, call))

HANDLER(call_getgroups)
{
    (void)thread;
    if (ARG(0) == 0) {
        return (long)group_count;
    }
    if (ARG(0) < group_count) {
        return -EINVAL;
    }
    return user_write(ARG(1), groups, group_count * sizeof *groups) ? -EFAULT : (long)group_count;
}

HANDLER(call_setgroups)
{
    static uint32_t wanted[GROUPS];
    (void)thread;
    if (identity_user() != 0) {
        return -EPERM;
    }
    if (ARG(0) > GROUPS) {
        return -EINVAL;
    }
    if (user_read(wanted, ARG(1), ARG(0) * sizeof *wanted)) {
        return -EFAULT;
    }
    group_count = ARG(0);
    memcpy(groups, wanted, group_count * sizeof *groups);
    return 0;
}
