/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: writes what clients send to a page that all of them can read, and only the store can write. */
#include "protocol.h"

static volatile struct board *const board = (struct board *)SHARED_VADDR;

static seL4_MessageInfo_t row_put(seL4_Word owner, seL4_Word question, seL4_Word answer)
{
    seL4_Word row = board->row_count;
    if (row == BOARD_ROWS) {
        return seL4_MessageInfo_new(ANSWER_UNKNOWN, 0, 0, 0);
    }
    board->rows[row].owner = owner;
    board->rows[row].question = question;
    board->rows[row].answer = answer;
    board->row_count = row + 1; /* last, so that no reader sees half a row */
    seL4_SetMR(0, row);
    return seL4_MessageInfo_new(ANSWER_OK, 0, 0, 1);
}

int main(void)
{
    service_register("store");
    say(ID_STORE, "ready");
    report(REPORT_READY);
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(SLOT_SERVICE, &badge);
    for (;;) {
        seL4_MessageInfo_t reply = seL4_MessageInfo_new(ANSWER_UNKNOWN, 0, 0, 0);
        if (seL4_MessageInfo_get_label(message) == STORE_PUT && seL4_MessageInfo_get_length(message) == 2) {
            reply = row_put(badge, seL4_GetMR(0), seL4_GetMR(1));
        }
        message = seL4_ReplyRecv(SLOT_SERVICE, reply, &badge);
    }
}
