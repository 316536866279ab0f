/* SPDX-License-Identifier: MIT */
#include "instruction.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/level.h"

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>

/*
 * Zydis' instruction sets, by the names that it gives them; a '*' at the end stands for any rest. `feature` is the name
 * in fatelf_features, which has the level. NULL: every x86-64 processor has the instructions, or takes them for a NOP
 * (CET, CLDEMOTE, prefetches). A set that is in no row is in no level. XSAVE is in none although v3 needs OSXSAVE: only
 * programs that look for AVX, and the dynamic loader, use these instructions.
 */
static const struct {
    const char *set, *feature;
} rows[] = {
    {"I86", NULL},
    {"I186", NULL},
    {"I286*", NULL},
    {"I386", NULL},
    {"I486*", NULL},
    {"PENTIUMREAL", NULL},
    {"PPRO", NULL},
    {"LONGMODE", NULL},
    {"FAT_NOP", NULL},
    {"PAUSE", NULL},
    {"CET", NULL},
    {"CLDEMOTE", NULL},
    {"PREFETCH_NOP", NULL},
    {"CLFSH", NULL},
    {"RDPMC", NULL},
    {"X87", "FPU"},
    {"CMOV", "CMOV"},
    {"FCMOV", "CMOV"},
    {"PENTIUMMMX", "MMX"},
    {"FXSAVE*", "FXSR"},
    {"SSE", "SSE"},
    {"SSEMXCSR", "SSE"},
    {"SSE_PREFETCH", "SSE"},
    {"SSE2*", "SSE2"},
    {"CMPXCHG16B", "CMPXCHG16B"},
    {"LAHF", "LAHF-SAHF"},
    {"POPCNT", "POPCNT"},
    {"SSE3*", "SSE3"},
    {"SSSE3*", "SSSE3"},
    {"SSE4", "SSE4_1"},
    {"SSE42", "SSE4_2"},
    {"AVX", "AVX"},
    {"AVX2", "AVX2"},
    {"AVX2GATHER", "AVX2"},
    {"BMI1", "BMI1"},
    {"BMI2", "BMI2"},
    {"F16C", "F16C"},
    {"FMA", "FMA"},
    {"LZCNT", "LZCNT"},
    {"MOVBE", "MOVBE"},
    {"AVX512F_*", "AVX512F"}, /* with their forms for 128 and 256 bits, AVX512VL, which is of the same level */
    {"AVX512BW_*", "AVX512BW"},
    {"AVX512CD_*", "AVX512CD"},
    {"AVX512DQ_*", "AVX512DQ"},
};

struct set {
    uint8_t level;
    bool is_sse;
};

/*
 * The same few instructions occur again and again, with other displacements and constants, which do not change what they
 * are and how long they are. So the decoder remembers them by their first bytes.
 */
enum { REMEMBERED_BITS = 13 };

struct remembered {
    uint32_t bytes;
    struct instruction instruction; /* length 0: none */
};

struct decoder {
    ZydisDecoder zydis;
    struct set sets[ZYDIS_ISA_SET_MAX_VALUE + 1];
    struct remembered remembered[1 << REMEMBERED_BITS];
};

static bool matches(const char *pattern, const char *name)
{
    size_t length = strlen(pattern);

    if (pattern[length - 1] == '*')
        return strncmp(pattern, name, length - 1) == 0;
    return strcmp(pattern, name) == 0;
}

static unsigned feature_level(const char *feature)
{
    for (size_t i = 0; feature && i < fatelf_feature_count; i++)
        if (strcmp(fatelf_features[i].name, feature) == 0)
            return fatelf_features[i].level;
    return feature ? INSTRUCTION_OTHER : FATELF_LEVEL_MIN;
}

static struct set describe(const char *name)
{
    for (size_t i = 0; name && i < sizeof rows / sizeof *rows; i++) {
        if (!matches(rows[i].set, name))
            continue;
        const char *feature = rows[i].feature;
        bool is_sse = strcmp(name, "SSE") == 0 || strcmp(name, "SSE2") == 0 || strcmp(name, "SSE3") == 0 ||
                      strcmp(name, "SSSE3") == 0 || strcmp(name, "SSE4") == 0 || strcmp(name, "SSE42") == 0;
        return (struct set){(uint8_t)feature_level(feature), is_sse};
    }
    return (struct set){INSTRUCTION_OTHER, false};
}

