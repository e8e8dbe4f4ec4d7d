/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installing patches. A patch is planned first: what the plan takes belongs to nobody else, but no table
 * knows it. The host calls follow; only when these went well do the tables change.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "engine/direct/pad/patch.h"
#include "engine/direct/patch.h"
#include "engine/direct/tlb.h"

_Static_assert((int)PATCH_ENTRY == (int)SITE_ENTRY_SIZE, "patch_place takes thunks apart");

struct plan {
    unsigned process;
    uint64_t vspace, page; /* the page's guest address */
    struct translation translation;
    const unsigned char *bytes; /* of the site, in the arena */
    struct pad_site *entry;     /* the table's */
    struct pad_site site;       /* what it becomes */
    struct pad_copy *copy;
    bool is_copy_new;
    unsigned thunk_page, thunk_slot; /* of the core's table */
    bool is_thunk_new, is_thunk_page_new;
};

static struct pad_core *core_of(const struct patcher *patcher)
{
    return (struct pad_core *)(void *)(patcher->memory + PAD_CORE);
}

static struct pad_private *private_of(const struct patcher *patcher, unsigned process)
{
    return (struct pad_private *)(void *)(patcher->memory + PAD_PRIVATE + (size_t)process * PAD_PRIVATE_SIZE);
}

static unsigned char *pool_page(const struct patcher *patcher, uint32_t page)
{
    return patcher->memory + PAD_POOL + (size_t)page * PATCH_PAGE;
}

static uint64_t page_of(uint64_t address)
{
    return address & ~(uint64_t)(PATCH_PAGE - 1);
}

static void leave(struct patcher *patcher, struct pad_site *entry, uint64_t address, enum site_refusal why)
{
    struct patch_left *left = &patcher->left[why];
    if (entry)
        entry->why = (uint8_t)why;
    if (left->count < PATCH_REPORT_ADDRESSES)
        left->address[left->count] = address;
    left->count++;
}

/* Deciding. */

static bool is_pending(const struct pad_slot *slot, uint64_t start, uint64_t end)
{
    if (slot->must_wipe)
        return true;
    for (uint32_t i = 0; i < slot->unmap_count; i++)
        if (slot->unmap[i].start < end && slot->unmap[i].end > start)
            return true;
    return false;
}

static bool is_prefixed(const struct patcher *patcher, const struct plan *plan, uint64_t address)
{
    unsigned char before[SITE_PREFIX_MAX];
    size_t size = sizeof(before), in_page = address % PATCH_PAGE;
    if (address < size ||
        kernel_read_user(patcher->kernel, plan->vspace, address - size, before, size) < size) {
        size = in_page < sizeof(before) ? in_page : sizeof(before);
        memcpy(before, plan->bytes - size, size);
    }
    return site_is_prefixed(before, size);
}

static bool overlaps_other(const struct pad_private *p, const struct plan *plan)
{
    for (uint16_t i = plan->copy ? plan->copy->first : 0; i; i = p->site[i - 1].next) {
        const struct pad_site *other = &p->site[i - 1];
        if (other->address < plan->site.address + plan->site.length &&
            other->address + other->length > plan->site.address)
            return true;
    }
    return false;
}

static enum site_refusal page_decide(const struct plan *plan)
{
    if (plan->translation.is_device)
        return SITE_DEVICE;
    if (plan->translation.size_bits != ABI_SMALL_PAGE_BITS)
        return SITE_LARGE_PAGE;
    return plan->entry->drops >= PATCH_REWRITES ? SITE_WRITTEN : SITE_OK;
}

