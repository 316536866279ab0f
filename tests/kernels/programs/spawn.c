/* SPDX-License-Identifier: MIT */
/* Starts programs with posix_spawn() and vfork(), collects how they ended, and executes itself once more. */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int ended(pid_t pid)
{
    int status;

    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
    static char *names[] = {"/bin/true", "/bin/false", "/bin/nothing"};
    int sum = 0;
    pid_t pid;

    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        printf("again\n");
        return 7;
    }
    for (int i = 0; i < 12; i++) {
        char *arguments[] = {names[i % 3], NULL};
        int error = posix_spawn(&pid, names[i % 3], NULL, NULL, arguments, environ);
        printf("%d", error ? error : ended(pid));
        pid = vfork();
        if (pid == 0) {
            execv(names[i % 3], arguments);
            _exit(42);
        }
        sum += pid > 0 ? ended(pid) : 1000;
    }
    printf(" %d\n", sum);
    fflush(stdout);
    execv(argv[0], (char *[]){argv[0], "again", NULL});
    perror(argv[0]);
    return 1;
}
