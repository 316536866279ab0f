/* SPDX-License-Identifier: MIT */
/*
 * Temporary files and directories. However the program ends, also by exit() in a library or by a signal, they are
 * removed first, except by SIGKILL.
 */
#ifndef BUNDLER_BASE_TEMPORARY_H
#define BUNDLER_BASE_TEMPORARY_H

#include <stdbool.h>

/* Makes a file whose name ends with "XXXXXX", which is replaced. Returns its descriptor, or -1 with errno set. */
int temporary_file(char *path);
/* The file is not temporary any more: it is removed, or has another name. */
void temporary_file_ends(const char *path);

/* Makes a directory whose name ends with "XXXXXX", which is replaced. False: errno says why. */
bool temporary_directory(char *path);
/* Looks for what is in the directory by now, so that a signal removes that too. */
void temporary_directory_filled(const char *path);
/* Removes the directory with all that is in it. */
void temporary_directory_ends(const char *path);

/*
 * Makes the directories that lead to a file, as far as they do not exist. At the end of the program, those of them are
 * removed that are empty. False: errno says why.
 */
bool temporary_directories(const char *file);

#endif
