/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/pointer.h"

#include <stdio.h>
#include <string.h>

/* "~0" is '~', "~1" is '/'. NULL: another escape. */
static char *unescape(char *w, const char **text)
{
    const char *p = *text;
    for (; *p && *p != '/'; p++) {
        if (*p == '~' && p[1] != '0' && p[1] != '1')
            return NULL;
        *w++ = *p == '~' ? "~/"[*++p - '0'] : *p;
    }
    *w++ = '\0';
    *text = p;
    return w;
}

int pointer_parse(struct pointer *p, const char *text, struct err *err)
{
    size_t len = strlen(text);
    if (len > POINTER_TEXT_MAX)
        return err_set(err, ERR_USAGE, "'%.40s...' is longer than %d characters", text,
                       POINTER_TEXT_MAX);
    if (len && *text != '/')
        return err_set(err, ERR_USAGE,
                       "'%.200s' is not a JSON pointer: it begins with '/', like "
                       "/Records/*/body",
                       text);
    memcpy(p->text, text, len + 1);
    p->nparts = 0;
    char *w = p->parts_text;
    for (const char *at = text; *at;) {
        if (p->nparts == POINTER_PARTS_MAX)
            return err_set(err, ERR_USAGE, "'%.200s' has more than %d parts", text,
                           POINTER_PARTS_MAX);
        const char *raw = ++at;
        p->parts[p->nparts] = w;
        w = unescape(w, &at);
        if (!w)
            return err_set(err, ERR_USAGE,
                           "'%.200s': a '~' is written ~0 in a JSON pointer, a '/' in a name ~1",
                           text);
        p->any[p->nparts++] = at - raw == 1 && *raw == '*';
    }
    return 0;
}

bool pointer_part_is(const struct pointer *p, size_t part, const char *key, size_t len,
                     size_t index)
{
    char digits[24];
    if (p->any[part])
        return true;
    if (!key) {
        len = (size_t)snprintf(digits, sizeof digits, "%zu", index);
        key = digits;
    }
    return strlen(p->parts[part]) == len && memcmp(p->parts[part], key, len) == 0;
}

static size_t depth_of(const struct pointer_place *place)
{
    size_t depth = 0;
    for (; place->up; place = place->up)
        depth++;
    return depth;
}

bool pointer_covers(const struct pointer *p, const struct pointer_place *place)
{
    size_t depth = depth_of(place);
    for (; depth > p->nparts; depth--)
        place = place->up;
    if (depth < p->nparts)
        return false;
    for (; depth; depth--, place = place->up)
        if (!pointer_part_is(p, depth - 1, place->key, place->key ? strlen(place->key) : 0,
                             place->index))
            return false;
    return true;
}

bool pointer_matches(const struct pointer *p, const struct pointer_place *place)
{
    return depth_of(place) == p->nparts && pointer_covers(p, place);
}