static enum site_refusal plan_decide(const struct patcher *patcher, const struct pad_private *p,
                                     struct plan *plan)
{
    uint64_t address = plan->entry->address;
    enum site_refusal why = page_decide(plan);
    if (why != SITE_OK)
        return why;
    plan->bytes = patcher->kernel->arena + plan->translation.paddr + address % PATCH_PAGE;
    why = site_decide(plan->bytes, PATCH_PAGE - address % PATCH_PAGE, address, &plan->site);
    if (why != SITE_OK)
        return why;
    if (is_prefixed(patcher, plan, address))
        return SITE_PREFIXED;
    if (overlaps_other(p, plan))
        return SITE_OVERLAP;
    return p->redirect_count + plan->site.length > PATCH_REDIRECTS_MAX ? SITE_NO_ROOM : SITE_OK;
}

/* The copy of the page. */

struct writable_search {
    struct patcher *patcher;
    const struct plan *plan; /* for this one */
    unsigned process;        /* here */
    uint64_t vspace;
};

static void writable_visit(void *world, uint64_t vaddr, const struct translation *t)
{
    const struct writable_search *search = world;
    const struct plan *plan = search->plan;
    uint64_t size = 1ull << t->size_bits;
    if (!t->is_cached || !t->is_writable || t->is_marked || plan->translation.paddr - t->paddr >= size)
        return;
    if (search->process == plan->process && vaddr == plan->page)
        return; /* the copy takes its place */
    tlb_note(core_of(search->patcher), search->process, vaddr, vaddr + size);
    kernel_translation_note(search->patcher->kernel, search->vspace, vaddr, false, false);
}

/* From now on nobody writes to the frame without asking (patch_frame_release). */
static void frame_protect(struct patcher *patcher, const struct plan *plan)
{
    struct pad_core *core = core_of(patcher);
    for (unsigned i = 0; i < PAD_PROCESSES; i++) {
        struct writable_search search = {patcher, plan, i, core->slot[i].vspace};
        if (search.vspace && !core->slot[i].must_wipe)
            kernel_for_each_page(patcher->kernel, search.vspace, writable_visit, &search);
    }
}

static bool copy_plan(struct patcher *patcher, struct pad_private *p, struct plan *plan)
{
    struct pad_core *core = core_of(patcher);
    if (plan->copy)
        return true;
    if (p->copy_count == PAD_COPIES || core->frame_count >= PATCH_FRAMES_MAX)
        return false;
    int page = patch_pool_take(core);
    if (page < 0)
        return false;
    plan->is_copy_new = true;
    plan->copy = &p->copy[p->copy_count];
    *plan->copy =
        (struct pad_copy){.vaddr = plan->page, .paddr = plan->translation.paddr, .page = (uint32_t)page};
    memcpy(pool_page(patcher, plan->copy->page), patcher->kernel->arena + plan->copy->paddr, PATCH_PAGE);
    return true;
}

/* The thunk: that of another process with the same site, or a new one. */

static bool is_free(const struct patcher *patcher, const struct plan *plan, uint64_t page)
{
    const struct pad_core *core = core_of(patcher);
    if (page < core->address_min || (page < core->end && page + PATCH_PAGE > core->base))
        return false;
    struct translation t = kernel_translate(patcher->kernel, plan->vspace, page);
    return !t.is_present && !t.is_forbidden;
}

/* The process shows this thunk page, or can. */
static bool is_usable(const struct patcher *patcher, const struct pad_private *p, const struct plan *plan,
                      unsigned page)
{
    return thunk_page_is_shown(p, page) || is_free(patcher, plan, core_of(patcher)->thunk_page[page].address);
}

static void thunk_take(const struct patcher *patcher, struct plan *plan, unsigned page, unsigned slot)
{
    plan->thunk_page = page;
    plan->thunk_slot = slot;
    plan->site.thunk = thunk_address(&core_of(patcher)->thunk_page[page], slot);
}

static bool is_same(const struct patcher *patcher, const struct plan *plan, const struct pad_thunk_page *page,
                    unsigned slot)
{
    const struct pad_thunk *thunk = &page->thunk[slot];
    return thunk->site == plan->site.address && thunk->length == plan->site.length &&
           memcmp(pool_page(patcher, page->page) + slot * (size_t)PATCH_SLOT + SITE_ENTRY_SIZE,
                  plan->bytes + SITE_SYSCALL_SIZE, thunk->length - (size_t)SITE_SYSCALL_SIZE) == 0;
}

