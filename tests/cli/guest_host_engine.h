/* SPDX-License-Identifier: BSD-2-Clause */
/* What guest_host_engine.c and its component know of each other. */
#ifndef GUEST_HOST_ENGINE_H
#define GUEST_HOST_ENGINE_H

enum other_slot {
    OTHER_SLOT_ENDPOINT = SEL4_UTIL_COMPONENT_SLOT_FREE,
    OTHER_SLOT_FILE,
    OTHER_SLOT_DIRECTORY,
    OTHER_SLOT_NEW
};

enum other_command {
    OTHER_READ, /* 16 bytes of the file: the first */
    OTHER_OPEN  /* in.txt of the directory, into the new object */
};

#endif
