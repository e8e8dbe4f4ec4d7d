/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client: alice or bob. Finds the services by name, asks the oracle, and has the
 * store write down the answers. It has no code for an oracle that crashes.
 */
#include "protocol.h"

enum {
    QUESTIONS = 4,
    SLOT_STORE = SLOT_FREE,
    SLOT_ORACLE,
    SLOT_PRINTER
};

static const volatile struct board *const board = (struct board *)SHARED_VADDR;

static seL4_Word oracle_ask(seL4_Word question)
{
    seL4_SetMR(0, question);
    seL4_Call(SLOT_ORACLE, seL4_MessageInfo_new(ORACLE_PRIME, 0, 0, 1));
    return seL4_GetMR(0);
}

static seL4_Word store_put(seL4_Word question, seL4_Word answer)
{
    seL4_SetMR(0, question);
    seL4_SetMR(1, answer);
    seL4_Call(SLOT_STORE, seL4_MessageInfo_new(STORE_PUT, 0, 0, 2));
    return seL4_GetMR(0);
}

int main(seL4_Word id, seL4_Word first_question)
{
    enum demo_id self = (enum demo_id)id;
    bool has_store = service_find("store", SLOT_STORE);
    bool has_oracle = service_find("oracle", SLOT_ORACLE);
    bool has_printer = service_find("printer", SLOT_PRINTER);
    say(self, "store: %s, oracle: %s, printer: %s", has_store ? "found" : "none",
        has_oracle ? "found" : "none", has_printer ? "found" : "none");
    for (seL4_Word i = 1; i <= QUESTIONS; i++) {
        seL4_Word question = first_question * i;
        seL4_Word row = store_put(question, oracle_ask(question));
        say(self, "the answer is %lu; row %lu of %lu on the board", board->rows[row].answer, row + 1,
            board->row_count);
    }
    report(REPORT_DONE);
    return 0;
}
