/* SPDX-License-Identifier: BSD-2-Clause */
/* rename(2) and renameat2(2). */
#include "tell.h"

static void simple(void)
{
    file_write("a", "a");
    file_write("b", "b");
    TELL(rename("a", "c"));
    TELL(access("a", F_OK));
    file_show("c");
    TELL(rename("b", "c"));
    file_show("c");
    TELL(rename("c", "c"));
    TELL(rename("missing", "x"));
    TELL(rename("c", "missing/x"));
    TELL(rename("", "x"));
    TELL(rename("c", ""));
    TELL(rename(NOWHERE, "x"));
    TELL(rename("c", NOWHERE));
    TELL(rename("c", "c/x"));
    TELL(rename("c/", "d"));
    TELL(rename(".", "x"));
    TELL(rename("c", "."));
    TELL(rename("c", ".."));
    TELL(renameat(99, "c", AT_FDCWD, "d"));
    TELL(renameat(AT_FDCWD, "c", 99, "d"));
    TELL(link("c", "same"));
    TELL(rename("c", "same"));
    TELL(access("c", F_OK));
}

static void directories(void)
{
    TELL(mkdir("one", 0700));
    TELL(mkdir("two", 0700));
    file_write("two/file", "in two");
    TELL(rename("one", "two"));
    TELL(rename("two", "one"));
    file_show("one/file");
    TELL(rename("one", "one/inside"));
    TELL(rename("c", "one"));
    TELL(rename("one", "c"));
    TELL(rename("one/", "three/"));
    file_show("three/file");
    TELL(symlink("three", "link"));
    TELL(rename("link", "link2"));
    file_show("link2/file");
    TELL(rename("link2/", "x"));
    int fd = (int)TELL(open("three", O_RDONLY));
    TELL(renameat(fd, "file", AT_FDCWD, "out"));
    file_show("out");
    TELL(renameat(AT_FDCWD, "out", fd, "back"));
    file_show("three/back");
    TELL(close(fd));
}

static void flags(void)
{
    file_write("p", "p");
    file_write("q", "q");
    TELL(renameat2(AT_FDCWD, "p", AT_FDCWD, "q", RENAME_NOREPLACE));
    TELL(renameat2(AT_FDCWD, "p", AT_FDCWD, "r", RENAME_NOREPLACE));
    TELL(renameat2(AT_FDCWD, "r", AT_FDCWD, "q", RENAME_EXCHANGE));
    file_show("r");
    file_show("q");
    TELL(renameat2(AT_FDCWD, "r", AT_FDCWD, "missing", RENAME_EXCHANGE));
    TELL(renameat2(AT_FDCWD, "r", AT_FDCWD, "q", RENAME_EXCHANGE | RENAME_NOREPLACE));
    TELL(renameat2(AT_FDCWD, "r", AT_FDCWD, "q", 64));
}

static void open_files(void)
{
    char text[16] = "";
    file_write("old", "old");
    file_write("new", "new");
    int fd = (int)TELL(open("old", O_RDONLY));
    TELL(rename("new", "old"));
    TELL(read(fd, text, sizeof text));
    puts(text);
    file_show("old");
    TELL(close(fd));
    TELL(mkdir("dir", 0700));
    fd = (int)TELL(open("dir", O_RDONLY));
    TELL(rename("dir", "dir2"));
    TELL(close(openat(fd, "made", O_CREAT | O_WRONLY, 0600)));
    TELL(access("dir2/made", F_OK));
    TELL(access("dir", F_OK));
    TELL(close(fd));
}

int main(void)
{
    umask(022);
    simple();
    directories();
    flags();
    open_files();
    return 0;
}
