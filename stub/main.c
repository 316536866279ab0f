/* SPDX-License-Identifier: MIT */
/* The launcher: finds the bundle it is part of, chooses a variant, makes it runnable and starts it. */
#include <sys/auxv.h>
#include <unistd.h>

#include "../lib/cpu.h"
#include "../lib/error.h"
#include "stub.h"

/* For `create`: which bundles this stub can read. */
__attribute__((section(FATELF_STUB_SECTION), used)) static const struct fatelf_stub_info stub_info = {
    .magic = FATELF_MAGIC,
    .version = FATELF_VERSION,
    .incompatible = FATELF_INCOMPATIBLE_KNOWN,
};

/* The launch methods, in the order in which they are tried if memfd is the first; else the other one is. */
static int (*const methods[])(struct launch *) = {memfd_launch, inplace_launch, file_launch};

static const char *own_path(char **argv)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    if (path)
        return path;
    return argv[0] ? argv[0] : "?";
}

int main(int argc, char **argv, char **envp)
{
    struct launch launch = {.argv = argv, .envp = envp, .path = own_path(argv)};
    struct fatelf_cpu cpu;
    unsigned index = 0;

    (void)argc;
    int error = self_open(&launch.bundle);
    if (error)
        report_damaged(&launch, error);

    environment_read(envp, launch.bundle.manifest.header.compatible & FATELF_COMPATIBLE_GO_ENV, &launch.wishes);
    if (launch.wishes.unknown)
        report_unknown(&launch);
    if (launch.wishes.debug == DEBUG_LOG)
        launch.started = report_now();

    fatelf_cpu_read(&cpu);
    unsigned machine = fatelf_level(&cpu);
    struct fatelf_override *override = &launch.wishes.override;
    if (launch.wishes.at_most &&
        (override->level > machine || override->level < launch.bundle.manifest.variants[0].level))
        *override = (struct fatelf_override){0}; /* not a wish this bundle or machine can meet */
    error = fatelf_choose(&launch.bundle.manifest, machine, *override, &index);
    if (launch.wishes.debug == DEBUG_LIST)
        report_list(&launch, machine, error ? FATELF_VARIANTS_MAX : index);
    if (error)
        report_unfit(&launch, error, &cpu);

    error = fatelf_payload_open(&launch.bundle, index, &launch.payload);
    if (!error && launch.payload.base)
        error = fatelf_payload_open_base(&launch.bundle, &launch.payload, &launch.base);
    if (error)
        report_damaged(&launch, error);
    if (launch.wishes.debug == DEBUG_EXTRACT) {
        const char *call;
        error = frames_stream(&launch, STDOUT_FILENO, &call);
        if (error > 0)
            report_damaged(&launch, error);
        if (error == 0)
            return 0;
        exec_refused(&launch, NULL, call, -error);
        report_refused(&launch);
    }

    unsigned first = launch.wishes.launch ? launch.wishes.launch : launch.bundle.manifest.header.launch;
    for (unsigned i = 0; i < sizeof methods / sizeof *methods && !launch.hopeless; i++) {
        error = methods[i < 2 && first == FATELF_LAUNCH_INPLACE ? 1 - i : i](&launch);
        if (error)
            report_damaged(&launch, error);
    }
    report_refused(&launch);
}
