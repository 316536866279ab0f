/* SPDX-License-Identifier: MIT */
/*
 * The on-disk format of a bundle. This file is the specification; fatelf-amd64(5) uses its field names.
 *
 * A bundle is an ELF64 x86-64 executable. It starts with the stub, which is followed by one PT_LOAD segment that is
 * never writable. The segment contains these sections:
 *
 *     .note.fatelf       an ELF note: owner FATELF_NOTE_OWNER, type FATELF_NOTE_MANIFEST, descriptor the manifest
 *     .note.fatelf.creator  another note, with the version of the tool
 *     .note.package ..   metadata copied from the variant with the lowest level
 *     .fatelf.strings    texts of that variant with version numbers, for scanners, if it is compressed
 *     .fatelf.v1 ..      the payloads, each at a page boundary; identical variants share that of the lowest level
 *     .fatelf.end        zeros, if the variants have different appended data and the bundle has no copy of it
 *     pydata ..          copies of sections that no segment of the variants contains (struct fatelf_appended)
 *
 * If the same data follows the end of all variants' ELF files, the bundle ends with a copy of it, which is in no
 * section and no segment.
 *
 * The manifest consists of, without gaps:
 *
 *     struct fatelf_header
 *     struct fatelf_variant [variant_count]    sorted by level, lowest first; no level occurs twice
 *     struct fatelf_elf ..                     for each variant that has one, in the order of the variants
 *     struct fatelf_frame [..]                 the frames of each variant, in the order of the variants
 *     struct fatelf_appended [appended_count]  the copies of appended data
 *     uint64_t checksum                        XXH64 (seed 0) of all bytes of the manifest before it
 *
 * Every number is little-endian. Sizes and offsets are in bytes. Reserved fields are zero, and readers check that.
 */
#ifndef FATELF_FORMAT_H
#define FATELF_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* The owner and type of the manifest's ELF note (gABI, "Note Section"). */
#define FATELF_NOTE_OWNER "fatelf-amd64"
#define FATELF_NOTE_MANIFEST 1u
/*
 * Other notes of ours, for `list`. The descriptor is a text that ends with a 0, and has a line "NAME VERSION" for
 * each of:
 */
#define FATELF_NOTE_COMPONENTS 2u /* the launcher, and what it contains; in the stub */
#define FATELF_NOTE_CREATOR 3u    /* the tool that has written the bundle; in the segment with the manifest */

/* First bytes of the manifest: "\177FATELF\n" as a little-endian number. */
#define FATELF_MAGIC UINT64_C(0x0a464c455441467f)
/* 1 (no zstd-delta), 2 (no struct fatelf_elf) and 3 (no appended data, no marks) were never released. */
#define FATELF_VERSION 4u

/* The micro-architecture levels x86-64-v1 to v4 (x86-64 psABI). */
#define FATELF_LEVEL_MIN 1u
#define FATELF_LEVEL_MAX 4u
#define FATELF_VARIANTS_MAX 4u

/*
 * A variant is divided into frames of frame_size raw bytes; the last one contains the rest. A reader keeps a few frames
 * per thread in memory: frames above 2 MiB would exceed its memory budget, and frames below 64 KiB compress badly.
 */
#define FATELF_FRAME_SIZE_MIN (UINT32_C(1) << 16)
#define FATELF_FRAME_SIZE_MAX (UINT32_C(1) << 21)
/* The largest size of a variant and of a payload: 64 GiB. No sum of two of them can overflow. */
#define FATELF_SIZE_MAX (UINT64_C(1) << 36)
/*
 * The largest manifest. Readers of a file keep a copy of it in memory. Four variants of FATELF_SIZE_MAX with frames of
 * 512 KiB, the largest that `create` makes, need 16 MiB for their tables of frames.
 */
#define FATELF_MANIFEST_MAX (UINT32_C(17) << 20)

enum fatelf_encoding {
    FATELF_ENCODING_STORED = 1,     /* the variant's bytes, not compressed */
    FATELF_ENCODING_ZSTD = 2,       /* one zstd frame (RFC 8878) per frame, then a seek table */
    FATELF_ENCODING_ZSTD_DELTA = 3, /* like zstd, but a frame can be coded against a piece of the base variant */
};

