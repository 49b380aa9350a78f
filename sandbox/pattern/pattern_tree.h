/* SPDX-License-Identifier: Apache-2.0 */
/* What a pattern is compiled to. For pattern*.c.
 *
 *   {"a": {"b": [1], "c": [2, 3]}, "$or": [{"d": [4]}, {"e": [5]}]}
 *
 * is a tree of names, whose leaves are columns in the order of their paths, and one row for each
 * combination of $or that says which list of tests a column has:
 *
 *   a.b  a.c    d    e
 *   [1]  [2,3]  [4]
 *   [1]  [2,3]       [5]
 *
 * A text matches when it does so by one of the rows. */
#pragma once

#include <stdint.h>

#include "base/scan.h"
#include "pattern/pattern.h"
#include "pattern/pattern_test.h"

#define PATTERN_NODES_MAX (PATTERN_LENGTH_MAX / 4 + 2) /* a name takes four characters: "":[ */
#define PATTERN_NO_COLUMN UINT16_MAX

struct pattern_node {
    const char *name;
    size_t len;
    uint16_t parent;
    uint16_t first, next;        /* child, sibling; 0: none */
    uint16_t column;             /* of its list; PATTERN_NO_COLUMN: it has none */
    bool about_json, about_text; /* at the top and outside of $or: it has members, a list */
};

struct pattern_list {
    const struct pattern_test *tests;
    size_t ntests;
    bool absence; /* one of them is exists: false */
};

struct pattern {
    char *bytes;                /* what names and tests point to */
    struct pattern_node *nodes; /* the first is the root; children stand behind their parents */
    size_t nnodes;
    struct pattern_list *lists;
    size_t nlists;
    struct pattern_test *tests, *inners; /* of lists; of anything-but */
    size_t ntests, ninners;
    uint16_t *rows; /* nrows of ncolumns: number of the list, from 1; 0: none */
    size_t nrows, ncolumns;
};

/* One step of how the rows come about, in the order of the text. */
struct pattern_step {
    enum { PATTERN_PUT, PATTERN_FORK, PATTERN_BRANCH_END, PATTERN_JOIN } kind;
    uint16_t node, list; /* of PUT */
};

/* A pattern while it is compiled. */
struct pattern_compiler {
    const char *text;
    size_t len;
    struct pattern *p;
    char *free; /* the next free byte of p->bytes */
    struct pattern_step *steps;
    size_t nsteps;
    size_t depth, forks;
};

/* Always -1: what is wrong at that place of the text. */
int pattern_fault(const struct pattern_compiler *c, const char *at, struct err *err,
                  const char *fmt, ...) ATTR_PRINTF(4, 5);

/* The string at v without its escapes, in p->bytes. */
int pattern_take_string(struct pattern_compiler *c, struct scan_value v, const char **out,
                        size_t *out_len, struct err *err) ATTR_CHECK;

/* pattern_leaf.c: the list of tests at v; its number, from 1, or -1. */
int pattern_take_list(struct pattern_compiler *c, struct scan_value v, struct err *err) ATTR_CHECK;

/* Is the raw text between quotes the name of an operator? */
bool pattern_is_reserved(struct scan_value name);

/* pattern_rows.c: numbers the columns by their paths and makes the rows. */
int pattern_make_rows(struct pattern_compiler *c, struct err *err) ATTR_CHECK;
