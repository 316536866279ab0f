/* SPDX-License-Identifier: MIT */
/* JSON output, with json-c. */
#ifndef BUNDLER_BASE_JSON_H
#define BUNDLER_BASE_JSON_H

#include <json-c/json.h>

/*
 * A JSON string from a text that may contain any bytes, such as a file name: what is not UTF-8 (RFC 3629) becomes
 * U+FFFD, because JSON has no other characters (RFC 8259, section 8.1). The caller owns it. NULL: out of memory.
 */
struct json_object *json_text(const char *text);

/* Prints the object to stdout and frees it. */
void json_print(struct json_object *root);

#endif