/* Instructions of the SSE sets that have no form in the newer encoding: compilers for v3 still use them. */
static bool has_one_form(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_SFENCE:
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_MFENCE:
    case ZYDIS_MNEMONIC_MOVNTI:
    case ZYDIS_MNEMONIC_CRC32:
    case ZYDIS_MNEMONIC_FISTTP:
        return true;
    default:
        return false;
    }
}

bool decoder_exists(void)
{
    return true;
}

struct decoder *decoder_new(void)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder)
        return NULL;
    ZydisDecoderInit(&decoder->zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(&decoder->zydis, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE); /* the fastest, without operands */
    for (size_t i = 0; i <= ZYDIS_ISA_SET_MAX_VALUE; i++)
        decoder->sets[i] = describe(ZydisISASetGetString((ZydisISASet)i));
    return decoder;
}

/* How many bytes tell all about the instruction: those before its displacement and its constant. */
static unsigned telling_size(const ZydisDecodedInstruction *found)
{
    unsigned size = found->length;

    if (found->encoding == ZYDIS_INSTRUCTION_ENCODING_3DNOW) /* its constant is a part of the opcode */
        return size;
    if (found->raw.disp.size > 0 && found->raw.disp.offset < size)
        size = found->raw.disp.offset;
    if (found->raw.imm[0].size > 0 && found->raw.imm[0].offset < size)
        size = found->raw.imm[0].offset;
    return size;
}

/* Sets *telling to the number of bytes that tell all about the instruction. */
static bool decode(const struct decoder *decoder, const unsigned char *bytes, size_t size,
                   struct instruction *instruction, unsigned *telling)
{
    ZydisDecodedInstruction found;

    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder->zydis, NULL, bytes, size, &found)))
        return false;
    /* a library that is newer than its headers here may know more sets */
    const struct set *set = &decoder->sets[found.meta.isa_set <= ZYDIS_ISA_SET_MAX_VALUE ? found.meta.isa_set : 0];
    /* older processors execute TZCNT as BSF, for which compilers use that on purpose, so it needs no level */
    unsigned level = found.mnemonic == ZYDIS_MNEMONIC_TZCNT ? FATELF_LEVEL_MIN : set->level;
    bool is_legacy = found.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    *instruction = (struct instruction){
        .mnemonic = (uint16_t)found.mnemonic,
        .length = found.length,
        .level = (uint8_t)level,
        .is_vex = level >= 3 && !is_legacy,
        .is_sse = set->is_sse && is_legacy && !has_one_form(found.mnemonic),
        .is_cpuid = found.mnemonic == ZYDIS_MNEMONIC_CPUID,
    };
    *telling = telling_size(&found);
    return true;
}

bool instruction_decode(struct decoder *decoder, const unsigned char *bytes, size_t size,
                        struct instruction *instruction)
{
    uint32_t first;
    unsigned telling;

    if (size < sizeof first)
        return decode(decoder, bytes, size, instruction, &telling);
    memcpy(&first, bytes, sizeof first);
    /* a multiplicative hash: the golden ratio mixes all bytes into the upper bits */
    struct remembered *remembered = &decoder->remembered[first * UINT32_C(0x9e3779b1) >> (32 - REMEMBERED_BITS)];
    if (remembered->bytes == first && remembered->instruction.length > 0 && remembered->instruction.length <= size) {
        *instruction = remembered->instruction;
        return true;
    }
    if (!decode(decoder, bytes, size, instruction, &telling))
        return false;
    if (telling <= sizeof first)
        *remembered = (struct remembered){first, *instruction};
    return true;
}

void instruction_name(uint16_t mnemonic, char *name)
{
    const char *text = ZydisMnemonicGetString((ZydisMnemonic)mnemonic);
    size_t i = 0;

    for (; text && text[i] && i < 31; i++)
        name[i] = (char)toupper((unsigned char)text[i]);
    name[i] = 0;
}

#else

bool decoder_exists(void)
{
    return false;
}

struct decoder *decoder_new(void)
{
    return NULL;
}

bool instruction_decode(struct decoder *decoder, const unsigned char *bytes, size_t size,
                        struct instruction *instruction)
{
    (void)decoder, (void)bytes, (void)size, (void)instruction;
    return false;
}

void instruction_name(uint16_t mnemonic, char *name)
{
    (void)mnemonic;
    name[0] = 0;
}

#endif
