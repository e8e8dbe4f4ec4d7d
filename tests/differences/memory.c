/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows about memory: device memory without a device, accesses of odd widths, addresses that are Selkie's own or the
 * host's, code that made system calls, and where RAM and devices lie.
 */
#include "tests/differences/differences.h"

enum {
    PAGE = 4096,
    LOW_END = 0x100000, /* the firmware's memory, and what lies there on a PC */
    HPET_CONFIG = 0x10,
    REPEATS = 64
};

#define WINDOW       0x8000000000ul /* mappings, a page each */
#define CODE         0x8000400000ul
#define ALIAS        0x8000600000ul
#define PTRACE_PLACE 0x6b1d3a5c8000ul /* the first of eight */
#define DIRECT_PLACE 0x5e9400000000ul /* the first of seven */
#define HPET_PLACE   0xfed00000ul
#define HALF_TIB     (512ul << 30)

static struct subject subject;
static seL4_Word window = WINDOW;

extern const char load[], load_end[], leave[];
asm("load: mov (%rax), %rbx\n"
    "load_end: ud2\n"
    "leave: jmp *%rbx\n");

static seL4_Word map(seL4_CPtr frame)
{
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, window, seL4_AllRights));
    window += PAGE;
    return window - PAGE;
}

static seL4_CPtr device_frame(seL4_CPtr untyped)
{
    seL4_CPtr frame = slot();
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_X86_4K, 0, CNODE, 0, 0, frame, 1));
    return frame;
}

static const seL4_UntypedDesc *untyped_at(seL4_Word i)
{
    return &boot->untypedList[i];
}

static seL4_Word untyped_count(void)
{
    return boot->untyped.end - boot->untyped.start;
}

/* The untyped of devices with the highest address has none. */
static void test_device_memory(void)
{
    section("device memory");
    seL4_Word last = untyped_count();
    for (seL4_Word i = 0; i < untyped_count(); i++)
        if (untyped_at(i)->isDevice && (last == untyped_count() || untyped_at(i)->paddr > untyped_at(last)->paddr))
            last = i;
    seL4_CPtr frame = device_frame(boot->untyped.start + last);
    volatile seL4_Word *here = (volatile seL4_Word *)map(frame), *there = (volatile seL4_Word *)map(copy(frame));
    ROW(here[0] == ~0ul && here[PAGE / 8 - 1] == ~0ul, "reads all ones");
    here[1] = 5;
    ROW(here[1] == 5, "the writer reads what it wrote");
    ROW(there[1] == ~0ul, "nobody else sees what is written");
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, (seL4_Word)here, seL4_AllRights));
    ROW(here[1] == ~0ul, "nor does the writer, after the mapping was gone");
}

static seL4_CPtr hpet_untyped(void)
{
    for (seL4_Word i = 0; i < untyped_count(); i++)
        if (untyped_at(i)->isDevice && untyped_at(i)->paddr == HPET_PLACE)
            return boot->untyped.start + i;
    sel4_util_panic("no HPET at its usual place\n");
}

static void test_odd_widths(void)
{
    section("odd widths");
    seL4_Word hpet = map(device_frame(hpet_untyped()));
    volatile seL4_Word *config = (volatile seL4_Word *)(hpet + HPET_CONFIG);
    seL4_Uint64 wide[2] = {0, 0};
    *config = 0;
    ROW(*(volatile seL4_Uint32 *)hpet != ~0u, "4 bytes read the register");
    ROW(*(volatile seL4_Uint32 *)(hpet + 2) == ~0u, "4 bytes that are not aligned read all ones");
    asm volatile("movups (%0), %%xmm0; movups %%xmm0, (%1)" ::"r"(hpet), "r"(wide) : "xmm0", "memory");
    ROW(wide[0] == ~0ul && wide[1] == ~0ul, "16 bytes read all ones");
    *(volatile seL4_Uint32 *)(hpet + HPET_CONFIG - 1) = 0x100;
    ROW((*config & 1) == 0, "4 bytes that are not aligned write nothing");
    *(volatile seL4_Uint32 *)(hpet + HPET_CONFIG) = 1;
    ROW((*config & 1) == 1, "aligned ones do");
    *config = 0;
}

static bool is_readable(seL4_Word vaddr)
{
    seL4_UserContext registers = subject_registers(&subject, (seL4_Word)load);
    registers.rax = vaddr;
    struct subject_fault fault = subject_run(&subject, &registers);
    return fault.label == seL4_Fault_UserException && fault.ip == (seL4_Word)load_end;
}

static void test_own_memory(void)
{
    section("memory of Selkie's own");
    ROW(is_readable(PTRACE_PLACE) != ENGINE_IS_DIRECT, "on ptrace, reading it does not fault");
    ROW(is_readable(DIRECT_PLACE) == ENGINE_IS_DIRECT, "on direct, reading it does not fault");
    ROW(!is_readable(PTRACE_PLACE + 0x100000), "elsewhere it does");
}

