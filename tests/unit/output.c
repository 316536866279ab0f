/* SPDX-License-Identifier: MIT */
/* bundler/base/output.c: however the program ends, nothing unfinished stays. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../bundler/base/file.h"
#include "../../bundler/base/output.h"

static char folder[256];

static int set_up(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/output.XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder); /* fails if something is left */
}

static void exit_in_a_library(void)
{
    exit(3);
}

static void die_of(int number)
{
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    raise(number);
}

/* Two outputs are open, and one was committed, when a child process ends. Returns how it ended, for waitpid(). */
static int end_with_outputs(void (*end)(void), int number)
{
    pid_t child = fork();
    int status;

    assert_int_not_equal(child, -1);
    if (child == 0) {
        struct output outputs[3];
        char paths[3][300];
        if (number)
            signal(number, SIG_DFL); /* cmocka and sanitizers have handlers of their own */
        for (int i = 0; i < 3; i++) {
            snprintf(paths[i], sizeof paths[i], "%s/%d", folder, i);
            if (output_open(&outputs[i], paths[i], false) != 0 || !file_write(outputs[i].fd, "x", 1))
                _exit(99);
        }
        if (output_commit(&outputs[1], 0644) != 0)
            _exit(98);
        if (end)
            end();
        die_of(number);
        _exit(97);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_only_the_committed_one(void)
{
    char path[300];

    snprintf(path, sizeof path, "%s/1", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void exit_removes_what_is_unfinished(void **state)
{
    (void)state;
    int status = end_with_outputs(exit_in_a_library, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_only_the_committed_one();
}

static void signals_remove_what_is_unfinished(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGABRT, SIGBUS, SIGUSR1};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int status = end_with_outputs(NULL, numbers[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), numbers[i]);
        assert_only_the_committed_one();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exit_removes_what_is_unfinished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_remove_what_is_unfinished, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
