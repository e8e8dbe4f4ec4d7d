/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the address space share: from what a region allows to what its pages do. */
#ifndef SELKIE_LINUX_SPACE_PARTS_H
#define SELKIE_LINUX_SPACE_PARTS_H

#include "container/linux/page_map.h"
#include "container/linux/space.h"

static inline enum page_rights rights_of(unsigned protection)
{
    return protection & PROT_WRITE ? PAGE_WRITE : protection ? PAGE_READ : PAGE_NONE;
}

#endif
