/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pattern/pattern_tree.h"

/* Some rows while they come about. */
struct rows {
    uint16_t *cells;
    size_t count;
};

/* The names from the root to a node. */
struct path {
    const struct pattern_node *steps[PATTERN_DEPTH_MAX];
    size_t nsteps;
};

static struct path path_to(const struct pattern *p, uint16_t node)
{
    struct path path = {0};
    for (uint16_t n = node; n; n = p->nodes[n].parent)
        path.nsteps++;
    size_t i = path.nsteps;
    for (uint16_t n = node; n; n = p->nodes[n].parent)
        path.steps[--i] = &p->nodes[n];
    return path;
}

/* The character at place of "a.b.c", its steps joined by points; -1 behind the end. */
static int path_char(const struct path *path, size_t *step, size_t *place)
{
    if (*step == path->nsteps)
        return -1;
    const struct pattern_node *n = path->steps[*step];
    if (*place < n->len)
        return (unsigned char)n->name[(*place)++];
    *place = 0;
    return ++*step == path->nsteps ? -1 : '.';
}

static int compare_paths(const void *left, const void *right, void *pattern)
{
    struct path a = path_to(pattern, *(const uint16_t *)left);
    struct path b = path_to(pattern, *(const uint16_t *)right);
    size_t a_step = 0, a_place = 0, b_step = 0, b_place = 0;
    for (;;) {
        int x = path_char(&a, &a_step, &a_place), y = path_char(&b, &b_step, &b_place);
        if (x != y)
            return x - y;
        if (x < 0)
            return 0;
    }
}

static void number_columns(struct pattern_compiler *c)
{
    struct pattern *p = c->p;
    uint16_t nodes[PATTERN_NODES_MAX];
    for (size_t i = 0; i < c->nsteps; i++) {
        struct pattern_node *n = &p->nodes[c->steps[i].node];
        if (c->steps[i].kind != PATTERN_PUT || n->column != PATTERN_NO_COLUMN)
            continue;
        n->column = 0;
        nodes[p->ncolumns++] = c->steps[i].node;
    }
    qsort_r(nodes, p->ncolumns, sizeof *nodes, compare_paths, p);
    for (size_t i = 0; i < p->ncolumns; i++)
        p->nodes[nodes[i]].column = (uint16_t)i;
}

/* Appends what from has. */
static int add_rows(const struct pattern *p, struct rows *to, const struct rows *from,
                    struct err *err)
{
    size_t count = to->count + from->count, row = p->ncolumns * sizeof *to->cells;
    if (count > PATTERN_COMBINATIONS_MAX)
        return err_set(err, ERR_INPUT,
                       "Invalid filter pattern definition. $or makes more than %d combinations",
                       PATTERN_COMBINATIONS_MAX);
    uint16_t *cells = realloc(to->cells, count * row);
    if (!cells)
        return err_set(err, ERR_MEMORY, "no memory for a filter pattern");
    memcpy(cells + to->count * p->ncolumns, from->cells, from->count * row);
    *to = (struct rows){cells, count};
    return 0;
}

static int make_rows(struct pattern_compiler *c, size_t *at, struct rows *rows, struct err *err);

/* Each branch goes on from the rows that there are; those of all together take their place. */
static int fork_rows(struct pattern_compiler *c, size_t *at, struct rows *rows, struct err *err)
{
    struct rows joined = {0};
    int rc = 0;
    for (++*at; rc == 0 && c->steps[*at].kind != PATTERN_JOIN; ++*at) {
        struct rows branch = {0};
        rc = add_rows(c->p, &branch, rows, err);
        if (rc == 0)
            rc = make_rows(c, at, &branch, err);
        if (rc == 0)
            rc = add_rows(c->p, &joined, &branch, err);
        free(branch.cells);
    }
    free(rows->cells);
    *rows = joined;
    return rc;
}

/* Up to the end of the branch or of all steps. */
static int make_rows(struct pattern_compiler *c, size_t *at, struct rows *rows, struct err *err)
{
    struct pattern *p = c->p;
    for (; *at < c->nsteps && c->steps[*at].kind != PATTERN_BRANCH_END; ++*at) {
        const struct pattern_step *step = &c->steps[*at];
        if (step->kind == PATTERN_FORK && fork_rows(c, at, rows, err) < 0)
            return -1;
        if (step->kind != PATTERN_PUT)
            continue;
        for (size_t i = 0; i < rows->count; i++)
            rows->cells[i * p->ncolumns + p->nodes[step->node].column] = step->list;
    }
    return 0;
}

int pattern_make_rows(struct pattern_compiler *c, struct err *err)
{
    size_t at = 0;
    number_columns(c);
    struct rows rows = {calloc(c->p->ncolumns, sizeof *rows.cells), 1};
    if (!rows.cells)
        return err_set(err, ERR_MEMORY, "no memory for a filter pattern");
    int rc = make_rows(c, &at, &rows, err);
    c->p->rows = rows.cells;
    c->p->nrows = rows.count;
    return rc;
}
