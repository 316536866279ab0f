/* SPDX-License-Identifier: MIT */
/*
 * The on-disk format of a bundle. This file is the specification; fatelf-amd64(5) uses its field names.
 *
 * A bundle is an ELF64 x86-64 executable: the launcher stub, and behind it one PT_LOAD segment that is never writable:
 *
 *     .note.fatelf       an ELF note, owner FATELF_NOTE_OWNER, type FATELF_NOTE_MANIFEST; its descriptor is the manifest
 *     .note.package ..   metadata copied from the lowest variant
 *     .fatelf.v1 ..      the payloads, each at a page boundary; variants that are identical share the lowest one's
 *
 * The manifest is, without gaps:
 *
 *     struct fatelf_header
 *     struct fatelf_variant [variant_count]    by level, lowest first, no level twice
 *     struct fatelf_elf ..                     of each variant that has one, in that order
 *     struct fatelf_frame [..]                 the frames of each variant, in that order
 *     uint64_t checksum                        XXH64 (seed 0) of all the bytes before it
 *
 * Every number is little-endian. Sizes are in bytes. "Reserved" must be zero and is checked.
 */
#ifndef FATELF_FORMAT_H
#define FATELF_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* The owner and type of the manifest's ELF note (gABI, "Note Section"). */
#define FATELF_NOTE_OWNER "fatelf-amd64"
#define FATELF_NOTE_MANIFEST 1u

/* First bytes of the manifest: "\177FATELF\n" as a little-endian number. */
#define FATELF_MAGIC UINT64_C(0x0a464c455441467f)
#define FATELF_VERSION 3u /* 1, 2: without zstd-delta, without struct fatelf_elf; never released */

/* psABI micro-architecture levels x86-64-v1 .. v4. */
#define FATELF_LEVEL_MIN 1u
#define FATELF_LEVEL_MAX 4u
#define FATELF_VARIANTS_MAX 4u

/*
 * A payload is cut into frames of frame_size raw bytes, the last one shorter. Bounds: a reader holds one frame per
 * thread in memory; below 64 KiB the ratio suffers, above 8 MiB the launcher would outgrow its memory budget.
 */
#define FATELF_FRAME_SIZE_MIN (UINT32_C(1) << 16)
#define FATELF_FRAME_SIZE_MAX (UINT32_C(1) << 23)
/* Largest variant and payload: keeps every sum of two of them far from overflow. */
#define FATELF_SIZE_MAX (UINT64_C(1) << 40)

enum fatelf_encoding {
    FATELF_ENCODING_STORED = 1,     /* the variant's bytes */
    FATELF_ENCODING_ZSTD = 2,       /* zstd frames (RFC 8878) with content size, then a seek table */
    FATELF_ENCODING_ZSTD_DELTA = 3, /* the same, but frames say how they are made of a piece of the base variant */
};

enum fatelf_launch {
    FATELF_LAUNCH_MEMFD = 1,   /* decode into a sealed memfd and execveat it */
    FATELF_LAUNCH_INPLACE = 2, /* map the variant into the launcher's process; the payloads' segment is executable */
};

/* header.incompatible: a reader that meets a bit it does not know refuses the bundle. */
#define FATELF_INCOMPATIBLE_DELTA (UINT64_C(1) << 0) /* set exactly where a variant is zstd-delta */
#define FATELF_INCOMPATIBLE_KNOWN FATELF_INCOMPATIBLE_DELTA
/* header.compatible: a reader ignores bits it does not know. */
#define FATELF_COMPATIBLE_GO_ENV (UINT64_C(1) << 0) /* the launcher also honours GOAMD64 and MGODEBUG */

struct fatelf_header {
    uint64_t magic;         /* FATELF_MAGIC */
    uint16_t version;       /* FATELF_VERSION */
    uint16_t header_size;   /* sizeof(struct fatelf_header) */
    uint16_t variant_size;  /* sizeof(struct fatelf_variant) */
    uint8_t variant_count;  /* 1 .. FATELF_VARIANTS_MAX */
    uint8_t launch;         /* enum fatelf_launch */
    uint32_t manifest_size; /* of the whole manifest with its checksum */
    uint32_t reserved;
    uint64_t incompatible; /* FATELF_INCOMPATIBLE_* */
    uint64_t compatible;   /* FATELF_COMPATIBLE_* */
};

