/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads of one VSpace. The component's own thread only tells the root task what to start; the five that
 * it names exchange messages by role (stress.h) until their share is done. Each keeps sums in its vector and
 * x87 registers over everything it does (vectors.h), and looks at its fs and gs.
 *
 * A message's first word is the sender, the second the payload, the third the length and chances, the fourth
 * a sum of all others; words beyond four follow from the payload. An answer has the same form.
 */
#include "vectors.h"

#include "../../lib/libsel4/support/internal.h"

enum {
    STACK_SIZE = 8192,
    TLS_SIZE_MAX = 1024,
    SHORT = 4,
    BURST_MAX = 4096 /* turns of a loop without calls */
};

struct worker {
    struct worker *self; /* at gs:0 */
    unsigned thread, number;
    seL4_Word random;
    seL4_Word messages, nested;
    seL4_Word sent, received; /* sums of payloads */
    struct vectors vectors;
};

static struct worker workers[THREADS_PER_SPACE];
static unsigned char stacks[THREADS_PER_SPACE][STACK_SIZE] __attribute__((aligned(64)));
static unsigned char tls_areas[THREADS_PER_SPACE][TLS_SIZE_MAX] __attribute__((aligned(64)));
static seL4_Word thread_pointers[THREADS_PER_SPACE];
static seL4_Word quota;

static seL4_Word mix(seL4_Word a, seL4_Word b)
{
    seL4_Word x = (a ^ b << 23 ^ b >> 41) * 0xff51afd7ed558ccd;
    return x ^ x >> 32;
}

