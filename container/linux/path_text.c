/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as text. */
#include "container/linux/path_text.h"

size_t text_component(const char *at)
{
    size_t length = 0;
    while (at[length] && at[length] != '/') {
        length++;
    }
    return length;
}

bool text_is_up(const char *at, size_t length)
{
    return length == 2 && at[0] == '.' && at[1] == '.';
}

bool text_is_here(const char *at, size_t length)
{
    return length == 0 || (length == 1 && at[0] == '.');
}

/* Below `folder` or it itself. */
bool text_is_under(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (length == 1 || path[length] == '\0' || path[length] == '/');
}

long text_append(char *path, const char *name, size_t length)
{
    size_t end = strlen(path);
    if (end + length + 2 > PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    if (end > 1) {
        path[end++] = '/';
    }
    memcpy(path + end, name, length);
    path[end + length] = '\0';
    return 0;
}

void text_drop(char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] != '/') {
        end--;
    }
    path[end > 1 ? end - 1 : 1] = '\0';
}

/* Is there a ".." in it? */
bool text_has_up(const char *path)
{
    for (const char *at = path; *at;) {
        size_t length = text_component(at);
        if (text_is_up(at, length)) {
            return true;
        }
        at += length + (at[length] == '/');
    }
    return false;
}

/* `text` behind `base`, but for what is superfluous. The end stays as it is: it may ask for a directory. */
long text_join(char to[PATH_ROOM], const char *base, const char *text)
{
    size_t end = strlen(base);
    memmove(to, base, end + 1);
    for (const char *at = text; *at;) {
        size_t length = text_component(at);
        bool is_last = !at[length];
        if (!text_is_here(at, length) || (is_last && length)) {
            long error = text_append(to, at, length);
            if (error) {
                return error;
            }
        }
        at += length + !is_last;
    }
    size_t length = strlen(text);
    end = strlen(to);
    if (length > 1 && text[length - 1] == '/' && end > 1) {
        if (end + 2 > PATH_ROOM) {
            return -ENAMETOOLONG;
        }
        to[end] = '/';
        to[end + 1] = '\0';
    }
    return 0;
}
