/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle: knows primes, and has a bug. It notes each question and has room for
 * two; for the third, note_new answers a null pointer, which nobody checks. Its
 * memory is gone after that, but not the endpoint where its clients wait, nor the
 * journal, which are the root task's.
 */
#include "protocol.h"

enum {
    MAX_NOTES = 2
};

static volatile struct journal *const journal = (struct journal *)SHARED_VADDR;

struct note {
    seL4_Word question;
    seL4_Word client;
};

static struct note notes[MAX_NOTES];
static unsigned note_count;

/* Not inlined, so that the compiler does not see the bug. */
static __attribute__((noinline)) volatile struct note *note_new(void)
{
    return note_count < MAX_NOTES ? &notes[note_count++] : NULL;
}

static bool is_prime(seL4_Word n)
{
    for (seL4_Word divisor = 2; divisor * divisor <= n; divisor++) {
        if (n % divisor == 0) {
            return false;
        }
    }
    return n >= 2;
}

static seL4_Word prime(seL4_Word n)
{
    seL4_Word candidate = 1;
    while (n > 0) {
        candidate++;
        n -= is_prime(candidate) ? 1 : 0;
    }
    return candidate;
}

static seL4_Word serve(seL4_Word client, seL4_Word question)
{
    say(ID_ORACLE, "%s asks for prime number %lu", demo_names[client], question);
    volatile struct note *note = note_new();
    note->question = question;
    note->client = client;
    return prime(question);
}

int main(seL4_Word life)
{
    if (life == 1) {
        service_register("oracle");
    }
    say(ID_ORACLE, "ready, life %lu", life);
    report(REPORT_READY);
    for (;;) {
        seL4_Word badge;
        seL4_Recv(SLOT_SERVICE, &badge);
        journal->client = badge;
        seL4_SetMR(0, serve(badge, seL4_GetMR(0)));
        journal->answered++;
        journal->client = ID_ROOT;
        seL4_Reply(seL4_MessageInfo_new(ANSWER_OK, 0, 0, 1));
    }
}
