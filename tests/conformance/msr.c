/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls for model-specific registers, of a kernel that has them, on one that is not there. */
#include "subject.h"

enum {
    MSR_NONE = 0x12345678
};

int main(seL4_BootInfo *info)
{
    open(info);
    section("reading");
    SAY("one that is not there: %lx\n", seL4_X86DangerousRDMSR(MSR_NONE));
    section("writing");
    seL4_X86DangerousWRMSR(MSR_NONE, 1);
    SAY("one that is not there\n");
    close();
    return 0;
}
