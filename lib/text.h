/* SPDX-License-Identifier: MIT */
/* Text from others in messages: names of files, texts of the system. */
#ifndef FATELF_TEXT_H
#define FATELF_TEXT_H

/*
 * Writes the byte to `to`, as it is or, if it is or begins a control character, escaped. `next`: the byte after it. In
 * UTF-8 (RFC 3629), 0xc2 0x80 to 0xc2 0x9f are control characters too; an escape of the first byte breaks them up.
 */
static inline void fatelf_text_escape(char to[5], unsigned char byte, unsigned char next)
{
    to[0] = '\\';
    to[1] = to[2] = to[3] = to[4] = '\0';
    if (byte == '\n' || byte == '\t') {
        to[1] = byte == '\n' ? 'n' : 't';
    } else if (byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0)) {
        to[1] = (char)('0' + (byte >> 6));
        to[2] = (char)('0' + (byte >> 3 & 7));
        to[3] = (char)('0' + (byte & 7));
    } else {
        to[0] = (char)byte;
    }
}

#endif
