/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of users and groups, as the files of an image know them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container_image.h"
#include "container_tree.h"
#include "host/fd.h"

/* In a file like etc/passwd: the numbers behind NAME:x:, or NAME:x:UID:GID. */
static bool name_find(int root, const char *file, const char *name, unsigned *first, unsigned *second)
{
    char line[1024];
    int fd = root < 0 ? -1 : tree_open(root, file, O_RDONLY);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    size_t length = strlen(name);
    bool is_found = false;
    while (stream && !is_found && fgets(line, sizeof(line), stream)) {
        const char *rest =
            strncmp(line, name, length) == 0 && line[length] == ':' ? strchr(line + length + 1, ':') : NULL;
        is_found = rest && sscanf(rest, ":%u:%u", first, second) >= 1;
    }
    if (stream) {
        (void)fclose(stream);
    }
    return is_found;
}

static bool number_read(const char *text, unsigned *number)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && !*end && value < 0xfffffffful;
}

/* The home directory in a line of etc/passwd; NULL: it is another user's. */
static const char *home_of(char *line, unsigned uid)
{
    enum {
        UID = 2,
        HOME = 5
    };
    char *field[HOME + 1], *at = line;
    unsigned count = 0, number;
    for (char *end; count <= HOME && (end = strchr(at, ':')); at = end + 1) {
        *end = '\0';
        field[count++] = at;
    }
    bool is_it = count > HOME && number_read(field[UID], &number) && number == uid && field[HOME][0] == '/';
    return is_it ? field[HOME] : NULL;
}

bool image_home_find(int root, unsigned uid, char variable[IMAGE_HOME])
{
    char line[1024];
    int fd = root < 0 ? -1 : tree_open(root, "etc/passwd", O_RDONLY);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    const char *home = NULL;
    while (stream && !home && fgets(line, sizeof(line), stream)) {
        home = home_of(line, uid);
    }
    (void)snprintf(variable, IMAGE_HOME, "HOME=%s", home ? home : uid ? "/" : "/root");
    if (stream) {
        (void)fclose(stream);
    }
    return home;
}

bool image_user_find(int root, const char *text, unsigned *uid, unsigned *gid)
{
    char user[256];
    unsigned ignored;
    const char *group = strchr(text, ':');
    (void)snprintf(user, sizeof(user), "%.*s", (int)(group ? (size_t)(group - text) : strlen(text)), text);
    *gid = 0;
    if (!number_read(user, uid) && !name_find(root, "etc/passwd", user, uid, gid)) {
        return false;
    }
    return !group || number_read(group + 1, gid) || name_find(root, "etc/group", group + 1, gid, &ignored);
}
