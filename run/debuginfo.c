/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug information by libdw, symbols by libelf.
 */
#include "run/debuginfo.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

static void enumeration_visit(Dwarf_Die *enumeration, const struct debuginfo_visitor *visitor)
{
    Dwarf_Die child;
    if (dwarf_child(enumeration, &child) != 0) {
        return;
    }
    do {
        Dwarf_Attribute attribute;
        Dwarf_Sword value = 0;
        const char *name = dwarf_diename(&child);
        if (name && dwarf_tag(&child) == DW_TAG_enumerator &&
            dwarf_formsdata(dwarf_attr(&child, DW_AT_const_value, &attribute), &value) == 0) {
            visitor->enumerator(visitor->world, name, value);
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

/* In C an enumeration lies at the top of its unit; in C++ and Rust it may lie in namespaces. */
static bool scope_visit(Dwarf_Die *scope, const struct debuginfo_visitor *visitor, int depth)
{
    Dwarf_Die child;
    if (dwarf_child(scope, &child) != 0) {
        return true;
    }
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_enumeration_type) {
            enumeration_visit(&child, visitor);
            if (!visitor->wants_more(visitor->world)) {
                return false;
            }
        } else if (tag == DW_TAG_namespace && depth < 8 && !scope_visit(&child, visitor, depth + 1)) {
            return false;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return true;
}

bool debuginfo_enumerate(Elf *elf, const struct debuginfo_visitor *visitor)
{
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    if (!dwarf) {
        return false;
    }
    bool has_more = true;
    bool has_unit = false;
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    while (has_more && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
        has_unit = true;
        has_more = scope_visit(&die, visitor, 0);
    }
    (void)dwarf_end(dwarf);
    return has_unit;
}

static Elf_Scn *symbols_find(Elf *elf, GElf_Shdr *header)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        if (gelf_getshdr(section, header) && header->sh_type == SHT_SYMTAB && header->sh_entsize) {
            return section;
        }
    }
    return NULL;
}

/* The function that holds the address; one without a size (assembly) reaches to the next symbol. */
static void function_find(Elf *elf, uint64_t address, struct debuginfo_place *place)
{
    GElf_Shdr header;
    Elf_Scn *section = symbols_find(elf, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    uint64_t best = 0;
    for (int i = 0; data && (uint64_t)i < header.sh_size / header.sh_entsize; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, i, &symbol)) {
            break;
        }
        bool is_code = GELF_ST_TYPE(symbol.st_info) == STT_FUNC || GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE;
        bool holds =
            symbol.st_value <= address && (!symbol.st_size || address - symbol.st_value < symbol.st_size);
        const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (is_code && holds && symbol.st_shndx != SHN_UNDEF && symbol.st_value >= best && name && *name) {
            best = symbol.st_value;
            place->offset = address - best;
            (void)snprintf(place->function, sizeof(place->function), "%s", name);
        }
    }
}

static void line_find(Elf *elf, uint64_t address, struct debuginfo_place *place)
{
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    while (dwarf && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
        Dwarf_Line *line = dwarf_haspc(&die, address) > 0 ? dwarf_getsrc_die(&die, address) : NULL;
        const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
        if (file && dwarf_lineno(line, &place->line) == 0) {
            (void)snprintf(place->file, sizeof(place->file), "%s", file);
            break;
        }
    }
    (void)dwarf_end(dwarf);
}

struct debuginfo_place debuginfo_place(Elf *elf, uint64_t address)
{
    struct debuginfo_place place = {0};
    function_find(elf, address, &place);
    line_find(elf, address, &place);
    return place;
}
