/* SPDX-License-Identifier: MIT */
#include "package.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define PACKAGE_OWNER "FDO"
#define PACKAGE_TYPE 0xcafe1a7eu

/* What GNU ld and lld take for characters that are awkward in compiler options. */
static const struct {
    const char *name;
    char character;
} names[] = {{"[comma]", ','}, {"[lbrace]", '{'}, {"[quot]", '"'}, {"[rbrace]", '}'}, {"[space]", ' '}};

static int digit(char character)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = character ? strchr(digits, character) : NULL;

    return found ? (int)(found - digits) % 16 : -1;
}

/* Decodes what follows a '%'. Returns its length. 0: it is not known. */
static size_t decode_escape(const char *text, char *character)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
            *character = names[i].character;
            return strlen(names[i].name);
        }
    int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
    if (low < 0 || high + low == 0)
        return 0;
    *character = (char)(high * 16 + low);
    return 2;
}

/* Whether there is what only json-c accepts: single quotes, NaN, Infinity, or control characters in strings. */
static bool has_extensions(const char *json)
{
    bool in_string = false;

    for (; *json; json++) {
        if (in_string && *json == '\\')
            json++; /* the character after it has been parsed */
        else if (*json == '"')
            in_string = !in_string;
        else if (in_string ? (unsigned char)*json < ' ' : strchr("'NI", *json) != NULL)
            return true;
    }
    return false;
}

static bool is_object(const char *json)
{
    struct json_tokener *tokener = json_tokener_new();
    bool object = false;

    if (tokener) {
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        struct json_object *root = json_tokener_parse_ex(tokener, json, (int)strlen(json) + 1);
        object = json_tokener_get_error(tokener) == json_tokener_success && json_object_is_type(root, json_type_object);
        json_object_put(root);
    }
    json_tokener_free(tokener);
    return object;
}

char *package_decode(const char *value, const char **problem)
{
    char *json = strdup(value), *to = json;

    *problem = "out of memory";
    if (!json)
        return NULL;
    for (const char *from = value; *from; to++) {
        *to = *from++;
        if (*to != '%')
            continue;
        size_t length = decode_escape(from, to);
        if (length == 0) {
            *problem = "a % in it does not start a known escape; write %25 for it";
            free(json);
            return NULL;
        }
        from += length;
    }
    *to = 0;
    if (*json && (!is_object(json) || has_extensions(json))) {
        *problem = "not a JSON object";
        free(json);
        return NULL;
    }
    return json;
}

const char *package_problem(const char *value)
{
    const char *problem;
    char *json = package_decode(value, &problem);

    free(json);
    return json ? NULL : problem;
}

struct made_note package_note(const char *json)
{
    /* the zeros up to a multiple of 4 bytes count, as GNU ld has it */
    struct made_note note = note_make(PACKAGE_OWNER, PACKAGE_TYPE, layout_round_up(strlen(json) + 1, 4));

    if (note.bytes)
        memcpy(note.descriptor, json, strlen(json));
    return note;
}
