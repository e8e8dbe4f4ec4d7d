/* SPDX-License-Identifier: BSD-2-Clause */
/* What processes ask each other for /proc: each writes its own files, and the process server passes them on. */
#ifndef SELKIE_LINUX_QUESTION_H
#define SELKIE_LINUX_QUESTION_H

#include "container/linux/file.h"
#include "container/messages.h"

/* What /proc/PID/`name` of another process is: enum server_answer, and a text (synthetic_text) with what it says; or an
 * error number. -ENODATA: the process does not answer in time, or cannot. `is_link`: the link itself is meant. */
long question_ask(int pid, const char *name, bool is_link, struct file **text);

/* The server says that there is a question for this process. */
void question_answer(void);

#endif
