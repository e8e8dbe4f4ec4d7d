/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fault message says, for people. Manual: section "Faults". */
#include "fault.h"

/* Bits of a VM fault's status, which is the processor's page-fault error code. */
enum {
    FSR_PRESENT = 1,
    FSR_WRITE = 2
};

bool fault_is(seL4_MessageInfo_t message)
{
    seL4_Word label = seL4_MessageInfo_get_label(message);
    return label == seL4_Fault_VMFault || label == seL4_Fault_CapFault || label == seL4_Fault_UserException ||
           label == seL4_Fault_UnknownSyscall;
}

void fault_print(const char *name, seL4_MessageInfo_t message)
{
    seL4_Fault_t fault = seL4_getFault(message);
    seL4_Word ip = 0;
    sel4_util_printf("\n  *** the thread '%s' has faulted\n", name);
    switch (seL4_MessageInfo_get_label(message)) {
    case seL4_Fault_VMFault: {
        seL4_Word status = seL4_Fault_VMFault_get_FSR(fault);
        ip = seL4_Fault_VMFault_get_IP(fault);
        sel4_util_printf("      what      VM fault: %s, page %s\n", status & FSR_WRITE ? "write" : "read",
                         status & FSR_PRESENT ? "protected" : "not mapped");
        sel4_util_printf("      address   0x%lx\n", seL4_Fault_VMFault_get_Addr(fault));
        break;
    }
    case seL4_Fault_CapFault:
        ip = seL4_Fault_CapFault_get_IP(fault);
        sel4_util_printf("      what      cap fault, %s phase\n",
                         seL4_Fault_CapFault_get_InRecvPhase(fault) ? "receive" : "send");
        sel4_util_printf("      address   0x%lx in the capability space\n",
                         seL4_Fault_CapFault_get_Addr(fault));
        break;
    case seL4_Fault_UnknownSyscall:
        ip = seL4_Fault_UnknownSyscall_get_FaultIP(fault);
        sel4_util_printf("      what      unknown system call %ld\n",
                         (long)seL4_Fault_UnknownSyscall_get_Syscall(fault));
        break;
    default:
        ip = seL4_Fault_UserException_get_FaultIP(fault);
        sel4_util_printf("      what      exception %lu, code %lu\n",
                         seL4_Fault_UserException_get_Number(fault),
                         seL4_Fault_UserException_get_Code(fault));
        break;
    }
    sel4_util_printf("      ip        0x%lx\n", ip);
}
