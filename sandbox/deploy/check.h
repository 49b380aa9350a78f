/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a package would run on Lambda: looks at it and runs nothing of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "deploy/elf.h"

enum check_severity {
    CHECK_ERROR,   /* Lambda refuses it, or the function fails */
    CHECK_WARNING, /* it runs, but not as its author will expect, or only sometimes */
};

struct check_request {
    const char *path;          /* zip, folder, or one ELF file */
    const char *const *layers; /* zips or folders, in order */
    size_t nlayers;
    const char *profile;      /* "al2023", "al2" */
    const char *library_path; /* LD_LIBRARY_PATH and PATH of that profile */
    const char *program_path;
    const char *arch;    /* "x86_64", "arm64"; NULL: what the package is built for */
    const char *handler; /* _HANDLER; NULL: not known, found in the package */
    const char *runtime; /* our bootstrap, which a lone handler file will run on */
};

struct check_finding {
    enum check_severity severity;
    const char *rule;  /* "glibc-version": one of the rules that check_rules lists */
    const char *where; /* "bootstrap", "orders.so", "layer runtime.zip: bootstrap" */
    const char *what;  /* "needs GLIBC_2.34 (__libc_start_main, ...), al2 has 2.26" */
    const char *why;   /* what will happen on Lambda, in its own words where they are known */
    const char *fix;   /* what to do */
};

/* Findings: errors first, then in the order of the package. */
struct check_report {
    const struct check_finding *findings;
    size_t nfindings, nerrors;
    enum elf_arch arch; /* that it was checked for; OTHER: nothing in it tells */
    const char *profile;
    uint64_t zip_bytes;  /* 0: no zip */
    uint64_t bytes;      /* unpacked, layers included */
    size_t nfiles, nelf; /* looked at */
    const char *glibc;   /* highest version wanted by any file: "2.17"; "" without one */
};

struct check_rule {
    const char *name;    /* "glibc-version" */
    const char *summary; /* for --help and the manual page */
};

/* Every rule, in the order of the checks. */
const struct check_rule *check_rules(size_t *out_count);

/* Gives a report that check_free frees: what is wrong with the package is a finding. NULL when it
 * could not be looked at: ERR_INPUT (no such file, unknown profile or architecture), ERR_SYSTEM,
 * ERR_MEMORY, ERR_LIMIT. */
struct check_report *check_run(const struct check_request *request, struct err *err) ATTR_CHECK;
void check_free(struct check_report *report);
