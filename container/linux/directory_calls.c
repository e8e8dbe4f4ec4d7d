/* SPDX-License-Identifier: BSD-2-Clause */
/* What new names are relative to, and which modes they get: chdir(2), fchdir(2), getcwd(2), umask(2). */
#include "container/linux/calls.h"
#include "container/linux/open.h"
#include "container/linux/path.h"
#include "container/linux/space.h"

HANDLER(call_chdir)
{
    long error = path_read(thread->process, (uint64_t)AT_FDCWD, ARG(0), &call_path);
    return error ? error : directory_enter(thread->process, &call_path);
}

HANDLER(call_fchdir)
{
    const struct file *file = file_of(thread->process, ARG(0));
    if (!file || !file->path || !file_is_directory(file)) {
        return file ? -ENOTDIR : -EBADF;
    }
    long error = path_set(&call_path, file->path);
    return error ? error : directory_enter(thread->process, &call_path);
}

HANDLER(call_getcwd)
{
    const char *directory = thread->process->directory;
    size_t size = strlen(directory) + 1;
    long error = path_working_is_gone() ? -ENOENT : size > ARG(1) ? -ERANGE : user_write(ARG(0), directory, size);
    return error ? error : (long)size;
}

HANDLER(call_umask)
{
    unsigned old = thread->process->umask;
    thread->process->umask = (unsigned)ARG(0) & 0777;
    return old;
}
