/* SPDX-License-Identifier: MIT */
/* The numbered errors of lib/ and their texts. Library functions return 0 or one of these numbers; they never print. */
#ifndef FATELF_ERROR_H
#define FATELF_ERROR_H

/* Name and text of each error. Callers print what it is about (a file, a variant) and a colon before the text. */
#define FATELF_ERRORS(X) \
    X(OK, "no error") \
    X(NO_MANIFEST, "not a fatelf-amd64 bundle, or its manifest was removed") \
    X(CUT_SHORT, "damaged: the file is cut short") \
    X(TWO_MANIFESTS, "damaged: more than one manifest") \
    X(PROGRAM_HEADERS, "damaged: it has no program headers that can be read") \
    X(NOTES, "damaged: its notes cannot be read, or they are larger than the largest manifest") \
    X(MANIFEST_SIZE, "damaged: the manifest's size is wrong") \
    X(MANIFEST_MAGIC, "damaged: the manifest does not start with its magic number") \
    X(MANIFEST_VERSION, "made by another version of fatelf-amd64: unknown format version") \
    X(MANIFEST_CHECKSUM, "damaged: the manifest's checksum does not match") \
    X(MANIFEST_FEATURE, "made by a newer version of fatelf-amd64: it uses a feature that this version does not know") \
    X(MANIFEST_FLAGS, "damaged: the manifest's feature flags do not match its variants") \
    X(MANIFEST_RESERVED, "damaged: a reserved field of the manifest is not zero") \
    X(MANIFEST_COUNT, "damaged: the number of variants is not 1 to 4") \
    X(MANIFEST_LAUNCH, "made by a newer version of fatelf-amd64: unknown launch method") \
    X(VARIANT_LEVEL, "damaged: a variant's level is out of range or out of order") \
    X(VARIANT_ENCODING, "made by a newer version of fatelf-amd64: unknown encoding of a variant") \
    X(VARIANT_BASE, "damaged: the base of a variant is missing or not allowed") \
    X(VARIANT_FRAMES, "damaged: a variant's frame size and count do not match its size") \
    X(VARIANT_SIZE, "damaged: a variant's size is out of range") \
    X(VARIANT_TABLE, "damaged: a variant's table of frames is at the wrong offset") \
    X(VARIANT_ELF, "damaged: the record of a variant's ELF headers is invalid or at the wrong offset") \
    X(VARIANT_PLACE, "damaged: a payload lies outside of its segment") \
    X(APPENDED, "damaged: the table of appended data is invalid") \
    X(APPENDED_PLACE, "damaged: a copy of appended data lies outside of its segment") \
    X(FRAME_PLACE, "damaged: a frame does not start where the previous frame ends") \
    X(FRAME_PREFIX, "damaged: a frame's prefix is not allowed or lies outside of the base") \
    X(SEEK_TABLE, "damaged: the seek table does not match its payload") \
    X(FRAME, "damaged: a frame cannot be decoded") \
    X(FRAME_CHECKSUM, "damaged: a frame's checksum does not match") \
    X(PROGRAM_NONE, "the bundle does not describe its segments") \
    X(PROGRAM_KIND, "not a program, or it has more than 64 program headers") \
    X(PROGRAM_SEGMENT, "a segment is outside the file or address space, or address and offset differ within a page") \
    X(PROGRAM_SEGMENTS, "it has more than 16 segments") \
    X(PROGRAM_ORDER, "its segments are not in ascending order, or two of them share a page of memory") \
    X(PROGRAM_SHARED, "two of its segments share pages of the file in a way that cannot be mapped") \
    X(NO_VARIANT, "no variant can run on this machine") \
    X(OVERRIDE, "the requested level is above the level of this machine")

enum fatelf_error {
#define X(name, text) FATELF_ERROR_##name,
    FATELF_ERRORS(X)
#undef X
        FATELF_ERROR_COUNT
};

/* The text of an error, also of an unknown number: never NULL, in static storage. */
const char *fatelf_error_text(int error);

#endif
