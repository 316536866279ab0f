/* SPDX-License-Identifier: MIT */
/* fatelf-amd64: joins up to four builds of a program, one for each x86-64 level, into one executable. */
#include <bfd.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/standin.h"
#include "base/file.h"
#include "base/say.h"

static void print_help(void)
{
    const struct option_row *row;

    printf("usage: fatelf-amd64 %s\n%s\n\ncommands:\n", command_none.synopsis, command_none.summary);
    for (size_t i = 0; commands[i]; i++)
        printf("  %-10s  %s\n", commands[i]->name, commands[i]->summary);
    puts("\noptions:");
    for (size_t i = 0; (row = command_row(&command_none, i)); i++)
        command_print_row(row);
    puts("\n'fatelf-amd64 COMMAND --help' shows a command's options. Manual: fatelf-amd64(1).");
}

/* Suppresses libbfd's messages about damaged files: the tool prints its own. */
static void say_nothing(const char *format, va_list arguments)
{
    (void)format, (void)arguments;
}

/*
 * No file that we open may become standard input, output or error because the caller has closed that one: a message would
 * be written into the file. What takes the place cannot be written, so that a result for a closed standard output is an
 * error, as it would be without it.
 */
static void occupy_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd < STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    occupy_standard_descriptors();
    bfd_init();
    bfd_set_error_handler(say_nothing);
    /* SHA-256 needs none of the system's settings, and a static program cannot load the modules that they name. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond RLIMIT_FSIZE must fail like any other write, so that we clean up */
    const struct standin *standin = argc > 0 ? standin_find(base_name(argv[0])) : NULL;
    if (standin)
        return standin->run(argc, argv);
    if (argc < 2)
        return usage_error("no command; see 'fatelf-amd64 --help'");
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help();
        return command_finish();
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("fatelf-amd64 " FATELF_VERSION_STRING);
        return command_finish();
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(commands[i], argc - 1, argv + 1);
    return usage_error("unknown command '%s'; see 'fatelf-amd64 --help'", argv[1]);
}
