/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern/pattern.h"

#include <string.h>

#include "pattern/pattern_tree.h"

#define SMALL_TEXT 512 /* bytes of a string with escapes that needs no heap */

/* How a part of the pattern did: the least column that a value was matched for, or one of these.
 * Columns before the least one were matched by their absence. */
enum { FAILED = -1, ALL_ABSENT = PATTERN_NO_COLUMN };

struct match {
    const struct pattern *p;
    const uint16_t *row;
    int least[PATTERN_NODES_MAX]; /* column under each node, its own left out; ALL_ABSENT: none */
    bool optional[PATTERN_NODES_MAX]; /* all of these take an absent value */
    int result[PATTERN_NODES_MAX];    /* of the children of the object that is looked at */
    bool seen[PATTERN_NODES_MAX];
    bool starved;
};

/* A string of the event without its escapes. */
struct plain {
    const char *ptr;
    size_t len;
    char *heap;
    char small[SMALL_TEXT];
};

/* text is between quotes. */
static bool plain_open(struct match *m, struct plain *t, struct scan_value text)
{
    t->heap = NULL;
    t->ptr = text.ptr;
    t->len = text.len;
    if (!memchr(text.ptr, '\\', text.len))
        return true;
    char *out = t->small;
    if (text.len + 2 > sizeof t->small)
        out = t->heap = malloc(text.len + 2);
    m->starved |= !out;
    if (!out)
        return false;
    long len = scan_unescape((struct scan_value){text.ptr - 1, text.len + 2}, out);
    t->ptr = out;
    t->len = len < 0 ? 0 : (size_t)len;
    return true;
}

static bool names(struct match *m, const struct pattern_node *n, struct scan_value key)
{
    struct plain t;
    if (key.len < n->len || !plain_open(m, &t, key))
        return false;
    bool same = t.len == n->len && memcmp(t.ptr, n->name, n->len) == 0;
    free(t.heap);
    return same;
}

static const struct pattern_list *list_of(const struct match *m, uint16_t node)
{
    uint16_t column = m->p->nodes[node].column;
    if (column == PATTERN_NO_COLUMN || !m->row[column])
        return NULL;
    return &m->p->lists[m->row[column] - 1];
}

static bool is_scalar(struct scan_value v)
{
    return *v.ptr != '{' && *v.ptr != '[';
}

static bool scalar_passes(struct match *m, const struct pattern_list *list, struct scan_value v)
{
    struct pattern_value value = {.ptr = v.ptr, .len = v.len, .string = *v.ptr == '"'};
    struct plain t = {.heap = NULL};
    if (value.string) {
        if (!plain_open(m, &t, (struct scan_value){v.ptr + 1, v.len - 2}))
            return false;
        value.ptr = t.ptr;
        value.len = t.len;
    }
    bool passes = false;
    for (size_t i = 0; i < list->ntests && !passes; i++)
        passes = pattern_test_passes(&list->tests[i], &value);
    free(t.heap);
    return passes;
}

/* The scalars of v: itself, or those of an array, and of arrays in it; not of objects. present is
 * left when there are none. */
static bool leaf_passes(struct match *m, const struct pattern_list *list, struct scan_value v,
                        bool *present)
{
    struct scan_value none, element;
    size_t at = 0;
    if (is_scalar(v)) {
        *present = true;
        return list && scalar_passes(m, list, v);
    }
    while (*v.ptr == '[' && scan_next(v, &at, &none, &element))
        if (leaf_passes(m, list, element, present))
            return true;
    return false;
}

/* The node's own list against v; absent values have no ptr. */
static int match_leaf(struct match *m, uint16_t node, struct scan_value v)
{
    const struct pattern_list *list = list_of(m, node);
    bool present = false;
    if (!list)
        return ALL_ABSENT;
    if (v.ptr && leaf_passes(m, list, v, &present))
        return m->p->nodes[node].column;
    return !present && list->absence ? ALL_ABSENT : FAILED;
}

static int better(int a, int b)
{
    return a == FAILED || (b != FAILED && b < a) ? b : a;
}

static int both(int a, int b)
{
    if (a == FAILED || b == FAILED)
        return FAILED;
    return a < b ? a : b;
}

static int least_present(struct match *m, uint16_t node, struct scan_value v);

static int least_of_member(struct match *m, uint16_t child, struct scan_value v)
{
    const struct pattern_list *list = list_of(m, child);
    int least = least_present(m, child, v);
    bool present = false;
    if (list)
        leaf_passes(m, NULL, v, &present);
    return present ? both(least, m->p->nodes[child].column) : least;
}

/* The least column under node that has any value in v. */
static int least_present(struct match *m, uint16_t node, struct scan_value v)
{
    struct scan_value key, value;
    size_t at = 0;
    int least = ALL_ABSENT;
    if (m->least[node] == ALL_ABSENT || is_scalar(v))
        return ALL_ABSENT;
    while (least != m->least[node] && scan_next(v, &at, &key, &value)) {
        if (*v.ptr == '[') {
            least = both(least, least_present(m, node, value));
            continue;
        }
        for (uint16_t n = m->p->nodes[node].first; n; n = m->p->nodes[n].next)
            if (names(m, &m->p->nodes[n], key))
                least = both(least, least_of_member(m, n, value));
    }
    return least;
}

static int match_members(struct match *m, uint16_t node, struct scan_value v);

static int match_value(struct match *m, uint16_t node, struct scan_value v)
{
    return both(match_leaf(m, node, v), match_members(m, node, v));
}

