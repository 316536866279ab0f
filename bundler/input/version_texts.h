/* SPDX-License-Identifier: MIT */
/*
 * The texts in a program that have a version number or a date, and their neighbours. Scanners recognise by such texts
 * which libraries a program contains, and in which versions. In a compressed program they would find none.
 */
#ifndef BUNDLER_INPUT_VERSION_TEXTS_H
#define BUNDLER_INPUT_VERSION_TEXTS_H

#include <bfd.h>
#include <stdint.h>

/*
 * Collects the texts from the data of a program. *bytes, which the caller frees, is a 0
 * and then *size - 1 bytes of texts that each end with a 0; NULL if there are none. What cannot be read has none.
 * Returns 0, or reports and returns an exit status.
 */
int version_texts_read(bfd *abfd, unsigned char **bytes, uint64_t *size);

#endif