static bool thunk_share(const struct patcher *patcher, const struct pad_private *p, struct plan *plan)
{
    const struct pad_core *core = core_of(patcher);
    for (unsigned i = 0; i < core->thunk_page_count; i++)
        for (unsigned slot = 1; slot < PAD_THUNK_SLOTS; slot++) {
            if (!is_same(patcher, plan, &core->thunk_page[i], slot) || !is_usable(patcher, p, plan, i))
                continue;
            thunk_take(patcher, plan, i, slot);
            memcpy(plan->site.to, core->thunk_page[i].thunk[slot].to, sizeof(plan->site.to));
            return true;
        }
    return false;
}

static bool thunk_slot_search(const struct patcher *patcher, const struct pad_private *p, struct plan *plan)
{
    const struct pad_core *core = core_of(patcher);
    for (unsigned i = 0; i < core->thunk_page_count; i++) {
        const struct pad_thunk_page *page = &core->thunk_page[i];
        for (unsigned slot = 1; page->used < PAD_THUNK_SLOTS - 1 && slot < PAD_THUNK_SLOTS; slot++) {
            if (page->thunk[slot].site || !site_is_reachable(&plan->site, thunk_address(page, slot)))
                continue;
            if (!is_usable(patcher, p, plan, i))
                break;
            thunk_take(patcher, plan, i, slot);
            return true;
        }
    }
    return false;
}

static uint64_t thunk_place(const struct patcher *patcher, const struct plan *plan)
{
    for (unsigned i = 0; i < SITE_JUMPS; i++) {
        uint64_t choice = site_jump_choice(plan->site.address, i);
        uint64_t thunk = (choice + PATCH_SLOT - 1) & ~(uint64_t)(PATCH_SLOT - 1);
        if (thunk % PATCH_PAGE == 0)
            thunk += PATCH_SLOT;
        if (choice && site_is_reachable(&plan->site, thunk) && is_free(patcher, plan, page_of(thunk)) &&
            thunk_page_find(core_of(patcher), thunk) < 0)
            return thunk;
    }
    return 0;
}

static enum site_refusal thunk_page_plan(struct patcher *patcher, struct plan *plan)
{
    struct pad_core *core = core_of(patcher);
    if (core->thunk_page_count == PAD_THUNK_PAGES)
        return SITE_NO_ROOM;
    uint64_t thunk = thunk_place(patcher, plan);
    if (!thunk)
        return SITE_NO_PLACE;
    int pool = patch_pool_take(core);
    if (pool < 0)
        return SITE_NO_ROOM;
    unsigned index = core->thunk_page_count;
    struct pad_thunk_page *page = &core->thunk_page[index];
    *page = (struct pad_thunk_page){.address = page_of(thunk), .page = (uint32_t)pool};
    memset(pool_page(patcher, page->page), SITE_NO_INSTRUCTION, PATCH_PAGE);
    memcpy(pool_page(patcher, page->page), &patcher->entry, sizeof(patcher->entry));
    plan->is_thunk_page_new = true;
    thunk_take(patcher, plan, index, (unsigned)(thunk % PATCH_PAGE / PATCH_SLOT));
    return SITE_OK;
}

static enum site_refusal thunk_plan(struct patcher *patcher, const struct pad_private *p, struct plan *plan)
{
    if (thunk_share(patcher, p, plan))
        return SITE_OK;
    plan->is_thunk_new = true;
    return thunk_slot_search(patcher, p, plan) ? SITE_OK : thunk_page_plan(patcher, plan);
}

/* Carrying it out. */