static int match_object(struct match *m, uint16_t node, struct scan_value v)
{
    const struct pattern_node *nodes = m->p->nodes;
    struct scan_value key, value;
    size_t at = 0;
    int all = ALL_ABSENT;
    for (uint16_t n = nodes[node].first; n; n = nodes[n].next)
        m->seen[n] = false;
    while (scan_next(v, &at, &key, &value)) {
        for (uint16_t n = nodes[node].first; n; n = nodes[n].next) {
            if (!names(m, &nodes[n], key))
                continue;
            int result = match_value(m, n, value);
            m->result[n] = m->seen[n] ? better(m->result[n], result) : result;
            m->seen[n] = true;
            break;
        }
    }
    for (uint16_t n = nodes[node].first; n && all != FAILED; n = nodes[n].next)
        all = both(all, m->seen[n] ? m->result[n] : match_value(m, n, (struct scan_value){0}));
    return all;
}

/* All members have to be of one element. AWS docs: README of Event Ruler, JSON Array Matching. A
 * member may be absent in that element only, when one before it, in the order of paths, has told
 * which element it is; else it has to be absent in all: so does the engine (ACFinder). */
static int match_array(struct match *m, uint16_t node, struct scan_value v)
{
    struct scan_value none, element;
    size_t at = 0;
    int least = least_present(m, node, v);
    if (least == ALL_ABSENT)
        return m->optional[node] ? ALL_ABSENT : FAILED;
    while (scan_next(v, &at, &none, &element))
        if (!is_scalar(element) && match_members(m, node, element) == least)
            return least;
    return FAILED;
}

/* What is under the node. */
static int match_members(struct match *m, uint16_t node, struct scan_value v)
{
    if (m->least[node] == ALL_ABSENT)
        return ALL_ABSENT;
    if (!v.ptr || is_scalar(v))
        return m->optional[node] ? ALL_ABSENT : FAILED;
    return *v.ptr == '{' ? match_object(m, node, v) : match_array(m, node, v);
}

/* Children stand behind their parents: the last comes first. */
static void begin_row(struct match *m, const uint16_t *row)
{
    const struct pattern *p = m->p;
    m->row = row;
    for (size_t i = 0; i < p->nnodes; i++) {
        m->least[i] = ALL_ABSENT;
        m->optional[i] = true;
    }
    for (size_t i = p->nnodes - 1; i; i--) {
        const struct pattern_node *n = &p->nodes[i];
        const struct pattern_list *list = list_of(m, (uint16_t)i);
        m->least[n->parent] = both(m->least[n->parent], m->least[i]);
        m->optional[n->parent] &= m->optional[i];
        if (!list)
            continue;
        m->least[n->parent] = both(m->least[n->parent], n->column);
        m->optional[n->parent] &= list->absence;
    }
}

int pattern_matches(const struct pattern *p, const char *text, size_t len, struct err *err)
{
    struct match m; /* begin_row fills as much as the pattern has */
    m.p = p;
    m.starved = false;
    struct scan_value all = scan_find_len(text, len, "", 0);
    if (!all.ptr || *all.ptr != '{')
        return 0;
    for (size_t i = 0; i < p->nrows && !m.starved; i++) {
        begin_row(&m, p->rows + i * p->ncolumns);
        if (match_object(&m, 0, all) != FAILED && !m.starved)
            return 1;
    }
    return m.starved ? err_set(err, ERR_MEMORY, "no memory for a string of %zu bytes", len) : 0;
}

enum pattern_member pattern_member(const struct pattern *p, const char *name)
{
    size_t len = strlen(name);
    for (uint16_t i = p->nodes[0].first; i; i = p->nodes[i].next) {
        const struct pattern_node *n = &p->nodes[i];
        if (n->len != len || memcmp(n->name, name, len) != 0)
            continue;
        if (n->about_json)
            return PATTERN_ABOUT_JSON;
        return n->about_text ? PATTERN_ABOUT_TEXT : PATTERN_SILENT;
    }
    return PATTERN_SILENT;
}

const char *pattern_top(const struct pattern *p, size_t n, size_t *out_len)
{
    uint16_t node = p->nodes[0].first;
    for (; node && n; n--)
        node = p->nodes[node].next;
    *out_len = node ? p->nodes[node].len : 0;
    return node ? p->nodes[node].name : NULL;
}

const char *const pattern_extra_names[PATTERN_EXTRA_COUNT] = {
    [PATTERN_EXTRA_WILDCARD] = "wildcard",
    [PATTERN_EXTRA_CIDR] = "cidr",
    [PATTERN_EXTRA_AFFIX] = "equals-ignore-case in prefix or suffix",
    [PATTERN_EXTRA_EXCLUDED] = "anything-but with an operator in it",
};

/* Plain texts and numbers in anything-but are no operators. */
static unsigned extra_of(const struct pattern_test *t)
{
    switch ((int)t->kind) {
    case PATTERN_WILDCARD:
        return 1u << PATTERN_EXTRA_WILDCARD;
    case PATTERN_CIDR:
        return 1u << PATTERN_EXTRA_CIDR;
    case PATTERN_PREFIX_IGNORE_CASE:
    case PATTERN_SUFFIX_IGNORE_CASE:
        return 1u << PATTERN_EXTRA_AFFIX;
    case PATTERN_ANYTHING_BUT:
        return t->inner->kind == PATTERN_TEXT || t->inner->kind == PATTERN_NUMERIC
                   ? 0
                   : 1u << PATTERN_EXTRA_EXCLUDED;
    default:
        return 0;
    }
}

unsigned pattern_extras(const struct pattern *p)
{
    unsigned extras = 0;
    for (size_t i = 0; i < p->ntests; i++)
        extras |= extra_of(&p->tests[i]);
    return extras;
}
