/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities as values: rights, badges, guards, and which name one object.
 * Manual: "Capability Access Rights", "Badges", seL4_CNode_Mint.
 */
#include "kernel/x86_64/x86.h"
#include "tests/kernel/rig.h"

static struct cap_rights rights(uint64_t word)
{
    return cap_rights_from_word(word);
}

static void test_rights_of_endpoints(void)
{
    for (uint64_t word = 0; word < 16; word++) {
        struct cap cap = cap_mask_rights(cap_endpoint(0x1000), rights(word));
        CHECK_EQ(cap.can_send, (word & RIGHT_WRITE) != 0);
        CHECK_EQ(cap.can_receive, (word & RIGHT_READ) != 0);
        CHECK_EQ(cap.can_grant, (word & RIGHT_GRANT) != 0);
        CHECK_EQ(cap.can_grant_reply, (word & RIGHT_GRANT_REPLY) != 0);
        /* Rights only go. */
        struct cap again = cap_mask_rights(cap, rights(RIGHTS_ALL));
        CHECK(again.word == cap.word && again.can_send == cap.can_send && again.can_grant == cap.can_grant);
    }
}

static void test_rights_of_others(void)
{
    struct cap notification = cap_mask_rights(cap_notification(0x1000), rights(RIGHT_READ));
    CHECK(!notification.can_send && notification.can_receive);
    struct cap reply = cap_mask_rights(cap_reply(0x1000, false, true), rights(RIGHT_WRITE | RIGHT_READ));
    CHECK(!reply.can_grant);
    struct cap cnode = cap_cnode(0x1000, 4, 3, 5);
    CHECK_EQ(cap_mask_rights(cnode, rights(0)).guard, 5);
    struct cap frame = cap_frame(0x1000, FRAME_SMALL, FRAME_READ_WRITE, false);
    CHECK_EQ(cap_mask_rights(frame, rights(RIGHT_READ | RIGHT_WRITE)).frame_rights, FRAME_READ_WRITE);
    CHECK_EQ(cap_mask_rights(frame, rights(RIGHT_READ)).frame_rights, FRAME_READ_ONLY);
    CHECK_EQ(cap_mask_rights(frame, rights(RIGHT_WRITE)).frame_rights, FRAME_KERNEL_ONLY);
    CHECK_EQ(cap_mask_rights(frame, rights(0)).frame_rights, FRAME_KERNEL_ONLY);
    struct cap read_only = cap_mask_rights(frame, rights(RIGHT_READ));
    CHECK_EQ(cap_mask_rights(read_only, rights(RIGHTS_ALL)).frame_rights, FRAME_READ_ONLY);
    CHECK_EQ(cap_mask_rights(read_only, rights(RIGHT_WRITE)).frame_rights, FRAME_KERNEL_ONLY);
}

static void test_badges(void)
{
    struct cap endpoint = cap_endpoint(0x1000);
    struct cap badged = cap_update_data(endpoint, false, 77);
    CHECK_EQ(badged.type, CAP_ENDPOINT);
    CHECK_EQ(badged.badge, 77);
    CHECK_EQ(cap_update_data(badged, false, 78).type, CAP_NULL); /* a badge is for ever */
    CHECK_EQ(cap_update_data(badged, false, 77).type, CAP_NULL);
    CHECK_EQ(cap_update_data(endpoint, true, 77).type, CAP_NULL); /* Mutate sets none */
    CHECK_EQ(cap_update_data(cap_notification(0x1000), false, UINT64_MAX).badge, UINT64_MAX);
    CHECK_EQ(cap_update_data(cap_of(CAP_THREAD, 0x1000), false, 5).type, CAP_THREAD);
    CHECK_EQ(cap_update_data(cap_of(CAP_THREAD, 0x1000), false, 5).word, 0);
}

