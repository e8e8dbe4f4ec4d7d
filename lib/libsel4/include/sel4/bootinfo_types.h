/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel tells the initial thread. Manual: chapter "System Bootstrapping". */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>
#include <sel4/types.h>
#include <sel4/sel4_arch/constants.h>

/* Slots of the initial thread's CNode; those that a configuration lacks are empty. */
enum seL4_RootCNodeCapSlots {
    seL4_CapNull = 0,
    seL4_CapInitThreadTCB = 1,
    seL4_CapInitThreadCNode = 2,
    seL4_CapInitThreadVSpace = 3,
    seL4_CapIRQControl = 4,
    seL4_CapASIDControl = 5,
    seL4_CapInitThreadASIDPool = 6,
    seL4_CapIOPortControl = 7,
    seL4_CapIOSpace = 8,
    seL4_CapBootInfoFrame = 9,
    seL4_CapInitThreadIPCBuffer = 10,
    seL4_CapDomain = 11,
    seL4_CapSMMUSIDControl = 12,
    seL4_CapSMMUCBControl = 13,
    seL4_CapInitThreadSC = 14,
    seL4_CapSMC = 15,
    seL4_NumInitialCaps = 16
};

#define seL4_CapInitThreadPD seL4_CapInitThreadVSpace

typedef seL4_Word seL4_SlotPos;

/* Slots from start up to but without end. */
typedef struct seL4_SlotRegion {
    seL4_SlotPos start;
    seL4_SlotPos end;
} seL4_SlotRegion;

typedef struct seL4_UntypedDesc {
    seL4_Word paddr;
    seL4_Uint8 sizeBits;
    seL4_Uint8 isDevice;
    seL4_Uint8 padding[sizeof(seL4_Word) - 2 * sizeof(seL4_Uint8)];
} seL4_UntypedDesc;

SEL4_COMPILE_ASSERT(invalid_seL4_UntypedDesc, sizeof(seL4_UntypedDesc) == 2 * sizeof(seL4_Word))

typedef struct seL4_BootInfo {
    seL4_Word extraLen; /* bytes of extra information, from the next page on */
    seL4_NodeId nodeID; /* this core, and how many there are */
    seL4_Word numNodes;
    seL4_Word numIOPTLevels;   /* levels of a device's page table */
    seL4_IPCBuffer *ipcBuffer; /* of the initial thread */
    seL4_SlotRegion empty;     /* free slots */
    seL4_SlotRegion sharedFrames;
    seL4_SlotRegion userImageFrames; /* the pages of the image, in order */
    seL4_SlotRegion userImagePaging; /* and the tables that map them */
    seL4_SlotRegion ioSpaceCaps;
    seL4_SlotRegion extraBIPages; /* the pages of the extra information */
    seL4_Word initThreadCNodeSizeBits;
    seL4_Domain initThreadDomain;
#ifdef CONFIG_KERNEL_MCS
    seL4_SlotRegion schedcontrol; /* one for each core */
#endif
    seL4_SlotRegion untyped; /* with a description each */
    seL4_UntypedDesc untypedList[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];
} seL4_BootInfo;

#define seL4_BootInfoFrameBits seL4_PageBits
#define seL4_BootInfoFrameSize LIBSEL4_BIT(seL4_BootInfoFrameBits)

SEL4_COMPILE_ASSERT(invalid_seL4_BootInfoFrameSize, sizeof(seL4_BootInfo) <= seL4_BootInfoFrameSize)

/* What a chunk of extra information is. */
typedef enum {
    SEL4_BOOTINFO_HEADER_PADDING = 0,
    SEL4_BOOTINFO_HEADER_X86_VBE = 1,
    SEL4_BOOTINFO_HEADER_X86_MBMMAP = 2,
    SEL4_BOOTINFO_HEADER_X86_ACPI_RSDP = 3,
    SEL4_BOOTINFO_HEADER_X86_FRAMEBUFFER = 4,
    SEL4_BOOTINFO_HEADER_X86_TSC_FREQ = 5, /* MHz */
    SEL4_BOOTINFO_HEADER_FDT = 6,
    SEL4_BOOTINFO_HEADER_NUM,
    SEL4_FORCE_LONG_ENUM(seL4_BootInfoID)
} seL4_BootInfoID;

/* What a chunk starts with; its length counts this header. */
typedef struct seL4_BootInfoHeader {
    seL4_Word id;
    seL4_Word len;
} seL4_BootInfoHeader;

SEL4_COMPILE_ASSERT(invalid_seL4_BootInfoHeader, sizeof(seL4_BootInfoHeader) == 2 * sizeof(seL4_Word))
