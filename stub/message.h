/* SPDX-License-Identifier: MIT */
/* Messages, built without malloc() or stdio and written with one call. */
#ifndef STUB_MESSAGE_H
#define STUB_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Initialise with `{.length = 0}`. Text that does not fit is cut off. */
struct message {
    size_t length;
    char text[4096]; /* PIPE_BUF: one write to a pipe is not mixed with others */
};

/* These append to the message. */
void message_text(struct message *message, const char *text);
/*
 * Text from outside, such as a path or a variable: control characters become "\n", "\t" or "\033" (octal), and only
 * the start and the end of a long text are shown, so that the message stays one line and whole.
 */
void message_foreign(struct message *message, const char *text);
void message_number(struct message *message, uint64_t number); /* in decimal */
void message_level(struct message *message, unsigned level);   /* as "v3" */

/* Adds a newline and writes the message to `fd`. Returns whether all of it was written. */
bool message_send(struct message *message, int fd);

#endif
