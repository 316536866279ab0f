/* SPDX-License-Identifier: MIT */
/* The last resort: a private file, which has lost its name before anything is written to it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "message.h"
#include "stub.h"

static const char *environment_get(char **envp, const char *name)
{
    size_t length = strlen(name);

    if (getauxval(AT_SECURE))
        return NULL;
    for (; *envp; envp++)
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    return NULL;
}

/* 16 hexadecimal digits that others cannot guess: the kernel gives every process 16 random bytes (AT_RANDOM). */
static void random_name(char digits[17], unsigned attempt)
{
    uint64_t number;

    memcpy(&number, (const void *)getauxval(AT_RANDOM), sizeof number);
    number = (number ^ (uint64_t)getpid() << 32) + attempt;
    for (unsigned i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[number >> 4 * i & 15];
    digits[16] = 0;
}

/* Whoever owns the directory may put another file in the place of ours before it is opened again. */
static bool is_same_file(int a, int b)
{
    struct stat first, second;

    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/*
 * Opens a new file twice, for writing and for reading, and unlinks it at once. Two descriptors: exec refuses a file that
 * is open for writing (ETXTBSY), and a file without a name can be opened again only through /proc.
 */
static int create_private(const char *directory, int *writer, int *reader, const char **call)
{
    struct message path = {.length = 0};
    char digits[17];
    struct statvfs fs;

    *call = "open";
    if (strlen(directory) > sizeof path.text / 2)
        return -ENAMETOOLONG;
    *call = "statvfs";
    if (statvfs(directory, &fs) != 0)
        return -errno;
    *call = "noexec mount";
    if (fs.f_flag & ST_NOEXEC)
        return -EACCES;
    for (unsigned attempt = 0; attempt < 16; attempt++) {
        random_name(digits, attempt);
        path.length = 0;
        message_text(&path, directory);
        message_text(&path, "/.fatelf-amd64-");
        message_text(&path, digits);
        path.text[path.length] = 0;
        *call = "open";
        *writer = open(path.text, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRWXU);
        if (*writer < 0 && errno == EEXIST)
            continue;
        if (*writer < 0)
            return -errno;
        fchmod(*writer, S_IRUSR | S_IXUSR); /* whatever the umask left */
        *reader = open(path.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        int error = *reader < 0 ? -errno : is_same_file(*writer, *reader) ? 0 : -ESTALE;
        unlink(path.text);
        if (error) {
            close(*writer);
            close(*reader);
        }
        return error;
    }
    return -EEXIST;
}

/* Returns FATELF_ERROR_*, or 0 with the refusal noted. */
static int launch_in(struct launch *launch, const char *directory)
{
    const char *call;
    int writer = -1, reader = -1;
    int error = create_private(directory, &writer, &reader, &call);

    if (error) {
        exec_refused(launch, directory, call, -error);
        return 0;
    }
    error = frames_write(launch, writer, &call);
    if (error < 0)
        exec_refused(launch, directory, call, -error);
    close(writer);
    if (error == 0)
        exec_fd(launch, directory, reader);
    close(reader);
    return error < 0 ? 0 : error;
}

int file_launch(struct launch *launch)
{
    const char *const directories[] = {
        environment_get(launch->envp, "TMPDIR"),          "/dev/shm", "/tmp", "/var/tmp",
        environment_get(launch->envp, "XDG_RUNTIME_DIR"),
    };

    for (size_t i = 0; i < sizeof directories / sizeof *directories && !launch->hopeless; i++) {
        if (!directories[i] || directories[i][0] != '/')
            continue;
        int error = launch_in(launch, directories[i]);
        if (error)
            return error;
    }
    return 0;
}
