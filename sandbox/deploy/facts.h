/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of an ELF file when its bytes are gone: what a check of the whole package needs. */
#pragma once

#include "deploy/elf.h"

#define FACTS_SYMBOLS 3 /* named in a message */

/* Names that any file of the package exports, as hashes: a collision only hides a finding. */
struct facts_names {
    uint64_t *slots; /* 0: free */
    size_t count, cap;
};

struct facts_version {
    const char *library, *name;
    const char *symbols[FACTS_SYMBOLS];
    size_t nsymbols; /* all that want it */
    bool weak;
};

struct facts {
    struct elf_file file; /* its lists but needed, provides and handlers are empty */
    const struct facts_version *versions;
    size_t nversions;
    const char *const *loose; /* undefined, not weak, without a version */
    size_t nloose;
    bool is_runtime; /* exports what handlers of this project call */
};

/* Copies into the arena, and adds what the file exports to the names. NULL with ERR_MEMORY. */
const struct facts *facts_keep(const struct elf_file *file, struct arena *arena,
                               struct facts_names *names, struct err *err) ATTR_CHECK;

int facts_add_name(struct facts_names *names, const char *name, struct err *err) ATTR_CHECK;
bool facts_has_name(const struct facts_names *names, const char *name);
void facts_names_fini(struct facts_names *names);
