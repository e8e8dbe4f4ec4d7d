/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that processes share: /dev/shm, nameless files, anonymous mappings over fork, semaphores in them. */
#include "tell.h"

#include <dirent.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
    SIZE = 64 * 1024
};

static void done(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    TELL(status);
}

static void test_anonymous(void)
{
    int *shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    TELL(shared != MAP_FAILED);
    shared[0] = 1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        shared[1] = shared[0] + 1;
        shared[SIZE / sizeof(int) - 1] = 77;
        pid_t grandchild = fork();
        if (grandchild == 0) {
            shared[2] = shared[1] + 1;
            _exit(0);
        }
        waitpid(grandchild, NULL, 0);
        _exit(shared[2]);
    }
    done(child);
    printf("%d %d %d %d\n", shared[0], shared[1], shared[2], shared[SIZE / sizeof(int) - 1]);
    TELL(munmap(shared, SIZE));
}

static void test_named(const char *name)
{
    struct stat status;
    shm_unlink(name);
    TELL(shm_open(name, O_RDWR, 0));
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    TELL(fd >= 0);
    TELL(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
    TELL(ftruncate(fd, SIZE));
    TELL(fstat(fd, &status));
    printf("size %ld, mode %o\n", (long)status.st_size, status.st_mode);
    char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TELL(memory != MAP_FAILED);
    strcpy(memory, "from the parent");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { /* by its name */
        int other = shm_open(name, O_RDWR, 0);
        char *mapped = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0), text[16];
        printf("%s\n", mapped);
        strcpy(mapped + 4096, "from the child");
        TELL(read(other, text, sizeof text));
        TELL(lseek(other, 0, SEEK_CUR));
        _exit(0);
    }
    done(child);
    printf("%s\n", memory + 4096);
    TELL(lseek(fd, 0, SEEK_CUR));
    char path[64];
    snprintf(path, sizeof path, "/dev/shm%s", name);
    TELL(access(path, F_OK));
    TELL(open("/dev/shm", O_RDONLY | O_DIRECTORY) >= 0);
    TELL(shm_unlink(name));
    TELL(access(path, F_OK));
    TELL(shm_unlink(name));
    strcpy(memory, "still there");
    printf("%s\n", memory);
    close(fd);
}

static void test_semaphore(const char *name)
{
    sem_unlink(name);
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    TELL(semaphore != SEM_FAILED);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sem_t *again = sem_open(name, 0);
        for (int i = 0; i < 50; i++) {
            sem_post(again);
        }
        _exit(0);
    }
    for (int i = 0; i < 50; i++) {
        sem_wait(semaphore);
    }
    done(child);
    TELL(sem_trywait(semaphore));
    TELL(sem_close(semaphore));
    TELL(sem_unlink(name));
}

static void test_nameless(void)
{
    int fd = memfd_create("nameless", MFD_CLOEXEC);
    TELL(fd >= 0);
    TELL(fcntl(fd, F_GETFD));
    TELL(ftruncate(fd, SIZE));
    char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TELL(memory != MAP_FAILED);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        strcpy(memory, "in memory");
        TELL(pwrite(fd, "written", 8, 100));
        _exit(0);
    }
    done(child);
    printf("%s, %s\n", memory, memory + 100);
    fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
    TELL(fd >= 0);
    TELL(write(fd, "x", 1));
}

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/selkie-test-%d", getpid());
    test_anonymous();
    test_named(name);
    test_semaphore(name);
    test_nameless();
    return 0;
}