struct fatelf_variant {
    uint8_t level;    /* FATELF_LEVEL_MIN .. FATELF_LEVEL_MAX */
    uint8_t encoding; /* enum fatelf_encoding */
    uint8_t base;     /* zstd-delta: level of the variant it is coded against, which is zstd; otherwise 0 */
    uint8_t reserved;
    uint32_t frame_size;     /* raw bytes of every frame but the last; a power of two */
    uint32_t frame_count;    /* size / frame_size, rounded up */
    uint32_t frames_offset;  /* of its first struct fatelf_frame from the manifest's first byte */
    uint64_t payload_offset; /* of the payload's first byte from the manifest's first byte */
    uint64_t payload_size;   /* as stored in the bundle, with the seek table */
    uint64_t size;           /* of the variant itself */
    uint8_t sha256[32];      /* of the variant itself */
    uint32_t elf_offset;     /* of its struct fatelf_elf from the manifest's first byte; 0: it has none */
    uint32_t elf_size;       /* of that with all that belongs to it; 0: it has none */
};

/*
 * What exec reads of the variant's file before it maps it, so that the launcher can map it in place of exec. Behind it
 * stand the variant's program headers (Elf64_Phdr[header_count]), then the name of its dynamic loader as PT_INTERP has
 * it, with its final 0, then zeros up to a multiple of 8 bytes. A variant that can only be started by exec has none.
 */
struct fatelf_elf {
    uint64_t entry;            /* e_entry */
    uint64_t header_offset;    /* e_phoff */
    uint16_t type;             /* e_type: ET_EXEC or ET_DYN */
    uint16_t header_count;     /* e_phnum: 1 .. FATELF_HEADERS_MAX */
    uint32_t interpreter_size; /* with its final 0; 0: no dynamic loader */
};

/* Linkers write about a dozen; the kernel takes 1170 (64 KiB). */
#define FATELF_HEADERS_MAX 64u
/* PATH_MAX, which is what the kernel takes (fs/binfmt_elf.c) */
#define FATELF_INTERPRETER_MAX 4096u

/*
 * One frame. The checksum is over the bytes as they lie in the payload: there are fewer of them than of raw bytes, and
 * the decoder is never given a damaged one. So a reader does not look at zstd's own checksum of the raw bytes, which
 * `create` writes for the sake of zstd's tools. A zstd frame is one and no more, has its content size, and names no
 * dictionary. With a prefix it holds a struct fatelf_delta, otherwise the raw bytes. The offsets leave no gap: the first
 * is 0, each is the end of the one before, and behind the last there is nothing but the seek table.
 */
struct fatelf_frame {
    uint64_t checksum;      /* XXH64 (seed 0) of the frame's bytes in the payload */
    uint64_t offset;        /* of its first byte in the payload */
    uint64_t prefix_offset; /* zstd-delta: of the prefix's first byte in the base variant itself; otherwise 0 */
    uint32_t size;          /* in the payload */
    uint32_t prefix_size;   /* zstd-delta: of the prefix, 0 for a frame that needs none; otherwise 0 */
};

/*
 * What is in the zstd frame of a frame with a prefix, not more than frame_size bytes: this header, and without gaps the
 * streams whose sizes it names, in the order of enum fatelf_delta_stream. Numbers in streams are unsigned LEB128 of at
 * most 32 bits; signed ones are coded as 0, -1, 1, -2, 2 .. (2n, or -2n - 1 below 0). All arithmetic on fields is modulo
 * 2^32.
 *
 * The frame is made in steps, as many as there are copy_sizes; each takes a number of literal_sizes, copy_sizes and
 * moves. So many bytes of literals come next, then so many of the prefix: those at the same place as in the frame plus
 * `shift`, which is 0 at first and which the step's move, a signed number, is added to before. What is left of the
 * literals is the frame's end. All streams are used up then, and the frame is full.
 *
 * Copies have bytes that differ, most of them in addresses. A change adds a number to a 4-byte field of a copy; no field
 * reaches beyond its copy. Of gaps it takes how many bytes of copies lie between the change before it, or the frame's
 * start, and the field. Of changes it takes the number to add, signed; or 0, which stands for moved[region] + shift.
 * The field, if it holds a relative address, points to place + field of the prefix, where `place` is where the field was
 * copied from; region is (place + field) / FATELF_DELTA_REGION_SIZE % FATELF_DELTA_REGIONS. After every change,
 * moved[region] is the number that was added - shift: how far that which is pointed to has moved, and so most likely
 * what lies beside it. moved[] is 0 at first.
 */
