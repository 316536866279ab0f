/* SPDX-License-Identifier: MIT */
/* The last launch method that is tried: a private file in a temporary directory. It has no name while it is written. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "exec.h"
#include "frames.h"
#include "message.h"
#include "methods.h"
#include "report.h"

/* 16 hexadecimal digits that others cannot guess, from the 16 random bytes that the kernel gives each process. */
static void random_name(char digits[17], unsigned attempt)
{
    uint64_t number;

    memcpy(&number, (const void *)getauxval(AT_RANDOM), sizeof number);
    number = (number ^ (uint64_t)getpid() << 32) + attempt;
    for (unsigned i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[number >> 4 * i & 15];
    digits[16] = 0;
}

/* Between the two open() calls, the owner of the directory may have replaced our file by another one. */
static bool is_same_file(int a, int b)
{
    struct stat first, second;

    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Sets *reader to a second descriptor of the file, or to -1. The umask may have taken permissions. */
static void open_again(int writer, const char *path, int *reader)
{
    fchmod(writer, S_IRUSR | S_IXUSR);
    *reader = exec_descriptor(open(path, O_RDONLY | O_CLOEXEC));
}

/*
 * Creates a file that has no name, so that nobody can open it by one. False: this directory does not allow it, or there
 * is no /proc.
 */
static bool create_unnamed(const char *directory, int *writer, int *reader)
{
    struct message path;

    *writer = exec_descriptor(open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, S_IRWXU));
    if (*writer < 0)
        return false;
    open_again(*writer, exec_descriptor_path(*writer, &path), reader);
    if (*reader < 0)
        close(*writer);
    return *reader >= 0;
}

/*
 * Creates a file without a name or, if that fails, one with a name that is unlinked before anything is written to it.
 * The file is opened once for writing and once for reading, because exec refuses a file that is open for writing
 * (ETXTBSY). A file without a name can be opened again only through /proc. The caller closes both descriptors.
 */
static struct outcome create_private(const char *directory, int *writer, int *reader)
{
    struct message path = {.length = 0};
    char digits[17];
    struct statvfs fs;

    if (strlen(directory) > sizeof path.text / 2)
        return outcome_refused("open", ENAMETOOLONG);
    if (statvfs(directory, &fs) != 0)
        return outcome_refused("statvfs", errno);
    if (fs.f_flag & ST_NOEXEC)
        return outcome_refused("noexec mount", EACCES);
    if (create_unnamed(directory, writer, reader))
        return outcome_ok();
    for (unsigned attempt = 0; attempt < 16; attempt++) {
        random_name(digits, attempt);
        path.length = 0;
        message_text(&path, directory);
        message_text(&path, "/.fatelf-amd64-");
        message_text(&path, digits);
        path.text[path.length] = 0;
        *writer = exec_descriptor(open(path.text, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRWXU));
        if (*writer < 0 && errno == EEXIST)
            continue;
        if (*writer < 0)
            return outcome_refused("open", errno);
        open_again(*writer, path.text, reader);
        int error = *reader < 0 ? errno : is_same_file(*writer, *reader) ? 0 : ESTALE;
        unlink(path.text);
        if (!error)
            return outcome_ok();
        close(*writer);
        close(*reader);
        return outcome_refused("open", error);
    }
    return outcome_refused("open", EEXIST);
}

static struct outcome try_in(struct launch *launch, const char *directory)
{
    int writer, reader;
    struct outcome outcome = create_private(directory, &writer, &reader);

    if (outcome.kind == OUTCOME_OK) {
        outcome = frames_write(launch, writer);
        close(writer);
        if (outcome.kind == OUTCOME_OK)
            outcome = exec_fd(launch, directory, reader);
        close(reader);
    }
    return outcome;
}

static struct outcome launch_in(struct launch *launch, const char *directory)
{
    bool concealed = exec_conceal();
    struct outcome outcome = try_in(launch, directory);

    exec_reveal(concealed);
    /* A tracer that translates paths, such as proot(1), cannot read them in the memory of a concealed process. No other
       process can cause this error, because all paths are valid. */
    if (concealed && outcome.kind == OUTCOME_REFUSED && outcome.error == EFAULT)
        outcome = try_in(launch, directory);
    return report_refusal(launch, directory, outcome);
}

struct outcome file_launch(struct launch *launch)
{
    const char *const directories[] = {
        launch->secure ? NULL : environment_get(launch->envp, "TMPDIR"),          "/dev/shm", "/tmp", "/var/tmp",
        launch->secure ? NULL : environment_get(launch->envp, "XDG_RUNTIME_DIR"),
    };
    struct outcome outcome = outcome_ok();

    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        if (!directories[i] || directories[i][0] != '/')
            continue;
        outcome = launch_in(launch, directories[i]);
        if (outcome.kind != OUTCOME_REFUSED)
            break;
    }
    return outcome;
}
