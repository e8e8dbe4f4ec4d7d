/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that jumps into the kernel tells the components that it loads where to. */
#include "internal.h"

enum {
    PAGE = 1 << seL4_PageBits,
    NOTE_TYPE_ENTRY = 1,
    NOTE_ALIGN = 4
};

struct note {
    seL4_Uint32 name_size, content_size, type;
    char name[8]; /* padded */
    unsigned char variable[sizeof(seL4_Word)];
};

extern seL4_Word selkie_entry;

static size_t aligned(seL4_Uint32 size)
{
    return ((size_t)size + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

static bool is_entry(const struct note *note)
{
    return note->name_size == sizeof("Selkie") && memcmp(note->name, "Selkie", sizeof("Selkie")) == 0 &&
           note->content_size == sizeof(note->variable) && note->type == NOTE_TYPE_ENTRY;
}

void sel4_util_entry_pass(const unsigned char *notes, size_t size, seL4_Word page, unsigned char *to)
{
    struct note note;
    while (size >= sizeof(note)) {
        memcpy(&note, notes, sizeof(note));
        if (is_entry(&note)) {
            seL4_Word variable;
            memcpy(&variable, note.variable, sizeof(variable));
            if (variable >= page && variable - page <= PAGE - sizeof(variable)) {
                memcpy(to + (variable - page), &selkie_entry, sizeof(selkie_entry));
            }
        }
        size_t length = offsetof(struct note, name) + aligned(note.name_size) + aligned(note.content_size);
        if (length > size) {
            return;
        }
        notes += length;
        size -= length;
    }
}
