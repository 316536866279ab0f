/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <string.h>
#include <unistd.h>

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

/* Appends one byte as it is or escaped. `next`: the byte after it. */
static void message_byte(struct message *message, unsigned char byte, unsigned char next)
{
    /* In UTF-8, the bytes 0xc2 0x80 to 0xc2 0x9f are control characters too. An octal escape of the first byte is
       enough to break them up. */
    bool control = byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0);
    char text[5] = {(char)byte};

    if (byte == '\n' || byte == '\t') {
        text[0] = '\\';
        text[1] = byte == '\n' ? 'n' : 't';
    } else if (control) {
        text[0] = '\\';
        text[1] = (char)('0' + (byte >> 6));
        text[2] = (char)('0' + (byte >> 3 & 7));
        text[3] = (char)('0' + (byte & 7));
    }
    message_text(message, text);
}

void message_foreign(struct message *message, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (length > SHOWN_START + SHOWN_END && i == SHOWN_START) {
            message_text(message, "...");
            i = length - SHOWN_END;
        }
        message_byte(message, (unsigned char)text[i], (unsigned char)text[i + 1]);
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
