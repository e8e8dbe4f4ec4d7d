/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What became of the system call sites, for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include "engine/direct/patch.h"

static void report_left(const struct patch_left *left, enum site_refusal why, char *text, size_t size)
{
    int used = snprintf(text, size, "  %" PRIu64 ": %s, at", left->count, site_refusal_text(why));
    for (unsigned i = 0; i < PATCH_REPORT_ADDRESSES && i < left->count; i++)
        if (used >= 0 && (size_t)used < size)
            used +=
                snprintf(text + used, size - (size_t)used, "%s 0x%" PRIx64, i ? "," : "", left->address[i]);
    if (left->count > PATCH_REPORT_ADDRESSES && used >= 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ", ...");
}

bool patch_report(const struct patcher *patcher, unsigned line, char *text, size_t size)
{
    uint64_t left = 0, thunks = 0;
    if (!patcher->memory)
        return false;
    for (unsigned why = 0; why < SITE_REFUSALS; why++) {
        left += patcher->left[why].count;
        if (line > 0 && patcher->left[why].count > 0 && --line == 0) {
            report_left(&patcher->left[why], why, text, size);
            return true;
        }
    }
    if (line > 0)
        return false;
    const struct pad_core *core = (const struct pad_core *)(const void *)(patcher->memory + PAD_CORE);
    for (unsigned i = 0; i < core->thunk_page_count && i < PAD_THUNK_PAGES; i++)
        thunks += core->thunk_page[i].used;
    snprintf(text, size,
             "system call sites: %" PRIu64 " patched, %" PRIu64 " left trapping; %" PRIu64
             " patched pages dropped; %" PRIu64 " thunks in %u pages",
             patcher->patched, left, core->patch_drops, thunks, core->thunk_page_count);
    return true;
}
