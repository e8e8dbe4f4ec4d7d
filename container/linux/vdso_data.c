/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From counter to time. The rate is that since the start, so it becomes ever better; each renewal puts the line
 * through what the old line says now, if that is later than the host's clock (time never goes back), and makes up for
 * the difference within the next window.
 */
#include "container/linux/vdso_data.h"

#include "container/linux/object.h"
#include "container/linux/space.h"
#include "container/linux/vdso/vdso.h"

enum {
    BASELINE_NS = 1000000 /* before that the rate is too coarse */
};

extern const unsigned char image_vdso_start[], image_vdso_end[];

static struct vdso_data *const data = (struct vdso_data *)VDSO_DATA;
static int64_t (*host_now)(unsigned clock);
static uint64_t first_tsc, first_ns;

/* a * 2^VDSO_SHIFT / b, which fits. */
static uint64_t rate_of(uint64_t a, uint64_t b)
{
    uint64_t quotient, remainder;
    asm("divq %4"
        : "=a"(quotient), "=d"(remainder)
        : "a"(a << VDSO_SHIFT), "d"(a >> (64 - VDSO_SHIFT)), "r"(b)
        : "cc");
    return quotient;
}

void vdso_init(int64_t (*now)(unsigned clock))
{
    bool is_zero;
    uint32_t frame = frame_alloc(&is_zero);
    if (!frame || !frame_map(frame, VDSO_DATA, true)) {
        return;
    }
    memset(data, 0, sizeof *data);
    host_now = now;
    first_tsc = vdso_tsc();
    first_ns = (uint64_t)now(1);
}

static uint64_t line_at(uint64_t tsc)
{
    return data->monotonic_ns + ((tsc - data->tsc) * data->rate >> VDSO_SHIFT);
}

static void data_renew(void)
{
    uint64_t before = vdso_tsc(), monotonic = (uint64_t)host_now(1), after = vdso_tsc();
    uint64_t tsc = before + (after - before) / 2;
    int64_t realtime = host_now(0);
    if (monotonic < first_ns + BASELINE_NS || tsc <= first_tsc) {
        return;
    }
    uint64_t rate = rate_of(monotonic - first_ns, tsc - first_tsc), start = monotonic;
    /* A line that was left long ago says nothing: its steps times its rate would not fit. */
    if (data->version && tsc - data->tsc < 1ul << 30 && line_at(tsc) > monotonic) {
        start = line_at(tsc);
        uint64_t window_ns = VDSO_WINDOW * rate >> VDSO_SHIFT, ahead = start - monotonic;
        rate -= ahead < window_ns / 2 ? rate_of(ahead, VDSO_WINDOW) : rate / 2;
    }
    data->tsc = tsc;
    data->monotonic_ns = start;
    data->realtime_offset_ns = realtime - (int64_t)monotonic;
    data->rate = rate;
    data->version++;
}

static bool data_is_there(void)
{
    return host_now && data->version;
}

int64_t vdso_now(unsigned clock)
{
    if (!host_now) {
        return -1;
    }
    if (!data->version || vdso_tsc() - data->tsc > VDSO_WINDOW) {
        data_renew();
    }
    if (!data->version) {
        return -1;
    }
    return (int64_t)line_at(vdso_tsc()) + (clock == 0 ? data->realtime_offset_ns : 0);
}

int64_t vdso_span(uint64_t cycles)
{
    enum {
        MOST = 48 /* log2; cycles and rate together fit below 2^64 in two steps */
    };
    uint64_t rate = data_is_there() ? data->rate : 1ul << (VDSO_SHIFT - 1);
    cycles = cycles < 1ul << MOST ? cycles : 1ul << MOST;
    return (int64_t)((cycles >> 16) * rate >> (VDSO_SHIFT - 16)) +
           (int64_t)((cycles & 0xffff) * rate >> VDSO_SHIFT);
}

uint64_t vdso_map(void)
{
    uint64_t size = page_up((uint64_t)(image_vdso_end - image_vdso_start));
    uint64_t start = host_now ? space_find(0, size) : 0;
    struct region region = {.start = start, .end = start + size, .protection = PROT_READ | PROT_WRITE};
    if (!start || space_map(&region) ||
        user_write(start, image_vdso_start, (size_t)(image_vdso_end - image_vdso_start)) ||
        space_protect(start, start + size, PROT_READ | PROT_EXEC)) {
        return 0;
    }
    return start;
}
