/* SPDX-License-Identifier: BSD-2-Clause */
/* A port of the host is one container's, from its start on, also while its program does not listen. */
#include "port.h"

#include "unit.h"

struct host_port {
    const char *address;
    size_t address_length;
    seL4_Word port; /* 0: the text is none */
};

static struct host_port port_read(const char *text)
{
    size_t length = 0;
    const char *end;
    while (text[length] && text[length] != ':') {
        length++;
    }
    seL4_Word port = text[length] ? text_number(text + length + 1, &end) : 0;
    return (struct host_port){.address = text, .address_length = length, .port = port};
}

static bool is_everywhere(const struct host_port *port)
{
    static const char any[] = "0.0.0.0";
    return port->address_length == sizeof any - 1 && strncmp(port->address, any, sizeof any - 1) == 0;
}

static bool ports_meet(const struct host_port *one, const struct host_port *other)
{
    bool is_same_address = one->address_length == other->address_length &&
                           strncmp(one->address, other->address, one->address_length) == 0;
    return one->port && one->port == other->port &&
           (is_same_address || is_everywhere(one) || is_everywhere(other));
}

static bool is_published(struct order_text order, const struct host_port *port)
{
    for (const char *value = NULL; (value = text_value(order, "port", value));) {
        struct host_port other = port_read(value);
        if (ports_meet(&other, port)) {
            return true;
        }
    }
    return false;
}

const char *port_problem(struct order_text order)
{
    static char problem[CONTROL_NAME + 64];
    for (const char *value = NULL; (value = text_value(order, "port", value));) {
        struct host_port port = port_read(value);
        for (unsigned i = 0; i < UNITS; i++) {
            const struct unit *unit = unit_at(i);
            if (unit && is_published(unit->record->order, &port)) {
                (void)sel4_util_snprintf(problem, sizeof problem,
                                         "port %lu of the host is published by container %s", port.port,
                                         unit->name);
                return problem;
            }
        }
    }
    return NULL;
}
