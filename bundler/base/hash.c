/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "say.h"

enum { CHUNK = 1 << 20 };

int hash_range(int fd, uint64_t offset, uint64_t size, const char *path, uint8_t sha256[HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *chunk = malloc(CHUNK);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int status = 0;

    if (!chunk || !hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        status = fail("out of memory");
    for (uint64_t at = 0; !status && at < size; at += CHUNK) {
        size_t length = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        if (!file_read(fd, chunk, length, offset + at))
            status = file_fail_read(path);
        else if (!EVP_DigestUpdate(hash, chunk, length))
            status = fail("out of memory");
    }
    if (!status && !EVP_DigestFinal_ex(hash, digest, NULL))
        status = fail("out of memory");
    if (!status)
        memcpy(sha256, digest, HASH_SIZE);
    EVP_MD_CTX_free(hash);
    free(chunk);
    return status;
}
