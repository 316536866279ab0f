/* SPDX-License-Identifier: MIT */
/*
 * Debug information in files of their own, where debuggers look for it by the build-id: DIRECTORY/.build-id/XX/YYY.debug
 * has the debug information of a build, and DIRECTORY/.build-id/XX/YYY the program without it, which the bundle gets.
 */
#ifndef BUNDLER_BUNDLE_DEBUG_FILES_H
#define BUNDLER_BUNDLE_DEBUG_FILES_H

#include "../base/output.h"
#include "../input/build.h"

struct debug_file {
    char *path; /* owned */
    struct output output;
    mode_t mode;
    bool present; /* there is this very file already, so that it is not written */
};

struct debug_files {
    const char *directory; /* the caller's */
    bool force;            /* they may replace others */
    bool verbose;          /* report what is written, and for which build there is nothing to write */
    struct debug_file files[2 * FATELF_VARIANTS_MAX];
    unsigned count;
};

/*
 * Makes the files of a build, under temporary names, and opens the program without debug information as *stripped,
 * which the caller closes in any case. A build without debug information is opened again as it is. Returns 0, or reports
 * and returns an exit status.
 */
int debug_files_split(struct debug_files *files, const struct build *build, struct build *stripped);

/* Gives the files their names. Returns 0, or reports and returns an exit status. */
int debug_files_commit(struct debug_files *files);

/* Removes the files that have no name yet, and frees everything. */
void debug_files_release(struct debug_files *files);

#endif
