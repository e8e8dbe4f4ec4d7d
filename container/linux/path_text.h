/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as text: components, and joining. What a path is joined in has PATH_ROOM bytes. */
#ifndef SELKIE_LINUX_PATH_TEXT_H
#define SELKIE_LINUX_PATH_TEXT_H

#include "container/linux/file.h"

size_t text_component(const char *at); /* bytes of the one that begins here */
bool text_is_up(const char *at, size_t length);
bool text_is_here(const char *at, size_t length);
bool text_has_up(const char *path);

/* Below `folder` or it itself. */
bool text_is_under(const char *path, const char *folder);

/* One component more, -ENAMETOOLONG; one less. */
long text_append(char *path, const char *name, size_t length);
void text_drop(char *path);

/* `text` behind `base`, but for what is superfluous. The end stays as it is: it may ask for a directory. */
long text_join(char to[PATH_ROOM], const char *base, const char *text);

#endif
