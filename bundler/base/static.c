/* SPDX-License-Identifier: MIT */
/*
 * For STATIC=yes. libbfd can load plugins, and libcrypto modules; libcrypto also looks up hosts. The tool uses none of
 * this, and in a static program glibc's functions for it load shared libraries, in the version of the machine that the
 * program was linked on. The linker (--wrap) puts these functions in their place, and treats its warning about any
 * other function of this kind as an error.
 */
#ifdef FATELF_STATIC
#include <netdb.h>
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result);
void __wrap_freeaddrinfo(struct addrinfo *list);
struct hostent *__wrap_gethostbyname(const char *name);

void *__wrap_dlopen(const char *file, int mode)
{
    (void)file, (void)mode;
    return NULL;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)name, (void)service, (void)hints, (void)result;
    return EAI_FAIL;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

struct hostent *__wrap_gethostbyname(const char *name)
{
    (void)name;
    return NULL;
}
#endif
