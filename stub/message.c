/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <string.h>
#include <unistd.h>

#include "../lib/text.h"

void message_text(struct message *message, const char *text)
{
    size_t room = sizeof message->text - 1 - message->length; /* one byte is for the newline */
    size_t length = strlen(text);

    if (length > room)
        length = room;
    memcpy(message->text + message->length, text, length);
    message->length += length;
}

/* How much of a long text is shown, in bytes: the start and, after "...", the end. */
enum { SHOWN_START = 100, SHOWN_END = 200 };

void message_foreign(struct message *message, const char *text)
{
    size_t length = strlen(text);
    char shown[5];

    for (size_t i = 0; i < length; i++) {
        if (length > SHOWN_START + SHOWN_END && i == SHOWN_START) {
            message_text(message, "...");
            i = length - SHOWN_END;
        }
        fatelf_text_escape(shown, (unsigned char)text[i], (unsigned char)text[i + 1]);
        message_text(message, shown);
    }
}

void message_number(struct message *message, uint64_t number)
{
    char digits[21] = "";
    size_t at = sizeof digits - 1;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    message_text(message, digits + at);
}

void message_level(struct message *message, unsigned level)
{
    message_text(message, "v");
    message_number(message, level);
}

bool message_send(struct message *message, int fd)
{
    message->text[message->length++] = '\n';
    return write(fd, message->text, message->length) == (ssize_t)message->length;
}