enum fatelf_launch {
    FATELF_LAUNCH_MEMFD = 1,   /* decode the variant into a sealed memfd and execute that by execveat */
    FATELF_LAUNCH_INPLACE = 2, /* map the variant into the launcher's process; the payloads' segment is executable */
};

/* Bits of header.incompatible. A reader refuses a bundle with a bit that it does not know. */
#define FATELF_INCOMPATIBLE_DELTA (UINT64_C(1) << 0) /* set if, and only if, a variant is zstd-delta */
#define FATELF_INCOMPATIBLE_KNOWN FATELF_INCOMPATIBLE_DELTA
/* Bits of header.compatible. A reader ignores bits that it does not know. */
#define FATELF_COMPATIBLE_GO_ENV (UINT64_C(1) << 0)     /* the launcher also honours GOAMD64 and MGODEBUG */
#define FATELF_COMPATIBLE_NO_STRINGS (UINT64_C(1) << 2) /* no .fatelf.strings was wanted */
#define FATELF_COMPATIBLE_PACKAGE (UINT64_C(1) << 1)    /* .note.package was given to `create`; no variant has it */

/*
 * Bits of variant.marks: what tools that look for weaknesses would find in the variant's file, if they could see it.
 * They are there to be shown. Readers decide nothing by them, and ignore bits that they do not know.
 */
#define FATELF_MARK_RELATIVE_RUNPATH (1u << 0) /* DT_RPATH or DT_RUNPATH names a directory by a relative path */
#define FATELF_MARK_EXECUTABLE_STACK (1u << 1) /* PT_GNU_STACK is missing or has the flag PF_X */
#define FATELF_MARK_NO_PIE (1u << 2)           /* ET_EXEC */
#define FATELF_MARK_NO_RELRO (1u << 3)         /* there is no PT_GNU_RELRO */
#define FATELF_MARK_PARTIAL_RELRO (1u << 4)    /* there is one, but symbols are bound lazily */
#define FATELF_MARK_NOT_STRIPPED (1u << 5)     /* there is a symbol table (SHT_SYMTAB) */

struct fatelf_header {
    uint64_t magic;          /* FATELF_MAGIC */
    uint16_t version;        /* FATELF_VERSION */
    uint16_t header_size;    /* sizeof(struct fatelf_header) */
    uint16_t variant_size;   /* sizeof(struct fatelf_variant) */
    uint8_t variant_count;   /* 1 .. FATELF_VARIANTS_MAX */
    uint8_t launch;          /* enum fatelf_launch */
    uint32_t manifest_size;  /* of the whole manifest, checksum included */
    uint32_t appended_count; /* 0 .. FATELF_APPENDED_MAX */
    uint64_t incompatible;   /* FATELF_INCOMPATIBLE_* */
    uint64_t compatible;     /* FATELF_COMPATIBLE_* */
};

struct fatelf_variant {
    uint8_t level;           /* FATELF_LEVEL_MIN .. FATELF_LEVEL_MAX */
    uint8_t encoding;        /* enum fatelf_encoding */
    uint8_t base;            /* zstd-delta: the level of its base, a variant with encoding zstd; otherwise 0 */
    uint8_t marks;           /* FATELF_MARK_* */
    uint32_t frame_size;     /* raw bytes of every frame but the last: a power of two, FATELF_FRAME_SIZE_* */
    uint32_t frame_count;    /* size / frame_size, rounded up */
    uint32_t frames_offset;  /* where its first struct fatelf_frame is, from the manifest's first byte */
    uint64_t payload_offset; /* where its payload starts, from the manifest's first byte */
    uint64_t payload_size;   /* in the bundle, seek table included; 1 .. FATELF_SIZE_MAX */
    uint64_t size;           /* of the variant, decoded; 1 .. FATELF_SIZE_MAX */
    uint8_t sha256[32];      /* of the variant, decoded */
    uint32_t elf_offset;     /* where its struct fatelf_elf is, from the manifest's first byte; 0: it has none */
    uint32_t elf_size;       /* of the struct fatelf_elf and all that follows it; 0: it has none */
};