enum fatelf_delta_stream {
    FATELF_DELTA_LITERAL_SIZES,
    FATELF_DELTA_COPY_SIZES,
    FATELF_DELTA_MOVES,
    FATELF_DELTA_GAPS,
    FATELF_DELTA_CHANGES,
    FATELF_DELTA_LITERALS, /* bytes */
    FATELF_DELTA_STREAMS
};

struct fatelf_delta {
    uint32_t sizes[FATELF_DELTA_STREAMS]; /* of the streams */
};

#define FATELF_DELTA_REGION_SIZE (UINT32_C(1) << 12)
#define FATELF_DELTA_REGIONS (UINT32_C(1) << 12)

_Static_assert(sizeof(struct fatelf_delta) == 24, "delta layout");

/* The largest prefix: bounds what `create` holds for each thread, and how long a start waits for the base. */
#define FATELF_PREFIX_MAX (UINT32_C(1) << 25)

_Static_assert(sizeof(struct fatelf_header) == 40, "header layout");
_Static_assert(offsetof(struct fatelf_header, version) == 8, "header layout");
_Static_assert(offsetof(struct fatelf_header, variant_count) == 14, "header layout");
_Static_assert(offsetof(struct fatelf_header, manifest_size) == 16, "header layout");
_Static_assert(offsetof(struct fatelf_header, incompatible) == 24, "header layout");
_Static_assert(offsetof(struct fatelf_header, compatible) == 32, "header layout");
_Static_assert(sizeof(struct fatelf_variant) == 80, "variant layout");
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

/*
 * The seek table at the end of a zstd and a zstd-delta payload: zstd's "seekable format" 0.1.0, without its optional
 * checksums, since each frame carries its own. A skippable frame: magic, size of what follows, the entries, the footer.
 * It is there for zstd's tools; what it says is what the manifest's frames say.
 */
#define FATELF_SEEK_SKIPPABLE_MAGIC UINT32_C(0x184D2A5E)
#define FATELF_SEEK_FOOTER_MAGIC UINT32_C(0x8F92EAB1)

struct fatelf_seek_header {
    uint32_t skippable_magic; /* FATELF_SEEK_SKIPPABLE_MAGIC */
    uint32_t frame_size;      /* bytes that follow this field */
};

struct fatelf_seek_entry {
    uint32_t compressed_size;
    uint32_t decompressed_size;
};

struct __attribute__((packed)) fatelf_seek_footer {
    uint32_t number_of_frames;
    uint8_t descriptor;      /* 0: no checksums in the table, nothing reserved set */
    uint32_t seekable_magic; /* FATELF_SEEK_FOOTER_MAGIC */
};

_Static_assert(sizeof(struct fatelf_seek_header) == 8, "seek table layout");
_Static_assert(sizeof(struct fatelf_seek_entry) == 8, "seek table layout");
_Static_assert(sizeof(struct fatelf_seek_footer) == 9, "seek table layout");

/*
 * What a stub says of itself, in its section FATELF_STUB_SECTION: `create` refuses a stub that could not read the
 * bundle it is about to write.
 */
#define FATELF_STUB_SECTION ".fatelf.stub"

struct fatelf_stub_info {
    uint64_t magic; /* FATELF_MAGIC */
    uint32_t version;
    uint32_t reserved;
    uint64_t incompatible; /* the FATELF_INCOMPATIBLE_* bits this stub knows */
};

_Static_assert(sizeof(struct fatelf_stub_info) == 24, "stub information layout");

#endif
