/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap check's "host objects": damage done by hand is refused under the right
 * name.
 */
#include "tests/kernel/damage.h"
#include "tests/kernel/host/host_rig.h"

#include "check/check.h"

struct damaged {
    struct rig rig;
    uint64_t set, file[3], idle, empty;
};

/* A set with a notification, two armed files and one that was reported. */
static struct damaged damaged_open(void)
{
    struct damaged d = {.rig = host_rig_open()};
    d.set = host_new_set(&d.rig);
    d.empty = host_new(&d.rig);
    d.idle = host_open_timer(&d.rig);
    uint64_t notification = rig_new(&d.rig, OBJECT_NOTIFICATION, 0);
    CHECK_EQ(host_result(host_invoke(&d.rig, d.set, HOST_READY_BIND, NO_WORDS, CAPS(notification))), 0);
    for (unsigned i = 0; i < 3; i++) {
        d.file[i] = host_open_timer(&d.rig);
        CHECK_EQ(host_result(host_invoke(&d.rig, d.file[i], HOST_FILE_WATCH, WORDS(1, i), CAPS(d.set))), 0);
    }
    CHECK(sim_host_event(d.rig.sim, host_object_of(&d.rig, d.file[0])->handle, 1));
    return d;
}

static void test_damage(void)
{
    struct damaged d = damaged_open();
    struct host_object *set = host_object_of(&d.rig, d.set), *reported = host_object_of(&d.rig, d.file[0]);
    struct host_object *first = host_object_of(&d.rig, d.file[1]), *last = host_object_of(&d.rig, d.file[2]);
    struct host_object *idle = host_object_of(&d.rig, d.idle), *empty = host_object_of(&d.rig, d.empty);
    uint64_t idle_paddr = rig_cap(&d.rig, d.idle).paddr, first_paddr = rig_cap(&d.rig, d.file[1]).paddr;
    CHECK(kernel_check(d.rig.k));
    BREAKS("\"host objects\"", set->kind, HOST_WINDOW + 1);
    BREAKS("\"host objects\"", set->kind, HOST_FILE);
    BREAKS("\"host objects\"", set->armed.head, 0);
    BREAKS("\"host objects\"", set->armed.tail, first_paddr);
    BREAKS("\"host objects\"", set->reported.head, idle_paddr);
    BREAKS("\"host objects\"", set->slot.cap.head, set->slot.cap.head & ~(1ull << CAP_DETAIL_SHIFT));
    BREAKS("\"host objects\"", first->next, 0);
    BREAKS("\"host objects\"", first->next, first_paddr); /* a circle */
    BREAKS("\"host objects\"", first->watch, HOST_IDLE);
    BREAKS("\"host objects\"", first->watch, HOST_REPORTED);
    BREAKS("\"host objects\"", first->events, 1);
    BREAKS("\"host objects\"", first->set, idle_paddr);
    BREAKS("\"host objects\"", first->set, 12345);
    BREAKS("\"host objects\"", first->kind, HOST_DIRECTORY);
    BREAKS("\"host objects\"", last->prev, 0);
    BREAKS("\"host objects\"", last->access, 4);
    BREAKS("\"host objects\"", reported->watch, HOST_ARMED);
    BREAKS("\"host objects\"", idle->token, 7);
    BREAKS("\"host objects\"", idle->set, rig_cap(&d.rig, d.set).paddr);
    BREAKS("\"host objects\"", idle->armed.head, idle_paddr);
    BREAKS("\"host objects\"", empty->access, HOST_READ);
    BREAKS("\"host objects\"", empty->handle, 1);
    BREAKS("\"derivation\"", empty->slot.prev, 32);
    BREAKS("\"derivation\"", set->slot.prev, 0);
    BREAKS("\"threads\"", tcb_at(d.rig.k, d.rig.root)->syscall_end, 1);
    CHECK(kernel_check(d.rig.k));
    rig_close(&d.rig);
}

static void test_damaged_window(void)
{
    struct damaged d = {.rig = host_rig_open()};
    uint64_t cptr = host_open_window(&d.rig, host_open(&d.rig, host_root(&d.rig, ROOT_DIRECTORY)));
    struct host_object *window = host_object_of(&d.rig, cptr);
    CHECK(kernel_check(d.rig.k));
    BREAKS("\"host objects\"", window->kind, HOST_FILE);
    BREAKS("\"host objects\"", window->watch, HOST_ARMED);
    BREAKS("\"host objects\"", window->armed.head, rig_cap(&d.rig, cptr).paddr);
    BREAKS("\"host objects\"", window->slot.cap, cap_untyped(1ull << 45, SIM_WINDOW_BITS, true, 0));
    struct slot saved = window->slot;
    window->slot = (struct slot){.prev = 0};
    check_verdict(d.rig.k, "\"host objects\"", __FILE__, __LINE__);
    window->slot = saved;
    CHECK(kernel_check(d.rig.k));
    rig_close(&d.rig);
}

CHECK_MAIN(CHECK_TEST(test_damage), CHECK_TEST(test_damaged_window))
