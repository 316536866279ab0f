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