static seL4_Word random_next(struct worker *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static void wrong(const struct worker *w, enum wrong kind, seL4_Word expected, seL4_Word found)
{
    seL4_Word thread = w->thread, which = kind;
    seL4_CallWithMRs(SLOT_REPORT, seL4_MessageInfo_new(REPORT_WRONG, 0, 0, SHORT), &thread, &which, &expected,
                     &found);
}

/* After every call: is everything of this thread's still there? Then add something new. */
static void registers_check(struct worker *w, seL4_Word seed)
{
    enum wrong kind;
    seL4_Word expected, found, fs, gs;
    if (!vectors_right(&w->vectors, &kind, &expected, &found)) {
        wrong(w, kind, expected, found);
    }
    asm volatile("movq %%fs:0, %0\n\tmovq %%gs:0, %1" : "=r"(fs), "=r"(gs));
    if (fs != thread_pointers[w->number]) {
        wrong(w, WRONG_FS, thread_pointers[w->number], fs);
    }
    if (gs != (seL4_Word)w) {
        wrong(w, WRONG_GS, (seL4_Word)w, gs);
    }
    vectors_add(&w->vectors, seed);
}

struct message {
    seL4_Word words[SHORT];
};

static unsigned message_length(const struct message *m)
{
    return (unsigned)(m->words[2] & 0xff);
}

static seL4_Word long_word(const struct message *m, unsigned i)
{
    return m->words[1] * (2 * i + 1) + m->words[0];
}

static seL4_Word message_sum(const struct message *m)
{
    return mix(mix(m->words[0], m->words[1]), m->words[2]);
}

/* Length: mostly short, sometimes into the IPC buffer. */
static void message_make(struct worker *w, struct message *m, seL4_Word payload, seL4_Word chances)
{
    unsigned length = chances >> 32 & 3 ? SHORT : SHORT + (unsigned)(chances >> 40) % (LONG_MAX - SHORT + 1);
    m->words[0] = w->thread;
    m->words[1] = payload;
    m->words[2] = (chances & ~0xfful) | length;
    m->words[3] = message_sum(m);
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    for (unsigned i = SHORT; i < length; i++) {
        buffer->msg[i] = long_word(m, i);
    }
}

static void message_check(struct worker *w, const struct message *m, seL4_Word length, enum wrong kind)
{
    if (m->words[3] != message_sum(m)) {
        wrong(w, kind, message_sum(m), m->words[3]);
    }
    if (length != message_length(m)) {
        wrong(w, kind, message_length(m), length);
    }
    const seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    for (unsigned i = SHORT; i < length; i++) {
        if (buffer->msg[i] != long_word(m, i)) {
            wrong(w, kind, long_word(m, i), buffer->msg[i]);
        }
    }
}

static seL4_MessageInfo_t message_info(seL4_Word label, const struct message *m)
{
    return seL4_MessageInfo_new(label, 0, 0, message_length(m));
}

/* A call and its answer are two messages. */
static void server_call(struct worker *w, unsigned server)
{
    struct message m;
    seL4_Word payload = random_next(w);
    message_make(w, &m, payload, random_next(w));
    w->sent += payload;
    seL4_MessageInfo_t info = seL4_CallWithMRs(SLOT_SERVER + server, message_info(MESSAGE_CALL, &m),
                                               &m.words[0], &m.words[1], &m.words[2], &m.words[3]);
    message_check(w, &m, seL4_MessageInfo_get_length(info), WRONG_REPLY);
    if (m.words[1] != mix(payload, server)) {
        wrong(w, WRONG_REPLY, mix(payload, server), m.words[1]);
    }
    registers_check(w, m.words[1]);
}

static void server_send(struct worker *w, unsigned server)
{
    struct message m;
    seL4_Word payload = random_next(w);
    message_make(w, &m, payload, random_next(w));
    w->sent += payload;
    seL4_MessageInfo_t info = message_info(MESSAGE_SEND, &m);
    seL4_SendWithMRs(SLOT_SERVER + server, info, &m.words[0], &m.words[1], &m.words[2], &m.words[3]);
    registers_check(w, payload);
}

/* Something to be preempted in that is no call. */
static void burst(struct worker *w)
{
    for (seL4_Word turns = random_next(w) % BURST_MAX; turns; turns--) {
        asm volatile("" : "+r"(turns));
    }
    registers_check(w, w->random);
}

static void client_run(struct worker *w)
{
    unsigned space = w->thread / THREADS_PER_SPACE;
    while (w->messages < quota) {
        seL4_Word chances = random_next(w);
        unsigned server = chances & 3 ? (unsigned)(chances >> 8) % SERVERS : 2 * space + (chances >> 2 & 1);
        if (chances >> 4 & 3) {
            server_call(w, server);
            w->messages += 2;
        } else {
            server_send(w, server);
            w->messages++;
        }
        if ((chances >> 56 & 63) == 0) {
            burst(w);
        }
    }
}

/* The partners take turns; the one with the lower number begins. */
static void pair_run(struct worker *w)
{
    bool is_first = w->thread < stress_partner(w->thread);
    while (w->messages < quota) {
        if (is_first) {
            seL4_Signal(SLOT_SIGNAL + w->number);
        }
        seL4_Word badge = 0;
        seL4_Wait(SLOT_WAIT + w->number, &badge);
        if (badge != stress_partner(w->thread) + 1) {
            wrong(w, WRONG_BADGE, stress_partner(w->thread) + 1, badge);
        }
        if (!is_first) {
            seL4_Signal(SLOT_SIGNAL + w->number);
        }
        w->messages++;
        registers_check(w, random_next(w));
    }
}

static void request_serve(struct worker *w, struct message *m, unsigned server, seL4_Word badge,
                          seL4_Word length)
{
    message_check(w, m, length, WRONG_REQUEST);
    if (badge != m->words[0] / THREADS_PER_SPACE + 1) {
        wrong(w, WRONG_BADGE, m->words[0] / THREADS_PER_SPACE + 1, badge);
    }
    seL4_Word payload = m->words[1], chances = m->words[2];
    w->received += payload;
    registers_check(w, payload);
    if (stress_role(w->thread) == ROLE_MIDDLE && (chances >> 16 & 3) == 0) {
        server_call(w, 2 * (unsigned)(chances >> 20 & 0xffff) % SERVERS + 1);
        w->nested += 2;
    }
    message_make(w, m, mix(payload, server), random_next(w));
}

static void server_run(struct worker *w)
{
    unsigned is_leaf = stress_role(w->thread) == ROLE_LEAF;
    unsigned server = 2 * (w->thread / THREADS_PER_SPACE) + is_leaf;
    seL4_Word badge;
    struct message m;
    seL4_MessageInfo_t info =
        seL4_RecvWithMRs(SLOT_OWN + is_leaf, &badge, &m.words[0], &m.words[1], &m.words[2], &m.words[3]);
    for (;;) {
        seL4_Word label = seL4_MessageInfo_get_label(info);
        if (label == MESSAGE_END) {
            m = (struct message){{w->messages, w->nested, w->received, w->sent}};
            info = seL4_MessageInfo_new(0, 0, 0, SHORT);
        } else {
            w->messages++;
            request_serve(w, &m, server, badge, seL4_MessageInfo_get_length(info));
            info = message_info(0, &m);
        }
        if (label == MESSAGE_SEND) {
            info = seL4_RecvWithMRs(SLOT_OWN + is_leaf, &badge, &m.words[0], &m.words[1], &m.words[2],
                                    &m.words[3]);
        } else {
            info = seL4_ReplyRecvWithMRs(SLOT_OWN + is_leaf, info, &badge, &m.words[0], &m.words[1],
                                         &m.words[2], &m.words[3]);
        }
    }
}

/* Registers as the root task sets them: the IPC buffer, the number; gs is the worker. */
static _Noreturn __attribute__((noinline)) void worker_main(seL4_IPCBuffer *ipc_buffer, unsigned number)
{
    struct worker *w = &workers[number];
    seL4_SetIPCBuffer(ipc_buffer);
    vectors_start(&w->vectors, w->thread);
    switch (stress_role(w->thread)) {
    case ROLE_CLIENT:
        client_run(w);
        break;
    case ROLE_PAIR:
        pair_run(w);
        break;
    default:
        server_run(w);
    }
    seL4_Word thread = w->thread, messages = w->messages, sent = w->sent, none = 0;
    for (;;) { /* the answer does not come */
        seL4_CallWithMRs(SLOT_REPORT, seL4_MessageInfo_new(REPORT_DONE, 0, 0, SHORT), &thread, &messages,
                         &sent, &none);
    }
}

int main(seL4_Word space, seL4_Word share, seL4_Word seed)
{
    quota = share;
    vectors_prepare();
    size_t tls_size = sel4_util_tls_size();
    if (tls_size > TLS_SIZE_MAX) {
        sel4_util_panic("thread-local storage takes %zu bytes\n", tls_size);
    }
    for (unsigned number = 0; number < THREADS_PER_SPACE; number++) {
        struct worker *w = &workers[number];
        w->self = w;
        w->number = number;
        w->thread = (unsigned)space * THREADS_PER_SPACE + number;
        w->random = mix(seed, w->thread + 1) | 1;
        thread_pointers[number] = sel4_util_tls_write(&tls_areas[number][TLS_SIZE_MAX - tls_size], tls_size);
    }
    for (unsigned number = 0; number < THREADS_PER_SPACE; number++) {
        seL4_Word entry = (seL4_Word)worker_main, stack = (seL4_Word)(stacks[number] + STACK_SIZE);
        seL4_Word fs = thread_pointers[number], gs = (seL4_Word)&workers[number];
        seL4_CallWithMRs(SLOT_REPORT, seL4_MessageInfo_new(REPORT_THREAD + number, 0, 0, SHORT), &entry,
                         &stack, &fs, &gs);
    }
    return 0;
}