static void plan_give_back(struct patcher *patcher, const struct plan *plan)
{
    if (plan->is_copy_new)
        patch_pool_give(core_of(patcher), plan->copy->page);
    if (plan->is_thunk_page_new)
        patch_pool_give(core_of(patcher), core_of(patcher)->thunk_page[plan->thunk_page].page);
}

static void thunk_write(struct patcher *patcher, struct plan *plan)
{
    const struct pad_thunk_page *page = &core_of(patcher)->thunk_page[plan->thunk_page];
    unsigned char *out = pool_page(patcher, page->page) + plan->thunk_slot * (size_t)PATCH_SLOT;
    site_thunk(&plan->site, plan->bytes, plan->site.thunk, page->address, out);
}

static void jump_write(struct patcher *patcher, const struct plan *plan)
{
    site_jump(&plan->site, pool_page(patcher, plan->copy->page) + plan->site.address % PATCH_PAGE);
}

static struct pad_call map_call(uint64_t address, uint32_t page)
{
    return (struct pad_call){SYS_mmap,
                             {address, PATCH_PAGE, PROT_READ | PROT_EXEC,
                              MAP_SHARED | MAP_FIXED | MAP_POPULATE, PAD_FD_PAD,
                              PAD_POOL + (uint64_t)page * PATCH_PAGE},
                             0};
}

/* The host calls of the plan; 1: the host refused one. */
static int plan_map(struct patcher *patcher, const struct pad_private *p, const struct plan *plan)
{
    const struct pad_thunk_page *thunks = &core_of(patcher)->thunk_page[plan->thunk_page];
    struct pad_call call[2];
    unsigned count = 0;
    if (!thunk_page_is_shown(p, plan->thunk_page))
        call[count++] = map_call(thunks->address, thunks->page);
    if (plan->is_copy_new)
        call[count++] = map_call(plan->copy->vaddr, plan->copy->page);
    int error = count ? patcher->calls(patcher->engine, plan->process, call, count) : 0;
    if (error)
        return error;
    for (unsigned i = 0; i < count; i++)
        error |= call[i].result < 0;
    for (unsigned i = 0; error && i < count; i++)
        tlb_note(core_of(patcher), plan->process, call[i].argument[0], call[i].argument[0] + PATCH_PAGE);
    return error;
}

static void copy_commit(struct patcher *patcher, struct pad_private *p, const struct plan *plan)
{
    p->copy_count++;
    patch_bounds_grow(&p->copy_bounds, plan->page);
    patch_frame_add(core_of(patcher), &(struct pad_frame){plan->copy->paddr, plan->page, plan->process});
    kernel_translation_note(patcher->kernel, plan->vspace, plan->page, true, true);
}

static void site_commit(struct pad_private *p, const struct plan *plan)
{
    const struct pad_site *site = &plan->site;
    uint16_t index = (uint16_t)(plan->entry - p->site + 1);
    for (unsigned i = 1; i < site->length; i++) {
        uint64_t target = 0;
        for (unsigned j = 0; j < site->count; j++)
            if (site->from[j] == i)
                target = site->thunk + site->to[j];
        patch_redirect_add(p, site->address + i, target);
    }
    *plan->entry = *site;
    plan->entry->next = plan->copy->first;
    plan->copy->first = index;
}

/* Guests have nothing where the thunks are; if that changes, the kernel says so. */
static void thunk_page_commit(struct pad_core *core)
{
    struct machine_mmu *mmu = &core->machine.mmu;
    struct pad_range watched = {mmu->watched_start, mmu->watched_end};
    patch_bounds_grow(&watched, core->thunk_page[core->thunk_page_count++].address);
    mmu->watched_start = watched.start;
    mmu->watched_end = watched.end;
}