static void test_guards(void)
{
    struct cap cnode = cap_cnode(0x1000, 8, 0, 0);
    struct cap guarded = cap_update_data(cnode, false, 0xabcull << 6 | 12);
    CHECK_EQ(guarded.guard_bits, 12);
    CHECK_EQ(guarded.guard, 0xabc);
    guarded = cap_update_data(cnode, false, 0xabcull << 6 | 4); /* what does not fit is cut off */
    CHECK_EQ(guarded.guard, 0xc);
    CHECK_EQ(cap_update_data(guarded, true, 0).guard_bits, 0); /* Mutate may */
    CHECK_EQ(cap_update_data(cnode, false, 56).guard_bits, 56);
    CHECK_EQ(cap_update_data(cnode, false, 57).type, CAP_NULL); /* 57 + 8 bits */
    CHECK_EQ(cap_update_data(cnode, false, 63).type, CAP_NULL);
}

static void test_same_object(void)
{
    struct rig rig = rig_open();
    struct cap endpoint = cap_endpoint(0x1000);
    CHECK(cap_same_object(rig.k, endpoint, cap_update_data(endpoint, false, 3)));
    CHECK(!cap_same_object(rig.k, endpoint, cap_endpoint(0x1010)));
    CHECK(!cap_same_object(rig.k, endpoint, cap_notification(0x1000)));
    struct cap untyped = cap_untyped(0x10000, 16, false, 0);
    CHECK(!cap_same_object(rig.k, untyped, untyped));
    CHECK(!cap_same_object(rig.k, cap_cnode(0x1000, 4, 0, 0), cap_cnode(0x1000, 5, 0, 0)));
    CHECK(!cap_same_object(rig.k, cap_of(CAP_IRQ_CONTROL, 0), cap_irq_handler(3)));
    CHECK(!cap_same_object(rig.k, cap_irq_handler(4), cap_irq_handler(3)));
    CHECK(!cap_same_object(rig.k, cap_of(CAP_IO_PORT_CONTROL, 0), cap_io_port(1, 2)));
    CHECK(cap_same_object(rig.k, cap_io_port(1, 2), cap_io_port(1, 2)));
    CHECK(!cap_same_object(rig.k, cap_io_port(1, 2), cap_io_port(1, 3)));
    struct cap small = cap_frame(0x200000, FRAME_SMALL, FRAME_READ_WRITE, false);
    CHECK(cap_same_object(rig.k, small, cap_frame_mapped(small, 3, 0x1000, FRAME_READ_ONLY)));
    CHECK(!cap_same_object(rig.k, small, cap_frame(0x200000, FRAME_LARGE, FRAME_READ_WRITE, false)));
    CHECK(!cap_same_object(rig.k, cap_zombie(0x1000, true, 4, 1), cap_zombie(0x1000, true, 4, 1)));
    rig_close(&rig);
}

static void test_covers(void)
{
    struct rig rig = rig_open();
    struct cap untyped = cap_untyped(0x10000, 12, false, 0);
    CHECK(cap_covers(rig.k, untyped, cap_endpoint(0x10000)));
    CHECK(cap_covers(rig.k, untyped, cap_endpoint(0x10ff0)));
    CHECK(!cap_covers(rig.k, untyped, cap_endpoint(0x11000)));
    CHECK(!cap_covers(rig.k, untyped, cap_untyped(0x10000, 13, false, 0)));
    CHECK(cap_covers(rig.k, untyped, untyped));
    CHECK(cap_covers(rig.k, untyped, cap_of(CAP_THREAD, 0x10800)));
    CHECK(!cap_covers(rig.k, untyped, cap_reply(0x10800, false, true)));
    CHECK(cap_covers(rig.k, cap_of(CAP_IRQ_CONTROL, 0), cap_irq_handler(3)));
    CHECK(cap_covers(rig.k, cap_of(CAP_IO_PORT_CONTROL, 0), cap_io_port(1, 2)));
    rig_close(&rig);
}

CHECK_MAIN(CHECK_TEST(test_rights_of_endpoints), CHECK_TEST(test_rights_of_others), CHECK_TEST(test_badges),
           CHECK_TEST(test_guards), CHECK_TEST(test_same_object), CHECK_TEST(test_covers))
