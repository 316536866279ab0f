/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/cpu.h"
#include "../lib/encoding.h"
#include "../lib/error.h"
#include "../lib/launch.h"
#include "message.h"

static struct message begin(const struct launch *launch)
{
    struct message message = {.length = 0};

    message_text(&message, "fatelf-amd64: ");
    message_foreign(&message, launch->path);
    message_text(&message, ": ");
    return message;
}

static _Noreturn void end(struct message *message, int status)
{
    message_send(message, STDERR_FILENO);
    _exit(status);
}

void report_damaged(const struct launch *launch, int error)
{
    struct message message = begin(launch);

    message_text(&message, fatelf_error_text(error));
    message_text(&message, "; get a whole copy");
    end(&message, STATUS_DAMAGED);
}

void report_unknown(const struct launch *launch)
{
    struct message message = begin(launch);

    message_foreign(&message, launch->wishes.unknown);
    message_text(&message, ": unknown value; FATELF_AMD64 takes v1..v4 or v1!..v4!, FATELF_AMD64_LAUNCH takes ");
    for (unsigned i = 0; i < FATELF_LAUNCH_ROWS; i++) {
        message_text(&message, i == 0 ? "" : i + 1 < FATELF_LAUNCH_ROWS ? ", " : " or ");
        message_text(&message, fatelf_launch_rows[i].name);
    }
    message_text(&message, ", FATELF_AMD64_DEBUG takes log, extract or list");
    end(&message, STATUS_CANNOT_RUN);
}

/* "this machine is at x86-64-v2 and lacks AVX, AVX2": the machine's level and the features it lacks for `level`. */
static void message_missing(struct message *message, unsigned level, const struct fatelf_cpu *cpu)
{
    const char *separator = " and lacks ";

    message_text(message, "this machine is at x86-64-");
    message_level(message, fatelf_level(cpu));
    for (size_t i = 0; i < fatelf_feature_count; i++) {
        if (fatelf_features[i].level > level || fatelf_feature_present(&fatelf_features[i], cpu))
            continue;
        message_text(message, separator);
        message_text(message, fatelf_features[i].name);
        separator = ", ";
    }
}

void report_unfit(const struct launch *launch, int error, const struct fatelf_cpu *cpu)
{
    struct message message = begin(launch);
    uint8_t asked = launch->wishes.override.level;
    uint8_t lowest = launch->bundle.manifest.variants[0].level;

    if (error == FATELF_ERROR_OVERRIDE) {
        message_text(&message, "FATELF_AMD64 asks for x86-64-");
        message_level(&message, asked);
        message_text(&message, ", but ");
        message_missing(&message, asked, cpu);
        message_text(&message, "; unset it, or write ");
        message_level(&message, asked);
        message_text(&message, "! to try it anyway");
    } else if (asked != 0 && asked < lowest) {
        message_text(&message, "FATELF_AMD64 asks for at most x86-64-");
        message_level(&message, asked);
        message_text(&message, ", but the lowest variant here is x86-64-");
        message_level(&message, lowest);
    } else {
        message_text(&message, "needs x86-64-");
        message_level(&message, lowest);
        message_text(&message, "; ");
        message_missing(&message, lowest, cpu);
    }
    end(&message, STATUS_CANNOT_RUN);
}

struct outcome report_refusal(struct launch *launch, const char *method, struct outcome outcome)
{
    if ((outcome.kind == OUTCOME_REFUSED || outcome.kind == OUTCOME_FINAL) && launch->refusal_count < REFUSALS_MAX)
        launch->refusals[launch->refusal_count++] = (struct refusal){method, outcome.call, outcome.error};
    return outcome;
}

void report_refused(const struct launch *launch, struct outcome last)
{
    struct message message = begin(launch);

    message_text(&message, launch->wishes.debug == DEBUG_EXTRACT ? "the variant could not be written:"
                                                                 : "the program could not be started:");
    for (unsigned i = 0; i < launch->refusal_count; i++) {
        const struct refusal *refusal = &launch->refusals[i];
        message_text(&message, i ? "; " : " ");
        if (refusal->method) {
            message_foreign(&message, refusal->method);
            message_text(&message, ": ");
        }
        message_foreign(&message, refusal->call);
        message_text(&message, ": ");
        message_text(&message, strerror(refusal->error));
    }
    if (last.kind == OUTCOME_FINAL && last.error == ENOENT)
        message_text(&message, "; is the dynamic loader that the program names installed?");
    end(&message, STATUS_CANNOT_RUN);
}

void report_list(const struct launch *launch, unsigned machine, unsigned chosen)
{
    const struct fatelf_manifest *manifest = &launch->bundle.manifest;
    struct message message = {.length = 0};

    message_foreign(&message, launch->path);
    message_text(&message, ": launch ");
    message_text(&message, fatelf_launch_by_number(manifest->header.launch)->name);
    message_text(&message, "; this machine is at x86-64-");
    message_level(&message, machine);
    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        const struct fatelf_variant *variant = &manifest->variants[i];
        message_text(&message, i == chosen ? "\n* " : "\n  ");
        message_level(&message, variant->level);
        message_text(&message, " ");
        message_text(&message, fatelf_encoding_by_number(variant->encoding)->name);
        if (variant->base) {
            message_text(&message, " of ");
            message_level(&message, variant->base);
        }
        message_text(&message, " ");
        message_number(&message, variant->size);
        message_text(&message, " bytes in ");
        message_number(&message, variant->payload_size);
    }
    _exit(message_send(&message, STDOUT_FILENO) ? 0 : STATUS_CANNOT_RUN);
}

uint64_t report_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void report_started(const struct launch *launch, const char *method)
{
    struct message message = begin(launch);
    uint64_t microseconds = (report_now() - launch->started) / 1000;

    message_text(&message, "starting ");
    message_level(&message, launch->payload.variant->level);
    message_text(&message, " by ");
    message_foreign(&message, method);
    message_text(&message, ", ready in ");
    message_number(&message, microseconds / 1000);
    message_text(&message, ".");
    message_number(&message, microseconds / 100 % 10);
    message_number(&message, microseconds / 10 % 10);
    message_text(&message, " ms");
    message_send(&message, STDERR_FILENO);
}