/*
 * What exec reads from a variant's file before it maps the program; the launcher needs it to map the variant itself.
 * The struct is followed, without gaps, by the program headers of the variant (Elf64_Phdr[header_count]), the path of
 * its dynamic loader as in PT_INTERP (interpreter_size bytes), and zeros up to a multiple of 8 bytes. A variant that
 * only exec can start has no struct fatelf_elf.
 */
struct fatelf_elf {
    uint64_t entry;            /* e_entry */
    uint64_t header_offset;    /* e_phoff */
    uint16_t type;             /* e_type: ET_EXEC or ET_DYN */
    uint16_t header_count;     /* e_phnum: 1 .. FATELF_HEADERS_MAX */
    uint32_t interpreter_size; /* of the path, terminating 0 included; 0: no dynamic loader */
};

/* Linkers write about a dozen program headers; the kernel accepts 1170 (64 KiB, fs/binfmt_elf.c). */
#define FATELF_HEADERS_MAX 64u
/* PATH_MAX, the longest PT_INTERP that the kernel accepts (fs/binfmt_elf.c). */
#define FATELF_INTERPRETER_MAX 4096u

/*
 * One frame. The frames of a payload follow each other without gaps: the offset of the first is 0, that of every other
 * one is the end of the frame before it, and only the seek table follows the last one.
 *
 * The checksum covers the bytes in the payload, not the raw bytes: there are fewer of them, and a reader that compares
 * it first never gives damaged bytes to the decoder. A reader ignores zstd's own checksum of the raw bytes, which
 * `create` writes for zstd's tools.
 *
 * Except in a stored payload, a frame is exactly one zstd frame, with its content size and without a dictionary ID. Its
 * content is the raw bytes, or, if the frame has a prefix, a struct fatelf_delta with its streams.
 */
struct fatelf_frame {
    uint64_t checksum;      /* XXH64 (seed 0) of the frame's bytes in the payload */
    uint64_t offset;        /* of its first byte, from the payload's first byte */
    uint64_t prefix_offset; /* zstd-delta: where the prefix starts in the decoded base variant; otherwise 0 */
    uint32_t size;          /* of the frame in the payload; not 0; compressed: at most frame_size * 129 / 128 */
    uint32_t prefix_size;   /* zstd-delta: of the prefix, or 0 for a frame that needs none; otherwise 0 */
};

#define FATELF_APPENDED_MAX 8u
#define FATELF_APPENDED_NAME_SIZE 48u

/*
 * A copy of appended data: bytes of a variant that its ELF headers do not describe, or that are in a section without
 * SHF_ALLOC, so that only a program that reads its own file finds them. All variants have the same such data. A program
 * that reads the bundle in place of its own file finds the copy: the section by its name, the data at the end by
 * searching from there. Only the last entry of the table can be that of the data at the end. The launcher does not read
 * the copies.
 */
struct fatelf_appended {
    uint64_t offset;    /* of the section's first byte, from the manifest's first byte; 0: the last bytes of the file */
    uint64_t size;      /* 1 .. FATELF_SIZE_MAX */
    uint8_t sha256[32]; /* of the copy */
    /* of the section: printable ASCII without spaces, then at least one zero; all zero: the end of the file */
    char name[FATELF_APPENDED_NAME_SIZE];
};

