/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the demo do: speak, report, register and find. The root task only speaks. */
#include "protocol.h"

void say(enum demo_id who, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sel4_util_printf("%8s | ", demo_names[who]);
    sel4_util_vprintf(format, arguments);
    sel4_util_putchar('\n');
    va_end(arguments);
}

void report(enum demo_label label)
{
    seL4_Send(SLOT_SUPERVISOR, seL4_MessageInfo_new(label, 0, 0, 0));
}

seL4_Word name_pack(const char *name)
{
    seL4_Word word = 0;
    memcpy(&word, name, strlen(name) < sizeof(word) ? strlen(name) : sizeof(word));
    return word;
}

void name_unpack(seL4_Word word, char name[9])
{
    memcpy(name, &word, sizeof(word));
    name[sizeof(word)] = '\0';
}

void service_register(const char *name)
{
    seL4_SetMR(0, name_pack(name));
    seL4_SetCap(0, SLOT_SERVICE);
    seL4_Call(SLOT_NAMES, seL4_MessageInfo_new(NAMES_REGISTER, 0, 1, 1));
}

bool service_find(const char *name, seL4_Word slot)
{
    seL4_SetCapReceivePath(SLOT_CNODE, slot, SEL4_UTIL_COMPONENT_CNODE_BITS);
    seL4_SetMR(0, name_pack(name));
    seL4_MessageInfo_t answer = seL4_Call(SLOT_NAMES, seL4_MessageInfo_new(NAMES_FIND, 0, 0, 1));
    return seL4_MessageInfo_get_label(answer) == ANSWER_OK && seL4_MessageInfo_get_extraCaps(answer) == 1;
}
