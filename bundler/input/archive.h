/* SPDX-License-Identifier: MIT */
/* What create has to know about zip archives behind the end of a program (PKWARE, APPNOTE.TXT, 4.3.16). */
#ifndef BUNDLER_INPUT_ARCHIVE_H
#define BUNDLER_INPUT_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

/* An archive ends with a record of 22 bytes and a comment, so its readers search this much of the file's end. */
enum { ARCHIVE_SEARCH = 22 + 65535 };

/*
 * Whether these bytes of a file end with an archive whose offsets count from the start of the file, as PAR::Packer,
 * zipapp and `zip -A` write them. Readers accept such an archive at a higher offset, but not all do at a lower one.
 */
bool archive_keeps_offset(int fd, uint64_t offset, uint64_t size);

#endif
