/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of objects that Untyped_Retype makes. */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>
#include <sel4/simple_types.h>
#include <sel4/objecttype_gen.h>

typedef seL4_ObjectType seL4_ArchObjectType;
typedef seL4_Word api_object_t;
typedef seL4_Word object_t;

#define seL4_IA32_PDPTObject seL4_X86_PDPTObject

SEL4_DEPRECATED("use seL4_NotificationObject")
static const seL4_ObjectType seL4_AsyncEndpointObject = seL4_NotificationObject;
