/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading the pad, a position-independent ELF that is part of this program, to the address of the run.
 */
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "engine/direct/monitor.h"

extern char pad_elf_start[], pad_elf_end[];

static int image_refuse(struct engine *e, const char *why)
{
    return diag_errno(e->diag, ENOEXEC, "the pad: %s", why);
}

static int segments_copy(struct engine *e, Elf *elf)
{
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return image_refuse(e, elf_errmsg(-1));
    for (int i = 0; i < (int)count; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, i, &header))
            return image_refuse(e, elf_errmsg(-1));
        if (header.p_type != PT_LOAD)
            continue;
        if (header.p_vaddr + header.p_memsz > PAD_CORE)
            return image_refuse(e, "it is larger than its place");
        memcpy(e->memory + header.p_vaddr, pad_elf_start + header.p_offset, header.p_filesz);
    }
    return 0;
}

static int relocate(struct engine *e, const GElf_Rela *rela)
{
    if (GELF_R_TYPE(rela->r_info) == R_X86_64_NONE)
        return 0;
    if (GELF_R_TYPE(rela->r_info) != R_X86_64_RELATIVE || rela->r_offset + sizeof(uint64_t) > PAD_CORE)
        return image_refuse(e, "a relocation that it should not have");
    uint64_t value = e->core->base + (uint64_t)rela->r_addend;
    memcpy(e->memory + rela->r_offset, &value, sizeof(value));
    return 0;
}

static int relocations_apply(struct engine *e, Elf *elf)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        Elf_Data *data = NULL;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
            (data = elf_getdata(section, NULL)) == NULL)
            continue;
        for (int i = 0; i < (int)(header.sh_size / header.sh_entsize); i++) {
            GElf_Rela rela;
            int error = gelf_getrela(data, i, &rela) ? relocate(e, &rela) : image_refuse(e, elf_errmsg(-1));
            if (error)
                return error;
        }
    }
    return 0;
}

int image_place(struct engine *e, uint64_t *start)
{
    GElf_Ehdr header;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(pad_elf_start, (size_t)(pad_elf_end - pad_elf_start));
    if (!elf || !gelf_getehdr(elf, &header)) {
        elf_end(elf);
        return image_refuse(e, elf_errmsg(-1));
    }
    int error = segments_copy(e, elf);
    if (!error)
        error = relocations_apply(e, elf);
    *start = e->core->base + header.e_entry;
    elf_end(elf);
    return error;
}
