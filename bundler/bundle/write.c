/* SPDX-License-Identifier: MIT */
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/say.h"
#include "finish.h"

enum { CHUNK = 1 << 20, BUILD_ID_SIZE = 20, BUILD_ID_OFFSET = 16 /* header and "GNU\0" */, SECTIONS_MAX = 64 };

struct writer {
    bfd *in, *out;
    const struct stub_file *stub;
    const struct layout_part *parts;
    size_t count;
    const struct linkage_section *dynamic; /* what is written in its room in the stub. NULL: it is a part */
    asection *dynamic_section;             /* in `out` */
    asection *sections[WRITE_PARTS_MAX];   /* of the parts, in `out` */
    unsigned char *chunk;                  /* CHUNK bytes */
    EVP_MD_CTX *hash;                      /* for the build-id: over all contents */
};

/* BFD's flags for a part. libbfd gives sections named .note* the type SHT_NOTE. */
static flagword part_flags(const struct layout_part *part)
{
    return SEC_ALLOC | SEC_LOAD | SEC_READONLY | SEC_HAS_CONTENTS | (flagword)(part->code ? SEC_CODE : SEC_DATA);
}

/*
 * What the stub's start-up code needs of its own dynamic section gets other names, because tools look for these to find
 * out what a program needs. Returns NULL for a section that keeps its name.
 */
