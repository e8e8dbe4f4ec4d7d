/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that the monitor has to look at because they touch a device.
 *
 * Plain moves, which is what drivers do, are carried out here. Any other instruction is stepped by its
 * process: the scratch page takes the device's place for the length of one instruction, with the register's
 * value in it, and what is there afterwards is what was written.
 *
 * DIFFERS: an access that is not 1, 2, 4 or 8 aligned bytes reads all ones and writes nothing.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "engine/direct/monitor.h"
#include "engine/direct/tlb.h"
#include "engine/x86_64/mmio_decode.h"

enum {
    PAGE = 1 << ABI_SMALL_PAGE_BITS
};

static unsigned char *scratch_of(const struct engine *e)
{
    return e->memory + PAD_SCRATCH;
}

static int scratch_map(struct engine *e, unsigned process, uint64_t page, bool is_writable)
{
    struct pad_call call = {SYS_mmap,
                            {page, PAGE, PROT_READ | (is_writable ? PROT_WRITE : 0), MAP_SHARED | MAP_FIXED,
                             PAD_FD_PAD, PAD_SCRATCH},
                            0};
    int error = guest_calls(e, process, &call, 1);
    if (!error && call.result < 0)
        error = diag_errno(e->diag, (int)call.result, "cannot map a device page in a guest process");
    return error;
}

/* The process may do without us next time. */
static void load_describe(struct engine *e, const struct next *next, const struct access *access)
{
    struct pad_load *load = &e->core->load;
    enum context_register to;
    memset(load, 0, sizeof(*load));
    if (!access_is_load(access, &to))
        return;
    load->ip = next->context->next_ip;
    load->length = access->instruction.info.length;
    load->to = (uint8_t)to;
    if (kernel_read_user(e->k, next->vspace, load->ip, load->bytes, load->length) != load->length)
        load->ip = 0;
}

int serve_device(struct engine *e, unsigned process)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    struct pad_request *r = &e->core->request;
    const struct next next = kernel_next(e->k, 0);
    uint64_t address = r->address, page = address & ~(uint64_t)(PAGE - 1), value = UINT64_MAX;
    struct access access;
    r->value = DEVICE_NONE;
    if (next.kind != NEXT_RUN)
        return 0;
    const struct translation t = kernel_translate(e->k, next.vspace, address);
    uint64_t paddr = t.paddr + (page & ((1ull << t.size_bits) - 1));
    if (!t.is_device || !bus->mmio_is_claimed || !bus->mmio_is_claimed(bus->world, paddr) ||
        !access_decode(e->k, next.vspace, next.context, address, &access) ||
        (access.is_write && !t.is_writable))
        return 0;
    r->value = DEVICE_DONE;
    load_describe(e, &next, &access);
    if (access_move(e->k, next.context, &access, paddr))
        return 0;
    bool is_plain = access_is_plain(&access);
    memset(scratch_of(e), 0xff, PAGE);
    if (is_plain && access.is_read) {
        value = bus->mmio_read(bus->world, paddr + access.offset, access.width);
        memcpy(scratch_of(e) + access.offset, &value, access.width);
    }
    e->device_step = (struct device_step){.is_plain_write = is_plain && access.is_write,
                                          .page = page,
                                          .paddr = paddr + access.offset,
                                          .offset = access.offset,
                                          .width = access.width};
    r->value = DEVICE_STEP;
    return scratch_map(e, process, page, t.is_writable);
}

int serve_stepped(struct engine *e, unsigned process)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    const struct device_step *step = &e->device_step;
    uint64_t value = 0;
    tlb_note(e->core, process, step->page, step->page + PAGE);
    if (e->core->request.value && step->is_plain_write && step->offset + step->width <= PAGE) {
        memcpy(&value, scratch_of(e) + step->offset, step->width);
        bus->mmio_write(bus->world, step->paddr, step->width, value);
    }
    return 0;
}
