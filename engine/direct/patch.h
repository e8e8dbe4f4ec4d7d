/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patching `syscall` sites: the monitor's side, which decides and installs. What a patch is, and its
 * invariants, stand in engine/direct/pad/patch.h.
 *
 * Every function here is called while the monitor holds the baton.
 */
#ifndef SELKIE_ENGINE_DIRECT_PATCH_H
#define SELKIE_ENGINE_DIRECT_PATCH_H

#include "engine/direct/site.h"

struct engine;

enum {
    PATCH_REPORT_ADDRESSES = 4,
    PATCH_REPORT_LINE = 256 /* bytes that hold any line */
};

/* Sites left trapping for one reason. */
struct patch_left {
    uint64_t count;
    uint64_t address[PATCH_REPORT_ADDRESSES]; /* the first few */
};

struct patcher {
    struct kernel *kernel; /* the monitor's handle */
    unsigned char *memory; /* the pad memory */
    uint64_t entry;        /* guest address of the pad's entry */
    struct engine *engine;
    /* Have a guest process make host calls and leave their results there; -errno if the process is lost. */
    int (*calls)(struct engine *engine, unsigned process, struct pad_call *calls, unsigned count);

    uint64_t patched; /* installed, the same site perhaps several times */
    struct patch_left left[SITE_REFUSALS];
};

/* Answer PAD_PATCH: patch the `syscall` at `address` in a process, whose VSpace is bound to it, or note why
 * not. What cannot be done now but perhaps later leaves no note. -errno: the process is lost. */
int patch_install(struct patcher *patcher, unsigned process, uint64_t address);

/* Answer PAD_UNPATCH: the patch that `address` lies in goes, for good. Without one, this does nothing. */
void patch_unpatch(struct patcher *patcher, unsigned process, uint64_t address);

/* The `line`th line about sites patched and left; false: there are no more, or no guest process was ever
 * made. */
bool patch_report(const struct patcher *patcher, unsigned line, char *text, size_t size);

#endif