/*
 * Delta coding. The raw bytes of a frame with a prefix are put together from literals and from copies of bytes of the
 * prefix. Most bytes in which a copy differs from the frame belong to addresses in the code; a change corrects a copied
 * field of 4 bytes by adding a number to it.
 *
 * The content of the zstd frame is a struct fatelf_delta and then, without gaps, six streams in the order of enum
 * fatelf_delta_stream, each of the size that sizes[] gives. These are all of the content, which is at most frame_size
 * bytes. FATELF_DELTA_LITERALS is a stream of bytes, the others are streams of numbers:
 *
 *   - A number is an unsigned LEB128 number below 2^32 in at most 5 bytes: 7 bits per byte, lowest bits first, with the
 *     high bit set in each byte but the last.
 *   - A signed number n is stored as such a number by zigzag coding: as 2n if n >= 0, as -2n - 1 if n < 0. The codes 0,
 *     1, 2, 3, 4 mean 0, -1, 1, -2, 2.
 *
 * This is the decoder. `raw` is the frame (raw_size bytes), `prefix` its prefix (prefix_size bytes), and next(STREAM)
 * reads the next number of a stream. A field is 4 bytes, little-endian. All arithmetic on field, change and moved[] is
 * modulo 2^32.
 *
 *     at = 0                         bytes of raw that are done
 *     shift = 0                      a byte copied to raw[i] comes from prefix[i + shift]
 *     moved[0 .. FATELF_DELTA_REGIONS - 1] = 0
 *     gap = next(GAPS)               or "none" if GAPS is empty
 *
 *     until COPY_SIZES is used up:
 *         literal_size = next(LITERAL_SIZES); copy_size = next(COPY_SIZES); shift += signed next(MOVES)
 *         append literal_size bytes of LITERALS to raw; at += literal_size
 *         append copy_size bytes from prefix[at + shift] to raw; end = at + copy_size
 *         while gap is not "none" and at + gap < end:
 *             at += gap                                              raw[at] is the first byte of a field to change
 *             field = the 4 bytes at prefix[at + shift]
 *             region = (at + shift + field) / FATELF_DELTA_REGION_SIZE % FATELF_DELTA_REGIONS
 *             code = next(CHANGES)
 *             change = code == 0 ? moved[region] + shift : the signed number that code means
 *             the 4 bytes at raw[at] = field + change
 *             moved[region] = change - shift
 *             at += 4
 *             gap = next(GAPS)       or "none" if GAPS is used up
 *         gap -= end - at            unless it is "none"
 *         at = end
 *     append all that is left of LITERALS to raw
 *
 * The next gap thus counts the copied bytes between the end of the previous changed field (or the start of the frame)
 * and the next field to change. Literals do not count, so a gap can extend over several copies.
 *
 * A reader refuses the frame unless all of this is true: every number that is needed is in its stream, whole; each
 * copy, even an empty one, lies inside the prefix (0 <= at + shift and at + shift + copy_size <= prefix_size); each
 * changed field lies inside one copy; at the end, raw has exactly raw_size bytes and all six streams are used up.
 *
 * Why moved[] exists: a field with a relative address points to about prefix[at + shift + field]. If, from the base to
 * the variant, the target has moved by `moved` bytes and the field by -shift, the field changes by moved + shift. The
 * content of a region has mostly moved by the same distance, so most codes are 0, and zstd compresses these well.
 */
enum fatelf_delta_stream {
    FATELF_DELTA_LITERAL_SIZES, /* bytes of literals before each copy */
    FATELF_DELTA_COPY_SIZES,    /* bytes of each copy */
    FATELF_DELTA_MOVES,         /* signed: what is added to shift before each copy */
    FATELF_DELTA_GAPS,          /* copied bytes before each changed field */
    FATELF_DELTA_CHANGES,       /* signed: what is added to each changed field; 0 means moved[region] + shift */
    FATELF_DELTA_LITERALS,      /* bytes */
    FATELF_DELTA_STREAMS
};

struct fatelf_delta {
    uint32_t sizes[FATELF_DELTA_STREAMS]; /* of the streams, in bytes */
};

#define FATELF_DELTA_REGION_SIZE (UINT32_C(1) << 12)
#define FATELF_DELTA_REGIONS (UINT32_C(1) << 12)

_Static_assert(sizeof(struct fatelf_delta) == 24, "delta layout");

/*
 * The largest reach, in bytes. The reach is how much of the base a reader of a variant needs in memory at once: if the
 * reader decodes the frames in order, it needs, at each frame, the base from the lowest byte in the prefix of this or a
 * later frame to the highest byte in the prefix of this or an earlier frame. The reach is the most that it ever needs,
 * in whole frames of the base. Readers refuse a larger reach, so a ring of this size is enough, whatever the sizes of
 * the builds are. The limit applies to a single prefix as well.
 */
