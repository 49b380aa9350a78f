/* SPDX-License-Identifier: Apache-2.0 */
/* What libraries of this host export: tells where a symbol comes from for which a file names no
 * library. Their names are hardly others on Lambda. A library is read when it is asked for, once;
 * nothing of it is run. A zeroed struct is an empty one; host_fini it. */
#pragma once

#include "deploy/closure_folders.h"
#include "deploy/facts.h"

#define HOST_LIBRARIES_MAX 64
#define HOST_SONAME_MAX    128

struct host_library {
    char soname[HOST_SONAME_MAX];
    struct facts_names names;
    bool tried, known; /* looked for; read */
};

struct host {
    struct host_library *list; /* NULL before the first one */
    size_t count;
    bool full; /* there are more */
};

enum host_answer { HOST_LACKS, HOST_HAS, HOST_UNKNOWN };

/* One more library to look into, and with it, when it is read, those that it needs. */
void host_add(struct host *h, const char *soname);

/* Whether one of them exports the symbol, in a version that a glibc as old as that has: "2.26".
 * UNKNOWN: not as far as they could be read, and one could not. */
enum host_answer host_exports(struct host *h, const char *symbol, const char *glibc);

/* "-lcurl", when a library of this host that is often forgotten exports the symbol; *out_soname is
 * its name. NULL: none is known. h is for this alone. */
const char *host_flag(struct host *h, const char *symbol, const char *glibc,
                      const char **out_soname);

void host_fini(struct host *h);
