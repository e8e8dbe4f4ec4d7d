/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Selkie says itself: whole lines on stderr, each prefixed "selkie: ".
 */
#ifndef SELKIE_RUN_SAY_H
#define SELKIE_RUN_SAY_H

/* One line; no newline in `format`. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