static seL4_Error map_page(seL4_Word vaddr)
{
    return sel4_util_map(&pool, VSPACE, make(seL4_X86_4K), vaddr, seL4_AllRights);
}

/* vm.mmap_min_addr is at least a page on any host that was not told otherwise. */
static void test_lowest_addresses(void)
{
    section("lowest addresses");
    seL4_Error error = map_page(0);
    ROW(error == seL4_InvalidArgument && seL4_GetMR(0) == 0, "page 0 cannot be mapped");
    ROW(map_page(0x200000) == seL4_NoError, "others can");
}

static void test_engine_addresses(void)
{
    section("addresses of the engine's own");
    seL4_Error error = map_page(DIRECT_PLACE);
    ROW(ENGINE_IS_DIRECT ? error == seL4_InvalidArgument && seL4_GetMR(0) == 0 : error == seL4_NoError,
        "on direct they cannot be mapped");
    ROW(map_page(PTRACE_PLACE) == seL4_NoError, "those of ptrace can");
    ROW(*(volatile seL4_Word *)PTRACE_PLACE == 0, "and are the guest's then");
}

/* syscall; nop x 4; ud2. From the second byte on: add $0x90909090, %eax; ud2 */
static const unsigned char code[] = {0x0f, 0x05, 0x90, 0x90, 0x90, 0x90, 0x0f, 0x0b};

static seL4_UserContext code_registers(seL4_Word rip)
{
    seL4_UserContext registers = subject_registers(&subject, rip);
    registers.rdx = (seL4_Word)seL4_SysYield;
    registers.rbx = CODE + 1;
    registers.rax = 0;
    return registers;
}

static void code_run(void)
{
    memcpy((void *)ALIAS, code, sizeof(code));
    for (unsigned i = 0; i < REPEATS; i++) {
        seL4_UserContext registers = code_registers(CODE);
        struct subject_fault fault = subject_run(&subject, &registers);
        if (fault.ip != CODE + 6)
            ROW(false, "the code runs; ip %lx", fault.ip);
    }
}

static void test_own_code(void)
{
    section("a program that reads its own code");
    seL4_CPtr frame = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, CODE, seL4_CanRead));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, copy(frame), ALIAS, seL4_AllRights));
    code_run();
    bool is_same = memcmp((const void *)CODE, code, sizeof(code)) == 0;
    ROW(is_same != ENGINE_IS_DIRECT, "on direct it shows something else where it was executed");
    ROW(memcmp((const void *)ALIAS, code, sizeof(code)) == 0, "not through another mapping");
}

static bool has_added(seL4_Word rip)
{
    seL4_UserContext registers = code_registers(rip);
    struct subject_fault fault = subject_run(&subject, &registers);
    return fault.label == seL4_Fault_UserException && fault.ip == CODE + 6 && registers.rax == 0x90909090;
}

static void test_second_byte(void)
{
    section("a jump to the second byte of a syscall");
    code_run();
    ROW(has_added((seL4_Word)leave) != ENGINE_IS_DIRECT, "on direct a jump finds something else");
    code_run();
    ROW(has_added(CODE + 1), "a thread that is resumed there finds what was written");
}

static void test_physical_memory(void)
{
    section("physical memory");
    seL4_Word end = 0, size = 0, device = ~0ul;
    for (seL4_Word i = 0; i < untyped_count(); i++) {
        const seL4_UntypedDesc *u = untyped_at(i);
        seL4_Word u_size = 1ul << u->sizeBits;
        if (!u->isDevice) {
            size += u_size;
            end = u->paddr + u_size > end ? u->paddr + u_size : end;
        } else if (u->paddr >= LOW_END && u->paddr < device) {
            device = u->paddr;
        }
    }
    ROW(end - size < end / 16, "RAM is one piece"); /* but for the kernel's and the program's */
    ROW(device >= end, "devices are behind it");
}

static void test_device_untypeds(void)
{
    section("device untypeds above 512 GiB");
    unsigned high = 0, odd = 0;
    for (seL4_Word i = 0; i < untyped_count(); i++) {
        high += untyped_at(i)->paddr >= HALF_TIB;
        odd += untyped_at(i)->paddr % (1ul << untyped_at(i)->sizeBits) != 0;
    }
    ROW(high > 0 && odd == 0, "are aligned to their size");
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    test_physical_memory();
    test_device_untypeds();
    test_device_memory();
    test_odd_widths();
    test_own_memory();
    test_lowest_addresses();
    test_engine_addresses();
    test_own_code();
    test_second_byte();
    rows_end();
    return 0;
}
