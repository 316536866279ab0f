/* SPDX-License-Identifier: MIT */
#include "build_run.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/say.h"

/* As a shell reports them: a command that cannot be executed, one that is not found, and one that a signal ended. */
enum { STATUS_CANNOT_EXECUTE = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

/* --- the environment of a run ----------------------------------------------------------------------------------------- */

/* Sets NAME to its value, or `otherwise` if it has none, and `more` after the separator. */
static void append(const char *name, const char *otherwise, const char *separator, const char *more)
{
    const char *value = getenv(name);
    char *text;

    if (!value || !value[0])
        value = otherwise;
    if (asprintf(&text, "%s%s%s", value, value[0] ? separator : "", more) < 0)
        return;
    setenv(name, text, 1);
    free(text);
}

static void set_environment(const struct build_run *run)
{
    /* what autoconf, make and go use if there is nothing: without it, the flag alone would turn optimisation off */
    static const char flags[] = "-g -O2";
    static const char *const compilers[] = {"CFLAGS", "CXXFLAGS", "FFLAGS", "CGO_CFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS"};
    char level[8], march[32], cpu[48], target[32];

    snprintf(level, sizeof level, "v%u", run->level);
    snprintf(march, sizeof march, "-march=x86-64%s%s", run->level > 1 ? "-" : "", run->level > 1 ? level : "");
    snprintf(cpu, sizeof cpu, "target-cpu=%s", march + sizeof "-march=" - 1);
    snprintf(target, sizeof target, "fatelf-amd64-%s", level);
    setenv("FATELF_LEVEL", level, 1);
    if (run->output)
        setenv("FATELF_OUTPUT", run->output, 1);
    setenv("GOAMD64", level, 1);
    for (size_t i = 0; i < sizeof compilers / sizeof *compilers; i++)
        append(compilers[i], flags, " ", march);
    append("CARGO_TARGET_DIR", "target", "/", target);
    if (getenv("CARGO_ENCODED_RUSTFLAGS")) { /* cargo ignores RUSTFLAGS then */
        append("CARGO_ENCODED_RUSTFLAGS", "", "\x1f", "-C");
        append("CARGO_ENCODED_RUSTFLAGS", "", "\x1f", cpu);
    } else {
        append("RUSTFLAGS", "", " ", "-C");
        append("RUSTFLAGS", "", " ", cpu);
    }
}

/* --- signals ---------------------------------------------------------------------------------------------------------- */

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { END_SIGNALS = sizeof end_signals / sizeof *end_signals };

static volatile sig_atomic_t interrupted; /* the number of the signal */

static void interrupt(int number)
{
    interrupted = number;
}

/* --- one run ------------------------------------------------------------------------------------------------------------ */

/* The child: it has a process group of its own, so that all that it starts can be ended with it. */
__attribute__((noreturn)) static void execute(const struct build_run *run, const int ends[2], const sigset_t *signals)
{
    struct sigaction action;

    setpgid(0, 0);
    /* our handler would swallow a signal that comes before exec */
    for (size_t i = 0; i < END_SIGNALS; i++)
        if (sigaction(end_signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            signal(end_signals[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, signals, NULL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    dup2(ends[0], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    set_environment(run);
    execvp(run->arguments[0], run->arguments);
    int error = errno;
    dprintf(STDERR_FILENO, "%s: %s\n", run->arguments[0], strerror(error));
    _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE);
}

static int start(struct build_run *run)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1};

    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0)
        return fail("v%u: no pipe: %s", run->level, strerror(errno));
    const int ends[2] = {output[1], errors[1]};
    sigset_t blocked, before;
    sigemptyset(&blocked);
    for (size_t i = 0; i < END_SIGNALS; i++)
        sigaddset(&blocked, end_signals[i]);
    fflush(NULL);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    run->pid = fork();
    if (run->pid == 0)
        execute(run, ends, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(output[1]);
    close(errors[1]);
    run->streams[0] = output[0];
    run->streams[1] = errors[0];
    if (run->pid < 0) {
        run->pid = 0;
        return fail("v%u: cannot be started: %s", run->level, strerror(errno));
    }
    setpgid(run->pid, run->pid); /* whoever comes first */
    return 0;
}

/* Takes the name of an executable from one of cargo's messages. False: the line is no message. */
static bool read_message(struct build_run *run, const char *line)
{
    struct json_object *root = line[0] == '{' ? json_tokener_parse(line) : NULL, *executable;

    if (!root)
        return false;
    if (json_object_object_get_ex(root, "executable", &executable) &&
        json_object_is_type(executable, json_type_string)) {
        char **names = reallocarray(run->executables, run->executable_count + 1, sizeof *names);
        if (names)
            run->executables = names;
        char *name = names ? strdup(json_object_get_string(executable)) : NULL;
        if (name)
            run->executables[run->executable_count++] = name;
    }
    json_object_put(root);
    return true;
}

static void print_line(struct build_run *run, unsigned stream, const char *line)
{
    if (stream == 0 && run->cargo && read_message(run, line))
        return;
    FILE *to = stream == 0 ? stdout : stderr;
    if (!run->plain)
        fprintf(to, "v%u: ", run->level);
    fprintf(to, "%s\n", line);
    fflush(to);
}

/* Prints the lines that are complete; at the end of the stream, also the last one. */
static void print_lines(struct build_run *run, unsigned stream, bool end)
{
    char *line = run->lines[stream], *feed;
    size_t left = run->line_sizes[stream];

    while (left > 0 && ((feed = memchr(line, '\n', left)) || end)) {
        size_t length = feed ? (size_t)(feed - line) : left;
        char *text = strndup(line, length);
        if (text)
            print_line(run, stream, text);
        free(text);
        length += feed != NULL;
        line += length;
        left -= length;
    }
    if (left > 0)
        memmove(run->lines[stream], line, left);
    run->line_sizes[stream] = left;
}

static void read_stream(struct build_run *run, unsigned stream)
{
    enum { PIECE = 4096 };
    char *bytes = realloc(run->lines[stream], run->line_sizes[stream] + PIECE);
    ssize_t n = -1;

    if (bytes) {
        run->lines[stream] = bytes;
        do
            n = read(run->streams[stream], bytes + run->line_sizes[stream], PIECE);
        while (n < 0 && errno == EINTR);
    }
    run->line_sizes[stream] += n > 0 ? (size_t)n : 0;
    print_lines(run, stream, n <= 0);
    if (n > 0)
        return;
    close(run->streams[stream]);
    run->streams[stream] = -1;
}

/* --- all runs ----------------------------------------------------------------------------------------------------------- */

static void end_all(const struct build_run *runs, unsigned count, int number)
{
    for (unsigned i = 0; i < count; i++)
        if (runs[i].pid > 0)
            kill(-runs[i].pid, number);
}

/* Waits for the end of a run whose streams are closed. Returns its exit status. */
static int finish(struct build_run *run)
{
    int status = 0;

    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    run->pid = 0;
    return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reads from all runs until one of them has closed its streams. Returns that one, or NULL if a signal has come. */
static struct build_run *wait_for_one(struct build_run *runs, unsigned count)
{
    for (;;) {
        struct pollfd polls[2 * FATELF_VARIANTS_MAX];
        for (unsigned i = 0; i < 2 * count; i++)
            polls[i] = (struct pollfd){.fd = runs[i / 2].pid ? runs[i / 2].streams[i % 2] : -1, .events = POLLIN};
        for (unsigned i = 0; i < count; i++)
            if (runs[i].pid && runs[i].streams[0] < 0 && runs[i].streams[1] < 0)
                return &runs[i];
        if (interrupted || (poll(polls, 2 * count, -1) < 0 && errno == EINTR))
            return NULL;
        for (unsigned i = 0; i < 2 * count; i++)
            if (polls[i].revents)
                read_stream(&runs[i / 2], i % 2);
    }
}

static int run_all(struct build_run *runs, unsigned count, unsigned side_by_side)
{
    unsigned started = 0, running = 0;
    int status = 0;

    while (running > 0 || (!status && started < count)) {
        if (!status && started < count && running < side_by_side) {
            status = start(&runs[started]);
            running += !status;
            started += !status;
            if (status)
                end_all(runs, count, SIGTERM);
            continue;
        }
        struct build_run *ended = wait_for_one(runs, count);
        if (!ended) {
            status = status ? status : STATUS_SIGNAL + interrupted;
            end_all(runs, count, interrupted ? interrupted : SIGTERM);
            interrupted = 0;
            continue;
        }
        int its_status = finish(ended);
        running--;
        if (its_status == 0 || status)
            continue;
        status = its_status;
        if (!ended->plain)
            fail("v%u: the command failed with status %d", ended->level, its_status);
        end_all(runs, count, SIGTERM);
    }
    return status;
}

int build_run_all(struct build_run *runs, unsigned count, unsigned side_by_side)
{
    struct sigaction action = {.sa_handler = interrupt}, before[END_SIGNALS];

    for (size_t i = 0; i < END_SIGNALS; i++) {
        sigaction(end_signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(end_signals[i], &action, NULL);
    }
    int status = run_all(runs, count, side_by_side);
    for (size_t i = 0; i < END_SIGNALS; i++)
        sigaction(end_signals[i], &before[i], NULL);
    return status;
}

void build_run_release(struct build_run *run)
{
    for (unsigned i = 0; i < run->argument_count; i++)
        free(run->arguments[i]);
    for (unsigned i = 0; i < run->executable_count; i++)
        free(run->executables[i]);
    free(run->arguments);
    free(run->executables);
    free(run->directory);
    free(run->output);
    free(run->program);
    free(run->lines[0]);
    free(run->lines[1]);
}
