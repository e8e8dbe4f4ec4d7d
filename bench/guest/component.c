/* SPDX-License-Identifier: BSD-2-Clause */
/* Partners of a benchmark in address spaces of their own: all the same image, told by its arguments what to be. */
#include "guest.h"
#include "roles.h"

SEL4_UTIL_EMBEDDED(image_server);

void guest_component_load(struct sel4_util_component *component, const char *name)
{
    const struct sel4_util_component_config config = {
        .name = name,
        .image = image_server_start,
        .image_size = SEL4_UTIL_EMBEDDED_SIZE(image_server),
        .priority = seL4_MaxPrio,
    };
    SEL4_UTIL_CHECK(sel4_util_component_load(component, &guest_allocator, &config));
}

void guest_component_start(const struct sel4_util_component *component, seL4_Word role, seL4_CPtr first,
                           seL4_CPtr second)
{
    SEL4_UTIL_CHECK(sel4_util_component_give(component, ROLE_SLOT_FIRST, first, seL4_AllRights, 0));
    if (second) {
        SEL4_UTIL_CHECK(sel4_util_component_give(component, ROLE_SLOT_SECOND, second, seL4_AllRights, 0));
    }
    SEL4_UTIL_CHECK(sel4_util_component_start(component, role, 0, 0, 0));
}
