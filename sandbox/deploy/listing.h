/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a function and its layers where they will be on Lambda, with what is known of each.
 * One file's content is in memory at a time. */
#pragma once

#include <sys/types.h>

#include "deploy/facts.h"

#define LISTING_HEAD 256 /* bytes that the kernel looks at before it runs a file */

enum listing_type { LISTING_FILE, LISTING_FOLDER, LISTING_LINK };

struct listing_item {
    const char *path;  /* "/var/task/bootstrap" */
    const char *where; /* for people: "bootstrap", "layer base.zip: bootstrap" */
    enum listing_type type;
    mode_t mode; /* permissions */
    uint64_t size;
    const char *target; /* of a link */
    const char *head;   /* a file's first bytes, with a NUL behind them */
    size_t head_len;
    bool is_elf;
    const struct facts *elf; /* NULL: it is none, or damaged */
    const char *damage;      /* why it could not be read as ELF; NULL: it could */
    unsigned source;         /* number of the call that read it */
    size_t order;            /* of all items */
    bool hidden;             /* another of the same path takes its place */
};

/* What is wrong with a source, or with an entry of it that is no item then. */
enum listing_fault_kind { LISTING_ZIP, LISTING_SIZE, LISTING_PATH, LISTING_COUNT };

struct listing_fault {
    enum listing_fault_kind kind;
    const char *where, *text;
    unsigned source;
};

struct listing {
    struct arena *arena;  /* of the caller; everything lives there */
    struct arena scratch; /* for one file */
    struct facts_names names;
    struct listing_item *items;
    size_t nitems, cap;
    struct listing_fault *faults;
    size_t nfaults, faults_cap;
    uint64_t bytes; /* of all files */
    unsigned nsources;
    bool full; /* more than is allowed: the rest was not looked at */
};

struct listing_source {
    const char *path;   /* zip, folder or file */
    const char *root;   /* "/var/task", "/opt" */
    const char *prefix; /* of where: "", "layer base.zip: " */
    const char *name;   /* what a single file is called below the root; NULL: by its own name */
};

enum listing_kind { LISTING_IS_ZIP, LISTING_IS_FOLDER, LISTING_IS_FILE };

int listing_init(struct listing *l, struct arena *arena, struct err *err) ATTR_CHECK;
void listing_fini(struct listing *l);

/* What stands at the path, by its content; a file whose name ends in ".zip" is meant as one. -1
 * with ERR_INPUT: there is nothing that can be read. */
int listing_identify(const char *path, enum listing_kind *out, uint64_t *out_size,
                     struct err *err) ATTR_CHECK;

/* Adds all of the source. What is wrong with it is a fault; -1 with ERR_INPUT (it cannot be read),
 * ERR_SYSTEM, ERR_MEMORY, ERR_CLOSED (interrupted). */
int listing_read(struct listing *l, const struct listing_source *source,
                 struct err *err) ATTR_CHECK;

/* Between the parts of the reader. */
struct listing_content {
    uint64_t size, len;
    char head[LISTING_HEAD + 1];
    char *bytes; /* of an ELF file */
};

int listing_take(void *content, const char *bytes, size_t len, struct err *err) ATTR_CHECK;

/* A new item without content. NULL with ERR_MEMORY, or, without err set, when name is none (which
 * is a fault then). */
struct listing_item *listing_add(struct listing *l, const struct listing_source *source,
                                 const char *name, size_t name_len, struct err *err) ATTR_CHECK;
int listing_finish(struct listing *l, struct listing_item *item, struct listing_content *c,
                   struct err *err) ATTR_CHECK;
/* Takes the rest of the descriptor's file as the item's content. */
int listing_read_content(struct listing *l, struct listing_item *item, int fd,
                         struct listing_content *c, struct err *err) ATTR_CHECK;
int listing_fault(struct listing *l, enum listing_fault_kind kind, const char *where,
                  const char *text, struct err *err) ATTR_CHECK;
int listing_folder(struct listing *l, const struct listing_source *source,
                   struct err *err) ATTR_CHECK;
