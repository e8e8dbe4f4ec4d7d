/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions that are the first to touch a page: what they leave in memory and in the registers when they
 * end, or fault at a page that is not there or may not be written, in the middle or at once.
 *
 * Neighbouring pages are never neighbouring frames. Before each case every page is mapped anew, so that nobody has
 * touched it; what is in the frames is looked at in another place.
 */
#include "subject.h"

#define BASE ((seL4_Word)0x8000000000)
#define VIEW (BASE + 0x100000)

enum {
    PAGE = 4096,
    PAGES = 6, /* the last stays unmapped */
    MAPPED = PAGES - 1,
    STEP = 3, /* page i shows frame i * STEP % MAPPED */
    MIDDLE = 1003,
    FLAGS = 0x202,
    FLAG_DIRECTION = 0x400
};

#define STUB(name, text)                                                                                     \
    extern const char name[];                                                                                \
    asm(".balign 16\n.globl " #name "\n" #name ":\n" text "\nud2\n")

STUB(move_1, "rep movsb");
STUB(move_4, "rep movsl");
STUB(move_8, "rep movsq");
STUB(move_1_wide, ".byte 0xf3, 0x48, 0xa4");
STUB(move_2, "rep movsw");
STUB(move_fs, "rep movsb %fs:(%rsi), %es:(%rdi)");
STUB(move_32, "addr32 rep movsb");
STUB(fill_1, "rep stosb");
STUB(fill_4, "rep stosl");
STUB(fill_8, "rep stosq");
STUB(fill_twice, "rep stosb\nmovq %r8, %rcx\nrep stosb");
STUB(fill_repne, ".byte 0xf2, 0xab");
STUB(fill_alone, "stosq");

static struct subject subject;
static seL4_CPtr frames[MAPPED], views[MAPPED];
static unsigned frame_of[MAPPED];

static seL4_Word page(unsigned i)
{
    return BASE + i * PAGE;
}

/* Where the frame of page `i` is looked at. */
static unsigned char *view(unsigned i)
{
    return (unsigned char *)VIEW + frame_of[i] * PAGE;
}

static void frames_make(void)
{
    SEL4_UTIL_CHECK(seL4_X86_PDPT_Map(make(seL4_X86_PDPTObject), VSPACE, BASE, 0));
    SEL4_UTIL_CHECK(seL4_X86_PageDirectory_Map(make(seL4_X86_PageDirectoryObject), VSPACE, BASE, 0));
    SEL4_UTIL_CHECK(seL4_X86_PageTable_Map(make(seL4_X86_PageTableObject), VSPACE, BASE, 0));
    for (unsigned i = 0; i < MAPPED; i++) {
        frames[i] = make(seL4_X86_4K);
        views[i] = copy(frames[i]);
        frame_of[i] = i * STEP % MAPPED;
        SEL4_UTIL_CHECK(seL4_X86_Page_Map(views[i], VSPACE, VIEW + i * PAGE, seL4_ReadWrite, 0));
    }
}

/* Page i holds i in every byte's upper half and its own number, in turn, in the lower. Page `read_only` is that. */
static void prepare(unsigned read_only)
{
    for (unsigned i = 0; i < MAPPED; i++) {
        seL4_CPtr frame = frames[frame_of[i]];
        for (unsigned j = 0; j < PAGE; j++) {
            view(i)[j] = (unsigned char)(i << 4 | j % 13);
        }
        (void)seL4_X86_Page_Unmap(frame);
        SEL4_UTIL_CHECK(
            seL4_X86_Page_Map(frame, VSPACE, page(i), i == read_only ? seL4_CanRead : seL4_ReadWrite, 0));
    }
}

/* A sum of each page that tells where in it what is. */
static void pages_print(void)
{
    SAY("  memory:");
    for (unsigned i = 0; i < MAPPED; i++) {
        seL4_Word sum = 0;
        for (unsigned j = 0; j < PAGE; j++) {
            sum = sum * 31 + view(i)[j];
        }
        SAY(" %08lx", sum & 0xffffffff);
    }
    SAY("\n");
}

static void run(const char *name, const char *start, seL4_UserContext registers)
{
    registers.rip = (seL4_Word)start;
    struct subject_fault fault = subject_run(&subject, &registers);
    SAY("%s:", name);
    subject_fault_print(&fault);
    SAY(" at +%ld; rdi %lx, rsi %lx, rcx %lx, rax %lx, flags %lx\n", (long)(registers.rip - (seL4_Word)start),
        registers.rdi, registers.rsi, registers.rcx, registers.rax, registers.rflags & FLAG_DIRECTION);
    pages_print();
}

static seL4_UserContext registers_for(seL4_Word to, seL4_Word from, seL4_Word count)
{
    seL4_UserContext registers = subject_registers(&subject, 0);
    registers.rdi = to;
    registers.rsi = from;
    registers.rcx = count;
    registers.rax = 0x8877665544332211;
    registers.rflags = FLAGS;
    return registers;
}

#define RUN(start, to, from, count)                                                                          \
    do {                                                                                                     \
        prepare(PAGES);                                                                                      \
        run(#start, start, registers_for(to, from, count));                                                  \
    } while (0)

static void test_one_page(void)
{
    section("one page");
    RUN(move_1, page(0), page(1), PAGE);
    RUN(move_4, page(0), page(1), PAGE / 4);
    RUN(move_8, page(0), page(1), PAGE / 8);
    RUN(move_1_wide, page(0), page(1), PAGE);
    RUN(move_2, page(0), page(1), PAGE / 2);
    RUN(move_32, page(0), page(1), 1);
    RUN(fill_1, page(0), page(1), PAGE);
    RUN(fill_4, page(0), page(1), PAGE / 4);
    RUN(fill_8, page(0), page(1), PAGE / 8);
    RUN(fill_repne, page(0), page(1), PAGE / 4);
    RUN(fill_alone, page(0), page(1), PAGE / 8);
    RUN(move_8, page(2) + 8, page(3) + 16, 100);
    RUN(fill_8, page(2) + MIDDLE, page(3), 5);
    RUN(move_1, page(2), page(3), 0);
    RUN(fill_1, page(2), page(3), 0);
}

static void test_borders(void)
{
    section("borders of pages");
    RUN(move_1, page(0) + MIDDLE, page(2) + 7, PAGE + 100);
    RUN(move_8, page(0) + MIDDLE, page(2) + 7, 2 * PAGE / 8 - 30);
    RUN(move_4, page(0) + PAGE - 3, page(3) + PAGE - 1, 9);
    RUN(move_8, page(0) + PAGE - 4, page(3) + PAGE - 3, 2);
    RUN(fill_1, page(1) + MIDDLE, 0, 2 * PAGE);
    RUN(fill_8, page(1) + MIDDLE, 0, 2 * PAGE / 8);
    RUN(fill_4, page(1) + PAGE - 2, 0, 3);
    RUN(fill_8, page(0), 0, MAPPED * PAGE / 8);
}

static void test_faults(void)
{
    section("faults");
    RUN(move_1, page(MAPPED - 1) + MIDDLE, page(0), PAGE);
    RUN(move_8, page(MAPPED - 1) + MIDDLE, page(0), PAGE);
    RUN(move_1, page(0), page(MAPPED - 1) + MIDDLE, PAGE);
    RUN(move_8, page(0), page(MAPPED - 1) + MIDDLE, PAGE / 8);
    RUN(move_8, page(0), page(MAPPED), PAGE / 8);
    RUN(move_8, page(MAPPED), page(0), PAGE / 8);
    RUN(fill_8, page(MAPPED - 1), 0, PAGE);
    RUN(fill_4, page(MAPPED - 1) + MIDDLE, 0, PAGE);
    RUN(fill_8, page(MAPPED), 0, 1);
    RUN(move_8, page(MAPPED), page(MAPPED) + PAGE, 0);
    RUN(move_1, page(0), 0xffffffff80000000, 10);
    RUN(move_1, page(0), 0x800000000000, 10);
    prepare(1);
    run("read-only, second page", move_8, registers_for(page(0) + MIDDLE, page(2), PAGE / 8));
    prepare(0);
    run("read-only, first page", move_8, registers_for(page(0) + MIDDLE, page(2), PAGE / 8));
    prepare(2);
    run("from read-only", move_8, registers_for(page(0) + MIDDLE, page(2), PAGE / 8));
    prepare(3);
    run("fill, read-only", fill_8, registers_for(page(2), 0, PAGE));
}

static void test_overlaps(void)
{
    section("overlaps and directions");
    RUN(move_1, page(0) + 1, page(0), PAGE - 1);
    RUN(move_8, page(0) + 1, page(0), PAGE / 8 - 1);
    RUN(move_8, page(0), page(0) + 3, PAGE / 8 - 1);
    /* The same frame in another place. */
    RUN(move_1, page(0) + 1, (seL4_Word)view(0), PAGE - 1);
    RUN(move_8, page(0) + 5, (seL4_Word)view(0), PAGE / 8 - 1);
    RUN(move_8, page(2) + MIDDLE, (seL4_Word)view(2), PAGE / 8);
    seL4_UserContext registers = registers_for(page(0) + PAGE - 1, page(2) + MIDDLE, PAGE);
    registers.rflags |= FLAG_DIRECTION;
    prepare(PAGES);
    run("backwards", move_1, registers);
    registers = registers_for(page(1) + MIDDLE, 0, PAGE);
    registers.rflags |= FLAG_DIRECTION;
    prepare(PAGES);
    run("backwards, fill", fill_4, registers);
    registers = registers_for(page(0), 0, PAGE);
    registers.fs_base = page(3);
    prepare(PAGES);
    run("from fs", move_fs, registers);
}

/* Touched again, by others and by the same; taken away and mapped again. */
static void test_after(void)
{
    section("afterwards");
    seL4_UserContext registers = registers_for(page(0), 0, PAGE / 2);
    registers.r8 = PAGE / 2 + 10;
    prepare(PAGES);
    run("twice", fill_twice, registers);
    run("again", move_1, registers_for(page(0) + 5, page(1) + 5, 100));
    for (unsigned i = 0; i < 3; i++) {
        prepare(PAGES);
        run("mapped anew", move_8, registers_for(page(0), page(1 + i), PAGE / 8));
        run("from there", move_8, registers_for(page(4), page(0), PAGE / 8));
        SAY("  seen there: %x, %x\n", *(volatile unsigned char *)(page(0) + MIDDLE),
            *(volatile unsigned char *)(page(4) + MIDDLE));
    }
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frames[frame_of[0]]));
    run("unmapped", fill_8, registers_for(page(0), 0, 1));
    prepare(PAGES);
    run("mapped again", fill_8, registers_for(page(0), 0, PAGE / 8));
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frames[frame_of[0]]));
    run("unmapped untouched", fill_8, registers_for(page(0), 0, 1));
}

int main(seL4_BootInfo *info)
{
    open(info);
    frames_make();
    subject_make(&subject, "subject");
    test_one_page();
    test_borders();
    test_faults();
    test_overlaps();
    test_after();
    close();
    return 0;
}