static const char *new_name(asection *section)
{
    static const char *const names[][2] = {
        {".dynamic", ".stub.dynamic"},   {".dynsym", ".stub.dynsym"},     {".dynstr", ".stub.dynstr"},
        {".gnu.hash", ".stub.gnu.hash"}, {".rela.dyn", ".stub.rela.dyn"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(bfd_section_name(section), names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

#define BUILD_ID_SECTION ".note.gnu.build-id"
#define DYNAMIC_ROOM ".fatelf.dynamic" /* in stub.ld */

size_t write_dynamic_room(const struct stub_file *stub)
{
    asection *room = bfd_get_section_by_name(stub->bfd, DYNAMIC_ROOM);

    return room ? (size_t)bfd_section_size(room) : 0;
}

static bool copy_section_header(struct writer *w, asection *from)
{
    const char *name = new_name(from) ? new_name(from) : bfd_section_name(from);
    bool room = w->dynamic && strcmp(name, DYNAMIC_ROOM) == 0;
    if (room)
        name = w->dynamic->name;
    asection *to = bfd_make_section_anyway_with_flags(w->out, name, bfd_section_flags(from));

    if (!to || !bfd_set_section_size(to, bfd_section_size(from)) || !bfd_set_section_vma(to, bfd_section_vma(from)) ||
        !bfd_set_section_lma(to, bfd_section_lma(from)) || !bfd_set_section_alignment(to, bfd_section_alignment(from)))
        return false;
    to->entsize = from->entsize;
    if (room)
        w->dynamic_section = to;
    from->output_section = to;
    from->output_offset = 0;
    return true;
}

static unsigned log2_of(uint64_t power)
{
    return (unsigned)__builtin_ctzll(power);
}

static bool make_sections(struct writer *w)
{
    for (asection *s = w->in->sections; s; s = s->next)
        if (!copy_section_header(w, s))
            return false;
    for (asection *s = w->in->sections; s; s = s->next)
        if (!new_name(s) && !bfd_copy_private_section_data(w->in, s, w->out, s->output_section))
            return false;
    for (size_t i = 0; i < w->count; i++) {
        const struct layout_part *part = &w->parts[i];
        asection *s = bfd_make_section_anyway_with_flags(w->out, part->name, part_flags(part));
        if (!s || !bfd_set_section_size(s, part->size) || !bfd_set_section_vma(s, part->address) ||
            !bfd_set_section_lma(s, part->address) || !bfd_set_section_alignment(s, log2_of(part->alignment)))
            return false;
        w->sections[i] = s;
        if (strcmp(part->name, ".dynamic") == 0)
            w->dynamic_section = s;
    }
    return true;
}

/* Whether the section belongs to this segment of the stub. .tbss has no size in a PT_LOAD, but belongs to it. */
static bool covers(const Elf64_Phdr *segment, asection *section)
{
    flagword flags = bfd_section_flags(section);
    uint64_t start = bfd_section_vma(section), size = bfd_section_size(section);

    if (!(flags & SEC_ALLOC) || segment->p_type == PT_GNU_STACK)
        return false;
    /* .tbss has the addresses of the sections that follow it, but those are not thread-local */
    if (segment->p_type == PT_TLS && !(flags & SEC_THREAD_LOCAL))
        return false;
    if (flags & SEC_THREAD_LOCAL && !(flags & SEC_LOAD)) {
        if (segment->p_type != PT_TLS && segment->p_type != PT_LOAD)
            return false;
        size = 0;
    }
    return start >= segment->p_vaddr && start + size <= segment->p_vaddr + segment->p_memsz;
}

static bool record_stub_segment(struct writer *w, const Elf64_Phdr *segment)
{
    asection *inside[SECTIONS_MAX];
    unsigned count = 0;
    /* the segment at the start of the file contains the headers */
    bool headers = segment->p_type == PT_LOAD && segment->p_offset == 0;

    for (asection *s = w->in->sections; s && count < SECTIONS_MAX; s = s->next)
        if (covers(segment, s))
            inside[count++] = s->output_section;
    return bfd_record_phdr(w->out, segment->p_type, true, segment->p_flags, false, 0, headers, headers, count, inside);
}

/* Records the stub's segments that are PT_LOAD, or those that are not. */
static bool record_stub_segments(struct writer *w, bool loads)
{
    for (size_t i = 0; i < w->stub->elf.count; i++) {
        const Elf64_Phdr *segment = &w->stub->elf.program_headers[i];
        if (segment->p_type != PT_DYNAMIC && (segment->p_type == PT_LOAD) == loads && !record_stub_segment(w, segment))
            return false;
    }
    return true;
}

/*
 * Records all segments, including the stub's, with bfd_record_phdr(), which must not be mixed with
 * bfd_copy_private_header_data(). All PT_LOAD come first, because Go's debug/buildinfo takes an empty segment at
 * address 0 (PT_GNU_STACK) for one that contains every address.
 */
static bool record_segments(struct writer *w)
{
    unsigned notes = 0; /* the first parts: see layout_place() */
    bool code = false;

    while (notes < w->count && w->parts[notes].note)
        notes++;
    for (size_t i = 0; i < w->count; i++)
        code |= w->parts[i].code;
    return record_stub_segments(w, true) &&
           bfd_record_phdr(w->out, PT_LOAD, true, code ? PF_R | PF_X : PF_R, false, 0, false, false, (unsigned)w->count,
                           w->sections) &&
           bfd_record_phdr(w->out, PT_NOTE, true, PF_R, false, 0, false, false, notes, w->sections) &&
           bfd_record_phdr(w->out, PT_DYNAMIC, true, w->dynamic ? PF_R | PF_W : PF_R, false, 0, false, false, 1,
                           &w->dynamic_section) &&
           record_stub_segments(w, false);
}

static bool write_stub_sections(struct writer *w)
{
    for (asection *s = w->in->sections; s; s = s->next) {
        bfd_byte *contents = NULL;
        if (!(bfd_section_flags(s) & SEC_HAS_CONTENTS))
            continue;
        bool good = bfd_malloc_and_get_section(w->in, s, &contents);
        if (good && strcmp(bfd_section_name(s), BUILD_ID_SECTION) == 0)
            memset(contents + BUILD_ID_OFFSET, 0, BUILD_ID_SIZE);
        if (good && w->dynamic && s->output_section == w->dynamic_section)
            memcpy(contents, w->dynamic->bytes, w->dynamic->size);
        good = good && EVP_DigestUpdate(w->hash, contents, bfd_section_size(s)) &&
               bfd_set_section_contents(w->out, s->output_section, contents, 0, bfd_section_size(s));
        free(contents);
        if (!good)
            return false;
    }
    return true;
}

static bool write_part(struct writer *w, size_t index)
{
    const struct layout_part *part = &w->parts[index];

    for (uint64_t at = 0; at < part->size;) {
        uint64_t left = part->size - at;
        size_t size = left < CHUNK ? (size_t)left : CHUNK;
        const unsigned char *bytes = part->source == LAYOUT_MEMORY ? part->bytes + at : w->chunk;
        if (part->source == LAYOUT_FILE && !file_read(part->fd, w->chunk, size, part->offset + at))
            return false;
        EVP_DigestUpdate(w->hash, bytes, size);
        if (!bfd_set_section_contents(w->out, w->sections[index], bytes, (file_ptr)at, size))
            return false;
        at += size;
    }
    return true;
}

/* Each bundle has its own build-id, because packages that contain files with the same build-id conflict in rpm. */
static bool write_build_id(struct writer *w)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    asection *section = bfd_get_section_by_name(w->out, BUILD_ID_SECTION);

    return EVP_DigestFinal_ex(w->hash, digest, NULL) &&
           bfd_set_section_contents(w->out, section, digest, BUILD_ID_OFFSET, BUILD_ID_SIZE);
}

static bool write_all(struct writer *w)
{
    bfd_set_format(w->out, bfd_object);
    if (!bfd_set_arch_mach(w->out, bfd_get_arch(w->in), bfd_get_mach(w->in)) ||
        !bfd_set_file_flags(w->out, bfd_get_file_flags(w->in) & ~(flagword)HAS_SYMS) ||
        !bfd_set_start_address(w->out, bfd_get_start_address(w->in)))
        return false;
    if (!make_sections(w) || !record_segments(w) || !write_stub_sections(w))
        return false;
    for (size_t i = 0; i < w->count; i++)
        if (!write_part(w, i))
            return false;
    return write_build_id(w) && bfd_copy_private_bfd_data(w->in, w->out);
}

/* libbfd reports every short write as ENOSPC, even if RLIMIT_FSIZE caused it. Writing one more byte gives the cause. */
static int true_error(const char *temporary, int error)
{
    int fd = error == ENOSPC ? open(temporary, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

    if (fd >= 0) {
        if (write(fd, "", 1) < 0)
            error = errno;
        close(fd);
    }
    return error;
}

int write_bundle(const char *temporary, const char *path, const struct stub_file *stub, const struct write_parts *parts)
{
    const struct linkage_section *dynamic = &parts->linkage->sections[0];
    struct writer w = {
        .in = stub->bfd,
        .stub = stub,
        .parts = parts->parts,
        .count = parts->count,
        .dynamic = dynamic->size <= write_dynamic_room(stub) ? dynamic : NULL,
    };
    bool good;

    w.chunk = malloc(CHUNK);
    w.hash = EVP_MD_CTX_new();
    errno = 0;
    w.out = bfd_openw(temporary, "elf64-x86-64");
    good = w.chunk && w.hash && w.out && EVP_DigestInit_ex(w.hash, EVP_sha256(), NULL) && write_all(&w);
    /* libbfd writes headers and tables when it closes the file */
    if (w.out && good)
        good = bfd_close(w.out);
    else if (w.out)
        bfd_close_all_done(w.out);
    good = good && finish_bundle(temporary, parts->linkage, parts->end);
    const char *why = errno ? strerror(true_error(temporary, errno)) : bfd_errmsg(bfd_get_error());
    EVP_MD_CTX_free(w.hash);
    free(w.chunk);
    return good ? 0 : fail("%s: cannot be written: %s", path, why);
}