static void thunk_commit(struct pad_core *core, const struct plan *plan)
{
    const struct pad_site *site = &plan->site;
    struct pad_thunk_page *page = &core->thunk_page[plan->thunk_page];
    struct pad_thunk *thunk = &page->thunk[plan->thunk_slot];
    *thunk = (struct pad_thunk){.site = site->address, .length = site->length, .count = site->count};
    memcpy(thunk->from, site->from, sizeof(thunk->from));
    memcpy(thunk->to, site->to, sizeof(thunk->to));
    page->used++;
}

static int plan_carry_out(struct patcher *patcher, struct pad_private *p, struct plan *plan)
{
    plan->site.drops = plan->entry->drops;
    if (plan->is_thunk_new)
        thunk_write(patcher, plan);
    if (plan->is_copy_new) {
        frame_protect(patcher, plan);
        jump_write(patcher, plan);
    }
    int error = plan_map(patcher, p, plan);
    if (error) {
        plan_give_back(patcher, plan);
        if (error > 0)
            leave(patcher, plan->entry, plan->site.address, SITE_HOST_REFUSED);
        return error > 0 ? 0 : error;
    }
    if (plan->is_thunk_page_new)
        thunk_page_commit(core_of(patcher));
    if (plan->is_thunk_new)
        thunk_commit(core_of(patcher), plan);
    thunk_page_show(core_of(patcher), p, plan->thunk_page);
    if (plan->is_copy_new)
        copy_commit(patcher, p, plan);
    else
        jump_write(patcher, plan);
    site_commit(p, plan);
    patcher->patched++;
    return 0;
}

/* The page's copy, if it is still good. False: it is on its way out, so this is no time for patches. */
static bool copy_find(struct pad_core *core, struct pad_private *p, struct plan *plan)
{
    if (is_pending(&core->slot[plan->process], plan->page, plan->page + PATCH_PAGE))
        return false;
    plan->copy = patch_copy_find(p, plan->page);
    return !plan->copy || plan->copy->paddr == plan->translation.paddr;
}

int patch_install(struct patcher *patcher, unsigned process, uint64_t address)
{
    struct pad_core *core = core_of(patcher);
    struct pad_private *p = private_of(patcher, process);
    struct plan plan = {.process = process, .vspace = core->slot[process].vspace, .page = page_of(address)};
    plan.translation = kernel_translate(patcher->kernel, plan.vspace, address);
    if (!plan.translation.is_present || !copy_find(core, p, &plan))
        return 0;
    plan.entry = patch_site_enter(p, address);
    if (!plan.entry)
        leave(patcher, NULL, address, SITE_NO_ROOM);
    if (!plan.entry || plan.entry->thunk || plan.entry->why)
        return 0;
    enum site_refusal why = plan_decide(patcher, p, &plan);
    if (why == SITE_OK && !copy_plan(patcher, p, &plan))
        why = SITE_NO_ROOM;
    if (why == SITE_OK)
        why = thunk_plan(patcher, p, &plan);
    if (why == SITE_OK)
        return plan_carry_out(patcher, p, &plan);
    plan_give_back(patcher, &plan);
    leave(patcher, plan.entry, address, why);
    return 0;
}

static struct pad_site *site_around(struct pad_private *p, uint64_t address)
{
    for (uint64_t offset = 1; offset < PATCH_SLOT && offset < address; offset++) {
        struct pad_site *site = patch_site_find(p, address - offset);
        if (site && site->thunk && offset < site->length)
            return site;
    }
    return NULL;
}

void patch_unpatch(struct patcher *patcher, unsigned process, uint64_t address)
{
    struct pad_private *p = private_of(patcher, process);
    struct pad_site *site = site_around(p, address);
    struct pad_copy *copy = site ? patch_copy_find(p, page_of(site->address)) : NULL;
    if (!copy)
        return;
    uint64_t offset = site->address % PATCH_PAGE;
    memcpy(pool_page(patcher, copy->page) + offset, patcher->kernel->arena + copy->paddr + offset,
           site->length);
    patch_site_drop(core_of(patcher), p, site);
    leave(patcher, site, site->address, SITE_ENTERED);
}
