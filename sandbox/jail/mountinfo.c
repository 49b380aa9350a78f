/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/mountinfo.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/*  36 35 98:0 /root /mount/point rw,noatime master:1 - cgroup cgroup rw,memory
 *  id parent dev root point      options   optional*   - type  source super  */
struct field {
    const char *text;
    size_t len;
};

struct mount_line {
    struct field root, point, options, type, super;
};

/* Copies a field and undoes the kernel's octal escapes (space is \040). */
static bool field_copy(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned octal;
        if (c == '\\' && len - i >= 4 && sscanf(text + i + 1, "%3o", &octal) == 1) {
            c = (unsigned char)octal;
            i += 3;
        }
        if (used + 1 >= size)
            return false;
        out[used++] = (char)c;
    }
    out[used] = 0;
    return true;
}

/* The next field of a line that ends at end. */
static const char *field_next(const char **cursor, const char *end, size_t *len)
{
    const char *start = *cursor;
    while (start < end && *start == ' ')
        start++;
    const char *stop = start;
    while (stop < end && *stop != ' ')
        stop++;
    *cursor = stop;
    *len = (size_t)(stop - start);
    return *len ? start : NULL;
}

/* Fields are not copied: those of other file systems may have any length. */
static bool line_parse(const char *line, const char *end, struct mount_line *out)
{
    struct field fields[6] = {{0}};
    const char *cursor = line;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (!(fields[i].text = field_next(&cursor, end, &fields[i].len)))
            return false;
    struct field field;
    do {
        field.text = field_next(&cursor, end, &field.len);
    } while (field.text && !(field.len == 1 && *field.text == '-'));
    if (!field.text || !(out->type.text = field_next(&cursor, end, &out->type.len)))
        return false;
    field_next(&cursor, end, &field.len);
    out->super.text = field_next(&cursor, end, &out->super.len);
    out->root = fields[3];
    out->point = fields[4];
    out->options = fields[5];
    return out->super.text != NULL;
}

/* Whether list ("rw,cpu,cpuacct") has name. */
static bool list_has(const char *list, size_t len, const char *name)
{
    size_t want = strlen(name);
    const char *end = list + len;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t part = (size_t)((comma ? comma : end) - list);
        if (part == want && memcmp(list, name, want) == 0)
            return true;
        list += part + 1;
    }
    return false;
}

/* The caller's group: "4:memory:/path", and "0::/path" for v2. */
static bool group_find(const char *cgroups, const char *controller, struct field *out)
{
    for (const char *line = cgroups; *line;) {
        const char *end = strchrnul(line, '\n');
        const char *names = memchr(line, ':', (size_t)(end - line));
        const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
        if (path) {
            size_t len = (size_t)(path - names - 1);
            bool match = *controller ? list_has(names + 1, len, controller) : len == 0;
            *out = (struct field){path + 1, (size_t)(end - path - 1)};
            if (match)
                return true;
        }
        line = *end ? end + 1 : end;
    }
    return false;
}

bool mountinfo_has_controller(const char *cgroups, const char *controller)
{
    struct field ignored;
    return group_find(cgroups, controller, &ignored);
}

/* A mount of the hierarchy, and what is to be said for it. */
struct mount {
    char point[PATH_MAX];
    char rest[PATH_MAX]; /* of the group's path below it */
    unsigned merit;
};

enum { MERIT_WRITABLE = 1, MERIT_SHOWS_GROUP = 2, MERIT_ANY = 4 };

/* A mount shows the hierarchy from its root on: "/docker/x" when the namespace hides the rest. A
 * group that is not below it cannot be named there: then the mount point itself is the nearest. */
static int mount_judge(const struct mount_line *line, const struct field *group, struct mount *out,
                       struct err *err)
{
    char root[PATH_MAX];
    if (!field_copy(line->root.text, line->root.len, root, sizeof root) ||
        !field_copy(line->point.text, line->point.len, out->point, sizeof out->point) ||
        group->len >= sizeof out->rest)
        return err_set(err, ERR_HOST, "the path of cgroup '%.100s' is too long", group->text);
    size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool below = group->len >= len && memcmp(group->text, root, len) == 0 &&
                 (group->len == len || group->text[len] == '/');
    size_t rest = below ? group->len - len : 0;
    memcpy(out->rest, group->text + len, rest);
    out->rest[rest] = 0;
    if (strncmp(out->rest, "/..", 3) == 0 && (!out->rest[3] || out->rest[3] == '/'))
        below = false;
    if (!below || strcmp(out->rest, "/") == 0)
        out->rest[0] = 0;
    out->merit = MERIT_ANY;
    if (below)
        out->merit |= MERIT_SHOWS_GROUP;
    if (!list_has(line->options.text, line->options.len, "ro"))
        out->merit |= MERIT_WRITABLE;
    return 0;
}

/* A later mount at the same place hides the earlier one; else the best is taken, then the first. */
static int mount_find(const char *mountinfo, const char *controller, const struct field *group,
                      struct mount best[static 2], struct err *err)
{
    const char *type = *controller ? "cgroup" : "cgroup2";
    struct mount *next = &best[1];
    for (const char *line = mountinfo; *line;) {
        const char *end = strchrnul(line, '\n');
        struct mount_line fields;
        if (!line_parse(line, end, &fields))
            return err_set(err, ERR_HOST, "mountinfo has the line '%.*s'",
                           (int)(end - line > 100 ? 100 : end - line), line);
        line = *end ? end + 1 : end;
        if (fields.type.len != strlen(type) ||
            memcmp(fields.type.text, type, fields.type.len) != 0 ||
            (*controller && !list_has(fields.super.text, fields.super.len, controller)))
            continue;
        if (mount_judge(&fields, group, next, err) < 0)
            return -1;
        if (next->merit > best[0].merit || strcmp(next->point, best[0].point) == 0)
            memcpy(&best[0], next, sizeof *next);
    }
    return 0;
}

int mountinfo_own_group(const char *mountinfo, const char *cgroups, const char *controller,
                        char *out_path, size_t size, struct err *err)
{
    struct field group;
    if (!group_find(cgroups, controller, &group))
        return 0;
    AUTO_FREE struct mount *best = calloc(2, sizeof *best);
    if (!best)
        return err_set(err, ERR_MEMORY, "no memory to read mountinfo");
    if (mount_find(mountinfo, controller, &group, best, err) < 0)
        return -1;
    if (!best->merit)
        return 0;
    if (snprintf(out_path, size, "%s%s", best->point, best->rest) >= (int)size)
        return err_set(err, ERR_HOST, "the path of cgroup '%.*s' is too long",
                       (int)(group.len < 100 ? group.len : 100), group.text);
    return 1;
}
