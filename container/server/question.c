/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one process asks of another: files of /proc that only that process can write. The question waits here until its
 * process takes it, and the answer, in parts, until who asked has it. There is one at a time; who comes meanwhile asks
 * again. What takes too long gives way to the next.
 */
#include "container/server/server.h"

#define PATIENCE (1ul << 27) /* ticks of the counter, some fifty milliseconds */

static struct {
    uint64_t number;                     /* of the last one */
    const struct process *asker, *asked; /* NULL: there is none */
    int asker_pid, asked_pid;
    uint64_t since_tsc;
    bool is_taken, is_complete;
    uint64_t kind;
    size_t size, answer_size;
    char text[SERVER_QUESTION_SIZE];
} question;

static char answer[SERVER_ANSWER_SIZE] SPARSE;

static bool is_waiting(void)
{
    return question.asked && question.asker->pid == question.asker_pid &&
           question.asker->state == PROCESS_RUNS && __builtin_ia32_rdtsc() - question.since_tsc < PATIENCE;
}

bool question_is_for(const struct process *process)
{
    return question.asked == process && process->pid == question.asked_pid && !question.is_taken;
}

static bool is_asked(const struct call *call, uint64_t number)
{
    return question.asked == call->process && call->process->pid == question.asked_pid &&
           number == question.number;
}

static bool has_asked(const struct call *call, uint64_t number)
{
    return question.asked && question.asker == call->process && call->process->pid == question.asker_pid &&
           number == question.number;
}

long serve_question(const struct call *call)
{
    enum {
        HEAD = 2 * sizeof(uint64_t)
    };
    const struct process *asked = process_find((int)call->word[0]);
    size_t size = call->count * sizeof(uint64_t);
    if (size < HEAD || call->word[1] > size - HEAD || call->word[1] > sizeof question.text) {
        return -EINVAL;
    }
    if (!asked || asked->state != PROCESS_RUNS || asked == call->process || asked->host != asked) {
        return -ESRCH;
    }
    if (is_waiting()) {
        return -EAGAIN;
    }
    question.number++;
    question.asker = call->process;
    question.asker_pid = call->process->pid;
    question.asked = asked;
    question.asked_pid = asked->pid;
    question.since_tsc = __builtin_ia32_rdtsc();
    question.is_taken = question.is_complete = false;
    question.kind = 0;
    question.answer_size = 0;
    question.size = call->word[1];
    memcpy(question.text, &call->word[2], question.size);
    process_notify(asked);
    return (long)question.number;
}

long serve_question_take(struct call *call)
{
    if (!question_is_for(call->process)) {
        return -ENOENT;
    }
    question.is_taken = true;
    call->word[1] = question.asker->identity >> 32 | question.asker->identity << 32;
    call->word[2] = question.size;
    memset(&call->word[3], 0, sizeof question.text);
    memcpy(&call->word[3], question.text, question.size);
    call->count = 3 + sizeof question.text / sizeof(uint64_t);
    return (long)question.number;
}

long serve_answer(const struct call *call)
{
    enum {
        HEAD = 4 * sizeof(uint64_t)
    };
    size_t size = call->count * sizeof(uint64_t);
    if (size < HEAD || call->word[3] > size - HEAD) {
        return -EINVAL;
    }
    if (!is_asked(call, call->word[0]) || question.is_complete) {
        return -ENOENT;
    }
    size_t room = sizeof answer - question.answer_size;
    size_t count = call->word[3] < room ? call->word[3] : room;
    memcpy(answer + question.answer_size, &call->word[4], count);
    question.answer_size += count;
    question.kind = call->word[1];
    question.is_complete = call->word[2];
    return 0;
}

long serve_answer_take(struct call *call)
{
    uint64_t from = call->word[1];
    if (!has_asked(call, call->word[0])) {
        return -ENOENT;
    }
    if (!question.is_complete) {
        bool is_there = question.asked->pid == question.asked_pid && question.asked->state == PROCESS_RUNS;
        return is_there ? -EAGAIN : -ENOENT;
    }
    uint64_t left = from < question.answer_size ? question.answer_size - from : 0;
    uint64_t count = left < SERVER_PART_SIZE ? left : SERVER_PART_SIZE;
    call->word[1] = question.kind;
    call->word[2] = question.answer_size;
    memset(&call->word[3], 0, SERVER_PART_SIZE);
    memcpy(&call->word[3], answer + (left ? from : 0), count);
    call->count = 3 + (unsigned)((count + sizeof(uint64_t) - 1) / sizeof(uint64_t));
    if (count == left) {
        question.asked = NULL; /* that was all of it */
    }
    return (long)count;
}
