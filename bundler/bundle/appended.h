/* SPDX-License-Identifier: MIT */
/*
 * The copies of appended data that a bundle carries (struct fatelf_appended), so that a program finds its data also if
 * it looks for it in the bundle: after a start in place, or through argv[0].
 */
#ifndef BUNDLER_BUNDLE_APPENDED_H
#define BUNDLER_BUNDLE_APPENDED_H

#include "../input/build.h"
#include "layout.h"
#include "open.h"

/* The section of the gap: see struct appended_copies. */
#define APPENDED_GAP ".fatelf.end"

struct appended_copy {
    struct fatelf_appended entry; /* for the manifest; appended_encode() fills in its offset, which is 0 until then */
    int fd;                       /* the caller's: the file that has the bytes now, a build or a bundle */
    uint64_t offset;              /* of the first byte in that file */
    uint64_t place;               /* the data at the end: its lowest offset in the bundle */
};

/* What an assembly adds to its bundle: the sections, then the data at the end, if any. */
struct appended_copies {
    struct appended_copy copies[FATELF_APPENDED_MAX];
    unsigned count;
    bool gap; /* there are none, because the builds have different data, of which nothing may be found at the end */
};

/*
 * Compares the appended data of all builds and fills *copies, or leaves it empty if `ignore` is set. `stored`: the
 * builds will be stored uncompressed. The builds stay open. Returns 0, or reports and returns an exit status, if the
 * builds differ or if their data cannot be copied.
 */
int appended_collect(struct appended_copies *copies, const struct build *builds, unsigned count, bool ignore,
                     bool stored);

/*
 * Tells the user what the bundle will carry, if there is anything. `build`: one of the builds. `in_place`: the bundle
 * is made for the launch method `inplace`.
 */
void appended_tell(const struct appended_copies *copies, const struct build *build, bool in_place);

/*
 * Takes the copies over from a bundle, which stays open. No manifest records a gap: the caller sets it if the bundle has
 * the section APPENDED_GAP. Returns 0, or reports and returns an exit status.
 */
int appended_carry(struct appended_copies *copies, const struct bundle_file *file);

/*
 * Compares the appended data of builds with the copies of a bundle to which they are added. With `ignore`, other data is
 * accepted, unless the variants are stored uncompressed; a gap then keeps it from being found. Returns 0, or reports the
 * first build that is refused and returns an exit status.
 */
int appended_compare(struct appended_copies *copies, const struct build *builds, unsigned count, const char *bundle,
                     bool ignore, bool stored);

/* Appends a part for each section, or for the gap, to `parts`. Returns how many: at most FATELF_APPENDED_MAX. */
size_t appended_list(const struct appended_copies *copies, struct layout_part *parts);

/*
 * The data at the end of the file, as a part that layout_place() does not place: its address is the lowest offset that
 * it may have in the file. Its size is 0 if there is none.
 */
struct layout_part appended_end(const struct appended_copies *copies);

/* Fills in the manifest's entries. `parts`: those of appended_list(), placed. */
void appended_encode(const struct appended_copies *copies, const struct layout_part *parts, uint64_t manifest_address,
                     struct fatelf_appended *entries);

/*
 * Compares the SHA-256 of every copy in a bundle, of which it reads a piece at a time. Returns 0, or reports every copy
 * that is damaged, and returns an exit status.
 */
int appended_verify(const struct bundle_file *file);

#endif
