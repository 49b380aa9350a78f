/* SPDX-License-Identifier: Apache-2.0 */
/* A check while its rules run. A rule looks at the listing and notes what it finds; where things
 * are on Lambda, and which file loads which, is asked here. */
#pragma once

#include "deploy/check.h"
#include "deploy/host.h"
#include "deploy/libs.h"
#include "deploy/listing.h"

/* Of runtime/include/lambda.h, which this side does not include; a test compares them. */
#define CHECK_HANDLER_ABI      1u
#define CHECK_HANDLER_SIZE     24u /* of a module */
#define CHECK_HANDLER_ROW_SIZE 72u

#define CHECK_TASK      "/var/task"
#define CHECK_OPT       "/opt"
#define CHECK_BOOTSTRAP "bootstrap"

/* Who loads a file when the function starts. */
enum check_role {
    ROLE_NONE, /* nobody, as far as files tell: it may be loaded by name */
    ROLE_EXTENSION,
    ROLE_HANDLER,   /* our runtime, as a handler or for one */
    ROLE_BOOTSTRAP, /* the kernel and ld.so */
};

struct check {
    const struct check_request *request;
    const struct libs_profile *profile;
    struct arena arena;
    struct listing listing;
    enum elf_arch arch;
    bool arch_known;                      /* else arch is only the commoner one */
    bool lone;                            /* one file, not a package */
    bool programs;                        /* a folder of programs, not a package */
    const struct listing_item *bootstrap; /* NULL: there is none */
    const struct listing_item *starter;   /* what runs a bootstrap script; NULL: the image's */
    const struct listing_item **by_path;  /* sorted, without hidden ones */
    size_t nby_path;
    uint8_t *roles;      /* by order: enum check_role */
    struct host brought; /* what our bootstrap has loaded when a handler is */
    struct host hints;   /* where a symbol may come from */
    uint64_t zip_bytes;
    const char *rule; /* that runs now */
    size_t rule_index;
    struct check_entry *entries;
    size_t nentries, cap, nerrors;
    bool starved;   /* a note was lost */
    uint64_t *left; /* steps that searches may still take; 0: the check has failed */
};

/* A finding and its place in the report. */
struct check_entry {
    struct check_finding finding;
    size_t order, rule, sequence;
};

struct check_note {
    enum check_severity severity;
    const struct listing_item *item; /* NULL: of the whole package */
    const char *where;               /* NULL: the item's, or the package */
    const char *why, *fix;
};

/* Adds a finding of the rule that runs. */
void check_note(struct check *c, const struct check_note *note, const char *what, ...)
    ATTR_PRINTF(3, 4);

/* A text that lives as long as the report. */
const char *check_text(struct check *c, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* ---- where things are (check_tree.c) -------------------------------------------------------- */

/* Sorts the items by path, hides those that others replace, finds the bootstrap. */
int check_tree_build(struct check *c, struct err *err) ATTR_CHECK;

/* Finds the roles, which needs to know the architecture. */
int check_tree_roles(struct check *c, struct err *err) ATTR_CHECK;

/* What stands at exactly this path, no link followed. */
const struct listing_item *check_tree_exact(const struct check *c, const char *path);

/* What stands at the path, links followed inside of the package. NULL: nothing. */
const struct listing_item *check_tree_find(const struct check *c, const char *path);

/* The same, and in out where the walk has ended. */
const struct listing_item *check_tree_at(const struct check *c, const char *path, char *out,
                                         size_t out_size);

/* Where ld.so finds a library for the item. */
struct check_found {
    const struct listing_item *item;     /* in the package, or NULL */
    enum libs_trust trust;               /* in the image, when it is not in the package */
    const struct listing_item *shadowed; /* in the package, but the image's comes first */
};

struct check_found check_tree_library(const struct check *c, const struct listing_item *item,
                                      const char *name);

enum check_role check_role_of(const struct check *c, const struct listing_item *item);

/* The package's file that the first line of a bootstrap script starts (check_start.c); or NULL. */
const struct listing_item *check_script_starter(const struct check *c);

/* Takes steps of what is left. False: there is not so much. */
bool check_spend(const struct check *c, uint64_t steps);

/* What happens to the function when the file cannot be loaded, with ld.so's or the kernel's words.
 */
const char *check_why(struct check *c, const struct listing_item *item, const char *message);

/* ELF files that are looked at: those of the function's architecture that can be run or loaded. */
bool check_is_code(const struct check *c, const struct listing_item *item);

/* ---- the rules ------------------------------------------------------------------------------ */

typedef void (*check_fn)(struct check *c);

void check_zip(struct check *c);
void check_paths(struct check *c);
void check_links(struct check *c);
void check_size(struct check *c);
void check_layers(struct check *c);
void check_bootstrap(struct check *c);
void check_script(struct check *c);
void check_modes(struct check *c);
void check_damage(struct check *c);
void check_arch(struct check *c);
void check_interpreter(struct check *c);
void check_libraries(struct check *c);
void check_shadowed(struct check *c);
void check_glibc(struct check *c);
void check_versions(struct check *c);
void check_symbols(struct check *c);
void check_handler(struct check *c);
void check_stack(struct check *c);
void check_text_relocations(struct check *c);
void check_run_path(struct check *c);
void check_debug(struct check *c);
