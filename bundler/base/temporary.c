/* SPDX-License-Identifier: MIT */
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is removed at the end, in this order: a directory comes after what is in it. */
struct entry {
    struct entry *next;
    char path[];
};

static const int fatal_signals[] = {SIGINT,    SIGTERM, SIGHUP,  SIGPIPE, SIGQUIT, SIGALRM, SIGXCPU,
                                    SIGVTALRM, SIGUSR1, SIGUSR2, SIGABRT, SIGBUS,  SIGSEGV, SIGFPE};
static struct entry *volatile entries;

static void remove_all(void)
{
    for (const struct entry *entry = entries; entry; entry = entry->next)
        if (unlink(entry->path) != 0)
            rmdir(entry->path);
}

static void remove_all_and_die(int number)
{
    remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

/* Called once there is something to remove. Signals that are ignored, or that a library handles, stay as they are. */
static void prepare_removal(void)
{
    static bool prepared;
    struct sigaction action = {.sa_handler = remove_all_and_die};
    struct sigaction before;

    if (prepared)
        return;
    prepared = true;
    atexit(remove_all);
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
        if (sigaction(fatal_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(fatal_signals[i], &action, NULL);
}

/* No signal may end the program between the creation of a file and its entry in the list. */
static sigset_t block_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    return before;
}

static void restore_signals(sigset_t before)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Removes the entries of this path from the list, and those of all that is below it. */
static void forget(const char *path)
{
    size_t length = strlen(path);
    sigset_t signals = block_signals();
    struct entry *entry = entries, *kept = NULL, **end = &kept;

    while (entry) {
        struct entry *next = entry->next;
        if (strncmp(entry->path, path, length) == 0 && (entry->path[length] == 0 || entry->path[length] == '/')) {
            free(entry);
        } else {
            *end = entry;
            end = &entry->next;
        }
        entry = next;
    }
    *end = NULL;
    entries = kept;
    restore_signals(signals);
}

/* What make() makes. */
enum kind { A_FILE, A_DIRECTORY, THIS_DIRECTORY };

/* Makes the file or directory. Returns its descriptor (0 for a directory), or -1 with errno set. */
static int make(char *path, enum kind kind)
{
    struct entry *entry = malloc(sizeof *entry + strlen(path) + 1);
    int fd = -1;

    if (!entry)
        return -1;
    prepare_removal();
    sigset_t signals = block_signals();
    if (kind == A_FILE)
        fd = mkostemp(path, O_CLOEXEC);
    else if (kind == A_DIRECTORY)
        fd = mkdtemp(path) ? 0 : -1;
    else
        fd = mkdir(path, S_IRWXU | S_IRWXG | S_IRWXO);
    int error = errno;
    if (fd >= 0) {
        strcpy(entry->path, path);
        entry->next = entries;
        entries = entry;
    }
    restore_signals(signals);
    if (fd < 0)
        free(entry);
    errno = error;
    return fd;
}

int temporary_file(char *path)
{
    return make(path, A_FILE);
}

void temporary_file_ends(const char *path)
{
    forget(path);
}

bool temporary_directory(char *path)
{
    return make(path, A_DIRECTORY) == 0;
}

/* Puts a path before its directory, which nftw() reports first. */
static int add(const char *path, const struct stat *stat, int type, struct FTW *place)
{
    struct entry *entry = malloc(sizeof *entry + strlen(path) + 1);

    (void)stat, (void)type, (void)place;
    if (!entry)
        return 1;
    strcpy(entry->path, path);
    entry->next = entries;
    entries = entry;
    return 0;
}

enum { DESCRIPTORS = 16 };

void temporary_directory_filled(const char *path)
{
    nftw(path, add, DESCRIPTORS, FTW_PHYS);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *place)
{
    (void)stat, (void)type, (void)place;
    remove(path);
    return 0;
}

void temporary_directory_ends(const char *path)
{
    nftw(path, remove_one, DESCRIPTORS, FTW_PHYS | FTW_DEPTH);
    forget(path);
}

bool temporary_directories(const char *file)
{
    char *path = strdup(file);

    if (!path)
        return false;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (make(path, THIS_DIRECTORY) != 0 && errno != EEXIST) {
            free(path);
            return false;
        }
        *slash = '/';
    }
    free(path);
    return true;
}
