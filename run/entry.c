/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's note on jumping into the kernel. Nothing in it is believed: the address has to be that of a
 * word of the image, as it was loaded.
 */
#include "run/entry.h"

#include <gelf.h>
#include <inttypes.h>
#include <string.h>

#include "run/say.h"

enum {
    NOTE_TYPE_ENTRY = 1,
    NOTE_ALIGN_WIDE = 8
};

static const char note_name[] = "Selkie";

static bool is_entry_note(const GElf_Nhdr *note, const char *name)
{
    return note->n_type == NOTE_TYPE_ENTRY && note->n_namesz == sizeof(note_name) &&
           memcmp(name, note_name, sizeof(note_name)) == 0 && note->n_descsz == sizeof(uint64_t);
}

static bool notes_search(Elf_Data *notes, uint64_t *variable)
{
    GElf_Nhdr note;
    size_t name, content;
    for (size_t at = 0; (at = gelf_getnote(notes, at, &note, &name, &content)) > 0;) {
        const char *bytes = notes->d_buf;
        if (is_entry_note(&note, bytes + name)) {
            memcpy(variable, bytes + content, sizeof(*variable));
            return true;
        }
    }
    return false;
}

/* The address of the variable; 0: the image has none. */
static uint64_t variable_find(const struct image *image)
{
    GElf_Phdr header;
    uint64_t variable = 0;
    for (int i = 0; gelf_getphdr(image->elf, i, &header); i++) {
        if (header.p_type != PT_NOTE) {
            continue;
        }
        Elf_Data *notes = elf_getdata_rawchunk(image->elf, (int64_t)header.p_offset, header.p_filesz,
                                               header.p_align == NOTE_ALIGN_WIDE ? ELF_T_NHDR8 : ELF_T_NHDR);
        if (notes && notes_search(notes, &variable)) {
            return variable;
        }
    }
    return 0;
}

static bool is_word_of(const struct image *image, uint64_t vaddr)
{
    return vaddr % sizeof(uint64_t) == 0 && vaddr >= image->vaddr_start && vaddr < image->vaddr_end;
}

void entry_tell(void *world, uint64_t address)
{
    const struct session *session = world;
    uint64_t variable = variable_find(&session->image);
    if (!variable) {
        return;
    }
    struct translation page = {.is_present = false};
    if (is_word_of(&session->image, variable)) {
        page = kernel_translate(&session->kernel, session->root_vspace, variable);
    }
    if (!page.is_present || page.is_device) {
        say("warning: %s: its note on system calls names %#" PRIx64 ", where it has no variable",
            session->image.path, variable);
        return;
    }
    uint64_t offset = variable & ((1ull << page.size_bits) - 1);
    memcpy(session->arena.memory + page.paddr + offset, &address, sizeof(address));
    if (session->options->is_verbose) {
        say("the image makes system calls by a jump to %#" PRIx64, address);
    }
}
