/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "pattern/pattern_tree.h"

#define DEFINITION "Invalid filter pattern definition." /* AWS's words */
#define OR         "$or"

int pattern_fault(const struct pattern_compiler *c, const char *at, struct err *err,
                  const char *fmt, ...)
{
    char what[ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    struct scan_fault place = {0};
    scan_locate(c->text, (size_t)(at - c->text), &place);
    return err_set(err, ERR_INPUT, DEFINITION " line %zu, column %zu: %s", place.line, place.column,
                   what);
}

int pattern_take_string(struct pattern_compiler *c, struct scan_value v, const char **out,
                        size_t *out_len, struct err *err)
{
    long len = scan_unescape(v, c->free);
    if (len < 0)
        return pattern_fault(c, v.ptr, err, "a string was expected");
    *out = c->free;
    *out_len = (size_t)len;
    c->free += len;
    return 0;
}

/* The string between whose quotes key lies. */
static struct scan_value quoted(struct scan_value key)
{
    return (struct scan_value){key.ptr - 1, key.len + 2};
}

static int child_of(struct pattern_compiler *c, uint16_t parent, const char *name, size_t len,
                    struct err *err)
{
    struct pattern *p = c->p;
    uint16_t *link = &p->nodes[parent].first;
    for (; *link; link = &p->nodes[*link].next)
        if (p->nodes[*link].len == len && memcmp(p->nodes[*link].name, name, len) == 0)
            return *link;
    if (p->nnodes == PATTERN_NODES_MAX)
        return err_set(err, ERR_INPUT, DEFINITION " more than %d names", PATTERN_NODES_MAX);
    uint16_t node = (uint16_t)p->nnodes++;
    p->nodes[node] = (struct pattern_node){
        .name = name, .len = len, .parent = parent, .column = PATTERN_NO_COLUMN};
    *link = node;
    return node;
}

static void add_step(struct pattern_compiler *c, struct pattern_step step)
{
    c->steps[c->nsteps++] = step;
}

/* Is a "$or" the operator, or the name of a member as any other? AWS docs: README of Event Ruler,
 * The
 * "$or" Primitive: a list of two objects at least, whose members are not named as operators. */
static bool is_alternative(struct scan_value v)
{
    struct scan_value none, object, key, value;
    size_t at = 0, count = 0;
    if (*v.ptr != '[')
        return false;
    for (; scan_next(v, &at, &none, &object); count++) {
        size_t member = 0;
        if (*object.ptr != '{')
            return false;
        while (scan_next(object, &member, &key, &value))
            if (pattern_is_reserved(key))
                return false;
    }
    return count > 1;
}

static int take_object(struct pattern_compiler *c, struct scan_value v, uint16_t node,
                       struct err *err);

static int take_alternative(struct pattern_compiler *c, struct scan_value v, uint16_t node,
                            struct err *err)
{
    struct scan_value none, object;
    size_t at = 0;
    add_step(c, (struct pattern_step){.kind = PATTERN_FORK});
    c->forks++;
    while (scan_next(v, &at, &none, &object)) {
        if (take_object(c, object, node, err) < 0)
            return -1;
        add_step(c, (struct pattern_step){.kind = PATTERN_BRANCH_END});
    }
    c->forks--;
    add_step(c, (struct pattern_step){.kind = PATTERN_JOIN});
    return 0;
}

static int take_member(struct pattern_compiler *c, const struct scan_value *key,
                       struct scan_value v, uint16_t parent, struct err *err)
{
    const char *name = "";
    size_t len = 0;
    if (pattern_take_string(c, quoted(*key), &name, &len, err) < 0)
        return -1;
    bool top = !parent && !c->forks;
    if (len == strlen(OR) && memcmp(name, OR, len) == 0 && is_alternative(v))
        return take_alternative(c, v, parent, err);
    if (*v.ptr != '{' && *v.ptr != '[')
        return pattern_fault(c, v.ptr, err, "'%.*s' must be an object or an array",
                             (int)(len < 80 ? len : 80), name);
    int node = child_of(c, parent, name, len, err);
    if (node < 0)
        return -1;
    if (*v.ptr == '{') {
        c->p->nodes[node].about_json |= top;
        return take_object(c, v, (uint16_t)node, err);
    }
    c->p->nodes[node].about_text |= top;
    int list = pattern_take_list(c, v, err);
    if (list < 0)
        return -1;
    add_step(c, (struct pattern_step){PATTERN_PUT, (uint16_t)node, (uint16_t)list});
    return 0;
}

static int take_object(struct pattern_compiler *c, struct scan_value v, uint16_t node,
                       struct err *err)
{
    struct scan_value key, value;
    size_t at = 0, count = 0;
    if (++c->depth > PATTERN_DEPTH_MAX)
        return pattern_fault(c, v.ptr, err, "nested deeper than %d", PATTERN_DEPTH_MAX);
    for (; scan_next(v, &at, &key, &value); count++)
        if (take_member(c, &key, value, node, err) < 0)
            return -1;
    if (!count)
        return pattern_fault(c, v.ptr, err, "empty objects are not allowed");
    c->depth--;
    return 0;
}

/* What a text of len bytes can have at most: a test takes two bytes with its comma, a list and a
 * name four, and each step stands for a bracket. */
static int make_room(struct pattern_compiler *c, struct err *err)
{
    struct pattern *p = c->p;
    p->bytes = malloc(c->len + 1);
    p->nodes = calloc(c->len / 4 + 2, sizeof *p->nodes);
    p->lists = calloc(c->len / 4 + 2, sizeof *p->lists);
    p->tests = calloc(c->len / 2 + 2, sizeof *p->tests);
    p->inners = calloc(c->len / 2 + 2, sizeof *p->inners);
    c->steps = calloc(c->len + 2, sizeof *c->steps);
    if (!p->bytes || !p->nodes || !p->lists || !p->tests || !p->inners || !c->steps)
        return err_set(err, ERR_MEMORY, "no memory for a filter pattern");
    p->nodes[0].column = PATTERN_NO_COLUMN;
    p->nnodes = 1;
    c->free = p->bytes;
    return 0;
}

static int check_text(const struct pattern_compiler *c, struct err *err)
{
    struct scan_fault fault;
    size_t chars = 0;
    for (size_t i = 0; i < c->len; i++)
        chars += ((unsigned char)c->text[i] & 0xc0) != 0x80;
    if (chars > PATTERN_LENGTH_MAX)
        return err_set(err, ERR_INPUT, DEFINITION " it has %zu characters, %d are allowed", chars,
                       PATTERN_LENGTH_MAX);
    if (!scan_valid(c->text, c->len, &fault))
        return err_set(err, ERR_INPUT, DEFINITION " line %zu, column %zu: %s", fault.line,
                       fault.column, fault.reason);
    return 0;
}

static int compile(struct pattern_compiler *c, struct err *err)
{
    if (check_text(c, err) < 0 || make_room(c, err) < 0)
        return -1;
    struct scan_value all = scan_find_len(c->text, c->len, "", 0);
    if (*all.ptr != '{')
        return pattern_fault(c, all.ptr, err, "a pattern is an object");
    return take_object(c, all, 0, err) < 0 ? -1 : pattern_make_rows(c, err);
}

struct pattern *pattern_compile(const char *text, size_t len, struct err *err)
{
    struct pattern_compiler c = {.text = text, .len = len, .p = calloc(1, sizeof *c.p)};
    if (!c.p) {
        err_set(err, ERR_MEMORY, "no memory for a filter pattern");
        return NULL;
    }
    int rc = compile(&c, err);
    free(c.steps);
    if (rc == 0)
        return c.p;
    pattern_free(c.p);
    return NULL;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    free(p->bytes);
    free(p->nodes);
    free(p->lists);
    free(p->tests);
    free(p->inners);
    free(p->rows);
    free(p);
}
