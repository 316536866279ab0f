/* SPDX-License-Identifier: MIT */
/* The launcher: finds the bundle that it is part of, chooses a variant, makes it runnable and starts it. */
#include <sys/auxv.h>
#include <unistd.h>

#include "../lib/cpu.h"
#include "../lib/error.h"
#include "auxv.h"
#include "frames.h"
#include "launcher.h"
#include "methods.h"
#include "report.h"
#include "self.h"

/* Tells `create` which bundles this stub can read. */
__attribute__((section(FATELF_STUB_SECTION), used)) static const struct fatelf_stub_info stub_info = {
    .magic = FATELF_MAGIC,
    .version = FATELF_VERSION,
    .incompatible = FATELF_INCOMPATIBLE_KNOWN,
};

/* The launch methods. The one that is asked for is tried first, then the others in this order. */
static const struct method {
    unsigned number; /* enum fatelf_launch; 0: nobody can ask for it */
    struct outcome (*launch)(struct launch *launch);
} methods[] = {
    {FATELF_LAUNCH_MEMFD, memfd_launch},
    {FATELF_LAUNCH_INPLACE, inplace_launch},
    {0, file_launch},
};
enum { METHOD_COUNT = sizeof methods / sizeof *methods };

static const char *own_path(char **argv)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    if (path)
        return path;
    return argv[0] ? argv[0] : "?";
}

/* Chooses the variant and opens its payload. Returns only if there is a variant to start. */
static void choose(struct launch *launch)
{
    struct fatelf_cpu cpu;
    struct fatelf_override *override = &launch->wishes.override;
    const struct fatelf_manifest *manifest = &launch->bundle.manifest;
    unsigned index = 0;

    fatelf_cpu_read(&cpu);
    launch->protection_keys = cpu.leaf[FATELF_LEAF_7][FATELF_ECX] >> 4 & 1;
    unsigned machine = fatelf_level(&cpu);
    if (launch->wishes.at_most && (override->level > machine || override->level < manifest->variants[0].level))
        *override = (struct fatelf_override){0};
    int error = fatelf_choose(manifest, machine, *override, &index);
    if (launch->wishes.debug == DEBUG_LIST)
        report_list(launch, machine, error ? FATELF_VARIANTS_MAX : index);
    if (error)
        report_unfit(launch, error, &cpu);

    error = fatelf_payload_open(&launch->bundle, index, &launch->payload);
    if (!error && launch->payload.base)
        error = fatelf_payload_open_base(&launch->bundle, &launch->payload, &launch->base);
    if (error)
        report_damaged(launch, error);
}

/* FATELF_AMD64_DEBUG=extract: writes the variant to standard output. Returns only if that succeeded. */
static void extract(struct launch *launch)
{
    struct outcome outcome = frames_stream(launch, STDOUT_FILENO);

    if (outcome.kind == OUTCOME_DAMAGED)
        report_damaged(launch, outcome.error);
    if (outcome.kind != OUTCOME_OK)
        report_refused(launch, report_refusal(launch, NULL, outcome));
}

static _Noreturn void start(struct launch *launch)
{
    unsigned asked = launch->wishes.launch ? launch->wishes.launch : launch->bundle.manifest.header.launch;
    struct outcome outcome = outcome_ok();

    for (unsigned i = 0; i < 2 * METHOD_COUNT && outcome.kind != OUTCOME_FINAL; i++) {
        const struct method *method = &methods[i % METHOD_COUNT];
        if ((method->number == asked) != (i < METHOD_COUNT)) /* first pass: only this method; second pass: the others */
            continue;
        outcome = method->launch(launch);
        if (outcome.kind == OUTCOME_DAMAGED)
            report_damaged(launch, outcome.error);
    }
    report_refused(launch, outcome);
}

/* Called by main() in start.S. */
_Noreturn void launcher_main(int argc, char **argv, char **envp);

void launcher_main(int argc, char **argv, char **envp)
{
    struct launch launch = {.argv = argv, .envp = envp, .secure = auxv_restore(envp), .path = own_path(argv)};

    (void)argc;
    struct outcome outcome = self_open(&launch.bundle);
    if (outcome.kind != OUTCOME_OK)
        report_damaged(&launch, outcome.error);
    if (!launch.secure)
        environment_read(envp, launch.bundle.manifest.header.compatible & FATELF_COMPATIBLE_GO_ENV, &launch.wishes);
    if (launch.wishes.unknown)
        report_unknown(&launch);
    if (launch.wishes.debug == DEBUG_LOG)
        launch.started = report_now();

    choose(&launch);
    if (launch.wishes.debug == DEBUG_EXTRACT)
        extract(&launch);
    else
        start(&launch);
    _exit(0);
}
