/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and directories of the host at paths of a container. */
#include "container_volume.h"

#include <string.h>

#include "run/say.h"

bool volume_read_only_cut(char *path)
{
    size_t length = strlen(path);
    const char *suffix = length > 3 ? path + length - 3 : "";
    bool is_read_only = strcmp(suffix, ":ro") == 0;
    if (is_read_only || strcmp(suffix, ":rw") == 0) {
        path[length - 3] = '\0';
    }
    return is_read_only;
}

/* An absolute path without "", "." and "..". */
static bool is_straight(const char *path)
{
    for (const char *at = path; *at; at += 1 + strcspn(at + 1, "/")) {
        size_t length = strcspn(at + 1, "/");
        if (length == 0 || (length <= 2 && strncmp(at + 1, "..", length) == 0)) {
            return false;
        }
    }
    return true;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

/* Where nothing of the host is seen, because the container makes up what is there. */
static const char *made_up(const char *path)
{
    static const char *const folders[] = {"/proc", "/sys", "/dev"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (is_below(path, folders[i]) && !is_below(path, "/dev/shm")) {
            return folders[i];
        }
    }
    return NULL;
}

bool volume_add(struct container_options *options, char *text)
{
    bool is_read_only = volume_read_only_cut(text);
    char *inside = strchr(text, ':');
    if (!inside || inside == text || inside[1] != '/' || strlen(inside) < 3 || strchr(inside + 1, ':')) {
        say("--volume=%s: not of the form HOST:/PATH[:ro|:rw]", text);
        return false;
    }
    if (options->volume_count == CONTAINER_VOLUMES) {
        say("--volume=%s: more than %d of them", text, CONTAINER_VOLUMES);
        return false;
    }
    *inside++ = '\0';
    for (size_t length = strlen(inside); length > 1 && inside[length - 1] == '/'; length--) {
        inside[length - 1] = '\0';
    }
    if (!is_straight(inside)) {
        say("--volume=%s:%s: the second path must be one without //, /./ and /../", text, inside);
        return false;
    }
    if (made_up(inside)) {
        say("--volume=%s:%s: %s has no volumes", text, inside, made_up(inside));
        return false;
    }
    for (unsigned i = 0; i < options->volume_count; i++) {
        if (strcmp(options->volume[i].inside, inside) == 0) {
            say("--volume=%s:%s: there is another volume already", text, inside);
            return false;
        }
    }
    options->volume[options->volume_count++] =
        (struct container_volume){.host = text, .inside = inside, .is_read_only = is_read_only};
    return true;
}
