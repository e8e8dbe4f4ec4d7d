/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root task as a service: clients on the control socket start containers and ask for them, until nobody has
 * needed it for a while.
 *
 * Host capabilities: "control" (the listening socket), "clock", "network".
 */
#include "service.h"

#include <selkie/host.h>

#include "command.h"
#include "control.h"

enum {
    OWN_BITS = 22 /* the manager's own memory, log2 */
};

#define BADGE_HOST (1ul << 63)

SEL4_UTIL_EMBEDDED(image_personality);

static struct sel4_util_allocator allocator;

/* NULL, or what is missing. */
static const char *service_open(const seL4_BootInfo *info, seL4_CPtr *endpoint)
{
    sel4_util_allocator_init(&allocator, info);
    if (memory_init(&allocator, OWN_BITS) != seL4_NoError) {
        return "memory";
    }
    seL4_CPtr notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    *endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    struct unit_services units = {
        .allocator = &allocator,
        .endpoint = *endpoint,
        .clock = selkie_host_find(info, "clock"),
        .personality = image_personality_start,
        .personality_size = SEL4_UTIL_EMBEDDED_SIZE(image_personality),
        .ended = control_unit_ended,
    };
    struct control_services control = {
        .allocator = &allocator,
        .listener = selkie_host_find(info, "control"),
        .notification = notification ? sel4_util_cap_mint(&allocator, notification, seL4_CanWrite, BADGE_HOST)
                                     : seL4_CapNull,
        .clock = units.clock,
        .network = selkie_host_find(info, "network"),
    };
    commands_init(
        &(struct command_services){.started = control_command_started, .ended = control_command_ended});
    if (!*endpoint || !control.notification ||
        seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification) != seL4_NoError) {
        return "objects of its own";
    }
    if (!units_init(&units) || !records_init(&allocator)) {
        return "slots";
    }
    return units.clock && control_init(&control) ? NULL : "a clock or the control socket";
}

void service_run(const seL4_BootInfo *info)
{
    seL4_CPtr endpoint = seL4_CapNull;
    const char *missing = service_open(info, &endpoint);
    if (missing) {
        sel4_util_printf("manager: cannot start without %s\n", missing);
        return;
    }
#ifdef CONFIG_KERNEL_MCS
    seL4_CPtr reply = sel4_util_object_alloc(&allocator, seL4_ReplyObject, 0);
#else
    seL4_CPtr reply = seL4_CapNull;
#endif
    share_open(&allocator);
    while (!control_is_over()) {
        seL4_Word badge;
#ifdef CONFIG_KERNEL_MCS
        seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge, reply);
#else
        seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);
#endif
        if (badge & BADGE_HOST) {
            control_events();
        } else {
            unit_message((unsigned)badge - 1, message, reply);
        }
    }
    units_end();
}