#define FATELF_REACH_MAX (UINT32_C(1) << 25)

_Static_assert(sizeof(struct fatelf_header) == 40, "header layout");
_Static_assert(offsetof(struct fatelf_header, version) == 8, "header layout");
_Static_assert(offsetof(struct fatelf_header, variant_count) == 14, "header layout");
_Static_assert(offsetof(struct fatelf_header, manifest_size) == 16, "header layout");
_Static_assert(offsetof(struct fatelf_header, appended_count) == 20, "header layout");
_Static_assert(offsetof(struct fatelf_header, incompatible) == 24, "header layout");
_Static_assert(offsetof(struct fatelf_header, compatible) == 32, "header layout");
_Static_assert(sizeof(struct fatelf_variant) == 80, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, marks) == 3, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, frame_size) == 4, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, frames_offset) == 12, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, payload_offset) == 16, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, sha256) == 40, "variant layout");
_Static_assert(offsetof(struct fatelf_variant, elf_offset) == 72, "variant layout");
_Static_assert(sizeof(struct fatelf_elf) == 24, "elf layout");
_Static_assert(offsetof(struct fatelf_elf, type) == 16, "elf layout");
_Static_assert(offsetof(struct fatelf_elf, interpreter_size) == 20, "elf layout");
_Static_assert(sizeof(struct fatelf_frame) == 32, "frame layout");
_Static_assert(offsetof(struct fatelf_frame, prefix_offset) == 16, "frame layout");
_Static_assert(offsetof(struct fatelf_frame, prefix_size) == 28, "frame layout");
_Static_assert(sizeof(struct fatelf_appended) == 96, "appended layout");
_Static_assert(offsetof(struct fatelf_appended, sha256) == 16, "appended layout");
_Static_assert(offsetof(struct fatelf_appended, name) == 48, "appended layout");

/*
 * The seek table at the end of a zstd or zstd-delta payload: a skippable frame in zstd's "seekable format" 0.1.0
 * (contrib/seekable_format/zstd_seekable_compression_format.md in zstd's source) with a header, one entry per frame and
 * a footer. The format's optional checksums are left out, since each struct fatelf_frame has one. The table is for
 * zstd's tools; it repeats the sizes that the manifest gives.
 */
#define FATELF_SEEK_SKIPPABLE_MAGIC UINT32_C(0x184D2A5E)
#define FATELF_SEEK_FOOTER_MAGIC UINT32_C(0x8F92EAB1)

struct fatelf_seek_header {
    uint32_t skippable_magic; /* FATELF_SEEK_SKIPPABLE_MAGIC */
    uint32_t frame_size;      /* bytes of the entries and the footer */
};

struct fatelf_seek_entry {
    uint32_t compressed_size;
    uint32_t decompressed_size;
};

struct __attribute__((packed)) fatelf_seek_footer {
    uint32_t number_of_frames;
    uint8_t descriptor;      /* 0: the table has no checksums, and the reserved bits are 0 */
    uint32_t seekable_magic; /* FATELF_SEEK_FOOTER_MAGIC */
};

_Static_assert(sizeof(struct fatelf_seek_header) == 8, "seek table layout");
_Static_assert(sizeof(struct fatelf_seek_entry) == 8, "seek table layout");
_Static_assert(sizeof(struct fatelf_seek_footer) == 9, "seek table layout");

/*
 * The section FATELF_STUB_SECTION of a stub tells which bundles the stub can read. `create` refuses a stub that could
 * not read the bundle that is to be written.
 */
#define FATELF_STUB_SECTION ".fatelf.stub"

struct fatelf_stub_info {
    uint64_t magic;   /* FATELF_MAGIC */
    uint32_t version; /* FATELF_VERSION */
    uint32_t reserved;
    uint64_t incompatible; /* the FATELF_INCOMPATIBLE_* bits that this stub knows */
};

_Static_assert(sizeof(struct fatelf_stub_info) == 24, "stub information layout");

#endif
