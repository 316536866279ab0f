/* SPDX-License-Identifier: MIT */
/* words LIBRARY TEXT...: loads a library that was written in Go, and lets it count the words of the texts. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#if defined __AVX512BW__ && defined __AVX512CD__ && defined __AVX512DQ__ && defined __AVX512VL__
#define LEVEL "x86-64-v4"
#elif defined __AVX2__ && defined __BMI2__ && defined __FMA__
#define LEVEL "x86-64-v3"
#elif defined __SSE4_2__ && defined __POPCNT__
#define LEVEL "x86-64-v2"
#else
#define LEVEL "x86-64-v1"
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int results;

/* Called by threads of the library. */
static void result(int text, int words)
{
    (void)text;
    pthread_mutex_lock(&mutex);
    results += words > 0;
    pthread_mutex_unlock(&mutex);
}

static void *function(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (found)
        return found;
    fprintf(stderr, "words: %s\n", dlerror());
    exit(1);
}

int main(int argc, char **argv)
{
    void *library = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL;

    if (!library) {
        fprintf(stderr, "words: %s\n", argc > 2 ? dlerror() : "which library, and which texts?");
        return 1;
    }
    int (*word_count)(char **, int, void (*)(int, int));
    int (*word_count_survived)(void);
    *(void **)&word_count = function(library, "word_count");
    *(void **)&word_count_survived = function(library, "word_count_survived");

    printf("level     %s\n", LEVEL);
    printf("words     %d\n", word_count(argv + 2, argc - 2, result));
    printf("results   %d\n", results);
    printf("signal    %s\n", word_count_survived() ? "caught by Go" : "lost");
    return 0;
}
